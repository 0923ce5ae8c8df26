"""How far a notebook is: what its checks have said in this kernel, and what comes next."""

import html
from dataclasses import dataclass, field

from autograder.checks import catalogue
from autograder.checks.exercise import Exercise
from autograder.checks.verdict import ExerciseVerdict


@dataclass
class Progress:
    """The last verdict on each exercise of an assignment; text in a terminal, a table in a notebook."""

    assignment: str
    verdicts: dict[str, ExerciseVerdict] = field(default_factory=dict)

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return catalogue.exercises(self.assignment)

    @property
    def done(self) -> int:
        return sum(verdict.passed for verdict in self.verdicts.values())

    @property
    def line(self) -> str:
        """Return the state in one line: exercises, points, and what to do next."""
        points = sum(verdict.points for verdict in self.verdicts.values())
        full = sum(exercise.points for exercise in self.exercises)
        left = [exercise for exercise in self.exercises if not self._passed(exercise)]
        after = f"Next: `{left[0].name}`." if left else "All checks of this notebook pass."
        return f"{self.done} of {len(self.exercises)} exercises, {points:g} of {full:g} points. {after}"

    def _passed(self, exercise: Exercise) -> bool:
        return exercise.name in self.verdicts and self.verdicts[exercise.name].passed

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = []
        for exercise in self.exercises:
            verdict = self.verdicts.get(exercise.name)
            state = "✓" if self._passed(exercise) else "✗" if verdict else ""
            points = f"{verdict.points:g} / {exercise.points:g}" if verdict else f"not checked yet, {exercise.points:g}"
            rows.append((state, exercise.name + (" (challenge)" if exercise.challenge else ""), points))
        return rows

    def __repr__(self) -> str:
        wide = max(len(name) for _, name, _ in self._rows())
        rows = [f"  {state or ' '} {name:<{wide}}  {points}" for state, name, points in self._rows()]
        return "\n".join([self.line.replace("`", ""), *rows])

    def _repr_html_(self) -> str:
        cell = "border:0;border-top:1px solid rgba(128,128,128,.3);padding:.3em .6em;text-align:left"
        rows = "".join(
            f'<tr style="background:none"><td style="{cell}">{state}</td><td style="{cell}">'
            f'<code>{html.escape(name)}</code></td><td style="{cell}">{points}</td></tr>'
            for state, name, points in self._rows()
        )
        return (
            f'<div style="max-width:46rem"><strong>{html.escape(self.line.replace("`", ""))}</strong>'
            f'<table style="border-collapse:collapse;table-layout:auto;margin:.4em 0">'
            f'<thead style="position:absolute;clip-path:inset(50%)">'
            f"<tr><th>passed</th><th>exercise</th><th>points</th></tr></thead><tbody>{rows}</tbody></table></div>"
        )


_open: dict[str, Progress] = {}
"""By assignment, the one that was begun or checked last at the end."""


def start(assignment: str) -> Progress:
    """Return the progress in an assignment, which from now on is that of the notebook that is open."""
    progress = _open.pop(assignment, None) or Progress(assignment)
    _open[assignment] = progress
    return progress


def current() -> Progress | None:
    """Return the progress in the notebook that is open, None before it has begun."""
    return next(reversed(_open.values()), None)


def note(exercise: Exercise, verdict: ExerciseVerdict) -> Progress:
    """Keep the verdict on an exercise and return the progress in its assignment."""
    progress = start(exercise.assignment)
    progress.verdicts[exercise.name] = verdict
    return progress
