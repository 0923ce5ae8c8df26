"""The answers that an exercise declares, before its own judge: right ones must pass, and mistakes must not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from autograder.checks.ask import LocalTransport
from autograder.checks.exercise import Exercise
from autograder.checks.implementation import Edited, Implementation, definition, resolve
from autograder.checks.judge import judge
from autograder.checks.misconceptions import stored_fingerprints

Kind = Literal["right", "wrong"]
REFERENCE = "the reference"


@dataclass(frozen=True)
class Trial:
    """What became of a declared answer that was judged several times, on other inputs each time.

    `points` are those of each time, `failed` the keys of the requirements that did not hold at least once, `passed`
    how often all of them held, `looks_like` the mistakes that it was taken for each time, and `fault` why it could not
    be judged.
    """

    kind: Kind
    name: str
    points: tuple[float, ...] = ()
    failed: frozenset[str] = frozenset()
    passed: int = 0
    looks_like: frozenset[tuple[str, ...]] = frozenset()
    fault: str = ""

    @property
    def is_as_declared(self) -> bool:
        """Tell whether a right answer passed every time, or a wrong one never."""
        return self.judged == self.kind

    @property
    def judged(self) -> str:
        """Return what the judge takes the answer for; "either" is by the inputs that are drawn."""
        if self.fault:
            return "fault"
        return "right" if self.passed == len(self.points) else "either" if self.passed else "wrong"

    @property
    def is_named(self) -> bool:
        return self.looks_like == {(self.name,)}


def trials(exercise: Exercise, runs: int) -> Iterator[Trial]:
    """Judge every answer that an exercise declares, so many times; raise ModuleNotFoundError without its framework."""
    right = {REFERENCE: exercise.reference} | {_name(variant): variant for variant in exercise.variants}
    for name, implementation in right.items():
        yield _trial(exercise, "right", name, implementation, runs)
    for mistake in exercise.misconceptions:
        yield _trial(exercise, "wrong", mistake.name, mistake.wrong, runs)


def untried(exercise: Exercise, tried: Sequence[Trial]) -> list[str]:
    """Return the keys of the requirements that no wrong answer fails: nothing shows that they can fail."""
    failed = frozenset().union(*(trial.failed for trial in tried if trial.kind == "wrong"))
    return [requirement.key for requirement in exercise.requirements if requirement.key not in failed]


def naming_fault(exercise: Exercise) -> str:
    """Return what goes wrong when answers are told apart, which names no mistake then; an empty string for nothing."""
    try:
        stored_fingerprints(exercise)
    except ModuleNotFoundError:
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _trial(exercise: Exercise, kind: Kind, name: str, implementation: Implementation, runs: int) -> Trial:
    try:
        answer = resolve(implementation)
        verdicts = [judge(exercise, LocalTransport(answer), seed) for seed in range(runs)]
    except ModuleNotFoundError:
        raise
    except Exception as error:
        return Trial(kind, name, fault=f"{type(error).__name__}: {error}")
    failed = {item.key for verdict in verdicts for item in verdict.requirements if not item.passed}
    return Trial(
        kind,
        name,
        points=tuple(verdict.points for verdict in verdicts),
        failed=frozenset(failed),
        passed=sum(verdict.passed for verdict in verdicts),
        looks_like=frozenset(verdict.misconceptions for verdict in verdicts),
    )


def _name(variant: Implementation) -> str:
    assert not isinstance(variant, Edited)
    return definition(variant).__name__
