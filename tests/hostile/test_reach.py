"""R1: nothing that is worth stealing can be read, wherever it lies and however Python is installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading import reach
from autograder.grading.errors import CourseError
from autograder.grading.run import ClassRun, Plan
from autograder.kernels import bubblewrap, view
from autograder.kernels.planted import places, search
from autograder.kernels.start import site_packages
from tests.kernels.conftest import LEVELS
from tests.sample.submissions import notebook, right_cells

REPOSITORY = Path(__file__).parents[2]
CONFINED = [level for level in LEVELS if level != "process"]
ASSIGNMENT = "dropout_numpy"
EXCHANGE = "/usr/local/share/nbgrader/exchange"
THIEF = f"""
import glob, json
def steal():
    for path in glob.glob("{EXCHANGE}/*/inbound/*/*.ipynb"):
        for cell in json.load(open(path))["cells"]:
            if cell["metadata"].get("nbgrader", {{}}).get("solution") and cell["cell_type"] == "code":
                exec("".join(cell["source"]), globals())
steal()
"""
GRADE_THIEF = f"""
import sys
from pathlib import Path
from autograder.grading.assignment import load
from autograder.grading.collect import Submission
from autograder.grading.grade import Task, grade
from autograder.kernels import view
from autograder.kernels.worker import open_worker
view.SYSTEM += tuple(sys.argv[3:])
assignment = load("{ASSIGNMENT}")
submission = Submission("thief", assignment.name, Path(sys.argv[2]).read_bytes())
worker = open_worker(sys.argv[1], heavy=False)
print(grade(Task(submission, assignment, assignment.version, 1), worker).verdict.points)
worker.close()
"""
SEARCH = """
import json, sys
from pathlib import Path
from autograder.kernels.planted import places, search
level, *folders = sys.argv[1:]
for folder in map(Path, folders): folder.mkdir(parents=True, exist_ok=True)
found = search(level, [*map(Path, folders), *places()])
print(json.dumps([len(found.planted), found.seen]))
"""


@pytest.mark.parametrize("level", CONFINED)
def test_nothing_planted_where_courses_are_kept_is_seen(level, monkeypatch):
    found = search(level, places())
    assert len(found.planted) + len(found.closed) > 10
    assert found.seen == []
    assert not any(map(os.path.exists, found.planted))
    monkeypatch.setattr(view, "SYSTEM", (*view.SYSTEM, "/usr/share", "/usr/local", "/srv"))
    found = search(level, places())
    folders = {str(Path(path).parent) if path in found.planted else path for path in found.seen}
    assert {"/usr/share", "/usr/local", "/srv"} <= folders


@pytest.mark.skipif(bubblewrap.program() is None, reason="bubblewrap is not installed")
@pytest.mark.parametrize("level", CONFINED)
def test_nobody_reads_what_others_handed_in_through_nbgraders_exchange(level, tmp_path):
    inbound = tmp_path / "exchange" / "course" / "inbound" / "victim+dropout_numpy+2030-01-01"
    inbound.mkdir(parents=True)
    (inbound / f"{ASSIGNMENT}.ipynb").write_bytes(notebook(ASSIGNMENT, right_cells(ASSIGNMENT, 0)))
    *_, last = right_cells(ASSIGNMENT, 0)
    (tmp_path / "thief.ipynb").write_bytes(notebook(ASSIGNMENT, {last: THIEF}))
    shown = [bubblewrap.program(), "--dev-bind", "/", "/", "--tmpfs", "/usr/local/share"]
    shown += ["--bind", str(tmp_path / "exchange"), EXCHANGE, "--"]
    points = [
        float(run([*shown, sys.executable, "-c", GRADE_THIEF, level, str(tmp_path / "thief.ipynb"), *more]).split()[-1])
        for more in ([], ["/usr/local/share"])
    ]
    assert points[0] == 0
    assert points[1] > 50


@pytest.mark.parametrize("level", CONFINED)
@pytest.mark.parametrize("kind", ["venv", "user", "system"])
def test_however_python_is_installed_only_python_is_seen(level, kind, tmp_path):
    home = tmp_path / kind
    names = "course/submitted", "share/nbgrader/exchange", "etc/jupyter", "src/course", "lib/course", "solutions"
    packages = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    python = Path(sys.executable).resolve()
    if kind == "venv":
        subprocess.run([python, "-m", "venv", "--without-pip", str(home)], check=True)
        python = home / "bin" / "python"
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "here.pth").write_text("\n".join([str(REPOSITORY), *site_packages()]))
    more = {"PYTHONUSERBASE": str(home)}
    if kind == "system":
        more = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *site_packages()])}
    said = run([str(python), "-c", SEARCH, level, *(str(home / name) for name in names)], more)
    planted, seen = json.loads(said.splitlines()[-1])
    assert planted >= len(names)
    assert seen == []


def run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that every submission can read, as packages are."""
    folder = tmp_path / "env" / "site-packages"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "submitted" / "ann" / ASSIGNMENT).mkdir(parents=True)
    return Plan(tmp_path / "submitted", tmp_path / "graded", (ASSIGNMENT,), isolation=CONFINED[0])


def refused(plan: Plan) -> str:
    with pytest.raises(CourseError) as caught:
        ClassRun(plan)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_class_is_graded_where_nothing_of_it_is_visible(plan, visible):
    ClassRun(plan)


@pytest.mark.parametrize("linked", [False, True])
def test_a_class_that_every_submission_could_read_is_refused(plan, visible, tmp_path, linked):
    shutil.move(plan.submitted, visible / "class")
    if linked:
        plan.submitted.symlink_to(visible / "class")
    else:
        plan = Plan(visible / "class", plan.out, (ASSIGNMENT,), isolation=CONFINED[0])
    assert refused(plan).startswith(f"SUBMITTED {plan.submitted} lies beneath {visible}, which")


def test_so_are_verdicts_and_gradebook(plan, visible):
    for out, gradebook, name in (
        (visible / "graded", None, "--out"),
        (plan.out, f"sqlite:///{visible}/gradebook.db", "the gradebook"),
    ):
        other = Plan(plan.submitted, out, (ASSIGNMENT,), gradebook=gradebook, isolation=CONFINED[0])
        assert refused(other).startswith(f"{name} {visible}")


def test_so_is_a_clone_of_the_course(plan, visible, monkeypatch):
    (visible / "clone" / "autograder").mkdir(parents=True)
    monkeypatch.setattr(reach, "PACKAGE", visible / "clone" / "autograder")
    (visible / "clone" / "pyproject.toml").touch()
    assert refused(plan).startswith(f"the course {visible}/clone lies beneath")


def test_so_is_the_exchange_that_is_configured(plan, visible, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("nbgrader_config.py").write_text(f"c = get_config()\nc.Exchange.root = {str(visible / 'exchange')!r}\n")
    assert refused(plan).startswith(f"nbgrader's exchange {visible}/exchange lies beneath")


def test_at_level_process_everything_can_be_read_and_nothing_is_refused_for_it(plan, visible):
    ClassRun(Plan(plan.submitted, visible / "graded", (ASSIGNMENT,), isolation="process"))
