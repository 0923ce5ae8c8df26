"""Examples of the release run only when something of the student's rests on them."""

import time

import pytest

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.grading.assignment import load
from autograder.kernels.needed import needed
from autograder.kernels.notebook import NotebookCell, read_notebook
from autograder.kernels.sanitise import steps
from autograder.kernels.session import EXPERIMENT, Cell
from tests.sample.submissions import notebook, right_cells

IMPORTS = NotebookCell(True, "%matplotlib inline\nimport numpy as np", "imports", locked=True)
SCALE = NotebookCell(True, "SCALE = np.sqrt(2.0)")
ANSWER = NotebookCell(True, "def answer(x):\n    raise NotImplementedError()", "answer", solution=True)
PICTURE = NotebookCell(True, "y = answer(np.ones(3))\nprint(y)")
TABLE = NotebookCell(True, "table = [y, y]")
RELEASED = [IMPORTS, SCALE, ANSWER, PICTURE, TABLE]


CHECK = Cell("answer_check", "check(answer)", "answer", is_check=True)


def run(answer: str, *own: str) -> list[str]:
    """Return the ids of the cells that run of a submission with this answer, and cells of the student's at the end."""
    cells = [Cell(cell.grade_id or cell.source, cell.source) for cell in RELEASED if cell is not ANSWER]
    cells.insert(2, Cell("answer", answer, "answer"))
    return kept([*cells, CHECK, *(Cell(source, source) for source in own)])


def kept(cells: list[Cell]) -> list[str]:
    return [cell.id for cell in needed(cells, RELEASED) if not cell.is_check]


ALL = ["imports", SCALE.source, "answer", PICTURE.source, TABLE.source]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("def answer(x):\n    return x", ["answer"]),
        ("def answer(x):\n    return np.sum(x)", ["imports", "answer"]),
        ("def answer(x):\n    return SCALE * x", ["imports", SCALE.source, "answer"]),
        ("def answer(x):\n    SCALE = 2\n    return SCALE * x", ["answer"]),
        ("def answer(x):\n    return lambda: [y for _ in x]", ["imports", "answer", PICTURE.source]),
        ("class answer:\n    scale = SCALE", ["imports", SCALE.source, "answer"]),
        ("class answer:\n    def scale(self, y=1):\n        return table", ALL[:1] + ALL[2:]),
        ("answer = lambda x: globals()['SCALE'] * x", ALL),
        ("import sys\ndef answer(x):\n    return sys.modules['__main__'].SCALE", ALL),
        ("!ls\ndef answer(x):\n    return x", ALL),
        ("def answer(x)\n    return x", ALL),
        ("(" * 1000 + ")" * 1000, ALL),
        ("def answer(x):\n    return x\n" + "#" * 40_000, ALL),
        (PICTURE.source, ["imports", "answer"]),
    ],
)
def test_what_an_answer_rests_on_runs(answer: str, expected: list[str]) -> None:
    assert run(answer) == expected


def test_what_a_students_own_cell_rests_on_runs() -> None:
    answer = "def answer(x):\n    return x"
    assert run(answer, "print(y)") == ["imports", "answer", PICTURE.source, "print(y)"]
    assert run(answer, "def show():\n    return table") == [ALL[0], *ALL[2:], "def show():\n    return table"]
    # What comes later cannot be used at once.
    assert run("print(y)\ndef answer(x):\n    return x") == ["answer"]


def test_an_example_that_was_changed_is_the_students_own() -> None:
    changed = PICTURE.source + "\nmine = 1"
    cells = [Cell("answer", "def answer(x):\n    return x", "answer"), CHECK, Cell("cell 4", changed)]
    assert kept(cells) == ["answer", "cell 4"]


GAP, OWN = Cell("answer", ANSWER.source, "answer"), Cell("cell 1", "def answer(x):\n    return x")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([OWN, GAP], ["cell 1"]),
        ([OWN, GAP, Cell("cell 2", "print(dir())")], ["cell 1", "cell 2"]),
        ([GAP], ["answer"]),
        ([Cell("cell 1", "print(answer)"), GAP], ["cell 1", "answer"]),
        # A copy in which nothing was written, below the one that was answered.
        ([Cell("cell 1", OWN.source, "answer"), Cell("cell 2", GAP.source, "answer")], ["cell 1"]),
        ([GAP, OWN], ["answer", "cell 1"]),
        # What the student wrote into the gap comes later and counts.
        ([OWN, Cell("answer", "def answer(x):\n    return 2 * x", "answer")], ["cell 1", "answer"]),
    ],
)
def test_a_gap_does_not_undo_what_was_written_above_it(cells: list[Cell], expected: list[str]) -> None:
    assert kept([*cells, CHECK]) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "calls = 0\ndef answer(x):\n    global calls\n    calls += 1\n    return calls",
        "seen = []\ndef answer(x):\n    seen.append(x)\n    return len(seen)",
        "draws = iter(range(9))\ndef answer(x):\n    return next(draws)",
    ],
)
def test_an_answer_that_remembers_its_calls_is_called_by_every_example(answer: str) -> None:
    assert run(answer) == ALL


def test_a_check_is_never_left_out_and_keeps_its_place() -> None:
    cells = [GAP, CHECK, OWN, CHECK]
    assert [cell.is_check for cell in needed(cells, RELEASED)] == [False, True, False, True]


TRAIN = "weights = [step for step in range(9)]"


@pytest.mark.parametrize(
    ("own", "part"),
    [
        (TRAIN, EXPERIMENT),
        ("plot(answer(3))", EXPERIMENT),
        (f"%%time\n{TRAIN}", EXPERIMENT),
        ("helper = 1", ""),
        ("def helper(): pass", ""),
        ("def other():\n    global helper\n    helper = 2", ""),
        ("!ls > helper.py\nfrom helper import helper", ""),
        ("settings = {}", ""),
        ("settings['rate'] = 1", ""),
        ("answer = abs", "answer"),
    ],
)
@pytest.mark.parametrize("pasted", ["", "answer"])
def test_every_cell_has_its_part(own: str, part: str, pasted: str) -> None:
    answer = Cell("answer", "def answer(x):\n    return helper(x, settings)", "answer")
    state = Cell("cell 1", "settings = {}")
    assert [cell.part for cell in needed([state, Cell("cell 2", own, pasted), answer, CHECK], RELEASED)] == [
        *["", part, "answer", "answer"]
    ]


def test_what_is_too_long_to_be_read_has_its_part_all_the_same() -> None:
    long = Cell("cell 1", "#" * 50_000)
    assert [cell.part for cell in needed([long, Cell("answer", "def answer(): ...", "answer"), CHECK], RELEASED)] == [
        *[EXPERIMENT, "answer", "answer"]
    ]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_right_answers_rest_on_no_experiment(name: str) -> None:
    assignment = load(name)
    submitted = read_notebook(notebook(name, right_cells(name, 0)))
    ids = {cell.id for cell in needed(steps(assignment.cells, submitted), assignment.cells) if not cell.is_check}
    assert ids >= {exercise.name for exercise in exercises(name)}
    assert not {cell for cell in ids if cell.startswith("cell ")}


def test_many_copies_of_an_example_take_no_time() -> None:
    """Nothing limits how long a notebook is looked at before it runs: two seconds are fifty times what this takes."""
    chain = [NotebookCell(True, f"x{place} = x{place + 1}") for place in range(40)]
    copies = [Cell(f"cell {place}", chain[7 * place % 40].source) for place in range(1960)]
    started = time.process_time()
    assert len(needed([*copies, Cell("own", "def first():\n    return x0")], chain)) == 1610
    assert time.process_time() - started < 2


@pytest.mark.parametrize("parts", [1, 200])
def test_a_notebook_full_of_names_and_functions_takes_no_time(parts: int) -> None:
    """Each name of a cell is compared with each of its functions: of two million characters that took ten minutes."""
    source = "".join(f"a{number}\nlambda: 0\n" for number in range(120_000 // parts))
    started = time.process_time()
    needed([Cell(f"cell {part}", source) for part in range(parts)], RELEASED)
    assert time.process_time() - started < 10
