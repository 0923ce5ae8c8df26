"""`check`: what a student runs in a notebook to see which requirements hold."""

import contextlib
import html
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

from autograder.checks import catalogue
from autograder.checks.ask import LocalTransport
from autograder.checks.book import page_url
from autograder.checks.exercise import Exercise
from autograder.checks.judge import judge
from autograder.checks.patches import WithPatches
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict


class NotYet(AssertionError):
    """Some requirement does not hold yet; the table above the error says which."""

    def _render_traceback_(self) -> list[str]:
        """Give Jupyter one line in place of a traceback: the student's mistake is in the table, not in `check`."""
        return [f"NotYet: {self}"]


def with_code(text: str) -> str:
    """Return a text as HTML, with what stands in backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


class Report:
    """A verdict as a table: HTML in a notebook, plain text elsewhere."""

    def __init__(self, exercise: Exercise, verdict: ExerciseVerdict) -> None:
        self.exercise = exercise
        self.verdict = verdict

    @property
    def summary(self) -> str:
        verdict = self.verdict
        return f"{verdict.name}: {verdict.points:g} of {verdict.max_points:g} points"

    def __repr__(self) -> str:
        lines = [self.summary]
        for item in self.verdict.requirements:
            lines.append(f"  {'yes' if item.passed else 'NO ':3} {item.points:>4g} / {item.max_points:<4g} {item.name}")
            if item.message:
                lines.append(f"                  {item.message}")
        if self.verdict.misconception:
            known = self.exercise.misconception(self.verdict.misconception)
            lines += [f"  This looks like a known mistake: {known.name}.", f"  {known.says}"]
        if not self.verdict.passed:
            lines.append(f"  Read: {page_url(self._page) or self._page}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(_row(item) for item in self.verdict.requirements)
        return (
            f'<div style="max-width:46rem;font-family:var(--jp-ui-font-family,system-ui,sans-serif);line-height:1.45">'
            f"<strong>{html.escape(self.summary)}</strong>"
            f'<table style="border-collapse:collapse;table-layout:auto;width:100%;margin:.4em 0">'
            f'<thead style="position:absolute;clip-path:inset(50%)">'
            f"<tr><th>holds</th><th>requirement</th><th>points</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>{self._advice()}</div>"
        )

    def _advice(self) -> str:
        if self.verdict.passed:
            return ""
        known = self.exercise.misconception(self.verdict.misconception) if self.verdict.misconception else None
        says = (
            f"<strong>This looks like a known mistake: {with_code(known.name)}.</strong> {with_code(known.says)} "
            if known
            else ""
        )
        url = page_url(self._page)
        page = f'<a href="{html.escape(url)}" target="_blank">{self._page}</a>' if url else f"<em>{self._page}</em>"
        return f'<p style="border-left:3px solid #e69f00;padding-left:.8em;margin:.6em 0">{says}Read on: {page}</p>'

    @property
    def _page(self) -> str:
        if self.verdict.misconception:
            return self.exercise.misconception(self.verdict.misconception).page
        return self.exercise.page


def _row(item: RequirementVerdict) -> str:
    sign, color = ("✓", "#0a8f6a") if item.passed else ("✗", "#d55e00")
    message = f'<div style="opacity:.85">{with_code(item.message)}</div>' if item.message else ""
    border = "border:0;border-top:1px solid rgba(128,128,128,.3);padding:.3em .6em;text-align:left;vertical-align:top"
    return (
        f'<tr style="background:none">'
        f'<td style="{border};color:{color};font-weight:bold" aria-label="{"yes" if item.passed else "no"}">{sign}</td>'
        f'<td style="{border};width:100%;white-space:normal">{with_code(item.name)}{message}</td>'
        f'<td style="{border};white-space:nowrap">{item.points:g} / {item.max_points:g}</td></tr>'
    )


def check(subject: Callable[..., Any]) -> None:
    """Ask a function or class of an exercise what the grader will ask, and show which requirements hold.

    Inputs are drawn anew at every call, as they are when grading.

    Args:
        subject: the function or class, defined under the name that the exercise gives it or assigned to that name.

    Raises:
        NotYet: some requirement does not hold.
        LookupError: no exercise has this name.
    """
    caller = sys._getframe(1)
    with WithPatches(LocalTransport(subject)) as transport:
        exercise = _exercise_of(subject, {**caller.f_globals, **caller.f_locals})
        verdict = judge(exercise, transport, secrets.randbits(32))
    report = Report(exercise, verdict)
    _show(report)
    if not verdict.passed:
        raise NotYet(report.summary)


def _exercise_of(subject: object, namespace: Mapping[str, object]) -> Exercise:
    """Return the exercise that an object answers: by its own name, else by a name that it was assigned to."""
    own = getattr(subject, "__name__", repr(subject))
    for name in (own, *(name for name, value in namespace.items() if value is subject)):
        with contextlib.suppress(KeyError):
            return catalogue.find(name)
    raise LookupError(
        f"no exercise is called {own}: pass the function itself, under the name that the notebook gives it"
    )


def _show(report: Report) -> None:
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        ipython.display.display(report)
    else:
        print(report)
