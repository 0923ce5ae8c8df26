"""A probe is the one that was there before the student's code, whatever that puts in its place."""

import pytest

from autograder.checks.ask import Ask
from autograder.checks.beside.calls import successive

COUNT = "def count():\n    count.calls += 1\n    return count.calls\ncount.calls = 0"
BESIDE = (
    "import sys, types\nbeside = [name for name in sys.modules if name.partition('.')[0] == 'beside']\nassert beside\n"
)

SHADOWS = {
    "nothing": "",
    "files": (
        "import os\nos.mkdir('beside')\n"
        "for path in ('beside/__init__.py', 'beside/calls.py', 'calls.py', 'respond.py'):\n"
        "    open(path, 'w').write('PROBES = {}\\ndef successive(*args): return [7]')\n"
    ),
    "files, and no modules": (
        "import os\nos.mkdir('beside')\n"
        "for path in ('beside/__init__.py', 'beside/calls.py', 'beside/respond.py'):\n"
        "    open(path, 'w').write('PROBES = {}\\ndef successive(*args): return [7]')\n"
        f"{BESIDE}for name in beside:\n    del sys.modules[name]\n"
        "import beside.calls, beside.respond\n"
    ),
    "other modules": (
        f"{BESIDE}for name in beside:\n"
        "    sys.modules[name] = types.SimpleNamespace(PROBES={}, successive=lambda *args: [7])\n"
    ),
    "a finder": (
        f"{BESIDE}class Finder:\n    def find_spec(self, name, *args):\n        raise ImportError(name)\n"
        "sys.meta_path.insert(0, Finder())\nfor name in beside:\n    del sys.modules[name]\n"
    ),
}


@pytest.mark.parametrize("shadow", SHADOWS)
def test_nothing_takes_the_place_of_a_probe(submit, shadow):
    submission = submit(COUNT)
    (result,) = submission.run(SHADOWS[shadow])
    assert result.status == "ok", result
    assert Ask("count", submission.session).probe(successive, 3) == [1, 2, 3]
