// `npm start`: prepares the machine and trains the shipped base model. Arguments go to `thalia train`.
import { runInteractive } from "./lib/command.mjs";
import { inRoot } from "./lib/paths.mjs";
import { run } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";

await run(async () => {
	await setup();
	const args = process.argv.slice(2);
	const train = ["train", inRoot("recipes/quickstart.yaml"), "--next-name", ...args];
	return runInteractive(process.execPath, [inRoot("bin/thalia.mjs"), ...train]);
});
