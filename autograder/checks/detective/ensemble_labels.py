"""The vote of an ensemble: `ensemble_labels(probs) -> labels`."""

from itertools import permutations

import numpy as np

from autograder.checks.again import in_every_way
from autograder.checks.ask import Ask, Value
from autograder.checks.exercise import Exercise
from autograder.checks.expect import array, describe_type, expect, refuses
from autograder.reference.detective import ensemble_labels

exercise = Exercise(
    ensemble_labels,
    page="museum#Room 5: reading the result",
    onward="The figure after this asks up to 15 members with it; try three members that say 3 and two that say 5, with the mistake and without.",
    trap=("averages", "weighs_certainty"),
)


def ensemble(draw: np.random.Generator, members: int, n: int, classes: int, dtype: str = "float64") -> np.ndarray:
    """Draw probabilities of members that disagree, some of them sure, where no two mean probabilities are close."""
    sharpness = draw.uniform(0.3, 6, (members, 4 * n, 1))
    powers = np.exp(sharpness * draw.normal(0, 1, (members, 4 * n, classes)))
    probs = powers / powers.sum(axis=-1, keepdims=True)
    top = np.sort(probs.mean(axis=0), axis=-1)
    clear = np.flatnonzero(top[:, -1] - top[:, -2] > 0.01)[:n]
    return np.ascontiguousarray(probs[:, clear].astype(dtype))


def labels_of(value: Value, n: int) -> np.ndarray:
    labels = array(value, (n,), name="labels")
    expect(
        labels.dtype.kind in "iu",
        f"labels should be integers, but the result is {describe_type(value)} of {labels.dtype}",
    )
    return labels


def agrees(ask: Ask, probs: np.ndarray, message: str) -> None:
    labels = labels_of(ask(probs), probs.shape[1])
    expect((labels == ensemble_labels(probs)).all(), message)


@exercise.requires("takes the class of the mean probability", 2)
def averages(ask: Ask, draw: np.random.Generator) -> None:
    for members, n, classes in ((3, 210, 5), (8, 40, 3), (25, 50, 10)):
        agrees(ask, ensemble(draw, members, n, classes), "a label should be the class of the largest mean probability")


@exercise.requires("lets a sure member outweigh two that hesitate", 0.5)
def weighs_certainty(ask: Ask, draw: np.random.Generator) -> None:
    """One sure member against two that hesitate, for every pair of classes: the mean follows the sure one."""
    pairs = np.array(list(permutations(range(4), 2)))
    sure, other, places = pairs[:, 0], pairs[:, 1], np.arange(len(pairs))
    probs = np.full((3, len(pairs), 4), 0.02)
    probs[0, places, sure] = 0.94
    probs[1:, places, other] = 0.54
    probs[1:, places, sure] = 0.42
    agrees(ask, probs, "a member that is sure should weigh more than two that hesitate: average before you decide")


@exercise.requires("lets no member veto a class", 0.5)
def keeps_zeros(ask: Ask, draw: np.random.Generator) -> None:
    """A single probability of 0 vetoes a class in the mean of logarithms."""
    rows = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.0, 0.3, 0.7]])
    message = "where a member gives a class probability 0, too, the label should be that of the mean probability"
    for order in (1, -1):
        agrees(ask, np.repeat(rows[:, None, ::order], 4, axis=1), message)


@exercise.requires("gives ties to the smallest class", 1)
def breaks_ties(ask: Ask, draw: np.random.Generator) -> None:
    """Dyadic probabilities, whose sums are exact in any order."""
    first = np.array([[0.125, 0.5, 0.25, 0.125], [0.125, 0.25, 0.5, 0.125]])
    second = np.array([[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]])
    third = np.array([[0.5, 0.0, 0.0, 0.5], [0.25, 0.25, 0.25, 0.25]])
    probs = np.stack([first, second, third], axis=1)
    for order in ([0, 1], [1, 0]):
        agrees(ask, probs[order], "of classes with equal mean probability the smallest should be the label")


@exercise.requires("takes any number of members, examples and classes", 0.5)
def takes_any_size(ask: Ask, draw: np.random.Generator) -> None:
    for size in ((1, 7, 3), (4, 1, 6), (2, 5, 2), (3, 3, 3)):
        probs = ensemble(draw, *size)
        n = probs.shape[1]
        alone = [labels_of(ask(probs[:, [i]]), 1) for i in range(n)]
        message = "labels should have one entry per example, the one that the example gets alone"
        expect((labels_of(ask(probs), n) == np.concatenate(alone)).all(), message)
    (member,) = probs = ensemble(draw, 1, 7, 3)
    expect((labels_of(ask(probs), 7) == member.argmax(axis=-1)).all(), "one member should decide alone")


@exercise.requires("refuses anything but (T, n, k)", 0.25)
def refuses_other_shapes(ask: Ask, draw: np.random.Generator) -> None:
    probs = ensemble(draw, 4, 9, 3)
    ask(probs)
    for wrong in (probs[0], probs[None], probs[0, 0]):
        refuses(ask, wrong, because=f"an array with {wrong.ndim} dimensions", mentions="probs")


exercise.requires("takes float32 and float64 in any memory layout, and leaves its arguments alone", 0.25)(
    in_every_way(None, right=ensemble_labels)
)


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Labels where the mean class index is whole, so that rounding it in any direction is the same mistake."""
    probs = ensemble(np.random.default_rng(6), 5, 600, 4)
    whole = probs.argmax(axis=-1).sum(axis=0) % len(probs) == 0
    return [float(label) for label in ask(probs[:, whole])]


@exercise.mistake("mean of class indices")
def mean_of_indices(probs):
    """The labels of the members are averaged as numbers: two votes for class 0 and two for class 4 become class 2. A
    label is a name; average probabilities."""
    return np.rint(probs.argmax(axis=-1).mean(axis=0)).astype(int)


@exercise.mistake("mean of class indices")
def mean_of_indices_rounded_down(probs):
    return probs.argmax(axis=-1).mean(axis=0).astype(int)


@exercise.mistake("majority of argmax")
def majority(probs):
    """Every member decides first and then votes, so that its certainty is lost. Average probabilities, then decide."""
    votes = probs.argmax(axis=-1)
    return np.array([np.bincount(column, minlength=probs.shape[-1]).argmax() for column in votes.T])


@exercise.mistake("mean of log-probabilities")
def mean_of_logarithms(probs):
    """The mean of logarithms is a geometric mean: one member with a probability near 0 vetoes a class. The ensemble's
    probability is the arithmetic mean."""
    with np.errstate(divide="ignore"):
        return np.log(probs).mean(axis=0).argmax(axis=-1)


@exercise.mistake("mean over the examples")
def mean_over_examples(probs):
    """The examples are averaged, so that there is a label for each member. The members have to be: they lie along axis 0."""
    require(probs)
    return probs.mean(axis=1).argmax(axis=-1)


@exercise.mistake("most confident member")
def most_confident(probs):
    """The largest probability of any member decides, so that one sure member overrules all others. Average over the
    members, then decide."""
    return probs.max(axis=0).argmax(axis=-1)


def require(probs):
    if np.ndim(probs) != 3:
        raise ValueError(f"probs must have shape (T, n, k), got shape {np.shape(probs)}")


@exercise.right
def with_sum(probs):
    require(probs)
    return np.argmax(np.sum(probs, axis=0), axis=1)


@exercise.right
def with_loops(probs):
    require(probs)
    members, n, classes = probs.shape
    labels = []
    for i in range(n):
        totals = [sum(float(probs[t, i, c]) for t in range(members)) for c in range(classes)]
        labels.append(totals.index(max(totals)))
    return np.array(labels, dtype=np.int32)


@exercise.right
def with_einsum(probs):
    require(probs)
    mean = np.einsum("tnk->nk", probs.astype(np.float64)) / len(probs)
    best = mean.max(axis=1, keepdims=True)
    return np.where(mean == best, np.arange(mean.shape[1]), mean.shape[1]).min(axis=1)
