"""The command line as its users meet it: files, exit codes, and one clear line for every mistake."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.cli import COMMANDS, name_of
from autograder.kernels.doctor import CONFINED, available, bounds, levels
from tests.agreement.book import Book
from tests.grading.conftest import ASSIGNMENT, FIRST, FULL, HANDED_IN, WRONG, answered, hand_in

SOLUTIONS = str(Path(__file__).parents[1] / "solutions")

pytestmark = pytest.mark.xdist_group("cli")


def autograder(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def here(capfd: pytest.CaptureFixture[str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, which has imported what it needs, and return what became of it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["autograder", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    said = capfd.readouterr()
    return subprocess.CompletedProcess(arguments, ended.value.code, said.out, said.err)


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "submitted"
    hand_in(folder, "ann", answered(0))
    hand_in(folder, "=bob", answered(1, **{FIRST.name: WRONG}))
    hand_in(folder, "gus", HANDED_IN["gus"])
    return folder


@pytest.fixture(scope="module")
def out(submitted: Path) -> Path:
    folder = submitted.parent / "graded"
    run = autograder("grade", submitted, "--out", folder, "--seed", 5, "--workers", 1)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    level = next(level.name for level in levels() if level.available)
    for text in (ASSIGNMENT, "1 missing", f"Isolation: {level}", "Seed: 5", "report.html"):
        assert text in " ".join(run.stdout.split())
    return folder


def test_grade_takes_the_assignments_that_were_handed_in(out: Path) -> None:
    verdicts = [json.loads(line) for line in (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {(verdict["student"], verdict["assignment"]): verdict["points"] for verdict in verdicts} == {
        ("=bob", ASSIGNMENT): FULL - 3.5,
        ("ann", ASSIGNMENT): FULL,
        ("gus", ASSIGNMENT): 0,
    }


def test_grades_are_safe_in_a_spreadsheet(out: Path) -> None:
    assert (out / "grades.csv").read_bytes().decode().splitlines()[1].startswith("'=bob,")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "nowhere"], "nowhere does not exist"),
        (["grade", __file__], "is not a folder"),
        (["grade", "empty"], "holds no submission of a known assignment"),
        (["grade", "class", "--assignment", "nosuch"], "there is no assignment 'nosuch'"),
        (["grade", "class", "--gradebook", "nonsense"], "the gradebook nonsense cannot be used"),
        (["grade", "class", "--gradebook", "sqlite:////nowhere/x.db"], "cannot be used"),
        (["grade", "class", "--student", "nobody"], "there is no student 'nobody'"),
        (["grade", "class", "--workers", "0"], "--workers"),
        (["grade", "class", "--workers", "many"], "--workers"),
        (["grade", "class", "--timeout", "0"], "--timeout"),
        (["grade", "class", "--timeout", "nan"], "--timeout"),
        (["grade", "class", "--timeout", "inf"], "--timeout"),
        (["grade", "class", "--timeout", "1e9"], "--timeout"),
        (["check", "file", "--timeout", "1e9"], "--timeout"),
        (["grade", "class", "--memory", "-1"], "--memory"),
        (["grade", "class", "--seed", "-1"], "--seed"),
        (["grade", "class", "--isolation", "none"], "--isolation"),
        (["grade", "class", "--out", "file/out"], "choose another folder"),
        (["grade", "class", "--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler answers"),
        (["grade", "class", "--scheduler", "host"], "is no address of a Dask scheduler"),
        (["grade", "class", "--scheduler", "http://127.0.0.1:9"], "is no address of a Dask scheduler"),
        (["grade", "class", "--scheduler", ""], "is no address of a Dask scheduler"),
        (["grade", "class", "--nosuch"], "--nosuch"),
        (["grade"], "SUBMITTED"),
        (["nosuch"], "nosuch"),
        (["check", "nowhere.ipynb"], "nowhere.ipynb does not exist"),
        (["check", "file"], "keep the released name"),
        (["check", f"{'a' * 300}.ipynb"], "cannot be used (File name too long)"),
        (["grade", "class", "--out", "taken"], "taken/verdicts.jsonl cannot be used (Is a directory)"),
        (["report", "half"], "half/grades.csv cannot be used (Is a directory)"),
        (["export", "half", "--to", "empty"], "empty cannot be used (Is a directory)"),
        (["export", "half", "--to", "file/x.csv"], "file cannot be used (File exists)"),
        (["release", ASSIGNMENT, "--solutions", SOLUTIONS, "--out", "file"], "cannot be used (Not a directory)"),
        (["regrade", "empty"], "holds no verdicts"),
        (["report", "empty"], "holds no verdicts"),
        (["export", "empty"], "holds no verdicts"),
        (["export", "empty", "--format", "nosuch"], "--format"),
        (["release", "nosuch"], "nosuch"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "",
)
def test_a_mistake_is_one_clear_line(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "verdicts.jsonl").mkdir(parents=True)
    (tmp_path / "half" / "grades.csv").mkdir(parents=True)
    (tmp_path / "half" / "verdicts.jsonl").write_text("")
    hand_in(tmp_path / "class", "ann", None)
    monkeypatch.chdir(tmp_path)
    run = here(capfd, *arguments)
    assert run.returncode == 2
    assert says in run.stderr
    assert run.stderr.count("\n") == 1
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_a_name_cannot_write_to_the_terminal(submitted: Path, tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    shutil.copytree(submitted / "ann", tmp_path / "class" / "\x1b]0;title\x07[red]\nann")
    run = autograder("grade", tmp_path / "class", "--out", tmp_path / "out", "--workers", 1)
    assert run.returncode == 0, run.stderr
    assert " of \ufffd]0;title\ufffd[red]\ufffdann, " in run.stdout


def test_check_tells_a_student_what_is_not_right_yet(tmp_path: Path) -> None:
    notebook = tmp_path / f"{ASSIGNMENT}.ipynb"
    notebook.write_bytes(answered(0, **{FIRST.name: WRONG}))
    run = autograder("check", notebook)
    assert run.returncode == 1
    assert "This looks like a known mistake: divides by rate." in run.stdout
    assert f"{ASSIGNMENT}: {FULL - 3.5:g} of {FULL:g} points" in run.stdout
    book = Book(ASSIGNMENT)
    book.paste(FIRST.name, after=FIRST.name)
    notebook.write_bytes(book.to_bytes())
    run = autograder("check", notebook)
    assert run.returncode == 0, run.stdout
    first = book.number(FIRST.name)
    assert f"  Cells {first} and {first + 1} are all cells of `{FIRST.name}`: each of them counts.\n" in run.stdout
    notebook.write_bytes(b"{")
    run = autograder("check", notebook)
    assert run.returncode == 1
    assert "not a notebook" in run.stdout


def test_regrade_report_and_export(out: Path) -> None:
    (out / "report.html").unlink()
    (out / "grades.csv").unlink()
    verdicts = (out / "verdicts.jsonl").read_bytes()
    assert autograder("report", out).returncode == 0
    assert (out / "report.html").is_file()
    assert (out / "grades.csv").is_file()
    assert autograder("regrade", out).returncode == 0
    assert (out / "verdicts.jsonl").read_bytes() == verdicts
    rows = list(csv.reader(io.StringIO(autograder("export", out, "--format", "moodle").stdout)))
    assert rows == [["username", ASSIGNMENT], ["'=bob", f"{FULL - 3.5:g}"], ["ann", f"{FULL:g}"], ["gus", ""]]
    assert autograder("export", out, "--to", out / "canvas.csv").returncode == 0
    assert (out / "canvas.csv").read_text(encoding="utf-8").startswith("Student,ID,")


def test_export_is_the_same_file_whatever_the_terminal_writes(tmp_path: Path) -> None:
    hand_in(tmp_path / "class", "Zoë", None)
    assert autograder("grade", tmp_path / "class", "--out", tmp_path / "out", "--workers", 1).returncode == 0
    run = subprocess.run(
        [sys.executable, "-m", "autograder", "export", tmp_path / "out"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert autograder("export", tmp_path / "out", "--to", tmp_path / "grades.csv").returncode == 0
    assert run.stdout == (tmp_path / "grades.csv").read_bytes()
    assert "Zoë".encode() in run.stdout


def test_doctor_says_what_this_machine_gives() -> None:
    run = autograder("doctor")
    assert run.returncode == 0
    for level in levels():
        assert level.name in run.stdout
    assert run.stdout.count("used by default") == bool(available(CONFINED))
    for what, how in bounds().items():
        assert f"{what:9} {how}\n" in run.stdout
    for level in available(CONFINED):
        assert f" planted where courses are kept, seen at {level}: none" in run.stdout


def test_without_anything_that_keeps_a_submission_in_grading_stops_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "submitted" / "ann" / "dropout_numpy").mkdir(parents=True)
    program = (
        "import sys\nfrom autograder.kernels import doctor\n"
        "doctor.lacking = lambda name: '' if name == 'process' else 'none'\n"
        "sys.argv = ['autograder', 'grade', sys.argv[1], '--out', sys.argv[2]]\n"
        "from autograder.__main__ import main\nmain()"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "submitted"), str(tmp_path / "graded")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("autograder: nothing here keeps a submission in (sandbox: none; landlock: none)")
    assert "ask for `--isolation process` by name" in run.stderr
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / "graded").exists()


@pytest.mark.parametrize("command", ["", *map(name_of, COMMANDS)])
def test_help_is_there(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    run = here(capfd, *filter(None, [command]), "--help")
    assert run.returncode == 0
    assert "Usage:" in run.stdout


def test_the_list_of_commands_cuts_no_sentence() -> None:
    text = " ".join(autograder("--help", env=os.environ | {"COLUMNS": "60"}).stdout.split())
    for command in COMMANDS:
        first, *_ = (command.__doc__ or "").split("\n\n")
        assert f"{name_of(command)} {' '.join(first.split())}" in text


def test_the_command_alone_prints_what_there_is() -> None:
    run = autograder()
    assert run.returncode == 0
    assert run.stdout == autograder("--help").stdout
    assert run.stderr == ""
