/** A notebook of code cells, each of some lines, whose outputs hold settings of other runs. */
export function notebook(...cells: readonly (readonly string[])[]): string {
	const stored = cells.map((lines) => ({
		...{ cell_type: "code", metadata: {}, execution_count: 1 },
		source: lines.map((line, i) => (i < lines.length - 1 ? `${line}\n` : line)),
		outputs: [{ output_type: "stream", text: ["GRPOConfig(beta=0.9) kl_coef=0.5"] }],
	}));
	return JSON.stringify({ cells: stored, nbformat: 4 }, null, 1);
}
