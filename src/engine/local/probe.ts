// Run as a program by `thalia doctor`: loads the addon, multiplies matrices, and prints what it found as JSON.
import { matmulRate } from "./matmul-rate.ts";
import { native } from "./native.ts";

const gigaflops = { f32: matmulRate("f32"), bf16: matmulRate("bf16") };
process.stdout.write(
	JSON.stringify({
		threads: native.threads(),
		capability: native.cpuCapability(),
		features: native.cpuFeatures(),
		isa: native.isa(),
		machineIsa: native.machineIsa(),
		cap: native.isaCap(),
		userCap: native.isaCap() === "" ? (process.env["ONEDNN_MAX_CPU_ISA"] ?? null) : null,
		gigaflops,
	}),
);
