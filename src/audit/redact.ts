/** Names whose values are nobody's business. `token` ends a name: `token_level_loss` is none. */
const named =
	/((?:[\w.-]{0,40}(?:secret|passw(?:or)?d|passwd|api[_-]?key|access[_-]?key|private[_-]?key|credential|auth|authorization)s?|(?:[\w.-]{0,40}[_-])?token)["']?\s*[=:]\s*(?:bearer\s+)?["']?)([^\s"'&|;,)]{4,})/gi;

/** The same as a flag and its value. */
const flagged =
	/(--?(?:[\w.-]{0,40}(?:secret|password|passwd|api[_-]?key|access[_-]?key)|(?:[\w.-]{0,40}[_-])?token)\s+["']?)([^\s"'&|;,)-][^\s"'&|;,)]{3,})/gi;

/** Forms that providers give their keys. */
const formed =
	/\b(?:hf_|sk-|ghp_|gho_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|AIza|nvapi-|wandb_v1_|tml-|r8_|pypi-)[\w-]{8,}|\beyJ[\w-]{10,}\.[\w-]{5,}(?:\.[\w-]*)?|\/\/[^\s/:@]+:[^\s/@]+@/g;

/** A long word of hexadecimal or mixed letters and digits, as W&B's keys are. */
const long =
	/(?<![\w/.-])(?:[0-9a-f]{32,}|(?=[A-Za-z\d+]*\d)(?=[A-Za-z\d+]*[A-Z])(?=[A-Za-z\d+]*[a-z])[A-Za-z\d+]{32,})(?![\w/.-])/g;

/** Longest text that is told: nobody reads more, and patterns take their time. */
const longest = 4000;

/** The text without what looks like a key, token or password. */
export function redact(text: string): string {
	return (text.length > longest ? `${text.slice(0, longest)}...` : text)
		.replace(named, (_, name: string) => `${name}[redacted]`)
		.replace(flagged, (_, name: string) => `${name}[redacted]`)
		.replace(formed, (match) => (match.startsWith("//") ? "//[redacted]@" : "[redacted]"))
		.replace(long, "[redacted]");
}
