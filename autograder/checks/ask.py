"""The one seam between a check and the code it judges: a question goes in, plain data comes back."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from functools import cache
from typing import Any, Literal, Protocol, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from autograder.checks.beside.respond import place, respond
from autograder.checks.clean import MAX_LINE, MAX_NAME, clean, clean_array
from autograder.checks.memory import Memory

Status = Literal["graded", "error", "timeout", "memory", "died", "missing", "invalid"]
Value = Any
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Rng:
    """Stands for `numpy.random.default_rng(seed)`, made anew where the question is answered."""

    seed: int


@dataclass(frozen=True)
class TorchRng:
    """Stands for a `torch.Generator` with this seed."""

    seed: int


@dataclass(frozen=True, eq=False)
class Tensor:
    """Stands for a `torch.Tensor` with these values, in questions and in answers."""

    array: np.ndarray


@dataclass(frozen=True)
class Opaque:
    """An answer that is no plain data; only the name of its type is known."""

    type: str


@dataclass(frozen=True)
class Raised:
    """An exception out of the student's own call; `source` is the student's own line that raised it, if it is known."""

    kinds: tuple[str, ...]
    type: str
    message: str
    line: int
    source: str = ""

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


@dataclass(frozen=True, eq=False)
class Question:
    """A call of the student's function, or of the probe at a place: trusted code that builds the object and uses it.

    The arguments are sent in some of the ways of `beside.ways`: by default as they are. `apart` is what is put in a
    process from which something was taken away.
    """

    subject: str
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = field(default_factory=dict)
    probe: str = ""
    ways: tuple[str, ...] = ()
    apart: bool = False

    def to_tree(self) -> dict[str, Any]:
        """Return the request that `respond` and the wire understand."""
        return {
            "subject": self.subject,
            "probe": self.probe,
            "args": [to_tree(value) for value in self.args],
            "kwargs": {key: to_tree(value) for key, value in self.kwargs.items()},
            "ways": list(self.ways),
        } | ({"apart": True} if self.apart else {})


@dataclass(frozen=True, eq=False)
class Answer:
    """What came back: a value, or the exception that the student's code raised."""

    value: Value = None
    raised: Raised | None = None
    untouched: bool = True

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> "Answer":
        """Read a response of `respond`: text in it is cleaned and cut here, so that no check has to think of it.

        Raises Undefined when there was nothing to call, Unanswered when the probe failed, ValueError when malformed.
        """
        outcome = tree["outcome"]
        if outcome == "undefined":
            raise Undefined("error", "is not defined: did its cell run without an error?")
        if outcome == "broken":
            raise Unanswered("error", f"could not be used as the exercise asks ({_raised(tree['raised'])})")
        if outcome == "raised":
            return cls(raised=_raised(tree["raised"]), untouched=tree["untouched"] is True)
        if outcome == "value":
            return cls(value=_cleaned(from_tree(tree["value"])), untouched=tree["untouched"] is True)
        raise ValueError(f"unknown outcome {outcome!r}")


class Unanswered(Exception):
    """No answer came, and the status says why."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status: Status = status
        self.message = message


class Interrupted(Exception):
    """The transport cannot go on: nothing may be concluded about the answer, and the submission has to run again."""


class Undefined(Unanswered):
    """There was nothing to ask: nothing has the name of the exercise."""


class Transport(Protocol):
    """Carries a question to the student's code; raises Unanswered when no answer comes back."""

    def ask(self, question: Question) -> Answer: ...


class LocalTransport:
    """Asks an object in this very process, as `check` does in a student's own notebook."""

    def __init__(self, subject: object) -> None:
        self.subject = subject

    def ask(self, question: Question) -> Answer:
        return Answer.from_tree(respond({question.subject: self.subject}, question.to_tree()))


class StudentRaised(Exception):
    """The student's code raised where the exercise asks for a value."""

    def __init__(self, raised: Raised) -> None:
        super().__init__(str(raised))
        self.raised = raised


class Ask:
    """What a requirement may do with a student's function or class: call it, or run a probe on it.

    Args:
        subject: the name of the function or class.
        transport: carries the questions.
        seed: decides all hidden inputs of one judgment.
    """

    def __init__(self, subject: str, transport: Transport, seed: int = 0) -> None:
        self.subject = subject
        self.transport = transport
        self._seed = seed
        self._seen: dict[Callable[..., Any], Any] = {}
        self.memory = Memory()
        self.last: Question | None = None

    def draw(self, name: str) -> np.random.Generator:
        """Return the generator of hidden inputs for something of this name in the exercise."""
        return np.random.default_rng([self._seed, zlib.crc32(f"{self.subject}/{name}".encode())])

    def once(self, observe: Callable[["Ask", np.random.Generator], Seen]) -> Seen:
        """Return what `observe(ask, draw)` returns, asked once however many requirements rest on it.

        What the student's code raised then is raised for each of them.
        """
        if observe not in self._seen:
            try:
                self._seen[observe] = observe(self, self.draw(observe.__name__))
            except StudentRaised as raised:
                self._seen[observe] = raised
        seen: Seen | StudentRaised = self._seen[observe]
        if isinstance(seen, StudentRaised):
            raise seen
        return seen

    def __call__(self, *args: Value, **kwargs: Value) -> Value:
        """Call the student's function and return its value; raise StudentRaised when it raises."""
        return self.value(self.answer(*args, **kwargs))

    def answer(self, *args: Value, **kwargs: Value) -> Answer:
        """Call the student's function and return the whole answer, exceptions and changed arguments included."""
        return self.put(Question(self.subject, args, kwargs))

    def probe(self, probe: Callable[..., Seen], *args: Value, **kwargs: Value) -> Seen:
        """Have `probe(subject, *args, **kwargs)` run beside the student's code; return what it found."""
        return self.found(probe, self.probe_answer(probe, *args, **kwargs))

    def probe_answer(self, probe: Callable[..., Any], *args: Value, **kwargs: Value) -> Answer:
        """Run a probe and return the whole answer."""
        return self.put(Question(self.subject, args, kwargs, place(probe)))

    def put(self, question: Question) -> Answer:
        """Put a question, remember it, and return its answer."""
        self.last = question
        answer = self.transport.ask(question)
        self.memory.keep(question, answer)
        return answer

    def found(self, probe: Callable[..., Seen], answer: Answer) -> Seen:
        """Return what a probe found; raise StudentRaised when the student's code raised."""
        seen: Seen = _promised(_hints(probe)["return"], self.value(answer))
        return seen

    @staticmethod
    def value(answer: Answer) -> Value:
        if answer.raised is not None:
            raise StudentRaised(answer.raised)
        return answer.value


@cache
def _hints(annotated: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(annotated)


def _promised(kind: Any, value: Value) -> Any:
    """Return plain data as what a probe promises, its dataclasses too; data of another form raise as in a check."""
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _promised(_hints(kind)[name], item) for name, item in value.items()})
    if get_origin(kind) is list:
        (each,) = get_args(kind)
        return [_promised(each, item) for item in value]
    return value


def to_tree(value: Value) -> Any:
    """Reduce an argument or an answer to plain data; raise TypeError for what neither may hold."""
    match value:
        case float():
            return float(value)  # np.float64 is one, and has a shape that is lost on the way to another process
        case None | bool() | int() | str() | np.ndarray():
            return value
        case list():
            return [to_tree(item) for item in value]
        case tuple():
            return {"tuple": [to_tree(item) for item in value]}
        case dict():
            return {"dict": {key: to_tree(item) for key, item in value.items()}}
        case Rng(seed):
            return {"rng": seed}
        case TorchRng(seed):
            return {"torch_rng": seed}
        case Tensor(array):
            return {"tensor": array}
        case Opaque(name):
            return {"opaque": name}
    raise TypeError(f"a question cannot carry a {type(value).__name__}")


def from_tree(tree: Any) -> Value:
    """Read an answer's tree; raise ValueError for a tag that an answer may not use."""
    match tree:
        case None | bool() | int() | float() | str() | np.ndarray():
            return tree
        case list():
            return [from_tree(item) for item in tree]
        case {"tuple": list(items)}:
            return tuple(from_tree(item) for item in items)
        case {"dict": dict(items)}:
            return {key: from_tree(item) for key, item in items.items()}
        case {"tensor": np.ndarray() as array}:
            return Tensor(array)
        case {"opaque": str(name)}:
            return Opaque(name)
    raise ValueError("an answer holds something that is no plain data")


def _cleaned(value: Value) -> Value:
    if isinstance(value, np.ndarray):
        return clean_array(value)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        return type(value)(map(_cleaned, value))
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    return Opaque(clean(value.type, MAX_NAME)) if isinstance(value, Opaque) else value


def _raised(tree: dict[str, Any]) -> Raised:
    kinds = tuple(str(kind) for kind in tree["kinds"])
    source = clean(str(tree.get("source", "")).replace("`", "'"), MAX_LINE)
    return Raised(kinds, clean(str(tree["type"]), MAX_NAME), clean(str(tree["message"])), int(tree["line"]), source)
