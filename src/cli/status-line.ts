import { colors } from "./colors.ts";

/**
 * One line of progress on stderr. In a terminal it is drawn over; elsewhere (a log file, CI) only `log` lines appear.
 */
export class StatusLine {
	readonly #terminal = process.stderr.isTTY;
	#text = "";
	#drawnAt = 0;

	/** What is going on now; drawn at most ten times a second. */
	show(text: string): void {
		if (!this.#terminal) return;
		this.#text = text;
		const now = performance.now();
		if (now - this.#drawnAt < 100) return;
		this.#drawnAt = now;
		const width = process.stderr.columns || 80;
		process.stderr.write(`\r\u001b[2K${text.slice(0, width - 1)}`);
	}

	/** A line that stays. */
	log(text: string): void {
		this.clear();
		process.stderr.write(`${text}\n`);
	}

	/** A line that stays where there is no terminal to draw over. */
	logUnlessTerminal(text: string): void {
		if (!this.#terminal) process.stderr.write(`${text}\n`);
	}

	clear(): void {
		if (!this.#terminal || this.#text === "") return;
		process.stderr.write("\r\u001b[2K");
		this.#text = "";
		this.#drawnAt = 0;
	}
}

/** 75 -> "1:15", 3700 -> "1:01:40" */
export function clock(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
	const two = (n: number) => String(n).padStart(2, "0");
	return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export const { bold, dim } = colors.stderr;
