/** Units of measure that are compared: every spelling of each, and its canonical name. */
const spellings: Readonly<Record<string, string>> = {
	degree: "degree degrees deg",
	percent: "percent percentage pct",
	millimeter: "mm millimeter millimeters millimetre millimetres",
	centimeter: "cm centimeter centimeters centimetre centimetres",
	decimeter: "dm decimeter decimeters",
	meter: "m meter meters metre metres",
	kilometer: "km kilometer kilometers kilometre kilometres kms",
	inch: "inch inches in",
	foot: "ft foot feet",
	yard: "yd yard yards yds",
	mile: "mi mile miles",
	milligram: "mg milligram milligrams",
	gram: "g gm gram grams gms",
	kilogram: "kg kilogram kilograms kgs",
	ounce: "oz ounce ounces",
	pound: "lb lbs pound pounds",
	ton: "ton tons tonne tonnes",
	milliliter: "ml milliliter milliliters",
	liter: "l liter liters litre litres",
	gallon: "gal gallon gallons",
	quart: "qt quart quarts",
	pint: "pint pints",
	cup: "cup cups",
	second: "s sec secs second seconds",
	minute: "min mins minute minutes",
	hour: "h hr hrs hour hours",
	day: "day days",
	week: "week weeks",
	month: "month months",
	year: "yr yrs year years",
	dollar: "$ dollar dollars usd",
	cent: "cent cents",
	euro: "euro euros",
	celsius: "celsius",
	fahrenheit: "fahrenheit",
	radian: "rad radian radians",
	acre: "acre acres",
	hertz: "hz hertz",
	kilohertz: "khz",
	newton: "n newton newtons",
	joule: "j joule joules",
	kilojoule: "kj",
	watt: "w watt watts",
	kilowatt: "kw",
	volt: "v volt volts",
	ampere: "amp amps ampere amperes",
	ohm: "ohm ohms",
	pascal: "pa pascal",
	kelvin: "k kelvin",
	mole: "mol mole moles",
	unit: "unit units",
	"mile/hour": "mph",
	"kilometer/hour": "kph kmph",
};

const canonical = new Map(
	Object.entries(spellings).flatMap(([name, words]) => words.split(" ").map((word) => [word, name] as const)),
);

/** Of two letters or more: whether a plain word after a number is its unit. */
export function isUnitWord(lower: string): boolean {
	return lower.length > 1 && (canonical.has(lower) || lower === "sq" || lower === "cu");
}

/** Whether a letter after a number may be its unit. */
export function isUnitLetter(letter: string): boolean {
	return /^[mgshlLNJWVK]$/.test(letter);
}

/**
 * The unit in one spelling: `sq. cm`, `cm^2`, `square centimeters` -> `centimeter^2`; null for words that name no unit of
 * measure, as in `5\text{ apples}`: they are remarks.
 */
export function unitOf(text: string): string | null {
	const words = text
		.toLowerCase()
		.replace(/\\[,;: ]|~/g, " ")
		.replace(/\\cdot|\*|·/g, " ")
		.replace(/\^\s*\{?\s*(-?\d)\s*\}?/g, "^$1")
		.replace(/²/g, "^2")
		.replace(/³/g, "^3")
		.replace(/\bper\b/g, "/")
		.replace(/[().,]/g, " ")
		.replace(/\//g, " / ")
		.split(/\s+/)
		.filter((word) => word !== "" && word !== "a" && word !== "an" && word !== "of" && word !== "each");
	let power = 1;
	let found = "";
	let known = false;
	for (const word of words) {
		if (word === "square" || word === "sq" || word === "squared") power = 2;
		else if (word === "cubic" || word === "cu" || word === "cubed") power = 3;
		else if (word === "/") found += "/";
		else {
			const [name, ...exponents] = word.split("^");
			const exponent = exponents.at(0);
			const unit = canonical.get(name);
			if (unit === undefined) continue;
			known = true;
			const raised = exponent ?? (power > 1 ? String(power) : undefined);
			found += `${found === "" || found.endsWith("/") ? "" : "*"}${unit}${raised === undefined ? "" : `^${raised}`}`;
			power = 1;
		}
		if ((word === "squared" || word === "cubed") && known && !found.includes("^")) {
			found += `^${power}`;
			power = 1;
		}
	}
	return known ? found.replace(/^\/+|\/+$/g, "") : null;
}
