import { dirname, join } from "node:path";
import { readBeside } from "./beside.ts";
import { type Candidate, plainBase } from "./candidate.ts";

/** A command with the file of settings that `@hydra.main` of its Python file names, where that file is there. */
export function withEntryPoint(candidate: Candidate, path: string): Candidate {
	const { program, bases, settings, form } = candidate;
	if (program === "" || form === "yaml" || form === "json" || form === "toml") return candidate;
	const sets = (...keys: readonly string[]) => settings.some(({ key }) => keys.includes(key));
	if (sets("config_path", "config_dir")) return candidate;
	const file = fileOf(program);
	const text = file === null ? null : readBeside(file, path, candidate.written?.read);
	const main = text === null ? null : hydraMain(text);
	if (file === null || main === null) return candidate;
	const named = sets("config_name") ? bases.find(({ group }) => group === null) : undefined;
	const name = named?.file ?? main.name;
	if (name === null || main.path === null) {
		const open = `${file} computes the file of settings that it starts from`;
		return { ...candidate, open: candidate.open ?? open };
	}
	const base = plainBase(join(dirname(file), main.path, /\.ya?ml$/.test(name) ? name : `${name}.yaml`));
	return { ...candidate, bases: [base, ...bases.filter((one) => one !== named)] };
}

function fileOf(program: string): string | null {
	if (/^[\w./-]+\.py$/.test(program)) return program.startsWith("/") ? null : program;
	return /^[A-Za-z_]\w*(\.\w+)*$/.test(program) ? `${program.replaceAll(".", "/")}.py` : null;
}

/** What `@hydra.main` says, null where it says it by no text; null in all where the file has none, or several. */
function hydraMain(text: string): { path: string | null; name: string | null } | null {
	const found = [...text.matchAll(/^\s*@(?:hydra\.)?main\(([^()]*)\)/gm)];
	if (found.length !== 1 || !/\bhydra\b/.test(text)) return null;
	const said = (key: string): string | null | undefined => {
		const value = new RegExp(`\\b${key}\\s*=\\s*(?:["']([^"'{}]*)["']|([^,\\s]+))`).exec(found[0][1]);
		return value === null ? undefined : (value.at(1) ?? null);
	};
	const name = said("config_name");
	const path = said("config_path");
	if (name === undefined) return null;
	return { path: path === undefined ? "" : path, name };
}
