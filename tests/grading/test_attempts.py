"""Of several attempts the last one counts, or the best, as the course says; lateness is part of what one is worth."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from autograder.grading.course import Course
from autograder.grading.gradebook import ClassGradebook, url_of
from autograder.grading.handed_in import HandedIn
from autograder.grading.output import Output
from autograder.grading.run import ClassRun, Plan
from autograder.kernels.limits import Limits
from tests.grading.conftest import ASSIGNMENT, FIRST, FULL, WRONG, answered

DUE = datetime(2027, 2, 1)
RIGHT, WORSE = answered(0), answered(1, **{FIRST.name: WRONG})

pytestmark = pytest.mark.xdist_group("grading")


def hand_in(place: Path, data: bytes, time: datetime) -> None:
    place.mkdir(parents=True)
    (place / f"{ASSIGNMENT}.ipynb").write_bytes(data)
    (place / "timestamp.txt").write_text(f"{time} UTC")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a course in which Ann's first attempt was better, and Bob's too, but his was late."""
    (tmp_path / "course.toml").write_text(
        'attempts = "best"\n[late]\npercent_per_day = 50\n'
        f'[[assignment]]\nname = "{ASSIGNMENT}"\ndue = {DUE.isoformat()}Z\n'
    )
    early, late = DUE - timedelta(hours=2), DUE + timedelta(hours=2)
    hand_in(tmp_path / "submitted" / "ann" / ASSIGNMENT, WORSE, early + timedelta(hours=1))
    hand_in(tmp_path / "attempts" / "ann" / ASSIGNMENT / "one", RIGHT, early)
    hand_in(tmp_path / "submitted" / "bob" / ASSIGNMENT, WORSE, early)
    hand_in(tmp_path / "attempts" / "bob" / ASSIGNMENT / "one", RIGHT, late)
    return tmp_path


def grade(root: Path, **options: object) -> tuple[dict[str, float], int]:
    """Grade the course; return what everybody's work is worth, and how many attempts were run."""
    course = Course.here(root)
    plan = Plan(course.submitted, course.graded, seed=7, workers=2, course=course, limits=Limits(20.0), **options)
    progress = ClassRun(plan).run()
    output = Output(course.graded)
    with ClassGradebook(url_of(output, course, None), [], course) as book:
        return {who: score.points for (who, _), score in book.scores().items()}, progress.done


def test_the_best_attempt_counts_with_its_own_date(root: Path) -> None:
    assert grade(root) == ({"ann": FULL, "bob": FULL - 3.5}, 4)
    verdicts = Output(root / "graded").read()
    assert {key: verdict.points for key, verdict in verdicts.items()} == {
        ("ann", ASSIGNMENT): FULL, ("bob", ASSIGNMENT): FULL - 3.5,
    }  # fmt: skip
    assert grade(root, resume=True) == ({"ann": FULL, "bob": FULL - 3.5}, 0)
    settings = (root / "course.toml").read_text().replace("percent_per_day = 50", "percent_per_day = 1")
    (root / "course.toml").write_text(settings)
    points, _ = grade(root)
    assert points["bob"] == pytest.approx(0.99 * FULL)


def test_the_last_attempt_counts_where_the_course_says_so(root: Path) -> None:
    (root / "course.toml").write_text((root / "course.toml").read_text().replace("best", "last"))
    assert grade(root) == ({"ann": FULL - 3.5, "bob": FULL - 3.5}, 2)


def test_an_attempt_that_was_replaced_and_came_back_runs_again(root: Path) -> None:
    (root / "course.toml").write_text((root / "course.toml").read_text().replace("best", "last"))
    grade(root)
    handed_in = HandedIn(root / "submitted", Course.here(root), [ASSIGNMENT], ["ann"])
    output = Output(root / "graded")
    version = output.audited()["ann", ASSIGNMENT]["version"]
    assert list(handed_in.unchanged(output, {ASSIGNMENT: version})) == [("ann", ASSIGNMENT)]
    place = root / "submitted" / "ann" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    place.write_bytes(RIGHT)
    assert grade(root, students=("ann",))[0]["ann"] == FULL
    place.write_bytes(WORSE)
    assert not HandedIn(root / "submitted", Course.here(root), [ASSIGNMENT], ["ann"]).unchanged(
        output, {ASSIGNMENT: version}
    )
