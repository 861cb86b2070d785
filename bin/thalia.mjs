#!/usr/bin/env node
import { existsSync } from "node:fs";

// An audit must be there at once: it loads nothing of the other commands.
const entry = process.argv[2] === "audit" ? "audit-main" : "main";
const main = new URL(`../dist/cli/${entry}.js`, import.meta.url);
if (existsSync(main)) {
	await import(main.href);
} else {
	process.stderr.write(
		"thalia: Expected the built program in dist/ but it is not there\nthalia: fix: run `npm run setup`\n",
	);
	process.exitCode = 1;
}
