// What runs within QuickJS. The tests and the program are in two engines: values go between them as text.

/** Plain data by value, everything else by a number. Built-ins are taken before any other code can change them. */
const codec = `
const { parse, stringify } = JSON;
const { isArray, from } = Array;
const { getPrototypeOf, entries } = Object;
const [PlainObject, ErrorType, MapType, SetType, DateType] = [Object.prototype, Error, Map, Set, Date];
function encode(x, keep, depth = 0) {
	if (depth > 100) throw new TypeError("nested too deep");
	const deeper = (y) => encode(y, keep, depth + 1);
	if (x === null || typeof x === "boolean" || typeof x === "string") return x;
	if (x === undefined) return ["u"];
	if (typeof x === "number") return ["n", Object.is(x, -0) ? "-0" : String(x)];
	if (typeof x === "bigint") return ["b", String(x)];
	if (isArray(x)) return ["a", from(x, deeper)];
	if (x instanceof MapType) return ["M", from(x, ([k, v]) => [deeper(k), deeper(v)])];
	if (x instanceof SetType) return ["S", from(x, deeper)];
	if (x instanceof DateType) return ["d", x.getTime()];
	const parent = typeof x === "object" ? getPrototypeOf(x) : undefined;
	if (parent === PlainObject || parent === null) return ["o", entries(x).map(([k, v]) => [k, deeper(v)])];
	return ["h", keep(x), typeof x];
}
function decode(x, held) {
	if (!isArray(x)) return x;
	const [kind, value] = x;
	if (kind === "u") return undefined;
	if (kind === "n") return Number(value);
	if (kind === "b") return BigInt(value);
	if (kind === "a") return value.map((y) => decode(y, held));
	if (kind === "M") return new Map(value.map(([k, v]) => [decode(k, held), decode(v, held)]));
	if (kind === "S") return new Set(value.map((y) => decode(y, held)));
	if (kind === "d") return new Date(value);
	if (kind === "o") return Object.fromEntries(value.map(([k, v]) => [k, decode(v, held)]));
	return held(value, x[2]);
}
`;

/** An expression: the function that answers what the tests ask, text for text. */
export const solverBridge = `(() => {
${codec}
const lookUp = globalThis.eval;
const objects = [];
const keep = (x) => objects.push(x) - 1;
const held = (number) => objects[number];
const settled = [];
function result(x) {
	if (!(x instanceof Promise)) return encode(x, keep);
	const at = settled.push(undefined) - 1;
	x.then((value) => (settled[at] = { value }), (error) => (settled[at] = { error }));
	return ["P", at];
}
function answer({ op, name, of, args = [] }) {
	if (op === "name") {
		try { return [result(lookUp(name))]; } catch { return []; }
	}
	if (op === "settled") {
		const state = settled[of];
		if (state === undefined) throw new Error("a promise that is never settled");
		if ("error" in state) throw state.error;
		return encode(state.value, keep);
	}
	const target = objects[of];
	if (op === "get") return result(target[name]);
	if (op === "set") { target[name] = decode(args[0], held); return ["u"]; }
	if (op === "has") return name in target;
	if (op === "iterate") return encode([...target], keep);
	if (op === "instance") return objects[args[0]] instanceof target;
	const given = args.map((x) => decode(x, held));
	if (op === "construct") return [result(new target(...given)), []];
	const value = result(target.apply(name === undefined ? undefined : objects[name], given));
	// As they are afterwards: a function may change its arguments in place.
	return [value, given.map((x) => encode(x, keep))];
}
return (text) => {
	try { return stringify({ value: answer(parse(text)) }); }
	catch (error) {
		const isError = error instanceof ErrorType;
		return stringify({ raise: isError ? [String(error.name), String(error.message)] : ["Error", String(error)] });
	}
};
})()`;

/** An expression: a function of the tests' text that gives a promise of them; asks by the global __ask. */
export const testerBridge = `(() => {
${codec}
const ask = globalThis.__ask;
delete globalThis.__ask;
const numbers = new WeakMap();
const errorTypes = { TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError };
class Unsupported extends Error {}
function asked(request) {
	const reply = parse(ask(stringify(request)));
	if (!("raise" in reply)) return reply.value;
	const [name, message] = reply.raise;
	const error = new (errorTypes[name] ?? Error)(message);
	if (errorTypes[name] === undefined) error.name = name;
	throw error;
}
const own = (x) => encode(x, (y) => {
	if (!numbers.has(y)) throw new Unsupported("a " + typeof y + " of the tests cannot be given to the program");
	return numbers.get(y);
});
const ownValue = (x) => (numbers.has(x) ? ["h", numbers.get(x)] : own(x));
function there(x) {
	if (isArray(x) && x[0] === "P") {
		return Promise.resolve().then(() => there(asked({ op: "settled", of: x[1] })));
	}
	return decode(x, remote);
}
function renew(old, now) {
	if (isArray(old) && isArray(now)) old.splice(0, old.length, ...now);
	else if (old instanceof Map && now instanceof Map) { old.clear(); for (const [k, v] of now) old.set(k, v); }
	else if (old instanceof Set && now instanceof Set) { old.clear(); for (const v of now) old.add(v); }
	else if (old && typeof old === "object" && !numbers.has(old) && now && typeof now === "object") {
		for (const key of Object.keys(old)) if (!(key in now)) delete old[key];
		Object.assign(old, now);
	}
}
function remote(number, type) {
	const call = (op, self, args) => {
		const [value, after] = asked({ op, of: number, name: self, args: args.map(ownValue) });
		after.forEach((x, i) => renew(args[i], there(x)));
		return there(value);
	};
	const target = type === "function" ? function () {} : {};
	const proxy = new Proxy(target, {
		apply: (_, self, args) => call("call", self !== null && typeof self === "object" ? numbers.get(self) : undefined, args),
		construct: (_, args) => call("construct", undefined, args),
		get(_, name) {
			if (name === Symbol.iterator) return () => there(asked({ op: "iterate", of: number }))[Symbol.iterator]();
			if (name === Symbol.hasInstance)
				return (x) => numbers.has(x) && asked({ op: "instance", of: number, args: [numbers.get(x)] }) === true;
			return typeof name === "symbol" ? undefined : there(asked({ op: "get", of: number, name }));
		},
		set: (_, name, value) => (asked({ op: "set", of: number, name: String(name), args: [ownValue(value)] }), true),
		has: (_, name) => typeof name === "string" && asked({ op: "has", of: number, name }) === true,
	});
	numbers.set(proxy, number);
	return proxy;
}
function same(a, b) {
	if (Object.is(a, b)) return true;
	// What is a value there is compared by value here; an object of the program's own is the same as itself alone.
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
	if (numbers.has(a) || numbers.has(b)) return numbers.get(a) === numbers.get(b);
	try { return stringify(own(a)) === stringify(own(b)) || sameObject(a, b); } catch { return false; }
}
function sameObject(a, b) {
	if (isArray(a) || isArray(b) || getPrototypeOf(a) !== getPrototypeOf(b) || a instanceof Map || a instanceof Set) return false;
	const keys = Object.keys(a);
	return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
}
const show = (x) => { try { return stringify(x) ?? String(x); } catch { return "an object"; } };
class AssertionError extends Error {}
function assert(condition, message) {
	if (!condition) throw new AssertionError(message === undefined ? "" : String(message));
}
const holds = (yes, message, a, b) => assert(yes, message ?? show(a) + " and " + show(b));
assert.ok = assert;
assert.equal = assert.strictEqual = (a, b, m) => holds(Object.is(a, b) || a === b, m, a, b);
assert.notEqual = assert.notStrictEqual = (a, b, m) => holds(a !== b, m, a, b);
assert.deepEqual = assert.deepStrictEqual = (a, b, m) => holds(same(a, b), m, a, b);
assert.notDeepEqual = (a, b, m) => holds(!same(a, b), m, a, b);
assert.throws = (action, m) => {
	try { action(); } catch (error) { if (!(error instanceof Unsupported)) return; throw error; }
	assert(false, typeof m === "string" ? m : "it does not throw");
};
const AsyncFunction = (async () => {}).constructor;
return (tests) => {
	globalThis.assert = assert;
	const words = new Set(tests.match(/[A-Za-z_$][\\w$]*/g) ?? []);
	// What the tests judge with is never the program's.
	for (const name of words) {
		if (name in globalThis || ["undefined", "eval", "arguments"].includes(name)) continue;
		const [found] = asked({ op: "name", name });
		if (found !== undefined) Object.defineProperty(globalThis, name, { value: there(found), writable: true, configurable: true });
	}
	return new AsyncFunction(tests)().then(
		() => ({ done: "passed" }),
		(error) => ({
			done: error instanceof Unsupported ? "unsupported" : "failed",
			reason: error instanceof AssertionError
				? "AssertionError" + (error.message === "" ? "" : ": " + error.message)
				: error instanceof Error ? error.name + ": " + error.message : "threw " + show(error),
		}),
	).then(stringify);
};
})()`;

/** For programs that read and write: print, console.log, input and readline, by the globals __print and __input. */
export const consoleSource = `(() => {
const [write, read] = [globalThis.__print, globalThis.__input];
delete globalThis.__print;
delete globalThis.__input;
const show = (x) => typeof x === "string" ? x : typeof x === "object" && x !== null ? JSON.stringify(x) : String(x);
globalThis.print = (...items) => write(items.map(show).join(" "));
globalThis.console = { log: globalThis.print, error() {}, warn() {}, info: globalThis.print };
globalThis.input = globalThis.readline = read;
})()`;
