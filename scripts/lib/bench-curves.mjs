import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { benchArguments, child, commit, loadNow, machine } from "./bench-processes.mjs";
import { SetupError, say, seconds } from "./say.mjs";
import { setup } from "./setup.mjs";

const fix =
	"see what it printed above; SIGKILL there means that the system ran out of memory: the largest point takes about 5 GB (f32: 6 GB)";

/** `npm run bench -- --curves`: see bench/README.md. */
export async function benchCurves({ dtype, threads, toy, out }) {
	if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === false) {
		throw new SetupError(`Expected a folder for --out but ${out} is a file`, "name another place");
	}
	await setup();
	const { createJiti } = await import("jiti");
	const jiti = createJiti(import.meta.url);
	const { runCurves } = await jiti.import("../../bench/curves/run.ts");
	const { formatCurve, formatRoofline } = await jiti.import("../../bench/curves/report.ts");
	const { curvesSvg } = await jiti.import("../../bench/curves/curves-chart.ts");
	const { rooflineSvg } = await jiti.import("../../bench/curves/roofline-chart.ts");

	mkdirSync(out, { recursive: true });
	const about = {
		date: new Date().toISOString().slice(0, 10),
		commit: commit(),
		machine: { ...machine(), loadBefore: Number(loadNow().toFixed(2)) },
		dtype,
		threads,
	};
	const write = (name, content) => writeFileSync(join(out, name), content);
	const keep = ({ roofline, ...results }) => {
		const instructions = roofline.environment.isa;
		write("curves.json", `${JSON.stringify({ ...about, instructions, ...results, roofline }, null, "\t")}\n`);
	};
	const since = performance.now();
	const folder = mkdtempSync(join(tmpdir(), "thalia-bench-"));
	try {
		const results = await runCurves({
			...{ dtype, threads, toy, say },
			launch: (command, options) =>
				child(process.execPath, benchArguments("bench/curves/main.ts", command, options), { fix }),
			folderOf: (model) => join(folder, model),
			remove: (path) => rmSync(path, { recursive: true }),
			onResults: keep,
		});
		const caption = captionOf(about, results.roofline.environment.isa);
		write("curves.svg", curvesSvg(results.curves, results.gigaflops, caption));
		write("roofline.svg", rooflineSvg(results.roofline, caption));
		const tables = [...results.curves.map(formatCurve), formatRoofline(results.roofline)];
		process.stdout.write(`${tables.join("\n\n")}\n`);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	const place = relative(process.cwd(), out) || ".";
	say(`curves.json, curves.svg and roofline.svg written to ${place} (${seconds(since)})`);
	return 0;
}

function captionOf({ dtype, threads, machine: { cpu, system }, commit, date }, instructions) {
	const head = commit.replace(/^[0-9a-f]{40}/, (whole) => whole.slice(0, 10));
	return `${dtype}, ${threads} threads, ${instructions}, ${cpu}, ${system}; commit ${head}, ${date}`;
}
