"""Asked in every way: what an exercise has asked is asked again, in other dtypes, layouts and modes."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from autograder.checks.ask import Answer, Ask, LocalTransport, Opaque, Question, Tensor, Value
from autograder.checks.beside.respond import place
from autograder.checks.beside.ways import GRAPHLESS
from autograder.checks.exercise import Check, Unmet
from autograder.checks.expect import close, describe_type, untouched
from autograder.checks.memory import Asked

Part = Callable[[Value], Value]

MOST = 8
"""How many questions are put again, each of another form."""
FEW = 3
"""How many of them with zeros among the entries."""
LARGEST = 4_000
"""Entries of the arrays of a question that is put again: larger ones are there to count what is random."""
MANY, REPEATS = 24, 3
"""From how many entries on random answers are compared with themselves, and how often they must come out equal: answers
that ignore the generator do so by chance with a probability below 1e-7."""

WORDS = {
    "zeros": "with zeros among the entries of the arrays",
    "float32": "with arrays of dtype float32",
    "float64": "with arrays of dtype float64",
    "view": "with arrays that lie in memory in another order, as transposed ones do",
    "frozen": "with arrays that must not be written to",
    GRAPHLESS: "under torch.no_grad()",
}
OTHER = {"float32": "float64", "float64": "float32"}


def whole(answer: Value) -> Value:
    """Choose all of an answer."""
    return answer


def first(answer: Value) -> Value:
    """Choose the first of the values that are returned."""
    return answer[0]


def in_every_way(
    keeps: Part | None = whole,
    *,
    random: bool = False,
    right: Callable[..., object] | None = None,
    probes: Sequence[Callable[..., object]] = (),
    largest: int = LARGEST,
) -> Check:
    """Return a check that stands behind all others of its exercise and puts their questions again.

    Answers of the student's own are compared, so that it fails for nothing that others have judged: in the other
    floating-point dtype, in another order in memory, with arrays that are frozen, and without a graph where tensors
    are passed. No argument may have changed in any question, and something else must hold. Where all other
    requirements hold, numbers have to be those of the other dtype too, and with zeros among the entries what the
    course's own answer gives.

    Args:
        keeps: chooses what of the function's answer has the dtype of its arguments; None where nothing needs to.
        random: whether answers are drawn, so that numbers of another dtype or order in memory may be others.
        right: the course's own answer, where arrays may hold any zeros and nothing is drawn.
        probes: those that are put again as calls are: what they return is of the student's code, and needs no graph.
        largest: entries of the arrays of a question that is put again, where larger ones take long to answer.
    """
    results = {"", *map(place, probes)}

    def asked_in_every_way(ask: Ask, _: np.random.Generator) -> None:
        answered = [asked for asked in ask.memory.asked if asked.answer.raised is None]
        if not answered:
            ask.value(ask.memory.asked[0].answer)
        untouched(ask.memory)
        if not ask.memory.held:
            raise Unmet("there is nothing to keep yet: make one of the other requirements hold first")
        again = [asked for asked in answered if asked.question.probe in results and 0 < size(asked.question) <= largest]
        for asked in some(again, MOST):
            for ways, same in plans(asked.question, random):
                compare(ask, asked, ways, keeps, same)
        for asked in some(again, FEW) if right and ask.memory.sound else ():
            compare_zeros(ask, asked, LocalTransport(right))

    return asked_in_every_way


def some(asked: list[Asked], most: int) -> list[Asked]:
    """Return at most so many, from the first to the last."""
    return asked[:: -(-len(asked) // most) or 1]


def arrays(question: Question) -> list[np.ndarray]:
    """Return the arrays that a question sends, those of tensors among them."""
    return list(_leaves([question.args, list(question.kwargs.values())]))


def size(question: Question) -> int:
    """Return how many entries its arrays have together."""
    return sum(array.size for array in arrays(question))


def _leaves(value: Value) -> Iterator[np.ndarray]:
    match value:
        case np.ndarray():
            yield value
        case Tensor(array):
            yield array
        case list() | tuple():
            yield from itertools.chain.from_iterable(map(_leaves, value))
        case dict():
            yield from _leaves(list(value.values()))


def _holds_tensor(value: Value) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, list | tuple) and any(map(_holds_tensor, value)))


def dtype_of(question: Question) -> str:
    """Return the dtype of its first array of floating-point numbers, an empty text without one."""
    return next((array.dtype.name for array in arrays(question) if array.dtype.kind == "f"), "")


def plans(question: Question, random: bool) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the ways in which a question is put again together, and whether its numbers must be the same."""
    other = OTHER.get(dtype_of(question))
    graphless = (GRAPHLESS,) if _holds_tensor(question.args) else ()
    yield ((other,) if other else ()) + ("view", "frozen") + (() if random else graphless), not random
    if random and graphless and sum(array.size for array in arrays(question)) >= MANY:
        yield graphless, True


def compare(ask: Ask, asked: Asked, ways: tuple[str, ...], keeps: Part | None, same: bool) -> None:
    """Raise Unmet when a question gets another answer in these ways; say in which one, if one alone is enough."""
    dtype = dtype_of(asked.question)
    if problem := other_dtype(asked.answer, keeps, dtype):
        raise Unmet(f"with arrays of dtype {dtype}, {problem}")
    if not fault(ask, asked, ways, keeps, same):
        return
    if any(fault(ask, asked, (), keeps, same) for _ in range(REPEATS)):
        return  # what is another one every time has been judged before
    for way in (*((way,) for way in ways), ways):
        if problem := fault(ask, asked, way, keeps, same):
            raise Unmet(f"{' and '.join(WORDS[item] for item in way)}, {problem}")


def compare_zeros(ask: Ask, asked: Asked, own: LocalTransport) -> None:
    """Raise Unmet when an answer that is right is no longer so with zeros among the entries of the arrays.

    Args:
        ask: puts the question.
        asked: the question, and its answer as it was.
        own: the course's own answer, which is no judge where it is not finite or raises.
    """
    question = replace(asked.question, ways=("zeros",))
    before, wanted = own.ask(asked.question), own.ask(question)
    finite = wanted.raised is None and all(np.isfinite(array).all() for array in _leaves(wanted.value))
    rough = dtype_of(question) != "float64"
    if not finite or not alike(plain(before.value), plain(asked.answer.value), True, rough):
        return
    answer = ask.transport.ask(question)
    problem = "the result is not right"
    if answer.raised is not None:
        problem = f"your code raised {answer.raised}"
    elif not answer.untouched:
        problem = "an argument has changed: work on a copy"
    elif alike(plain(wanted.value), plain(answer.value), True, rough):
        return
    raise Unmet(f"{WORDS['zeros']}, {problem}")


def plain(value: Value) -> Value:
    """Return an answer in which it makes no difference who returned a tuple or a list, a float or a NumPy number."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def fault(ask: Ask, asked: Asked, ways: tuple[str, ...], keeps: Part | None, same: bool) -> str:
    """Put a question again; return what is wrong with the answer, or an empty text."""
    question, before = replace(asked.question, ways=ways), dtype_of(asked.question)
    answer = ask.transport.ask(question)
    if answer.raised is not None:
        return f"your code raised {answer.raised}"
    if not answer.untouched:
        return "an argument has changed: work on a copy"
    dtype = next((way for way in ways if way in OTHER), before)
    if problem := other_dtype(answer, keeps, dtype):
        return problem
    rough = dtype != before
    if alike(asked.answer.value, answer.value, same and (ask.memory.sound or not rough), rough):
        return ""
    return "the result should stay the same, but changes"


def other_dtype(answer: Answer, keeps: Part | None, dtype: str) -> str:
    """Return what is wrong with the dtype of an answer, or an empty text."""
    if keeps is None or not dtype:
        return ""
    kept = keeps(answer.value)
    found = list(_leaves(kept))
    if not found:
        return f"the result should be an array of dtype {dtype}, but is {describe_type(kept)}"
    wrong = [array.dtype.name for array in found if array.dtype.name != dtype]
    return f"the result should have dtype {dtype}, but has dtype {wrong[0]}" if wrong else ""


def alike(before: Value, after: Value, same: bool, rough: bool) -> bool:
    """Tell whether two answers have the same form and, where that is asked, the same numbers.

    Args:
        before: the answer to a question as it was.
        after: the answer to the same question, put in another way.
        same: whether the numbers count.
        rough: whether they were computed in another dtype, where they agree to 1e-4 and labels may tip over.
    """
    match before, after:
        case (np.ndarray() | Tensor(), np.ndarray() | Tensor()):
            ((old, new),) = itertools.product(_leaves(before), _leaves(after))
            numeric = old.dtype.kind == "f"
            if type(before) is not type(after) or old.shape != new.shape or numeric != (new.dtype.kind == "f"):
                return False
            return not same or (_agree(old, new, rough) if numeric else rough or bool((old == new).all()))
        case (list() | tuple(), list() | tuple()) if len(before) == len(after):
            return all(alike(old, new, same, rough) for old, new in zip(before, after, strict=True))
        case (dict(), dict()) if before.keys() == after.keys():
            return all(alike(before[key], after[key], same, rough) for key in before)
        case (float(), float()):
            return not same or _agree(np.array(before), np.array(after), rough)
        case (Opaque(), Opaque()):
            return True
    return type(before) is type(after) and (rough or not same or before == after)


def _agree(old: np.ndarray, new: np.ndarray, rough: bool) -> bool:
    """Tell whether numbers agree; what is not finite must be the same, and whether it may be is judged elsewhere."""
    finite = np.isfinite(old)
    if not np.array_equal(old[~finite], new[~finite], equal_nan=True):
        return False
    scale = float(np.abs(old[finite]).max(initial=1.0))
    return close(new[finite], old[finite], "float32" if rough else "float64", scale=10 * scale if rough else scale)
