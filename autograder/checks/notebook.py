"""`check`: what a student runs in a notebook to see which requirements hold."""

import contextlib
import html
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import Any

from autograder.checks import catalogue, progress, watch
from autograder.checks.ask import LocalTransport
from autograder.checks.book import page_url, title
from autograder.checks.exercise import Exercise
from autograder.checks.judge import judge
from autograder.checks.patches import WithPatches
from autograder.checks.printed import Printed
from autograder.checks.verdict import ExerciseVerdict, RequirementVerdict


class NotYet(AssertionError):
    """Some requirement does not hold yet; the table above the error says which."""

    def _render_traceback_(self) -> list[str]:
        """Give Jupyter one line in place of a traceback: the student's mistake is in the table, not in `check`."""
        return [f"NotYet: {self}"]


def with_code(text: str) -> str:
    """Return a text as HTML, with what stands in backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


class Unknown(LookupError):
    """What was passed to `check` answers no exercise; the message says which one was probably meant."""

    def _render_traceback_(self) -> list[str]:
        """Give Jupyter one line in place of a traceback."""
        return [str(self)]


class Report:
    """A verdict as a table: HTML in a notebook, plain text elsewhere.

    Args:
        exercise: what was asked.
        verdict: what came of it.
        warning: what to know of the version that was checked.
        printed: what it printed meanwhile.
        after: how far the notebook is.
    """

    def __init__(
        self,
        exercise: Exercise,
        verdict: ExerciseVerdict,
        *,
        warning: str = "",
        printed: Printed | None = None,
        after: str = "",
    ) -> None:
        self.exercise = exercise
        self.verdict = verdict
        self.warning = warning
        self.printed = printed or Printed()
        self.after = after

    @property
    def summary(self) -> str:
        verdict = self.verdict
        return f"{verdict.name}: {verdict.points:g} of {verdict.max_points:g} points"

    def __repr__(self) -> str:
        lines = [*filter(None, [self.warning]), self.summary]
        for item in self.verdict.requirements:
            lines.append(f"  {'yes' if item.passed else 'NO ':3} {item.points:>4g} / {item.max_points:<4g} {item.name}")
            if item.message:
                lines.append(f"                  {item.message}")
        if self.verdict.misconception:
            known = self.exercise.misconception(self.verdict.misconception)
            lines += [f"  This looks like a known mistake: {known.name}.", f"  {known.says}"]
        if not self.verdict.passed:
            lines.append(f"  Read: {page_url(self._page) or title(self._page)}")
        elif self.exercise.onward:
            lines.append(f"  {self.exercise.onward}")
        if self.printed.summary:
            lines += [f"  {self.printed.summary}:", *(f"  | {line}" for line in self.printed.beginning.splitlines())]
        return "\n".join([*lines, *filter(None, [self.after])])

    def _repr_html_(self) -> str:
        rows = "".join(_row(item) for item in self.verdict.requirements)
        return (
            f'<div style="max-width:46rem;font-family:var(--jp-ui-font-family,system-ui,sans-serif);line-height:1.45">'
            f"{_paragraph(self.warning)}<strong>{html.escape(self.summary)}</strong>"
            f'<table style="border-collapse:collapse;table-layout:auto;width:100%;margin:.4em 0">'
            f'<thead style="position:absolute;clip-path:inset(50%)">'
            f"<tr><th>holds</th><th>requirement</th><th>points</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>{self._advice()}{self._folded()}{_paragraph(self.after)}</div>"
        )

    def _folded(self) -> str:
        if not self.printed.summary:
            return ""
        beginning = f'<pre style="white-space:pre-wrap">{html.escape(self.printed.beginning)}</pre>'
        return f"<details><summary>{self.printed.summary}</summary>{beginning}</details>"

    def _advice(self) -> str:
        if self.verdict.passed:
            return _paragraph(self.exercise.onward)
        known = self.exercise.misconception(self.verdict.misconception) if self.verdict.misconception else None
        says = (
            f"<strong>This looks like a known mistake: {with_code(known.name)}.</strong> {with_code(known.says)} "
            if known
            else ""
        )
        url = page_url(self._page)
        name = html.escape(title(self._page))
        page = f'<a href="{html.escape(url)}" target="_blank">{name}</a>' if url else f"<em>{name}</em>"
        return f'<p style="border-left:3px solid #e69f00;padding-left:.8em;margin:.6em 0">{says}Read on: {page}</p>'

    @property
    def _page(self) -> str:
        if self.verdict.misconception:
            return self.exercise.misconception(self.verdict.misconception).page
        return self.exercise.page


def _paragraph(text: str) -> str:
    return f'<p style="margin:.4em 0">{with_code(text)}</p>' if text else ""


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


def check(subject: Callable[..., Any] | None = None) -> None:
    """Ask a function or class of an exercise what the grader will ask, and show which requirements hold.

    Inputs are drawn anew at every call, as they are when grading.

    Args:
        subject: the function or class, defined under the name that the exercise gives it or assigned to that name;
            None shows how far the notebook is.

    Raises:
        NotYet: some requirement does not hold.
        LookupError: no exercise has this name, or nothing has been checked yet.
    """
    if subject is None:
        _show(_begun())
        return
    caller = sys._getframe(1)
    printed = Printed()
    with WithPatches(LocalTransport(subject)) as transport, contextlib.redirect_stdout(printed):
        exercise = _exercise_of(subject, {**caller.f_globals, **caller.f_locals})
        verdict = judge(exercise, transport, secrets.randbits(32))
    after = progress.note(exercise, verdict).line
    report = Report(exercise, verdict, warning=watch.seen.says(exercise.name), printed=printed, after=after)
    _show(report)
    if not verdict.passed:
        raise NotYet(report.summary)


def _begun() -> progress.Progress:
    begun = progress.current()
    if begun is None:
        raise Unknown("no notebook has begun here: run its first cell, then `check()` shows how far it is")
    return begun


def _exercise_of(subject: object, namespace: Mapping[str, object]) -> Exercise:
    """Return the exercise that an object answers: by its own name, else by a name that it was assigned to."""
    own = getattr(subject, "__name__", repr(subject))
    for name in (own, *(name for name, value in namespace.items() if value is subject)):
        with contextlib.suppress(KeyError):
            return catalogue.find(name)
    known = watch.names() or [exercise.name for each in catalogue.ASSIGNMENTS for exercise in catalogue.exercises(each)]
    meant = watch.similar(own, known)
    raise Unknown(
        f"no exercise is called {own}: did you mean {meant}?"
        if meant
        else f"no exercise is called {own}: pass the function itself, under the name that the notebook gives it"
    )


def _show(shown: object) -> None:
    if watch.shell() is not None:
        sys.modules["IPython"].display.display(shown)
    else:
        print(shown)
