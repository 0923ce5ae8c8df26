"""Cells run as they do in Jupyter."""

import pytest

WORKS = {
    "prints": ("print('hi')\n1 + 1", "hi\nOut[1]: 2\n"),
    "await": ("import asyncio\nawait asyncio.sleep(0)\nprint('awaited')", "awaited\n"),
    "async with": ("async def f():\n    return 3\nprint(await f())", "3\n"),
    "line magic": ("%timeit -n1 -r1 1", None),
    "cell magic": ("%%capture out\nprint('hidden')", ""),
    "shell": ("!echo shell", "shell\n"),
    "shell to a list": ("lines = !echo one; echo two\nprint(lines)", "['one', 'two']\n"),
    "bash": ("%%bash\necho bash", "bash\n"),
    "inline plots": ("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", None),
    "plots without a magic": ("import matplotlib.pyplot as plt\nplt.hist([1, 2])\nplt.show()", None),
    "display": ("from IPython.display import display, HTML\ndisplay({1: 2})\ndisplay(HTML('<b>x</b>'))", None),
    "writefile": ("%%writefile own.py\nx = 3", None),
    "exit": ("exit()", None),
    "warning": ("import warnings\nwarnings.warn('careful')", None),
    "stub": ("from autograder import check\ncheck(print)", ""),
    "closed stdout": ("import sys\nsys.stdout.close()\nprint('still here')", "still here\n"),
    "source of a function": ("def f(): return 1\nimport inspect\nprint(inspect.getsource(f))", "def f(): return 1\n\n"),
    "pickle of own class": ("import pickle\nclass A: pass\ntype(pickle.loads(pickle.dumps(A())))", None),
    "subprocess": ("import subprocess, sys\nprint(subprocess.check_output(['echo', 'out'], text=True))", "out\n\n"),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n"
        "    print(list(pool.map(abs, [-1, -2])))",
        "[1, 2]\n",
    ),
    "multiprocessing": (
        "import multiprocessing as mp\ndef f(x): return x * x\nwith mp.get_context('fork').Pool(2) as pool:\n"
        "    print(pool.map(f, [1, 2, 3]))",
        "[1, 4, 9]\n",
    ),
    "temporary files": ("import tempfile\nwith tempfile.TemporaryFile() as file:\n    file.write(b'x')", None),
    "home": ("import pathlib\npathlib.Path.home().joinpath('note').write_text('x')", None),
}


@pytest.mark.parametrize("name", WORKS)
def test_works_as_in_jupyter(submit, name):
    source, output = WORKS[name]
    [result] = submit().run(source)
    assert (result.status, result.message) == ("ok", ""), result.output
    if output is not None:
        assert result.output == output


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("undefined", "NameError: name 'undefined' is not defined"),
        ("1 +", "SyntaxError"),
        ("input('name? ')", "EOFError"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def f(): return f()\nf()", "RecursionError"),
        ("%nosuchmagic", "UsageError"),
        ("import autograder.reference", "ModuleNotFoundError"),
        ("import autograder.checks.dropout_numpy", "ModuleNotFoundError"),
        ("from autograder.kernels import wire", "ModuleNotFoundError"),
        ("class E(Exception):\n    def __str__(self): raise E\nraise E", "E"),
    ],
)
def test_a_failing_cell_has_a_message_and_stops_nothing(submit, source, message):
    results = submit().run(source, "after = 1")
    assert results[0].status == "error"
    assert results[0].message.startswith(message)
    assert results[1].status == "ok"


def test_names_persist_from_cell_to_cell_and_module_files_can_be_imported(submit):
    results = submit().run("a = 1", "%%writefile mine.py\nb = 2", "import mine\nprint(a + mine.b)")
    assert results[2].output == "3\n"


def test_output_is_bounded_and_clean(submit):
    flood, colors = submit(output_bytes=1000).run(
        "for _ in range(10**5): print('x' * 100)", "print('\\x1b[31mred\\x1b[0m\\x1b]0;title\\x07 \\x08\\x00 end')"
    )
    assert flood.status == "ok"
    assert len(flood.output) <= 1000
    assert colors.output == "red �� end\n"


def test_fd_level_output_goes_nowhere(submit):
    [result] = submit().run("import os\nfor fd in (1, 2):\n    os.write(fd, b'x' * 10**6)\nprint('done')")
    assert result.output == "done\n"


def test_figures_are_not_drawn_for_nobody(submit):
    """Matplotlib draws every figure after each cell when it is interactive, which is most of what a plot costs."""
    counting = """
%matplotlib inline
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
drawn, draw = [], Figure.draw
def count(*args):
    drawn.append(1)
    return draw(*args)
Figure.draw = count
def times():
    return len(drawn)
"""
    submission = submit(counting, "plt.plot([1, 2])", "%matplotlib inline\nplt.plot([1, 2])\nplt.show()")
    assert submission.value("times") == 0
    submission.run("plt.plot([1, 2])\nplt.savefig('figure.png')")
    assert submission.value("times") > 0


def test_figures_are_not_kept_open(submit):
    plot = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()"
    assert submit().run(plot, "print(plt.get_fignums())")[1].output == "[]\n"
