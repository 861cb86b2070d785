// `thalia audit` alone: what the other commands load takes longer than an audit.
import { auditCommand } from "./audit.ts";
import { newProgram, runProgram } from "./program.ts";

await runProgram(newProgram([auditCommand()]));
