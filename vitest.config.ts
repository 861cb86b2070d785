import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["src/**/*.test.ts", "bench/**/*.test.ts", "scripts/**/*.test.mjs"],
		pool: "forks",
		// libtorch uses every core by itself: more test processes than this only fight over them.
		maxWorkers: 2,
		env: { OMP_NUM_THREADS: "1" },
		testTimeout: 60_000,
	},
});
