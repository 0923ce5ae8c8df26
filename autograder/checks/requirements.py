"""The requirements of an exercise put to an answer, one after the other."""

from dataclasses import dataclass, field, replace

from autograder.checks.ask import Ask, Question, Raised, Status, StudentRaised, Unanswered
from autograder.checks.beside.borrowed import borrowed
from autograder.checks.beside.respond import place
from autograder.checks.clean import clean
from autograder.checks.exercise import Exercise, Requirement, Unmet
from autograder.checks.expect import MALFORMED
from autograder.checks.verdict import RequirementVerdict

MAX_SAID = 1_000
"""Characters of a message: those that an answer is quoted in are cut with what they quote."""
NOT_WRITTEN = "not written yet: replace `raise NotImplementedError()` in its cell with your answer"
UNREADABLE = "what your code gives here has not the form it should have: look at the types and shapes of all its parts"


@dataclass
class Outcome:
    """What became of the requirements of an exercise.

    Fields:
        status: of the exercise.
        verdicts: one for each requirement.
        silence: why no answer came any more, None when all came.
        settled: by the keys of requirements that were judged and failed, the question that was put last.
    """

    status: Status = "graded"
    verdicts: list[RequirementVerdict] = field(default_factory=list)
    silence: Unanswered | None = None
    settled: dict[str, Question] = field(default_factory=dict)

    @property
    def failed(self) -> dict[str, str]:
        """Return the requirements that do not hold: names by keys."""
        return {verdict.key: verdict.name for verdict in self.verdicts if not verdict.passed}


def put(exercise: Exercise, ask: Ask) -> Outcome:
    """Put every requirement of an exercise, in order, until no answer comes any more."""
    outcome, refused = Outcome(), refusal(exercise, ask)
    for requirement in exercise.requirements:
        message, judged = outcome.silence.message if outcome.silence else refused, True
        if outcome.silence is None and not refused:
            ask.last = None
            message, judged = _put(requirement, ask, outcome)
        ask.memory.sound &= not message
        ask.memory.held |= not message and not requirement.aside
        if message and judged and ask.last:
            outcome.settled[requirement.key] = ask.last
        outcome.verdicts.append(verdict_of(requirement, not message, message, judged))
    if outcome.silence is None and (fault := ask.memory.stub.fault):
        outcome.verdicts = [withdrawn(verdict, fault) for verdict in outcome.verdicts]
    return outcome


def withdrawn(verdict: RequirementVerdict, fault: str) -> RequirementVerdict:
    """Return the verdict on a requirement of a stub: refusals are the only work that there can be."""
    if not verdict.passed or verdict.key.startswith("refuses_"):
        return verdict
    return replace(verdict, points=0.0, passed=False, message=fault)


def refusal(exercise: Exercise, ask: Ask) -> str:
    """Return why an answer is none, because it is or rests on a library's own; an empty text when it does not."""
    if exercise.own is None:
        return ""
    own = exercise.own
    args = (list(own.without), list(own.settings), list(own.arguments), own.options)
    try:
        path = ask.value(ask.transport.ask(Question(ask.subject, args, probe=place(borrowed))))
    except (StudentRaised, Unanswered):
        return ""  # whatever goes wrong goes wrong in the requirements too, which say so
    return f"your answer is, or rests on, {path}: this exercise asks you to write it without" if path else ""


def _put(requirement: Requirement, ask: Ask, outcome: Outcome) -> tuple[str, bool]:
    """Put a requirement; return what is to be said, nothing when it holds, and whether it could be judged."""
    try:
        requirement.check(ask, ask.draw(requirement.key))
    except StudentRaised as error:
        outcome.status = "error"
        return explain(error.raised), True
    except Unanswered as unanswered:
        outcome.silence, outcome.status = unanswered, unanswered.status
        return unanswered.message, True
    except (Unmet, *MALFORMED) as error:
        waits = [name for key, name in outcome.failed.items() if key in requirement.after.split()]
        if waits:
            return f'not judged before "{waits[0]}" holds', False
        return clean(str(error), MAX_SAID) if isinstance(error, Unmet) else UNREADABLE, True
    return "", True


def verdict_of(requirement: Requirement, passed: bool, message: str, judged: bool = True) -> RequirementVerdict:
    """Return the verdict on a requirement."""
    worth = float(requirement.points)
    points = worth if passed else 0.0
    return RequirementVerdict(requirement.key, requirement.name, points, worth, passed, message, judged)


def explain(raised: Raised) -> str:
    """Say what the student's code raised, and in which of its lines."""
    if "NotImplementedError" in raised.kinds:
        return NOT_WRITTEN
    return f"your code raised {raised}" + (f", in the line `{raised.source}`" if raised.source else "")
