"""The thread through the course: what to read before a notebook, how long it takes, what comes next, and back again."""

import ast
import re
import sys
from difflib import SequenceMatcher
from pathlib import Path

import jupytext
import pytest
from coursebook.pacing import STATED, reading

from autograder.checks.catalogue import ASSIGNMENTS, exercises
from autograder.checks.exercise import Exercise

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
PAGES = sorted([*(ROOT / "book").glob("*/*.md"), ROOT / "book/museum.md"])
CHAPTERS = [page for page in PAGES if "guides" not in page.parts]


def cells(assignment: str) -> list[str]:
    """Return the text cells of a notebook, each in one line."""
    notebook = jupytext.read(ROOT / f"solutions/{assignment}.py")
    return [" ".join(cell.source.split()) for cell in notebook.cells if cell.cell_type == "markdown"]


def linked(text: str, assignment: str) -> set[Path]:
    """Return the files of the clone that a text of a notebook links to."""
    folder = ROOT / "exercises" / assignment
    return {(folder / link.partition("#")[0]).resolve() for link in LINK.findall(text) if "://" not in link}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_link_of_a_notebook_is_to_something_that_is_there(assignment: str) -> None:
    assert all(path.is_file() for text in cells(assignment) for path in linked(text, assignment))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_notebook_opens_with_what_to_read_before_and_ends_with_what_comes_next(assignment: str) -> None:
    first, *_, last = cells(assignment)
    assert "**Before this.** Read [" in first
    assert " You know " in first
    assert last.startswith("## What comes next")
    later = [path for path in linked(last, assignment) if path.suffix == ".ipynb"]
    assert later or assignment == ASSIGNMENTS[-1]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_minutes_of_a_page_are_those_that_it_takes(assignment: str) -> None:
    stated = re.findall(r"\]\(../../(book/[\w/-]+)\.md\) \((\d+) minutes\)", cells(assignment)[0])
    assert stated
    for page, minutes in stated:
        assert abs(reading(page) - int(minutes)) <= 5, f"{page} takes {reading(page):.0f} minutes"


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_pages_and_notebooks_link_both_ways(page: Path) -> None:
    there = {name for name in ASSIGNMENTS if f"exercises/{name}/{name}" in page.read_text(encoding="utf-8")}
    back = {name for name in ASSIGNMENTS if page in linked(" ".join(cells(name)), name)}
    assert there == back


WORDS, THINK, FUNCTION, LINE, CHALLENGE, PAPER = 150, 4, 8, 1.2, 10, 60
"""Words read in a minute; minutes for a question, a function, a line of its answer, a challenge, and an hour for what a
person grades."""


def estimate(assignment: str) -> float:
    """Return the hours that a notebook takes somebody who can program and has had one course."""
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    words = sum(len(re.findall(r"\w+", text)) for text in cells(assignment))
    by_hand = len(re.findall(r'"grade": true.*"solution": true', source))
    answers = [
        body
        for name, body in re.findall(r'"grade_id": "(\w+)".*\n((?:.*\n)*?)(?=# %%|\Z)', source)
        if name in {exercise.name for exercise in exercises(assignment)}
    ]
    hidden = [part for body in answers for part in re.findall(r"### BEGIN SOLUTION\n(.*?)### END", body, re.DOTALL)]
    lines = sum(len(part.splitlines()) for part in hidden)
    hard = sum(exercise.challenge for exercise in exercises(assignment))
    minutes = words / WORDS + THINK * source.count("**Think.**") + FUNCTION * len(answers) + LINE * lines
    return (minutes + CHALLENGE * hard + PAPER * by_hand) / 60


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_hours_of_a_notebook_are_those_that_it_takes(assignment: str) -> None:
    low, high = map(int, STATED.search(cells(assignment)[0]).groups())
    assert low - 0.5 <= estimate(assignment) <= high, f"{assignment} takes {estimate(assignment):.1f} hours"
    assert high - low <= 2


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_long_notebooks_have_two_sittings(assignment: str) -> None:
    long = int(STATED.search(cells(assignment)[0])[2]) > 4 and len(exercises(assignment)) > 1
    stop = re.search(r"in two sittings: exercise (\d+) is a good place to stop", cells(assignment)[0])
    assert bool(stop) == long
    assert not stop or any(re.match(rf"## {int(stop[1]) + 1}\. ", text) for text in cells(assignment))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_headings_number_the_exercises_in_their_order(assignment: str) -> None:
    numbers = [int(match[1]) for text in cells(assignment) if (match := re.match(r"## (\d+)\. ", text))]
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    places = [source.index(f'"{exercise.name}_check"') for exercise in exercises(assignment)]
    assert places == sorted(places)
    assert numbers == list(range(1, len(numbers) + 1))
    for number, place in enumerate(places, 1):
        assert source.rindex(f"# ## {number}. ") < place


LEARN = ("**Find it.**", "**Guess.**", "**Find the bug", "**Experiment.**")
DRAWN = re.compile(r'if guess is not \.\.\.:\n +\w+(\[0\])?\.\w+\(.*\bguess\b.*label="your guess"')
YOURS, FOLDED = "*Your answer:*", "<details><summary>One answer, to open after yours</summary>"


@pytest.mark.parametrize("kind", LEARN)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_each_notebook_has_something_to_find_to_guess_to_repair_and_to_try(assignment: str, kind: str) -> None:
    assert any(kind in text for text in cells(assignment))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_question_has_a_cell_to_answer_in_and_a_folded_answer(assignment: str) -> None:
    notebook = jupytext.read(ROOT / f"solutions/{assignment}.py")
    texts = [cell.source.strip() if cell.cell_type == "markdown" else "" for cell in notebook.cells]
    assert texts.count(YOURS) == sum(text.startswith(FOLDED) for text in texts)
    for place, text in enumerate(texts):
        assert text.count("**Think.**") <= 1
        if "**Think.**" in text:
            assert texts[place + 1] == YOURS
        if text == YOURS:
            assert texts[place + 1].startswith(FOLDED)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_guessed_is_drawn_by_the_next_cell(assignment: str) -> None:
    if assignment == "noise_lab":  # whose figure the student draws
        return
    notebook = jupytext.read(ROOT / f"solutions/{assignment}.py")
    sources = [cell.source for cell in notebook.cells]
    guessed = [place for place, source in enumerate(sources) if source == "guess = ..."]
    assert guessed
    for place in guessed:
        assert re.search(
            r"if guess is not \.\.\.:\n +\w+(\[0\])?\.\w+\(.*\bguess\b.*label=\"your guess\"", sources[place + 1]
        )


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_gradient_that_is_written_is_checked_by_the_tool_of_the_course(assignment: str) -> None:
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    for exercise in exercises(assignment):
        if exercise.name.endswith("_backward"):
            assert re.search(rf"check_gradient\((?:[^#]|#(?! %%))*?\b{exercise.name}\(", source)


SHARED = 38
"""How many characters of code a text may share with the solution: the name of a function and how it is called."""


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_hint_has_a_line_of_the_answer(assignment: str) -> None:
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    hidden = " ".join("".join(re.findall(r"### BEGIN SOLUTION\n(.*?)### END", source, re.DOTALL)).split())
    for code in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", " ".join(cells(assignment)))):
        found = SequenceMatcher(None, code, hidden, autojunk=False).find_longest_match()
        assert found.size <= SHARED, f"{code} is an answer"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_to_be_found_is_not_in_the_docstring(assignment: str) -> None:
    """Between "Find it" and the check stands no formula but those of the solution, which is taken out at release."""
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    for part in source.split("**Find it.**")[1:]:
        docstring = re.search(r'"""(.*?)"""', part.partition("### BEGIN SOLUTION")[0], re.DOTALL)
        assert not docstring or not re.search(r" [*/@^] |\*\*|sqrt", docstring[1])


def test_what_the_last_cell_says_to_choose_is_in_the_menu_of_jupyterlab() -> None:
    program = (Path(sys.prefix) / "share/jupyter/lab/static").glob("*.js")
    labels = set(re.findall(r'label:\w+\.__\("([^"]*)"\)', "".join(path.read_text("utf-8") for path in program)))
    guide = (ROOT / "book/guides/students.md").read_text(encoding="utf-8")
    for text in (guide, *(cells(assignment)[-1] for assignment in ASSIGNMENTS)):
        named = re.findall(r"choose \*([^*]+)\*", text)
        assert named
        assert {name for name in named if name not in labels and f"{name}…" not in labels} == set()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_hint_is_the_answer(assignment: str) -> None:
    """A line of the solution, of more than a call, stands in no text."""
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    hidden = re.findall(r"### BEGIN SOLUTION\n(.*?)### END", source, re.DOTALL)
    formulas = {
        line.split(" = ", 1)[1].strip()
        for block in hidden
        for line in block.splitlines()
        if " = " in line and len(re.findall(r" [-+*/@] ", line)) > 2
    }
    text = " ".join(cells(assignment))
    assert not [formula for formula in formulas if formula in text]


def after_check(name: str, assignment: str) -> str:
    """Return the code between the check of an exercise and the heading of the next."""
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    below = source.partition(f'"grade_id": "{name}_check"')[2].partition(f"check({name})")[2]
    return below.partition("\n# ## ")[0]


def section(number: int, assignment: str) -> str:
    """Return what stands under the heading of an exercise, its solution included."""
    source = (ROOT / f"solutions/{assignment}.py").read_text(encoding="utf-8")
    return source.partition(f"\n# ## {number}. ")[2].partition("\n# ## ")[0]


@pytest.mark.parametrize("exercise", [e for name in ASSIGNMENTS for e in exercises(name)], ids=lambda e: e.name)
def test_a_full_answer_is_told_where_it_is_used_and_what_to_try(exercise: Exercise) -> None:
    used, tried, _ = exercise.onward.partition("; try ")
    assert used
    assert tried
    assert "; try " not in used
    called = re.compile(rf"\b{exercise.name}\(|\b{exercise.name}\b.*\)")
    if "after this" in used or "last" in used.split():
        assert called.search(after_check(exercise.name, exercise.assignment)), f"{exercise.name} is not used there"
    if numbers := re.match(r"Exercises? ([\d, and]+) (?:calls?|checks?)\b", used):
        for number in map(int, re.findall(r"\d+", numbers[1])):
            assert called.search(section(number, exercise.assignment)), f"exercise {number} does not call it"
    for number in map(int, re.findall(r"(?<=[Ee]xercise )\d+", used)):
        assert section(number, exercise.assignment)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_comes_next_asks_for_nothing_that_comes_later(assignment: str) -> None:
    """A notebook that needs one which the order of the course puts later is linked to together with that one."""

    def notebooks(text: str, name: str) -> list[str]:
        return [path.stem for path in linked(text, name) if path.suffix == ".ipynb"]

    following = notebooks(cells(assignment)[-1], assignment)
    done = {*ASSIGNMENTS[: ASSIGNMENTS.index(assignment) + 1], *following}
    for name in following:
        assert {*notebooks(cells(name)[0], name)} <= done, f"{name} needs more than what was done"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_what_is_asked_stands_above_the_hints(assignment: str) -> None:
    for text in cells(assignment):
        if "<summary>Hint" in text:
            assert text.endswith("</details>")
            between = re.sub(
                r"<details>.*?</details>", "", text.partition("<details>")[1] + text.partition("<details>")[2]
            )
            assert not between.strip()


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_notebook_that_writes_q_says_what_it_is(assignment: str) -> None:
    text = " ".join(cells(assignment))
    if re.search(r"\{q\}", text):
        assert "q = 1 - p" in text


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_figure_is_shown_without_the_name_of_an_object_above_it(assignment: str) -> None:
    """Jupyter shows the value of a last line, as `<matplotlib.legend.Legend at 0x7f90ec5dae90>`."""
    for cell in jupytext.read(ROOT / f"solutions/{assignment}.py").cells:
        if cell.cell_type == "code" and "plt.subplots(" in cell.source:
            last = ast.parse(cell.source).body[-1]
            said = (
                ast.unparse(last.value.func) if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else ""
            )
            assert not isinstance(last, ast.Expr) or said in {"plt.show", "print"}


def test_the_guide_says_that_some_calls_are_refused() -> None:
    guide = " ".join((ROOT / "book/guides/students.md").read_text(encoding="utf-8").split())
    assert any(exercise.own for name in ASSIGNMENTS for exercise in exercises(name))
    for sentence in re.findall(r"[^.:]*\bany library call is fine[^.]*\.", guide, re.IGNORECASE):
        assert "refuse" in sentence
    assert "*Write it yourself*" in guide
    assert all(
        ("Write it yourself: " in section(number, name)) == (exercise.own is not None)
        for name in ASSIGNMENTS
        for number, exercise in enumerate(exercises(name), 1)
    )
