"""Evaluating a classifier: `evaluate(model, images, labels, batch_size=256) -> (accuracy, nll)`."""

from typing import Any

import numpy as np

from autograder.checks.ask import Answer, Ask, Tensor, Value
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect, is_refusal, number, parts
from autograder.checks.respond import attempt

PAGE = "pytorch/train-and-eval"
EPS = 1e-5
"""What torch's BatchNorm adds to a variance of 1."""


def spied(subject: Any, images: Any, labels: Any, W: Any, b: Any, modes: Any, *batch_size: int) -> dict[str, Any]:
    """Evaluate a linear classifier behind BatchNorm and dropout, and tell what it was given and what became of it.

    modes are the training flags of the whole model, its BatchNorm, its dropout and its output layer.
    """
    import torch

    seen: list[dict[str, Any]] = []

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(784, affine=False)
            self.drop = torch.nn.Dropout(0.5)
            self.head = torch.nn.utils.skip_init(torch.nn.Linear, 784, 10)

        def forward(self, x: Any) -> Any:
            logits = self.head(self.drop(self.norm(x.flatten(1).float())))
            seen.append(
                {
                    "shape": list(x.shape),
                    "dtype": str(x.dtype),
                    "range": [float(x.min()), float(x.max())],
                    "modes": [module.training for module in (self, self.norm, self.drop, self.head)],
                    "graph": logits.requires_grad,
                }
            )
            return logits

    model = Classifier()
    with torch.no_grad():
        model.head.weight.copy_(W)
        model.head.bias.copy_(b)
    modules = (model, model.norm, model.drop, model.head)
    for module, mode in zip(modules, modes, strict=True):
        module.training = mode
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        result = attempt(subject, model, images, labels, *batch_size)
        gradients = torch.is_grad_enabled()
    after = model.state_dict()
    return {
        "result": result,
        "seen": seen,
        "modes": [module.training for module in modules],
        "unchanged": before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before),
        "takes_gradients": all(parameter.requires_grad for parameter in model.parameters()),
        "gradients": gradients,
    }


MODES = ([True] * 4, [False] * 4, [True, False, True, False], [False, True, False, True])


class Case:
    """Images, labels and a classifier, with what it is right to find: no two logits of an image are nearly equal."""

    def __init__(self, draw: np.random.Generator, n: int, scale: float = 1.0, labels: str = "int64") -> None:
        self.W = draw.normal(0, 0.1 * scale, (10, 784)).astype(np.float32)
        self.b = draw.normal(0, 0.1 * scale, 10).astype(np.float32)
        images = draw.integers(0, 256, (2 * n, 28, 28), dtype=np.uint8)
        logits = self.logits(images)
        top = np.sort(logits, axis=1)
        self.images = images[np.argsort(top[:, -2] - top[:, -1], kind="stable")[:n]]
        draw.shuffle(self.images)
        logits = self.logits(self.images)
        guessed = logits.argmax(axis=1)
        self.labels = np.where(draw.random(n) < 0.6, guessed, draw.integers(0, 10, n)).astype(labels)
        self.accuracy = float((guessed == self.labels).mean())
        largest = logits.max(axis=1, keepdims=True)
        log_total = largest[:, 0] + np.log(np.exp(logits - largest).sum(axis=1))
        self.nll = float((log_total - logits[np.arange(n), self.labels.astype(int)]).mean())

    def logits(self, images: np.ndarray) -> np.ndarray:
        pixels = images.reshape(len(images), -1) / 255 / np.sqrt(1 + EPS)
        return pixels @ self.W.T.astype(float) + self.b

    def answer(self, ask: Ask, modes: list[bool], *batch_size: int) -> Answer:
        arrays = (self.images, self.labels, self.W, self.b)
        return ask.probe_answer(spied, *map(Tensor, arrays), modes, *batch_size)

    def seen(self, ask: Ask, modes: list[bool] = MODES[0], *batch_size: int) -> dict[str, Any]:
        seen: dict[str, Any] = ask.value(self.answer(ask, modes, *batch_size))
        return seen


def scores(seen: dict[str, Value]) -> tuple[float, float]:
    accuracy, nll = parts(seen["result"], ("accuracy", "nll"))
    return number(accuracy, "accuracy"), number(nll, "nll")


def counts_hits(ask: Ask, draw: np.random.Generator) -> None:
    for batch_size in ((), (16,)):
        case = Case(draw, 48)
        accuracy, _ = scores(case.seen(ask, MODES[1], *batch_size))
        expect(
            close(accuracy, case.accuracy),
            "accuracy should be the share of images whose largest logit is that of their label",
        )


def measures_nll(ask: Ask, draw: np.random.Generator) -> None:
    for scale in (1, 60):
        for batch_size in ((), (16,)):
            case = Case(draw, 48, scale)
            _, nll = scores(case.seen(ask, MODES[1], *batch_size))
            message = (
                "nll should be the mean of -log softmax(logits)[label], in nats"
                + ", and finite for large logits" * (scale > 1)
            )
            expect(close(nll, case.nll, np.float32, scale), message)


def scales_pixels(ask: Ask, draw: np.random.Generator) -> None:
    for call in Case(draw, 40).seen(ask, MODES[1], 16)["seen"]:
        expect(call["shape"][1:] == [28, 28], "the model should be given batches of shape (b, 28, 28)")
        expect(call["dtype"] == "torch.float32", "the model should be given float32 pixels")
        low, high = call["range"]
        expect(low >= 0 and 0.5 < high <= 1, "the model should be given pixels between 0 and 1: divide by 255")


def is_exact_over_last_batch(ask: Ask, draw: np.random.Generator) -> None:
    for n, batch_size in ((41, 16), (37, 36), (23, 23), (9, 64), (3, 1)):
        case = Case(draw, n)
        found = scores(case.seen(ask, MODES[1], batch_size))
        expect(
            close(found, (case.accuracy, case.nll), np.float32),
            "every image should count the same, also those of a smaller last batch",
        )


def evaluates_in_eval_mode(ask: Ask, draw: np.random.Generator) -> None:
    for modes in (MODES[0], MODES[2]):
        case = Case(draw, 40)
        seen = case.seen(ask, modes, 16)
        expect(seen["seen"], "the model was never called")
        expect(
            not any(any(call["modes"]) for call in seen["seen"]),
            "every module of the model should be in eval mode while it is evaluated",
        )
        expect(
            close(scores(seen), (case.accuracy, case.nll), np.float32),
            "a model left in training mode should be judged as in eval mode",
        )


def builds_no_graph(ask: Ask, draw: np.random.Generator) -> None:
    seen = Case(draw, 40).seen(ask, MODES[0], 16)["seen"]
    expect(seen, "the model was never called")
    expect(not any(call["graph"] for call in seen), "no graph should be built: evaluate under torch.no_grad()")


def restores_modes(ask: Ask, draw: np.random.Generator) -> None:
    for modes in MODES:
        seen = Case(draw, 12).seen(ask, modes)
        scores(seen)
        expect(
            seen["modes"] == modes,
            "afterwards every module should be in the mode in which it was before, each for itself",
        )


def takes_any_integer_labels(ask: Ask, draw: np.random.Generator) -> None:
    for dtype in ("uint8", "int8", "int16", "int32", "int64"):
        case = Case(draw, 20, labels=dtype)
        answer = case.answer(ask, MODES[1], 8)
        found = scores(ask.value(answer))
        expect(
            close(found, (case.accuracy, case.nll), np.float32), f"labels of dtype {dtype} should give what others give"
        )


def leaves_everything_alone(ask: Ask, draw: np.random.Generator) -> None:
    for modes in MODES[:3]:
        answer = Case(draw, 20).answer(ask, modes, 8)
        seen = ask.value(answer)
        scores(seen)
        expect(
            seen["unchanged"] and seen["takes_gradients"],
            "the model's weights and running statistics should be as they were",
        )
        expect(seen["gradients"], "gradients should be on again afterwards: use `with torch.no_grad():`")
        expect(answer.untouched, "images or labels have changed: work on a copy")


def refuses_wrong_shapes(ask: Ask, draw: np.random.Generator) -> None:
    case = Case(draw, 12)
    scores(case.seen(ask))
    images, labels = case.images, case.labels
    wrong = (
        (images, labels[:5]),
        (images, labels[:, None]),
        (images[:, :20], labels),
        (images[0], labels),
    )
    for pixels, classes in wrong:
        answer = ask.probe_answer(spied, Tensor(pixels), Tensor(classes), Tensor(case.W), Tensor(case.b), MODES[1])
        because = f"images of shape {pixels.shape} with labels of shape {classes.shape}"
        is_refusal(answer, because, "images labels")


def measure(ask: Ask) -> list[float]:
    case = Case(np.random.default_rng(7), 41)
    trained, mixed = (case.seen(ask, modes, 16) for modes in (MODES[0], MODES[2]))
    quiet = scores(case.seen(ask, MODES[1], 16))
    even = scores(Case(np.random.default_rng(8), 32).seen(ask, MODES[1], 16))
    return [
        *quiet,
        *even,
        float(any(any(call["modes"]) for call in trained["seen"])),
        float(trained["modes"] == MODES[0]),
        float(mixed["modes"] == MODES[2]),
    ]


def require(images, labels):
    if images.ndim != 3 or tuple(images.shape[1:]) != (28, 28):
        raise ValueError(f"images must have shape (n, 28, 28), got shape {tuple(images.shape)}")
    if tuple(labels.shape) != (len(images),):
        raise ValueError(f"labels must have shape ({len(images)},), got shape {tuple(labels.shape)}")


@Built
def reference():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        modes = {module: module.training for module in model.modules()}
        model.eval()
        hits, total = 0, 0.0
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            logits = model(X.float() / 255)
            hits += (logits.argmax(dim=1) == y).sum().item()
            total += cross_entropy(logits, y, reduction="sum").item()
        for module, mode in modes.items():
            module.training = mode
        return hits / len(images), total / len(images)

    return evaluate


@Built
def raw_pixels():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        modes = {module: module.training for module in model.modules()}
        model.eval()
        hits, total = 0, 0.0
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            logits = model(X.float())
            hits += (logits.argmax(dim=1) == y).sum().item()
            total += cross_entropy(logits, y, reduction="sum").item()
        for module, mode in modes.items():
            module.training = mode
        return hits / len(images), total / len(images)

    return evaluate


@Built
def left_in_training_mode():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        hits, total = 0, 0.0
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            logits = model(X.float() / 255)
            hits += (logits.argmax(dim=1) == y).sum().item()
            total += cross_entropy(logits, y, reduction="sum").item()
        return hits / len(images), total / len(images)

    return evaluate


@Built
def mode_not_restored():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        model.eval()
        hits, total = 0, 0.0
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            logits = model(X.float() / 255)
            hits += (logits.argmax(dim=1) == y).sum().item()
            total += cross_entropy(logits, y, reduction="sum").item()
        return hits / len(images), total / len(images)

    return evaluate


@Built
def mode_of_the_whole_restored():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        training = model.training
        model.eval()
        hits, total = 0, 0.0
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            logits = model(X.float() / 255)
            hits += (logits.argmax(dim=1) == y).sum().item()
            total += cross_entropy(logits, y, reduction="sum").item()
        model.train(training)
        return hits / len(images), total / len(images)

    return evaluate


@Built
def mean_of_batch_means():
    import torch
    from torch.nn.functional import cross_entropy

    @torch.no_grad()
    def evaluate(model, images, labels, batch_size=256):
        require(images, labels)
        modes = {module: module.training for module in model.modules()}
        model.eval()
        hits, losses = [], []
        for X, y in zip(images.split(batch_size), labels.long().split(batch_size), strict=True):
            logits = model(X.float() / 255)
            hits.append((logits.argmax(dim=1) == y).float().mean().item())
            losses.append(cross_entropy(logits, y).item())
        for module, mode in modes.items():
            module.training = mode
        return sum(hits) / len(hits), sum(losses) / len(losses)

    return evaluate


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


exercise = Exercise(
    name="evaluate",
    assignment="dropout_pytorch",
    page=PAGE,
    requirements=(
        Requirement("counts hits", 1, counts_hits),
        Requirement("averages the negative log-likelihood in nats", 1, measures_nll),
        Requirement("gives the model float32 pixels between 0 and 1", 1, scales_pixels),
        Requirement("is exact over an uneven last batch", 1, is_exact_over_last_batch),
        Requirement("evaluates in eval mode", 1.5, evaluates_in_eval_mode),
        Requirement("restores every module's mode", 1, restores_modes),
        Requirement("builds no graph", 0.5, builds_no_graph),
        Requirement("takes labels of any integer dtype", 0.5, takes_any_integer_labels),
        Requirement("leaves the model, images and labels alone", 0.5, leaves_everything_alone),
        Requirement("refuses wrong shapes", 0.5, refuses_wrong_shapes),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "raw 0-255 pixels",
            "The model was trained on pixels between 0 and 1 and is given pixels between 0 and 255: its biases shrink "
            "to nothing beside its inputs, and "
            "the likelihood explodes.",
            PAGE,
            raw_pixels,
        ),
        Misconception(
            "left in training mode",
            "Nothing calls model.eval(), so dropout is still active and BatchNorm uses, and moves on, its batch "
            "statistics.",
            PAGE,
            left_in_training_mode,
        ),
        Misconception(
            "mode not restored",
            "The model is left in eval mode: the next epoch of training goes on without dropout, and nothing warns.",
            PAGE,
            mode_not_restored,
        ),
        Misconception(
            "mean of batch means",
            "Batches are averaged as if all were as large; an image in a small last batch counts more than others. Sum "
            "over images and divide once.",
            PAGE,
            mean_of_batch_means,
        ),
        Misconception(
            "one mode for all modules restored",
            "model.train(mode) sets every module to one mode; a part that was frozen in eval mode is not frozen "
            "afterwards. Remember the flag of each.",
            PAGE,
            mode_of_the_whole_restored,
        ),
    ),
    variants=(with_loader, all_logits_first, on_a_copy),
    fingerprint=Fingerprint(measure, tolerance=1e-4),
)
