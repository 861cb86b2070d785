import { Command, CommanderError } from "commander";
import { version } from "../version.ts";
import { colors } from "./colors.ts";
import { compareCommand } from "./compare.ts";
import { doctorCommand } from "./doctor.ts";
import { exitCode, reportError } from "./errors.ts";
import { evalCommand } from "./eval.ts";
import { explainCommand } from "./explain.ts";
import { generateCommand } from "./generate.ts";
import { modelsCommand } from "./models.ts";
import { plotCommand } from "./plot.ts";
import { pretrainCommand } from "./pretrain.ts";
import { probeCommand } from "./probe.ts";
import { scoreCommand } from "./score.ts";
import { trainCommand } from "./train.ts";
import { verifyCommand } from "./verify.ts";

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
for (const command of [
	trainCommand(),
	pretrainCommand(),
	evalCommand(),
	compareCommand(),
	scoreCommand(),
	verifyCommand(),
	explainCommand(),
	plotCommand(),
	probeCommand(),
	generateCommand(),
	modelsCommand(),
	doctorCommand(),
]) {
	command.copyInheritedSettings(program).showHelpAfterError(`(thalia ${command.name()} --help says more)`);
	program.addCommand(command);
}

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
