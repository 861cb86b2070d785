#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(main)) {
	await import(main.href);
} else {
	process.stderr.write(
		"thalia: Expected the built program in dist/ but it is not there\nthalia: fix: run `npm run setup`\n",
	);
	process.exitCode = 1;
}
