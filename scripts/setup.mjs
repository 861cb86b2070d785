// Prepares this machine: npm packages, libtorch, the native addon, the TypeScript build. Safe to repeat.
import { run, say } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";

await run(async () => {
	await setup();
	say("ready");
});
