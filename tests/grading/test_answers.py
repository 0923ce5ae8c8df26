"""A record gives every answer back as it was, and refuses a question that was never put."""

import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autograder.checks.ask import Answer, Opaque, Question, Raised, Tensor, Unanswered, Undefined
from autograder.grading.answers import NotRecorded, Record, Recorder, Replay, fingerprint
from autograder.kernels.sanitise import Note
from autograder.kernels.session import CellResult

SHAPES = array_shapes(min_dims=0, max_side=3)
NUMBERS = arrays(st.sampled_from([np.bool_, np.int64, np.float32, np.float64]), SHAPES)
ARRAYS = NUMBERS | arrays("U3", SHAPES, elements=st.text(max_size=3))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | ARRAYS
    | ARRAYS.map(Tensor)
    | st.text(max_size=80).map(Opaque),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.sampled_from(["array", "tuple", "dict", "status"]), inner, max_size=3)
    ),
    max_leaves=8,
)


class Script:
    """A transport that answers from a list."""

    def __init__(self, *outcomes: Answer | Unanswered) -> None:
        self.outcomes = list(outcomes)

    def ask(self, question: Question) -> Answer:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Unanswered):
            raise outcome
        return outcome


def same(a: object, b: object) -> bool:
    if type(a) is not type(b):
        return False
    match a, b:
        case np.ndarray(), np.ndarray():
            return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        case Tensor(x), Tensor(y):
            return same(x, y)
        case ((list() | tuple()), (list() | tuple())):
            return len(a) == len(b) and all(map(same, a, b))
        case dict(), dict():
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        case float(), float():
            return a == b or (a != a and b != b)
    return a == b


def saved(recorder: Recorder, cells: Sequence[CellResult] = ()) -> Record:
    for cell in cells:
        recorder.ran(cell)
    return Record.from_bytes(recorder.record())


@given(VALUES)
def test_every_value_comes_back(value: object) -> None:
    recorder = Recorder(Script(Answer(value, untouched=False)))
    recorder.ask(Question("f"))
    answer = Replay(saved(recorder)).ask(Question("f"))
    assert same(answer.value, value)
    assert answer.untouched is False


def test_exceptions_silence_and_cells_come_back() -> None:
    raised = Raised(("ValueError", "Exception"), "Mine", "rate", 3)
    silences = [Unanswered("timeout", "too slow"), Undefined("error", "is not defined")]
    recorder = Recorder(Script(Answer(raised=raised), *silences))
    cell, note = CellResult("f", "error", "NameError: x", "out", "f"), Note("f", "There are two of it.")
    recorder.judges("f")
    recorder.ask(Question("f"))
    recorder.ran(cell)
    recorder.judges("g")
    for _ in silences:
        with pytest.raises(Unanswered):
            recorder.ask(Question("g"))
    record = Record.from_bytes(recorder.record([note]))
    assert record.course == ["f", cell, "g"]
    assert record.cells == [cell]
    assert record.notes == [note]
    replay = Replay(record)
    assert replay.ask(Question("f")).raised == raised
    for silence in silences:
        with pytest.raises(Unanswered) as found:
            replay.ask(Question("g"))
        assert type(found.value) is type(silence)
        assert (found.value.status, found.value.message) == (silence.status, silence.message)


def test_much_that_was_printed_comes_back() -> None:
    cells = [CellResult(str(number), "ok", output="\N{SNOWMAN}\N{PILE OF POO}" * 50_000) for number in range(8)]
    assert saved(Recorder(Script()), cells).cells == cells


def test_an_answer_at_the_limit_is_not_kept_and_costs_nothing() -> None:
    recorder = Recorder(Script(Answer("\N{SNOWMAN}" * 10**6)))
    recorder.ask(Question("f"))
    recorder.ran(CellResult("f", "ok"))
    assert recorder.record() == b""


def test_answers_without_end_fill_no_memory() -> None:
    block = np.zeros(2**20)
    recorder = Recorder(Script(*[Answer(block)] * 40))
    tracemalloc.start()
    for _ in range(40):
        recorder.ask(Question("f"))
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    recorder.ran(CellResult("f", "ok"))
    assert recorder.record() == b""
    assert held < block.nbytes
    assert peak < 12 * block.nbytes


def test_repeated_questions_get_their_answers_in_order() -> None:
    recorder = Recorder(Script(Answer(1), Answer(2)))
    for _ in range(2):
        recorder.ask(Question("f", (0.5,)))
    replay = Replay(saved(recorder))
    assert [replay.ask(Question("f", (0.5,))).value for _ in range(2)] == [1, 2]
    with pytest.raises(NotRecorded):
        replay.ask(Question("f", (0.5,)))


def test_questions_differ_in_everything_they_send() -> None:
    x = np.arange(4.0)
    questions = [
        Question("f", (x,)),
        Question("g", (x,)),
        Question("f", (x.astype(np.float32),)),
        Question("f", (x.reshape(2, 2),)),
        Question("f", (x + 1,)),
        Question("f", (x, True)),
        Question("f", (x, 1)),
        Question("f", (x, 1.0)),
        Question("f", (x, "1.0")),
        Question("f", (x,), {"rate": 1.0}),
        Question("f", (x,), {}, "calls.successive"),
        Question("f", (x,), {}, "detective.pair"),
        Question("f", ([x],)),
        Question("f", ((x,),)),
    ]
    assert len({fingerprint(question) for question in questions}) == len(questions)
    assert fingerprint(questions[0]) == fingerprint(Question("f", (np.asfortranarray(x),)))


@pytest.mark.parametrize("data", [b"", b"PK", b"nonsense", Recorder(Script()).record([Note("f", "ok")])[:-5]])
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        Record.from_bytes(data)


def test_judging_the_largest_answers_fills_no_memory() -> None:
    """Two gigabytes are twice what it takes; of answers eight times as large it took nine."""
    judging = (
        "import resource\nimport numpy as np\nfrom autograder.checks.ask import Answer\n"
        "from autograder.checks.catalogue import find\nfrom autograder.checks.judge import judge\n"
        "from autograder.kernels.inside.wire import MAX_FRAME\n"
        "class Largest:\n    def ask(self, question): return Answer(np.zeros(MAX_FRAME - 1000, np.uint8))\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (2 * 2**30,) * 2)\n"
        "assert judge(find('dropout_moments'), Largest(), 1).points == 0"
    )
    subprocess.run([sys.executable, "-c", judging], check=True, cwd=Path(__file__).parents[2])
