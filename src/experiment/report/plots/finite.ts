/** Those that can be drawn. */
export function finite(values: readonly (number | null | undefined)[]): number[] {
	return values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
}

/** Those that a logarithmic axis can show; what is below `decades` under the largest is left out. */
export function positive(values: readonly (number | null | undefined)[], decades = 5): number[] {
	const above = finite(values).filter((value) => value > 0);
	const least = Math.max(...above) / 10 ** decades;
	return above.filter((value) => value >= least);
}
