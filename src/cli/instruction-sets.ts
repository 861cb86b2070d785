/** What the probe found. */
export interface Machine {
	readonly threads: number;
	/** What libtorch's own kernels are dispatched to. */
	readonly capability: string;
	/** What the CPU advertises. */
	readonly features: readonly string[];
	/** What Thalia told oneDNN to stay below; "" where it did not. */
	readonly cap: string;
	/** ONEDNN_MAX_CPU_ISA as the user set it. */
	readonly userCap: string | null;
	/** The set of our own kernels in use, and the most that this machine has. */
	readonly isa: string;
	readonly machineIsa: string;
	/** Rate of a square matrix product, by dtype. */
	readonly gigaflops: Readonly<Record<string, number>>;
}

/** Which instruction sets are in use, and why these. */
export function instructionSets(machine: Machine): string {
	return `kernels ${machine.isa}: ${whyKernels(machine)}; ${libraries(machine)}`;
}

function whyKernels({ isa, machineIsa, features }: Machine): string {
	if (isa !== machineIsa) return `THALIA_ISA says so, this machine has ${machineIsa}`;
	if (isa === "amx") return "the CPU has AMX and the system grants its tiles";
	const tiles = features.includes("amx_bf16")
		? "the CPU has AMX but the system does not grant its tiles (arch_prctl), slower"
		: "the CPU has no AMX";
	if (isa === "avx512_bf16") return tiles;
	const asF32 = "bf16 is multiplied as f32";
	if (isa === "avx512") return `the CPU has no bf16 instructions, ${asF32}`;
	if (isa === "avx2") return `the CPU or the system has no AVX-512, ${asF32}`;
	return "neither AVX-512 nor AVX2 here, products are libtorch's, slower";
}

function libraries({ capability, features, cap, userCap }: Machine): string {
	const own = `libtorch ${capability}`;
	if (cap !== "") {
		return `${own}, oneDNN at most ${cap}: the CPU advertises AMX (CPUID leaf 7) but hides its palette (leaf 0x1D), with which oneDNN would die of SIGILL`;
	}
	if (userCap !== null) return `${own}, oneDNN at most ${userCap}: ONEDNN_MAX_CPU_ISA says so`;
	const amx = features.includes("amx_bf16");
	const best = amx
		? "AMX, which the CPU has with its palette"
		: features.includes("avx512_bf16")
			? "AVX-512 with bf16; the CPU has no AMX"
			: features.includes("avx512")
				? "AVX-512; the CPU has neither bf16 instructions nor AMX"
				: features.includes("avx2")
					? "AVX2; the CPU has no AVX-512"
					: "what the CPU has";
	return `${own}, oneDNN free to use ${best}`;
}
