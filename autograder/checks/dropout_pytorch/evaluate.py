"""Evaluating a classifier: `evaluate(model, images, labels, batch_size=256) -> (accuracy, nll)`."""

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.beside.dropout_pytorch import evaluated
from autograder.checks.dropout_pytorch.evaluations import MODES, Case, scores
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, is_refusal
from autograder.checks.implementation import Built


def require(images, labels):
    if images.ndim != 3 or tuple(images.shape[1:]) != (28, 28):
        raise ValueError(f"images must have shape (n, 28, 28), got shape {tuple(images.shape)}")
    if tuple(labels.shape) != (len(images),):
        raise ValueError(f"labels must have shape ({len(images)},), got shape {tuple(labels.shape)}")


@Built
def evaluate():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        modes = {module: module.training for module in model.modules()}
        model.eval()
        accuracy = nll = 0.0
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            share = len(y) / len(labels)
            logits = model(X.float() / 255)
            accuracy += share * (logits.argmax(dim=1) == y).float().mean().item()
            nll += share * cross_entropy(logits, y).item()
        for module, mode in modes.items():
            module.training = mode
        return accuracy, nll

    return evaluate


exercise = Exercise(
    evaluate,
    page="pytorch/train-and-eval#four-ways-to-evaluate",
    onward="All the comparisons that follow are made with it; try it on a model in training mode, and look at `model.training` afterwards.",
)


@exercise.requires("counts hits", 1)
def counts_hits(ask: Ask, draw: np.random.Generator) -> None:
    for batch_size in ((), (16,)):
        case = Case(draw, 48)
        accuracy, _ = scores(case.seen(ask, MODES[1], *batch_size))
        message = "accuracy should be the share of images whose largest logit is that of their label"
        expect(close(accuracy, case.accuracy), message)


@exercise.requires("averages the negative log-likelihood in nats", 1)
def measures_nll(ask: Ask, draw: np.random.Generator) -> None:
    for scale in (1, 60):
        for batch_size in ((), (16,)):
            case = Case(draw, 48, scale)
            _, nll = scores(case.seen(ask, MODES[1], *batch_size))
            message = "nll should be the mean of -log softmax(logits)[label], in nats"
            message += ", and finite for large logits" * (scale > 1)
            expect(close(nll, case.nll, np.float32, scale), message)


@exercise.requires("gives the model float32 pixels between 0 and 1", 1)
def scales_pixels(ask: Ask, draw: np.random.Generator) -> None:
    for call in Case(draw, 40).seen(ask, MODES[1], 16).calls:
        expect(call.shape[1:] == [28, 28], "the model should be given batches of shape (b, 28, 28)")
        expect(call.dtype == "torch.float32", "the model should be given float32 pixels")
        unit = call.low >= 0 and 0.5 < call.high <= 1
        expect(unit, "the model should be given pixels between 0 and 1: divide by 255")


@exercise.requires("is exact over an uneven last batch", 1)
def is_exact_over_last_batch(ask: Ask, draw: np.random.Generator) -> None:
    for n, batch_size in ((41, 16), (37, 36), (23, 23), (9, 64), (3, 1), (1, 256), (300, 256)):
        case = Case(draw, n)
        seen = case.seen(ask, MODES[1], batch_size)
        case.agrees(seen, "every image should count the same, also those of a smaller last batch")


@exercise.requires("evaluates in eval mode", 1.5)
def evaluates_in_eval_mode(ask: Ask, draw: np.random.Generator) -> None:
    for modes in (MODES[0], MODES[2]):
        case = Case(draw, 40)
        seen = case.seen(ask, modes, 16)
        expect(seen.calls, "the model was never called")
        training = any(any(call.modes) for call in seen.calls)
        expect(not training, "every module of the model should be in eval mode while it is evaluated")
        case.agrees(seen, "a model left in training mode should be judged as in eval mode")


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


@exercise.requires("takes labels of any integer dtype", 0.5)
def takes_any_integer_labels(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("uint8", "int8", "int16", "int32", "int64"):
        case = Case(draw, 20, labels=dtype)
        case.agrees(case.seen(ask, MODES[1], 8), f"labels of dtype {dtype} should give what others give")


@exercise.requires("leaves the model, images and labels alone", 0.5)
def leaves_everything_alone(ask: Ask, draw: np.random.Generator) -> None:
    for modes in MODES[:3]:
        answer = Case(draw, 20).answer(ask, modes, 8)
        seen = ask.found(evaluated, answer)
        scores(seen)
        message = "the model's weights and running statistics should be as they were"
        expect(seen.unchanged and seen.takes_gradients, message)
        expect(seen.gradients, "gradients should be on again afterwards: use `with torch.no_grad():`")
        expect(answer.untouched, "images or labels have changed: work on a copy")


@exercise.requires("refuses wrong shapes", 0.5)
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
    quiet = scores(case.seen(ask, MODES[1], 16))
    even = scores(Case(np.random.default_rng(8), 32).seen(ask, MODES[1], 16))
    training = any(any(call.modes) for call in trained.calls)
    return [*quiet, *even, float(training), float(trained.modes == MODES[0]), float(mixed.modes == MODES[2])]


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


@exercise.mistake(
    "one mode for all modules restored", edit=("module: module.training for", "module: model.training for")
)
def mode_of_the_whole_restored():
    """model.train(mode) sets every module to one mode; a part that was frozen in eval mode is not frozen afterwards.
    Remember the flag of each."""


@exercise.right
@Built
def with_loader():
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    def evaluate(model, images, labels, batch_size=256):
        if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
            raise ValueError("images and labels do not have the shape (n, 28, 28) and (n,)")
        training = [module for module in model.modules() if module.training]
        model.eval()
        correct = loss = 0.0
        with torch.inference_mode():
            for X, y in DataLoader(TensorDataset(images, labels), batch_size=batch_size):
                log_probs = torch.log_softmax(model(X / 255), dim=-1)
                own = y.to(torch.int64)[:, None]
                correct += float((log_probs.argmax(-1, keepdim=True) == own).sum())
                loss -= float(log_probs.gather(1, own).sum())
        for module in training:
            module.training = True
        return correct / labels.numel(), loss / labels.numel()

    return evaluate


@exercise.right
@Built
def all_logits_first():
    import torch

    def evaluate(model, images, labels, batch_size=256):
        if images.ndim != 3 or images.shape[-2:] != (28, 28) or labels.ndim != 1 or labels.size(0) != images.size(0):
            raise ValueError("wrong shape")
        flags = [module.training for module in model.modules()]
        try:
            model.train(False)
            with torch.no_grad():
                starts = range(0, len(images), batch_size)
                logits = torch.cat([model(images[i : i + batch_size].to(torch.float32).mul(1 / 255)) for i in starts])
        finally:
            for module, flag in zip(model.modules(), flags, strict=True):
                module.training = flag
        own = logits[torch.arange(len(labels)), labels.int()]
        nll = torch.logsumexp(logits.double(), 1) - own
        return (logits.max(1).indices == labels).double().mean().item(), nll.mean().item()

    return evaluate


@exercise.right
@Built
def on_a_copy():
    import copy

    import torch

    def evaluate(model, images, labels, batch_size=256):
        if tuple(images.shape) != (len(labels), 28, 28) or labels.ndim > 1:
            raise ValueError("images and labels have other shapes")
        model = copy.deepcopy(model).eval().requires_grad_(False)
        accuracy = nll = 0.0
        for i in range(0, len(images), batch_size):
            X, y = images[i : i + batch_size], labels[i : i + batch_size].long()
            logits = model(X.type(torch.float32) / 255.0)
            weight = len(X) / len(images)
            accuracy += weight * logits.argmax(1).eq(y).float().mean().item()
            nll += weight * torch.nn.NLLLoss()(logits.log_softmax(1), y).item()
        return accuracy, nll

    return evaluate
