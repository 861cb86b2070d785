import { auditCommand } from "./audit.ts";
import { compareCommand } from "./compare.ts";
import { doctorCommand } from "./doctor.ts";
import { evalCommand } from "./eval.ts";
import { experimentCommand } from "./experiment.ts";
import { explainCommand } from "./explain.ts";
import { generateCommand } from "./generate.ts";
import { modelsCommand } from "./models.ts";
import { plotCommand } from "./plot.ts";
import { pretrainCommand } from "./pretrain.ts";
import { probeCommand } from "./probe.ts";
import { newProgram, runProgram } from "./program.ts";
import { reportCommand } from "./report.ts";
import { scoreCommand } from "./score.ts";
import { trainCommand } from "./train.ts";
import { verifyCommand } from "./verify.ts";

await runProgram(
	newProgram([
		trainCommand(),
		pretrainCommand(),
		evalCommand(),
		experimentCommand(),
		compareCommand(),
		scoreCommand(),
		verifyCommand(),
		explainCommand(),
		plotCommand(),
		reportCommand(),
		probeCommand(),
		generateCommand(),
		modelsCommand(),
		auditCommand(),
		doctorCommand(),
	]),
);
