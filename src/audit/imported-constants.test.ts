import { expect, test } from "vitest";
import { runsInFolder } from "../testing/audit/in-folder.ts";

const trainer = ["from trl import GRPOConfig", "config = GRPOConfig("];

test.each([
	["a module", ["import settings", ...trainer, "    beta=settings.beta)"]],
	["a module by another name", ["import settings as s", ...trainer, "    beta=s.beta)"]],
	["a name of it", ["from settings import beta", ...trainer, "    beta=beta)"]],
	["a name by another", ["from settings import beta as weight", ...trainer, "    beta=weight)"]],
])("a constant of a file beside, by %s", async (_, lines) => {
	const runs = await runsInFolder({ "train.py": lines, "settings.py": ["base = 0.1", "beta = base / 2"] });
	expect(runs).toMatchObject([{ framework: "TRL", objective: "local-forward-kl", coefficient: 0.05 }]);
});

test.each([
	["is not there", {}],
	["gives the name two values", { "settings.py": ["beta = 0.1", "beta = 0.0"] }],
	["gives it one by a condition", { "settings.py": ["if test:", "    beta = 0.1"] }],
	["computes it", { "settings.py": ["beta = read()"] }],
])("a file beside that %s decides nothing", async (_, beside) => {
	const runs = await runsInFolder({
		"train.py": ["import settings", ...trainer, "    beta=settings.beta)"],
		...beside,
	});
	expect(runs).toMatchObject([{ objective: "unknown" }]);
});
