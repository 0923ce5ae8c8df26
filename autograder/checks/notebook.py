"""`check`: what a student runs in a notebook to see which requirements hold."""

import contextlib
import html
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from autograder.checks import catalogue, progress, watch
from autograder.checks.ask import LocalTransport, Question, Transport
from autograder.checks.book import in_the_book, page_url, title
from autograder.checks.example import Example, example
from autograder.checks.exercise import Exercise, Misconception
from autograder.checks.judge import judge, quiet
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


class CheckResult:
    """A verdict as a table: HTML in a notebook, plain text elsewhere.

    Args:
        exercise: what was asked.
        verdict: what came of it.
        examples: by the key of each requirement that does not hold, a small call that shows it, where there is one.
        warning: what to know of the version that was checked.
        printed: what it printed meanwhile.
        after: how far the notebook is.
    """

    def __init__(
        self,
        exercise: Exercise,
        verdict: ExerciseVerdict,
        examples: Mapping[str, Example] = MappingProxyType({}),
        *,
        warning: str = "",
        printed: Printed | None = None,
        after: str = "",
    ) -> None:
        self.exercise = exercise
        self.verdict = verdict
        self.examples = examples
        self.warning = warning
        self.printed = printed or Printed()
        self.after = after

    @property
    def summary(self) -> str:
        verdict = self.verdict
        return f"{verdict.name}: {verdict.points:g} of {verdict.max_points:g} points"

    def __repr__(self) -> str:
        lines = [*filter(None, [self.warning]), self.summary]
        lines += [f"  {self.verdict.shared}"] if self.verdict.shared else []
        for item, said in zip(self.verdict.requirements, self.verdict.said, strict=True):
            holds = "yes" if item.passed else "NO " if item.judged else " – "
            lines.append(f"  {holds} {item.points:>4g} / {item.max_points:<4g} {item.name}")
            lines += [f"{'':18}{line}" for line in (said, *self._shown(item)) if line]
        for known in self._known:
            lines += [f"  This looks like a known mistake: {known.name}.", f"  {known.says}"]
        if not self.verdict.passed:
            lines += [f"  Read: {page_url(page) or in_the_book(page)}" for page in self._pages]
        elif self.exercise.onward:
            lines.append(f"  {self.exercise.onward}")
        if self.printed.summary:
            lines += [f"  {self.printed.summary}:", *(f"  | {line}" for line in self.printed.beginning.splitlines())]
        return "\n".join([*lines, *filter(None, [self.after])])

    def _shown(self, item: RequirementVerdict) -> list[str]:
        shown = self.examples.get(item.key)
        return [f"try {shown.call}", f"gives {_came(shown)}", f"right is {shown.expected}"] if shown else []

    @property
    def _known(self) -> list[Misconception]:
        return [self.exercise.misconception(name) for name in self.verdict.misconceptions]

    @property
    def _pages(self) -> list[str]:
        return list(dict.fromkeys(known.page for known in self._known)) or [self.exercise.page]

    def _repr_html_(self) -> str:
        said = zip(self.verdict.requirements, self.verdict.said, strict=True)
        rows = "".join(_row(item, message, self.examples.get(item.key)) for item, message in said)
        return (
            f'<div style="max-width:46rem;font-family:var(--jp-ui-font-family,system-ui,sans-serif);line-height:1.45">'
            f"{_paragraph(self.warning)}<strong>{html.escape(self.summary)}</strong>{_paragraph(self.verdict.shared)}"
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
        says = "".join(
            f"<strong>This looks like a known mistake: {with_code(known.name)}.</strong> {with_code(known.says)}<br>"
            for known in self._known
        )
        pages = ", ".join(map(_link, self._pages))
        return f'<p style="border-left:3px solid #e69f00;padding-left:.8em;margin:.6em 0">{says}Read on: {pages}</p>'


def _link(page: str) -> str:
    url = page_url(page)
    if not url:
        return with_code(in_the_book(page))
    return f'<a href="{html.escape(url)}" target="_blank">{with_code(title(page))}</a>'


def _paragraph(text: str) -> str:
    return f'<p style="margin:.4em 0">{with_code(text)}</p>' if text else ""


def _row(item: RequirementVerdict, said: str, shown: Example | None) -> str:
    sign, color, holds = ("✓", "#0a8f6a", "yes") if item.passed else ("✗", "#d55e00", "no")
    if not item.judged:
        sign, color, holds = "–", "inherit", "not judged"
    message = f'<div style="opacity:.85">{with_code(said)}</div>' if said else ""
    border = "border:0;border-top:1px solid rgba(128,128,128,.3);padding:.3em .6em;text-align:left;vertical-align:top"
    return (
        f'<tr style="background:none">'
        f'<td style="{border};color:{color};font-weight:bold" aria-label="{holds}">{sign}</td>'
        f'<td style="{border};width:100%;white-space:normal">{with_code(item.name)}{message}{_call(shown)}</td>'
        f'<td style="{border};white-space:nowrap">{item.points:g} / {item.max_points:g}</td></tr>'
    )


def _came(shown: Example) -> str:
    return shown.came.removeprefix("raises ")


def _call(shown: Example | None) -> str:
    """Return an example as HTML: the call to paste, what came back, and what is right."""
    if shown is None:
        return ""
    style = "white-space:pre-wrap;overflow-wrap:anywhere;margin:.3em 0 0;padding:0;background:none"
    came, expected = html.escape(_came(shown)), html.escape(shown.expected)
    return f'<pre style="{style}">{html.escape(shown.call)}\n  gives    {came}\n  right is {expected}</pre>'


def check(subject: Callable[..., Any] | None = None) -> None:
    """Ask a function or class of an exercise what the grader will ask, and show which requirements hold.

    Inputs are drawn anew at every call. What does not hold is shown by a small call to try, where there is one.

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
    names = {**caller.f_globals, **caller.f_locals}
    printed = Printed()
    with WithPatches(LocalTransport(subject)) as transport:
        exercise = _exercise_of(subject, names)  # may import what is asked, which counts with NumPy too
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            verdict, examples = _judged(exercise, transport)
    after = progress.note(exercise, verdict).line
    report = CheckResult(
        exercise, verdict, examples, warning=watch.seen.says(exercise.name), printed=printed, after=after
    )
    _show(report)
    if not verdict.passed:
        raise NotYet(report.summary)


@quiet()
def _judged(exercise: Exercise, transport: Transport) -> tuple[ExerciseVerdict, dict[str, Example]]:
    """Judge an answer on inputs drawn anew, and look for calls that show what does not hold."""
    settled: dict[str, Question] = {}
    verdict = judge(exercise, transport, secrets.randbits(32), settled)
    draw = np.random.default_rng()
    first = {item.message: item.key for item in reversed(verdict.requirements) if item.judged and not item.passed}
    asked = {key: settled[key] for key in first.values() if key in settled and not verdict.shared}
    found = {key: example(exercise, transport, question, draw) for key, question in asked.items()}
    return verdict, {key: shown for key, shown in found.items() if shown}


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
