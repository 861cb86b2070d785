import { ThaliaError } from "../../errors.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text. @throws ThaliaError `dataset-garbled` for what is not UTF-8 */
export function decode(bytes: Uint8Array, at: string, atStart: boolean): string {
	try {
		const text = strict.decode(bytes);
		return atStart && text.startsWith("\ufeff") ? text.slice(1) : text;
	} catch (cause) {
		throw new ThaliaError("dataset-garbled", `${at} is not UTF-8 text`, {
			fix: "save the file as UTF-8",
			cause,
		});
	}
}
