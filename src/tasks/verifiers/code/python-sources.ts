/** The values that go between the program and its tests: plain data by value, everything else by a number. */
const codec = `
import json
def encode(x, keep, depth=0):
    if x is None or x is True or x is False: return x
    if depth > 60: return ["h", keep(x), "object"]
    deeper = lambda y: encode(y, keep, depth + 1)
    if isinstance(x, str): return ["s", str.__str__(x)]
    if isinstance(x, int): return ["i", hex(int.__index__(x))]
    if isinstance(x, float): return ["f", float.__repr__(x)]
    if isinstance(x, complex): return ["c", repr(x.real), repr(x.imag)]
    if isinstance(x, (bytes, bytearray)): return ["b", bytes(x).hex()]
    if isinstance(x, tuple): return ["t", [deeper(y) for y in tuple.__iter__(x)]]
    if isinstance(x, list): return ["l", [deeper(y) for y in list.__iter__(x)]]
    if isinstance(x, frozenset): return ["F", [deeper(y) for y in frozenset.__iter__(x)]]
    if isinstance(x, set): return ["S", [deeper(y) for y in set.__iter__(x)]]
    if isinstance(x, dict): return ["d", [[deeper(k), deeper(v)] for k, v in dict.items(x)]]
    if type(x).__module__ == "numpy" and hasattr(x, "tolist"): return deeper(x.tolist())
    return ["h", keep(x), type(x).__name__]
def decode(x, held):
    if x is None or x is True or x is False: return x
    kind, value = x[0], x[1]
    if kind == "s": return value
    if kind == "i": return int(value, 16)
    if kind == "f": return float(value)
    if kind == "c": return complex(float(value), float(x[2]))
    if kind == "b": return bytes.fromhex(value)
    if kind == "d": return {decode(k, held): decode(v, held) for k, v in value}
    if kind == "h": return held(value, x[2])
    return {"t": tuple, "l": list, "F": frozenset, "S": set}[kind](decode(y, held) for y in value)
`;

/** Runs a program alone: the source from descriptor 3, standard input and output its own. */
export const runnerSource = `
import os
def main():
    os.write(3, b"started\\n")
    with open(3, "rb") as pipe: source = pipe.read().decode("utf-8", "replace")
    import sys
    sys.argv = ["solution.py"]
    exec(compile(source, "solution.py", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
main()
`;

/** Holds the untrusted program, and answers what its tests ask of it. It never sees the tests. */
export const solverSource = `
import os, sys
os.write(3, b"started\\n")
${codec}
def main():
    pipe = open(3, "rb", closefd=False)
    def send(message):
        data = json.dumps(message).encode() + b"\\n"
        while data: data = data[os.write(3, data):]
    source = json.loads(pipe.readline())
    sys.argv = ["solution.py"]
    space = {"__name__": "solution", "__builtins__": __builtins__}
    def failure(error):
        return {"raise": [type(error).__name__, str(error)[:500]]}
    try:
        exec(compile(source, "solution.py", "exec"), space)
    except SystemExit: pass
    except BaseException as error:
        send(failure(error)); return
    objects = []
    def keep(x):
        objects.append(x)
        return len(objects) - 1
    def kind_of(x):
        if isinstance(x, type): return "exception" if issubclass(x, BaseException) else "class"
        if isinstance(x, type(os)): return "module"
        return "value"
    def held(number, name): return objects[number]
    def answer(request):
        op = request["op"]
        if op == "names":
            return [[name, kind_of(value)] for name, value in space.items() if not name.startswith("__")]
        if op == "name": return encode(space[request["name"]], keep)
        target = objects[request["of"]]
        args = [decode(x, held) for x in request.get("args", [])]
        if op == "call":
            named = {name: decode(x, held) for name, x in request["named"].items()}
            result = target(*args, **named)
            # As they are afterwards: a function may change its arguments in place.
            return [encode(result, keep), [encode(x, keep) for x in args]]
        if op == "get": return encode(getattr(target, request["name"]), keep)
        if op == "set": setattr(target, request["name"], *args); return None
        if op == "isinstance": return isinstance(target, objects[request["type"]])
        import operator, builtins
        function = getattr(operator, request["name"], None) or getattr(builtins, request["name"])
        if request.get("swapped"): return encode(function(args[0], target), keep)
        return encode(function(target, *args), keep)
    send({"value": "ready"})
    for line in pipe:
        try: message = {"value": answer(json.loads(line))}
        except BaseException as error: message = failure(error)
        send(message)
main()
`;

/** Runs the tests. What they use of the program is asked of the other process. */
export const testerSource = `
import os, sys
os.write(3, b"started\\n")
${codec}
import builtins, importlib, re, types
def main():
    pipe = open(3, "rb", closefd=False)
    def send(message):
        data = json.dumps(message).encode() + b"\\n"
        while data: data = data[os.write(3, data):]
    class Unsupported(BaseException): pass
    exceptions = {}
    def ask(**request):
        send(request)
        line = pipe.readline()
        if not line: os._exit(3)
        reply = json.loads(line)
        if "raise" not in reply: return reply["value"]
        name, text = reply["raise"]
        known = exceptions.get(name) or getattr(builtins, str(name), None)
        if not (isinstance(known, type) and issubclass(known, Exception)): known = Exception
        try: error = known(text)
        except TypeError: error = Exception(text)
        raise error if type(error) is not Exception else Exception(str(name) + ": " + str(text))
    def number_of(x):
        if isinstance(x, Remote): return object.__getattribute__(x, "_number")
        raise Unsupported("a " + type(x).__name__ + " of the tests cannot be given to the program")
    def own(x):
        if isinstance(x, Remote): return ["h", number_of(x), "object"]
        return encode(x, lambda y: number_of(y))
    def there(x): return decode(x, lambda number, name: Remote(int(number)))
    def renew(old, new):
        if type(old) is type(new):
            if isinstance(old, list): old[:] = new
            elif isinstance(old, (dict, set)): old.clear(); old.update(new)
    class Remote:
        def __init__(self, number): object.__setattr__(self, "_number", number)
        def __call__(self, *args, **named):
            result, after = ask(op="call", of=number_of(self), args=[own(x) for x in args],
                named={name: own(x) for name, x in named.items()})
            for old, new in zip(args, after): renew(old, there(new))
            return there(result)
        def __getattr__(self, name): return there(ask(op="get", of=number_of(self), name=name))
        def __setattr__(self, name, value): ask(op="set", of=number_of(self), name=name, args=[own(value)])
        # Equal to what the program made itself at most: plain data is compared here, by value.
        def __eq__(self, other):
            return isinstance(other, Remote) and bool(operate(self, "eq", other))
        def __ne__(self, other): return not self == other
        def __hash__(self): return there(ask(op="operator", of=number_of(self), name="hash"))
        def __iter__(self):
            inner = operate(self, "iter")
            while True:
                try: yield operate(inner, "next")
                except StopIteration: return
    def operate(x, name, *args):
        return there(ask(op="operator", of=number_of(x), name=name, args=[own(y) for y in args]))
    def forward(name, swapped=False):
        if swapped:
            return lambda x, y: there(ask(op="operator", of=number_of(x), name=name, args=[own(y)], swapped=True))
        return lambda x, *args: operate(x, name, *args)
    for name in "next len bool str repr int float abs".split(): setattr(Remote, "__" + name + "__", forward(name))
    for name in "getitem setitem delitem neg invert index".split(): setattr(Remote, "__" + name + "__", forward(name))
    # An object that is greater and less than everything, and has everything in it, must not pass for a number or a list.
    def order(name):
        return lambda x, y: bool(operate(x, name, y)) if isinstance(y, Remote) else NotImplemented
    for name in "lt le gt ge".split(): setattr(Remote, "__" + name + "__", order(name))
    Remote.__contains__ = lambda x, y: any(z == y for z in x)
    for name in "add sub mul truediv floordiv mod pow and_ or_ xor matmul lshift rshift".split():
        setattr(Remote, "__" + name.strip("_") + "__", forward(name))
        setattr(Remote, "__r" + name.strip("_") + "__", forward(name, True))
    def isinstance_(x, kinds):
        each = kinds if isinstance(kinds, tuple) else (kinds,)
        return any(
            isinstance(x, Remote) and ask(op="isinstance", of=number_of(x), type=number_of(kind)) is True
            if isinstance(kind, Remote) else isinstance(x, kind) for kind in each)
    tests = json.loads(pipe.readline())
    space = {"__name__": "tests", "__builtins__": __builtins__}
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    aliases = {"np": "numpy", "pd": "pandas"}
    def outcome():
        for name, kind in ask(op="names"):
            if not (isinstance(name, str) and name.isidentifier() and name in tests): continue
            # What the tests judge with is never the program's.
            if name.startswith("__") or hasattr(builtins, name): continue
            called = re.search(r"(?<![.\\w])" + name + r"\\s*\\(", tests)
            if (name in sys.stdlib_module_names or name in aliases) and not called:
                try: value = importlib.import_module(aliases.get(name, name))
                except ImportError: continue
            elif kind == "exception": value = exceptions[name] = type(name, (Exception,), {})
            elif kind == "module": continue
            else: value = there(ask(op="name", name=name))
            space[name] = value
            setattr(module, name, value)
        space["isinstance"] = isinstance_
        given = dict(space)
        exec(compile(tests, "tests.py", "exec"), space)
        for name, value in list(space.items()):
            if name.startswith("test") and isinstance(value, types.FunctionType) and given.get(name) is not value:
                if value.__code__.co_argcount == 0: value()
    try: outcome()
    except Unsupported as error: send({"done": "unsupported", "reason": str(error)})
    except BaseException as error:
        trace, line = error.__traceback__, 0
        while trace:
            if trace.tb_frame.f_code.co_filename == "tests.py": line = trace.tb_lineno
            trace = trace.tb_next
        lines = tests.split("\\n")
        where = lines[line - 1].strip() if 0 < line <= len(lines) else ""
        send({"done": "failed", "reason": type(error).__name__ + (": " + str(error) if str(error) else ""), "where": where})
    else: send({"done": "passed"})
main()
`;
