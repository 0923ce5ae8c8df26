"""Exercises that a course declares itself: found, refused where they cannot be used, and tried by one command."""

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import check
from autograder.checks import catalogue, own
from autograder.checks.ask import LocalTransport
from autograder.checks.exercise import Exercise
from autograder.checks.judge import judge
from autograder.checks.trial import naming_fault, trials, untried

HEAD = """from autograder.checks.exercise import Exercise
from autograder.checks.expect import expect


def half(x):
    \"\"\"Return half of x.\"\"\"
    return x / 2


exercise = Exercise(half)
"""
REQUIRES = """

@exercise.requires("halves", 2)
def halves(ask, draw):
    expect(ask(4.0) == 2.0, "look again")
"""
RIGHT = """

@exercise.right
def by_product(x):
    return 0.5 * x
"""
WRONG = """

@exercise.mistake("rounds")
def rounds(x):
    \"\"\"What is behind the point is lost.\"\"\"
    return float(x // 2)
"""
MEASURES = """

@exercise.measures()
def measure(ask):
    return [ask(1.0)]
"""
FINE = HEAD + REQUIRES.replace("4.0) == 2.0", "3.0) == 1.5") + RIGHT + WRONG + MEASURES


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    catalogue.adopt({})


def declared(text: str) -> Exercise:
    (exercise,) = own.declare("halving", text)
    return exercise


def course(folder: Path, **files: str) -> Path:
    (folder / "course.toml").write_text("")
    (folder / "checks").mkdir()
    for name, text in files.items():
        (folder / "checks" / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_files_that_declare_exercises_are_found_and_others_left_alone(tmp_path: Path) -> None:
    course(tmp_path, halving=FINE, empty="", tool="raise SystemExit")
    catalogue.adopt_from(tmp_path)
    assert catalogue.assignments() == (*catalogue.ASSIGNMENTS, "halving")
    assert catalogue.find("half") is catalogue.exercises("halving")[0]
    assert catalogue.find("half").assignment == "halving"
    catalogue.adopt({})
    with pytest.raises(KeyError):
        catalogue.exercises("halving")


def test_several_exercises_stand_in_their_order() -> None:
    second = FINE.split("\n\n\n", 1)[1].replace("half", "halve").replace("exercise", "second")
    names = [exercise.name for exercise in own.declare("halving", FINE + "\n\n" + second)]
    assert names == ["half", "halve"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("halving", "from autograder.checks import x y", r"SyntaxError: .*line 1"),
        ("halving", FINE + "\n\n1 / 0\n", r"ZeroDivisionError: division by zero, line \d+"),
        (
            "halving",
            "import autograder.checks\nimport nosuch\n",
            "ModuleNotFoundError: No module named 'nosuch', line 2",
        ),
        ("halving", "import autograder.checks\n", "it declares no Exercise"),
        ("halving", HEAD, "no requirement of half has points"),
        ("halving", FINE + "\n\nother = Exercise(half)\n", "half is declared twice"),
        ("dropout_numpy", FINE, "has the name of an assignment that is there"),
        ("halving", FINE.replace("half", "dropout_forward"), "declares dropout_forward, which is there"),
        ("halving-1", FINE, "no name of an assignment"),
        ("halving", FINE.encode("utf-16"), "save it as UTF-8"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(name: str, text: str | bytes, says: str, tmp_path: Path) -> None:
    path = course(tmp_path) / "checks" / f"{name}.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(own.Undeclared, match=says) as raised:
        catalogue.adopt_from(tmp_path)
    assert "\n" not in str(raised.value)
    run = autograder(tmp_path, "try")
    assert run.returncode == 2
    assert run.stderr == f"autograder: {raised.value}\n"


def test_a_text_that_has_changed_is_not_taken_for_the_one_before() -> None:
    first, second = declared(FINE), declared(FINE.replace("x / 2\n\n\nexercise", "x * 0.5  # changed\n\n\nexercise"))
    for exercise, line in ((first, "return x / 2"), (second, "return x * 0.5  # changed")):
        assert inspect.getsource(exercise.reference).splitlines()[-1].strip() == line
    assert declared(FINE) is first


def test_check_finds_what_the_course_declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course(tmp_path, halving=FINE)
    (tmp_path / "release").mkdir()

    def half(x: float) -> float:
        return x / 2

    with pytest.raises(LookupError, match="half"):
        check(half)
    monkeypatch.chdir(tmp_path / "release")
    check(half)


def test_a_mistake_is_named_though_nothing_is_stored_and_a_fault_in_naming_costs_no_point() -> None:
    fine = declared(FINE)
    verdict = judge(fine, LocalTransport(lambda x: float(x // 2)), 0)
    assert (verdict.points, verdict.misconceptions) == (0, ("rounds",))
    broken = FINE.replace("return [ask(1.0)]", "raise RuntimeError('broken')")
    partly = broken + REQUIRES.replace("halves", "halves_even")
    verdict = judge(declared(partly), LocalTransport(lambda x: float(x // 2)), 0)
    assert (verdict.points, verdict.misconceptions) == (2, ())
    assert naming_fault(declared(partly)) == "RuntimeError: broken"


def test_answers_are_judged_as_declared() -> None:
    exercise = declared(FINE)
    tried = list(trials(exercise, 3))
    assert [(trial.kind, trial.name, trial.judged, trial.points) for trial in tried] == [
        ("right", "the reference", "right", (2, 2, 2)),
        ("right", "by_product", "right", (2, 2, 2)),
        ("wrong", "rounds", "wrong", (0, 0, 0)),
    ]
    assert all(trial.is_as_declared for trial in tried)
    assert tried[-1].is_named
    assert untried(exercise, tried) == []


@pytest.mark.parametrize(
    ("text", "judged", "name"),
    [
        (FINE.replace("0.5 * x", "0.4 * x"), "wrong", "by_product"),
        (HEAD + REQUIRES + WRONG, "right", "rounds"),
        (HEAD + REQUIRES.replace("4.0) == 2.0", "x := draw.choice([3.0, 4.0])) == x / 2") + WRONG, "either", "rounds"),
        (FINE.replace("ask(3.0)", "nosuch(3.0)"), "fault", "the reference"),
        (
            HEAD + REQUIRES + '\n\n@exercise.mistake("x", edit=("x / 3", "x"))\ndef third():\n    """It."""\n',
            "fault",
            "x",
        ),
    ],
)
def test_the_exit_code_says_when_a_right_answer_fails_or_a_wrong_one_passes(
    text: str, judged: str, name: str, tmp_path: Path
) -> None:
    tried = {trial.name: trial for trial in trials(declared(text), 20)}
    assert tried[name].judged == judged
    assert not tried[name].is_as_declared
    run = autograder(course(tmp_path, halving=text), "try", "halving", "--runs", "20")
    assert run.returncode == 1
    assert f"! {judged}" in run.stdout


def test_the_exit_code_is_0_where_all_is_as_declared_and_each_answer_is_judged_five_times(tmp_path: Path) -> None:
    counted = FINE.replace("ask(3.0)", "(print('asked'), ask(3.0))[1]")
    run = autograder(course(tmp_path, halving=counted), "try")
    assert run.returncode == 0, run.stderr
    assert "half: 0 of 3 judged otherwise than declared" in run.stdout
    of_the_mistake = 1  # once more, for what it fails, by which answers are told apart
    assert run.stdout.count("asked") == 5 * 3 + of_the_mistake


def test_there_must_be_something_to_try(tmp_path: Path) -> None:
    for arguments, says in (((), "nothing to try"), (("nosuch",), "there is no assignment 'nosuch'")):
        run = autograder(tmp_path, "try", *arguments)
        assert run.returncode == 2
        assert run.stderr.startswith(f"autograder: {says}")


def autograder(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "autograder", *arguments]
    environment = os.environ | {"COLUMNS": "100"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
