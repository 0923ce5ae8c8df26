"""Of several attempts the last one counts, or the best, as the course says; lateness is part of what one is worth."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading import run
from autograder.grading.appeal import reasons
from autograder.grading.collect import Submission
from autograder.grading.course import Course
from autograder.grading.gradebook import ClassGradebook, all_scores, default_url, url_of
from autograder.grading.handed_in import HandedIn
from autograder.grading.output import Output
from autograder.grading.regrade import regrade
from autograder.grading.run import ClassRun, Plan
from autograder.kernels.limits import Limits
from tests.grading.conftest import ASSIGNMENT, FIRST, FULL, SECOND, WRONG, answered
from tests.sample import answers
from tests.sample.deserved import POINTS

DUE = datetime(2027, 2, 1)
RIGHT, WORSE = answered(0), answered(1, **{FIRST.name: WRONG})

pytestmark = pytest.mark.xdist_group("attempts")


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


MISTAKE = "ignores the mask"
OTHER = answered(2, **{SECOND.name: answers.wrong(SECOND, MISTAKE)})
LOST = SECOND.points - POINTS[SECOND.name][MISTAKE]


def test_another_attempt_counts_once_points_have_changed(root: Path) -> None:
    """Ann's last attempt has a mistake in the first exercise, and her earlier one a graver mistake in the second."""
    earlier = root / "attempts" / "ann" / ASSIGNMENT / "one"
    (earlier / f"{ASSIGNMENT}.ipynb").write_bytes(OTHER)
    assert grade(root)[0]["ann"] == FULL - 3.5
    output, settings = Output(root / "graded"), (root / "course.toml").read_text()
    with Gradebook(default_url(output.folder)) as book:
        book.find_grade(f"{FIRST.name}_check", ASSIGNMENT, ASSIGNMENT, "ann").manual_score = 9.0
        book.db.commit()

    def regraded() -> tuple[bytes, float, float, datetime | None, tuple[str, ...]]:
        course = Course.here(root)
        assert not regrade(output, course=course).stale
        verdict, score = output.read()["ann", ASSIGNMENT], all_scores(default_url(output.folder))["ann", ASSIGNMENT]
        (counts,) = [item for item in (WORSE, OTHER) if Submission.of("ann", ASSIGNMENT, item).digest == verdict.digest]
        shown = json.loads((root / "autograded" / "ann" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes())
        cells = {node["id"]: "".join(node["source"]) for node in shown["cells"]}
        assert (cells[FIRST.name].strip() == WRONG.strip()) == (counts == WORSE)
        assert reasons(output, course, ("ann", ASSIGNMENT), None, None).seed == verdict.seed, "its answers are stored"
        return counts, verdict.points, verdict.max_points, score.submitted, score.waiting

    late, early = DUE - timedelta(hours=1), DUE - timedelta(hours=2)
    assert regraded()[:4] == (WORSE, FULL - 3.5, FULL, late)
    (root / "course.toml").write_text(f'{settings}\n[[change]]\nexercise = "{SECOND.name}"\npoints = 0\n')
    left = FULL - SECOND.points
    assert regraded() == (OTHER, left, left, early, (f"{FIRST.name}_check",)), "and what a person gave is seen again"
    (root / "course.toml").write_text(settings)
    assert regraded()[:4] == (WORSE, FULL - 3.5, FULL, late)
    assert grade(root, resume=True)[1] == 0


def test_an_attempt_of_an_earlier_batch_that_is_beaten_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "BATCH_SIZE", 1)
    course = Course.here(root)
    grade(root)
    output = Output(course.graded)
    counting = {key: verdict.digest for key, verdict in output.read().items()}
    for key, aside in output.aside().items():
        assert counting[key] not in aside
        assert all(output.record(key, digest).is_file() for digest in aside)
    assert sum(len(aside) for aside in output.aside().values()) == 2
