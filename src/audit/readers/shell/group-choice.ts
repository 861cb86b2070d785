import type { BaseName } from "../../candidate.ts";

/** Groups that are known to be such, whatever stands beside. */
const surely = /^(experiments?|exp|algo|algorithm|recipe|kl)$/;

/**
 * `group=option`, `+group=option`, `group@package=option` of a hydra command line; null where the words are no choice of
 * a group. Of a plain `key=text` it may be a value as well: it is a choice where the defaults have such a group.
 */
export function groupChoice(sign: string, key: string, option: string): BaseName | null {
	const parts = /^([\w-]+(?:\/[\w-]+)*)(?:@([\w.-]*))?$/.exec(key);
	if (parts === null || !/^[\w][\w./-]*$/.test(option) || sign.startsWith("~")) return null;
	const [, group, at] = parts;
	const isAdded = sign.startsWith("+");
	return {
		file: /\.ya?ml$/.test(option) ? `${group}/${option}` : `${group}/${option}.yaml`,
		group,
		package: (parts.at(2) === undefined ? undefined : at) ?? group.replaceAll("/", "."),
		isAbove: false,
		isOptional: !key.includes("/") && !key.includes("@") && !surely.test(group),
		overrides: !isAdded,
		isChosen: true,
	};
}
