"""Reviews as vectors: `multi_hot(sequences, dimension) -> (n, dimension)`."""

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.beside.dropout_keras import lists_after
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, close, expect, is_refusal


def multi_hot(sequences, dimension):
    result = np.zeros((len(sequences), dimension), np.float32)
    for row, sequence in zip(result, sequences, strict=True):
        for word in sequence:
            if not 0 <= word < dimension:
                raise ValueError(f"word {word} lies outside 0 .. {dimension - 1}")
        row[sequence] = 1
    return result


exercise = Exercise(
    multi_hot,
    page="keras/writing-the-layer#Reviews as rows of zeros and ones",
    onward="Networks on bags of words begin with these rows; try two reviews with the same words in another order.",
    trap=("knows_the_borders", "refuses_unknown_words"),
)


def reviews(draw: np.random.Generator, n: int, dimension: int) -> list[list[int]]:
    """Draw reviews of different lengths, in which words repeat."""
    return [[int(word) for word in draw.integers(1, dimension - 1, draw.integers(2, 3 * dimension))] for _ in range(n)]


def rows(ask: Ask, sequences: list[list[int]], dimension: int) -> np.ndarray:
    return array(ask(sequences, dimension), (len(sequences), dimension))


def right(sequences: list[list[int]], dimension: int) -> np.ndarray:
    return np.array([[word in sequence for word in range(dimension)] for sequence in sequences], float)


@exercise.requires("marks the words of every review", 1)
def marks(ask: Ask, draw: np.random.Generator) -> None:
    for n, dimension in ((5, 12), (12, 5), (1, 30), (7, 7), (210, 3)):
        sequences = [list(dict.fromkeys(sequence)) for sequence in reviews(draw, n, dimension)]
        expect(
            close(rows(ask, sequences, dimension), right(sequences, dimension)),
            "row i should be 1 at the words of review i and 0 elsewhere",
        )


@exercise.requires("marks a repeated word by a single 1", 1)
def marks_once(ask: Ask, draw: np.random.Generator) -> None:
    for dimension in (4, 9):
        once = [list(dict.fromkeys(sequence)) for sequence in reviews(draw, 6, dimension)]
        twice = [sequence * 2 for sequence in once]
        message = "a word that occurs twice should be marked as one that occurs once, by a single 1"
        expect(close(rows(ask, twice, dimension), rows(ask, once, dimension)), message)


@exercise.requires("gives word 0 the first column and word dimension - 1 the last", 1)
def knows_the_borders(ask: Ask, draw: np.random.Generator) -> None:
    dimension = int(draw.integers(6, 12))
    inner = int(draw.integers(1, dimension - 1))
    sequences = [[0], [dimension - 1], [inner, 0], [dimension - 1, inner, 0]]
    result = np.concatenate([rows(ask, [sequence], dimension) for sequence in sequences])
    expect(close(result[:, 0], [1, 0, 1, 1]), "0 is a word like any other: column 0 belongs to it")
    expect(close(result[:, -1], [0, 1, 0, 1]), "the largest index, dimension - 1, belongs to the last column")
    expect(close(result, right(sequences, dimension)), "row i should be 1 at the words of review i and 0 elsewhere")
    expect(close(rows(ask, [[0]], 1), [[1]]), "with dimension 1 the only word is 0")


@exercise.requires("turns an empty review into zeros", 0.5)
def accepts_empty(ask: Ask, draw: np.random.Generator) -> None:
    first, second = reviews(draw, 2, 8)
    expect(not rows(ask, [[], first, [], second], 8)[::2].any(), "an empty review should give a row of zeros")
    expect(not rows(ask, [[], []], 5).any(), "reviews without words should give zeros")


@exercise.requires("returns float32 and leaves the lists alone", 0.5)
def gives_float32(ask: Ask, draw: np.random.Generator) -> None:
    sequences = reviews(draw, 4, 7)
    array(ask(sequences, 7), (4, 7), "float32")
    array(ask([[]], 7), (1, 7), "float32")
    expect(ask.probe(lists_after, sequences, 7) == sequences, "the lists that were passed in have changed")


@exercise.requires("refuses an index outside 0 .. dimension - 1", 1)
def refuses_unknown_words(ask: Ask, draw: np.random.Generator) -> None:
    dimension = int(draw.integers(6, 12))
    first, second = reviews(draw, 2, dimension)
    rows(ask, [first, second], dimension)
    for word in (dimension, dimension + int(draw.integers(1, 50)), -1, -dimension, -dimension - 3):
        for sequences in ([first, [*second, word]], [[word, *first], second], [[word]]):
            answer = ask.answer(sequences, dimension)
            is_refusal(answer, f"the word {word} with dimension {dimension}", "")


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Measure what a word counts, whether its column or a neighbor is marked, and whether the last and second rows are."""
    inner = np.asarray(ask([[2, 2, 2]], 6))[0]
    second = bool(np.asarray(ask([[2], [3]], 6))[1:].any())
    shifted = bool(inner[1] or inner[3])
    last = shifted or bool(np.asarray(ask([[5, 2]], 6))[0, 5])
    return [float(inner.max()), float(inner[2] != 0), float(shifted), float(last), float(second)]


@exercise.mistake("counts instead of ones", edit=("row[sequence] = 1", "np.add.at(row, sequence, 1)"))
def counts():
    """A word that occurs three times gets a 3. Multi-hot rows say which words occur, not how often: assign 1 in place
    of adding it."""


@exercise.mistake("shifted by one", edit=("row[sequence]", "row[[word - 1 for word in sequence]]"))
def shifted_by_one():
    """Every word lands one column too far to the left, and word 0 in the last column. Word k belongs to column k."""


@exercise.mistake(
    "ignores the last column", edit=("row[sequence]", "row[[word for word in sequence if word < dimension - 1]]")
)
def ignores_last_column():
    """The word dimension - 1 is left out. Columns run from 0 to dimension - 1, both included."""


@exercise.mistake("returns inside the loop", edit=("row[sequence] = 1", "row[sequence] = 1\n        return result"))
def returns_inside_the_loop():
    """The function returns after the first review, so that all others stay zeros. `return` belongs behind the loop, at its
    own depth."""


@exercise.right
def with_comparison(sequences, dimension):
    words = np.arange(dimension)
    result = []
    for sequence in sequences:
        sequence = np.array(sequence, dtype=int)
        if (sequence < 0).any() or (sequence >= dimension).any():
            raise ValueError("a sequence holds an index that is too large or negative")
        result.append((sequence[:, None] == words).any(axis=0))
    return np.array(result).astype("float32")


@exercise.right
def with_sets(sequences, dimension):
    allowed = set(range(dimension))
    for sequence in sequences:
        if set(sequence) - allowed:
            raise ValueError("index out of range")
    rows = [[1.0 if word in set(sequence) else 0.0 for word in range(dimension)] for sequence in sequences]
    return np.array(rows, dtype=np.float32)


@exercise.right
def with_bincount(sequences, dimension):
    if any(word < 0 or word >= dimension for sequence in sequences for word in sequence):
        raise ValueError("sequences: every index must be in [0, dimension)")
    counted = [np.bincount(np.array(sequence, dtype=np.int64), minlength=dimension) for sequence in sequences]
    return np.minimum(np.stack(counted), 1).astype(np.float32)
