"""Evaluating a classifier: `evaluate(model, images, labels, batch_size=256) -> (accuracy, nll)`."""

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.beside.dropout_pytorch import evaluated
from autograder.checks.dropout_pytorch.evaluations import MODES, Case, scores
from autograder.checks.dropout_pytorch.evaluators import all_logits_first, evaluate, on_a_copy, with_loader
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, is_refusal

exercise = Exercise(
    evaluate,
    page="pytorch/train-and-eval#Four ways to evaluate",
    onward="The comparison after this and the experiment of exercise 4 are made with it; try it on a model in training mode, and look at `model.training` afterwards.",
    trap=("evaluates_in_eval_mode", "restores_modes", "is_exact_over_last_batch"),
)


def unlike(first: tuple[float, float], second: tuple[float, float]) -> str:
    """Return which of two pairs of scores differ, to single precision; an empty text when neither does."""
    names = zip(("accuracy", "nll"), first, second, strict=True)
    return " and ".join(name for name, one, other in names if not close(one, other, np.float32))


@exercise.requires("counts hits", 1)
def counts_hits(ask: Ask, draw: np.random.Generator) -> None:
    for batch_size in ((), (16,)):
        case = Case(draw, 48)
        seen = case.seen(ask, MODES[1], *batch_size)
        message = "accuracy should be the share of images whose largest logit is that of their label"
        expect(close(scores(seen)[0], case.expected(seen)[0]), message)


@exercise.requires("averages the negative log-likelihood in nats", 1)
def measures_nll(ask: Ask, draw: np.random.Generator) -> None:
    for scale in (1, 60):
        for batch_size in ((), (16,)):
            case = Case(draw, 48, scale)
            seen = case.seen(ask, MODES[1], *batch_size)
            right = case.expected(seen)[1]
            message = "nll should be the mean of -log softmax(logits)[label], in nats"
            message += ", and finite for large logits" * (scale > 1)
            expect(close(scores(seen)[1], right, np.float32, max(scale, right)), message)


@exercise.requires("gives the model float32 pixels between 0 and 1", 1)
def scales_pixels(ask: Ask, draw: np.random.Generator) -> None:
    """The brightest of all pixels is 255, but with probability 1e-53."""
    calls = Case(draw, 40).seen(ask, MODES[1], 16).calls
    for call in calls:
        expect(call.shape[1:] == [28, 28], "the model should be given batches of shape (b, 28, 28)")
        expect(call.dtype == "torch.float32", "the model should be given float32 pixels")
        unit = call.low >= 0 and 0.5 < call.high <= 1
        expect(unit, "the model should be given pixels between 0 and 1: divide by 255")
    brightest = max(call.high for call in calls)
    expect(close(brightest, 1), "a pixel of 255 should become 1: divide by 255")


@exercise.requires("is exact over an uneven last batch", 1.5)
def is_exact_over_last_batch(ask: Ask, draw: np.random.Generator) -> None:
    """Compared with a single batch."""
    for n, batch_size in ((41, 16), (37, 36), (23, 23), (9, 64), (3, 1), (1, 256), (300, 256)):
        case = Case(draw, n)
        in_parts, whole = (case.seen(ask, MODES[1], size) for size in (batch_size, n))
        expect(in_parts.calls, "the model was never called")
        other = unlike(scores(in_parts), scores(whole))
        expect(
            not other, f"every image should count the same, but with batches of another size you get another {other}"
        )


@exercise.requires("evaluates in eval mode", 1.75)
def evaluates_in_eval_mode(ask: Ask, draw: np.random.Generator) -> None:
    for modes in (MODES[0], MODES[2]):
        case = Case(draw, 48)
        seen = case.seen(ask, modes, 16)
        expect(seen.calls, "the model was never called")
        training = any(any(call.modes) for call in seen.calls)
        expect(not training, "every module of the model should be in eval mode while it is evaluated")
        other = unlike(scores(seen), scores(case.seen(ask, MODES[1], 16)))
        expect(not other, f"for a model that was left in training mode you get another {other} than in eval mode")


@exercise.requires("restores every module's mode", 1)
def restores_modes(ask: Ask, draw: np.random.Generator) -> None:
    for modes in MODES:
        seen = Case(draw, 12).seen(ask, modes)
        scores(seen)
        message = "afterwards every module should be in the mode in which it was before, each for itself"
        expect(seen.modes == modes, message)


@exercise.requires("builds no graph", 0.5)
def builds_no_graph(ask: Ask, draw: np.random.Generator) -> None:
    seen = Case(draw, 40).seen(ask, MODES[0], 16).calls
    expect(seen, "the model was never called")
    expect(not any(call.graph for call in seen), "no graph should be built: evaluate under torch.no_grad()")


@exercise.requires("takes labels of any integer dtype", 0.25)
def takes_any_integer_labels(ask: Ask, draw: np.random.Generator) -> None:
    case = Case(draw, 24)
    wide = scores(case.seen(ask, MODES[1], 8))
    for dtype in ("uint8", "int8", "int16", "int32"):
        case.labels = case.labels.astype(dtype)
        other = unlike(scores(case.seen(ask, MODES[1], 8)), wide)
        expect(not other, f"for labels of dtype {dtype} you get another {other} than for the same labels of int64")


@exercise.requires("leaves the model, images and labels alone", 0.25)
def leaves_everything_alone(ask: Ask, draw: np.random.Generator) -> None:
    for modes in MODES[:3]:
        answer = Case(draw, 20).answer(ask, modes, 8)
        seen = ask.found(evaluated, answer)
        scores(seen)
        message = "the model's weights and running statistics should be as they were"
        expect(seen.unchanged and seen.takes_gradients, message)
        expect(seen.gradients, "gradients should be on again afterwards: use `with torch.no_grad():`")
        expect(answer.untouched, "images or labels have changed: work on a copy")


@exercise.requires("refuses wrong shapes", 0.25)
def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    case = Case(draw, 12)
    scores(case.seen(ask))
    images, labels = case.images, case.labels
    for wrong in ((images, labels[:5]), (images, labels[:, None]), (images[:, :20], labels), (images[0], labels)):
        case.images, case.labels = wrong
        because = f"images of shape {case.images.shape} with labels of shape {case.labels.shape}"
        is_refusal(case.answer(ask, MODES[1]), because, "images labels")


@exercise.measures(tolerance=1e-4)
def measure(ask: Ask) -> list[float]:
    case = Case(np.random.default_rng(7), 41)
    trained, mixed = (case.seen(ask, modes, 16) for modes in (MODES[0], MODES[2]))
    uneven, whole = (case.seen(ask, MODES[1], size) for size in (16, 41))
    accuracy, nll = case.expected(whole)
    training = any(any(call.modes) for call in trained.calls)
    facts = (training, trained.modes == MODES[0], mixed.modes == MODES[2], trained.calls[0].graph)
    differ = unlike(scores(uneven), scores(whole))
    hits, found = scores(whole)
    return [hits - accuracy, found - nll, whole.calls[0].high, float(bool(differ)), *map(float, facts)]


@exercise.mistake("raw 0-255 pixels", edit=("X.float() / 255", "X.float()"))
def raw_pixels():
    """The model was trained on pixels between 0 and 1 and is given pixels between 0 and 255: its biases shrink to
    nothing beside its inputs, and the likelihood explodes."""


@exercise.mistake("left in training mode", drop="model.eval()")
def left_in_training_mode():
    """Nothing calls model.eval(), so dropout is still active and BatchNorm uses, and moves on, its batch statistics."""


@exercise.mistake("mode not restored", drop="for module, mode in modes.items():")
def mode_not_restored():
    """The model is left in eval mode: the next epoch of training goes on without dropout, and nothing warns."""


@exercise.mistake("mean of batch means", edit=("len(y) / len(labels)", "1 / len(labels.split(batch_size))"))
def mean_of_batch_means():
    """Batches are averaged as if all were as large; an image in a small last batch counts more than others. Sum over
    images and divide once."""


@exercise.mistake("mean of batch means", edit=("nll += share *", "nll += 1 / len(labels.split(batch_size)) *"))
def mean_of_batch_means_of_nll():
    pass


@exercise.mistake(
    "softmax before the loss",
    edit=("nll += share * cross_entropy(logits, y)", "nll += share * cross_entropy(logits.softmax(dim=1), y)"),
)
def softmax_before_loss():
    """cross_entropy takes logits and applies log_softmax itself; probabilities in their place are flattened by a second
    softmax, and the nll can no longer be small."""


@exercise.mistake("nll_loss of logits", edit=("cross_entropy(logits, y)", "torch.nn.functional.nll_loss(logits, y)"))
def likelihood_of_logits():
    """nll_loss takes log-probabilities and just picks one out. Of raw logits it gives minus the logit of the label: use
    cross_entropy, or log_softmax first."""


@exercise.mistake("builds a graph", edit=("@torch.no_grad()\n", "\n"))
def builds_a_graph():
    """The forward passes record a graph, which holds memory and time for gradients that nobody asks for. Evaluate under
    torch.no_grad()."""


@exercise.mistake("sum in place of the mean", edit=("nll += share *", "nll += len(y) *"))
def sum_in_place_of_the_mean():
    """The nll is added up over the images, so that it grows with their number. Divide by it."""


@exercise.mistake(
    "one mode for all modules restored", edit=("module: module.training for", "module: model.training for")
)
def mode_of_the_whole_restored():
    """model.train(mode) sets every module to one mode; a part that was frozen in eval mode is not frozen afterwards.
    Remember the flag of each."""


exercise.right(with_loader)
exercise.right(all_logits_first)
exercise.right(on_a_copy)
