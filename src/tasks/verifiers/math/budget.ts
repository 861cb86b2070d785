/** Thrown when a comparison has taken all its steps: what is left is compared as text. */
export class OutOfSteps extends Error {}

/** Counts the steps of one comparison, so that it ends in bounded time on every machine alike. */
export class Budget {
	#left: number;

	constructor(steps: number) {
		this.#left = steps;
	}

	get left(): number {
		return this.#left;
	}

	spend(steps: number): void {
		this.#left -= steps;
		if (this.#left < 0) throw new OutOfSteps("out of steps");
	}
}
