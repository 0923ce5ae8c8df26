"""An answer is doubted when its text could rest on a library's own layer and hide it; ordinary text is not."""

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.grading.assignment import load
from autograder.kernels.doubt import is_doubtful, reaches
from autograder.kernels.needed import needed
from autograder.kernels.notebook import read_notebook
from autograder.kernels.sanitise import steps
from autograder.kernels.session import Cell
from tests.sample.submissions import notebook, right_cells

PATHS = ("torch.nn.functional.dropout", "torch.nn.Dropout")
ANSWER = "def layer(x, rate):\n    return x * (torch.rand_like(x) > rate) / (1 - rate)\n"
IMPORTS = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
OWN = [assignment for assignment in ASSIGNMENTS if any(exercise.own for exercise in exercises(assignment))]

REACHES = [
    "import sys",
    "import gc as tidy",
    "from importlib import reload",
    "from os import *",
    "from torch import *",
    "from . import beside",
    "x = getattr(torch, 'drop' + 'out')",
    "getattr(torch, '__dict__')",
    "find = getattr",
    "exec('import sys')",
    "globals()['x']",
    "warnings._sys.modules",
    "(lambda: 0).__globals__",
    "torch.overrides.TorchFunctionMode = Mode",
    "del torch.nn.Dropout",
    "for torch.nn.Dropout in [Mode]: pass",
    "with here as torch.nn.Dropout: pass",
    "class A:\n    def __subclasscheck__(self, other): return True",
    "get_ipython().user_ns",
    "%run other.py",
    "!ls",
    "%%time\nx = 1",
    "x = (",
    "type(x).mro()",
    "next(g).gi_frame.f_back",
]
ORDINARY = [
    "import numpy as np\nimport matplotlib.pyplot as plt\n%matplotlib inline\nplt.plot([1, 2])",
    "model.eval()\nmodel.compile('adam')\nlayer.trainable = False\nmodule.training = True",
    "getattr(module, 'running_mean', None)",
    "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.rate = self.p = 1",
    "print(type(x).__name__, f'{x:.3f}')",
    "weights['a'] = x[1:]\nx += 1",
    "import json\njson.loads(json.dumps({}))",
]
DOUBTED = {
    "called": "def layer(x, rate):\n    return F.dropout(x, rate)",
    "of another name": "from torch.nn import Dropout as D\nlayer = lambda x, rate: D(rate)(x)",
    "of the engine": "def layer(x, rate):\n    return torch.native_dropout(x, rate, True)[0]",
    "in a helper": "def helper(x): return nn.Dropout()(x)\ndef layer(x, rate): return helper(x)",
    "in a list": "found = []\nfound.append(nn.Dropout)\ndef layer(x, rate): return found[0](rate)(x)",
    "kept before": "keep = F.dropout\ndef keep_it(): pass\ndef layer(x, rate, keep=keep): return keep(x, rate)",
    "hidden by what is never defined": (
        "def helper(x): return F.dropout(x)\nif False:\n    def helper(x): return x\nlayer = helper"
    ),
}
TRUSTED = {
    "beside it": "theirs = nn.Dropout(0.5)\nprint(theirs(torch.ones(3)))\n" + ANSWER,
    "in another answer": "class MLP(nn.Module):\n    def __init__(self): self.drop = nn.Dropout()\n" + ANSWER,
    "spoken of": ANSWER.replace("    return", '    """Return dropout, as F.dropout does."""\n    return'),
    "hidden by a definition": "def helper(): return nn.Dropout()\ndef helper(): return 1\nx = helper()\n" + ANSWER,
    "of no library": "def layer(x, rate):\n    return dropout(x)",
}


@pytest.mark.parametrize("source", REACHES)
def test_what_reaches_further_is_seen(source: str) -> None:
    assert reaches(source)


@pytest.mark.parametrize("source", ORDINARY)
def test_what_is_ordinary_reaches_no_further(source: str) -> None:
    assert not reaches(source)


@pytest.mark.parametrize("name", [*DOUBTED, *TRUSTED])
def test_an_answer_is_doubted_for_what_it_rests_on(name: str) -> None:
    sources = [IMPORTS if name != "of no library" else "", *(DOUBTED | TRUSTED)[name].split("\n\n")]
    cells = [Cell(str(number), source) for number, source in enumerate(sources)]
    assert is_doubtful([*cells, Cell("layer_check", "", "layer", is_check=True)], [], "layer", PATHS) == (
        name in DOUBTED
    )


@pytest.mark.parametrize("assignment", OWN)
def test_right_answers_of_a_class_are_hardly_doubted(assignment: str) -> None:
    """So that it pays nothing: only a style that looks through base classes is."""
    found = load(assignment)
    doubted = set()
    for style in range(3):
        book = read_notebook(notebook(assignment, right_cells(assignment, style)))
        cells = needed(steps(found.cells, book), found.cells)
        doubted |= {
            style
            for exercise in found.exercises
            if exercise.own and is_doubtful(cells, found.cells, exercise.name, exercise.own.without)
        }
    assert doubted <= ({2} if assignment == "batchnorm" else set())
