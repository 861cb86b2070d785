/**
 * The one error class of Thalia. `code` is stable and machine-readable (kebab-case); `message` names what was
 * expected, for what, what came and where; `fix`, where there is one, is a sentence that says what to do.
 */
export class ThaliaError extends Error {
	override readonly name = "ThaliaError";
	readonly code: string;
	readonly fix: string | undefined;

	constructor(code: string, message: string, options: { fix?: string; cause?: unknown } = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.code = code;
		this.fix = options.fix;
	}
}

/** "Expected `what` for `subject` but received `received`". */
export function expected(
	code: string,
	what: string,
	subject: string,
	received: unknown,
	fix?: string,
): ThaliaError {
	return new ThaliaError(code, `Expected ${what} for ${subject} but received ${describe(received)}`, {
		...(fix === undefined ? {} : { fix }),
	});
}

/** A value as it should appear in an error sentence: short, quoted, with its type where the text alone hides it. */
export function describe(value: unknown): string {
	if (typeof value === "string")
		return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
	if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
		return String(value);
	if (value === undefined || value === null) return String(value);
	if (value instanceof Promise) return "a promise";
	if (Array.isArray(value)) return `an array of ${value.length}`;
	if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
	if (typeof value === "function") return "a function";
	return JSON.stringify(value).slice(0, 80);
}
