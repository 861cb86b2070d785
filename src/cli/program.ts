import { Command, CommanderError } from "commander";
import { version } from "../version.ts";
import { colors } from "./colors.ts";
import { exitCode, reportError } from "./errors.ts";

/** `thalia` with these commands. */
export function newProgram(commands: readonly Command[]): Command {
	const program = new Command("thalia")
		.description(
			"Reinforcement learning with verifiable rewards for language models, with the KL term done right.",
		)
		.version(version)
		.configureOutput({
			outputError: (text, write) => {
				write(text.replace(/^error: /, `${colors.stderr.red("thalia:")} `));
			},
		})
		.configureHelp({ subcommandTerm: (command) => command.name() })
		.addHelpText(
			"after",
			`
Results go to standard output, progress to standard error. Exit codes:
  ${exitCode.ok}    done
  ${exitCode.failed}    the work failed: a defect, or the machine (disk, libtorch)
  ${exitCode.badInput}    bad input: an option, a recipe, a model, a line of standard input
  ${exitCode.stopped}    a run stopped itself: three steps in a row changed nothing
  ${exitCode.interrupted}  interrupted; a run is saved and goes on with --resume`,
		);
	program.exitOverride().showHelpAfterError("(thalia --help says more)");
	for (const command of commands) {
		command.copyInheritedSettings(program).showHelpAfterError(`(thalia ${command.name()} --help says more)`);
		program.addCommand(command);
	}
	return program;
}

/** Runs what the process's arguments ask for, and sets its exit code. */
export async function runProgram(program: Command): Promise<void> {
	// A reader that has seen enough (`thalia score ... | head`) is no failure.
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		process.exit(error.code === "EPIPE" ? exitCode.ok : exitCode.failed);
	});
	try {
		await program.parseAsync();
	} catch (error) {
		if (error instanceof CommanderError)
			process.exitCode = error.exitCode === 0 ? exitCode.ok : exitCode.badInput;
		else process.exitCode = reportError(error);
	}
}
