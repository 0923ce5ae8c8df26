"""Variances of activations, unit by unit: `activation_variances(model, X) -> dict[str, float]`.

A trusted hook on every module keeps what it put out, so that an answer is compared with the very activations that it
measured, whatever dropout drew.
"""

from typing import Any

import numpy as np

from autograder.checks.ask import Answer, Ask, Tensor, Value
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import close, expect, number
from autograder.checks.respond import attempt

PAGE = "dropout/moments"


def spied(  # noqa: C901 - a probe is sent as one function
    subject: Any, kind: str, X: Any, frozen: Any, training: bool, seed: int
) -> dict[str, Any]:
    """Measure a model of this kind and tell what its activations were and what became of the model.

    `frozen` names the modules that are in the other mode than `training`.
    """
    import torch
    from torch import nn

    passes: list[dict[str, Any]] = []

    class Halving(nn.ReLU):
        def forward(self, x: Any) -> Any:
            return super().forward(x) / 2

    class Recorded(nn.Module):
        """Starts a new record whenever it is called."""

        def forward(self, x: Any) -> Any:
            passes.append({"outputs": {}, "modes": [module.training for module in self.modules()]})
            return self.body(x)  # type: ignore[operator]

    class Perceptron(Recorded):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Linear(6, 8),
                nn.ReLU(),
                nn.Dropout(0.4),
                nn.Linear(8, 5),
                nn.BatchNorm1d(5),
                Halving(),
                nn.Dropout(0.25),
                nn.Tanh(),
                nn.Linear(5, 2),
            )

    class Convolution(Recorded):
        def __init__(self) -> None:
            super().__init__()
            stem = nn.Sequential(nn.Conv2d(2, 4, 2), nn.ReLU(), nn.Dropout2d(0.3), nn.Dropout(0.3))
            self.body = nn.Sequential(
                stem, nn.ModuleDict({"gate": nn.ReLU()})["gate"], nn.Flatten(), nn.Linear(32, 3), nn.ReLU6()
            )

    class Twice(Recorded):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(6, 7), nn.Linear(7, 4)
            self.act, self.drop = nn.ReLU(), nn.Dropout(0.4)
            self.same = self.act

        def body(self, x: Any) -> Any:
            return self.drop(self.act(self.second(self.drop(self.act(self.first(x))))))

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        model = {"perceptron": Perceptron, "convolution": Convolution, "twice": Twice}[kind]()
        for name, parameter in model.named_parameters():
            if "bias" in name:
                parameter.uniform_(-0.5, 1)
    model.train(training)
    names = {module: name for name, module in model.named_modules()}
    for module, name in names.items():
        if name in frozen:
            module.training = not training

    def remember(module: Any, name: str) -> None:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if passes:
                passes[-1]["outputs"][name] = output.detach().clone()

        module.register_forward_hook(hook)

    for module, name in names.items():
        if isinstance(module, nn.ReLU | nn.Dropout):
            remember(module, name)

    def state() -> Any:
        return {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def hooks() -> Any:
        kinds = [attribute for attribute in vars(model) if attribute.endswith("_hooks")]
        own = [len(getattr(module, kind)) for module in names for kind in kinds]
        shared = [
            len(value)
            for name, value in vars(nn.modules.module).items()
            if name.startswith("_global") and name.endswith("_hooks")
        ]
        return own + shared + [sorted(vars(module)) for module in names]

    def flags() -> Any:
        return [[module.training for module in names], [parameter.requires_grad for parameter in model.parameters()]]

    before = (state(), hooks(), flags())
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(seed + 1)
        result = attempt(subject, model, X)
        gradients = torch.is_grad_enabled()
    after = (state(), hooks(), flags())
    return {
        "result": result,
        "passes": passes,
        "modes": before[2][0],
        "flags_kept": before[2] == after[2] and [name for name, _ in model.named_modules()] == list(names.values()),
        "hooks_kept": before[1] == after[1],
        "gradients": gradients,
        "state_kept": all(torch.equal(tensor, after[0][name]) for name, tensor in before[0].items()),
    }


SHAPES = {"perceptron": (9, 6), "convolution": (6, 2, 3, 5), "twice": (11, 6)}
NAMES = {
    "perceptron": {"body.1", "body.2", "body.5", "body.6"},
    "convolution": {"body.0.1", "body.0.3", "body.1"},
    "twice": {"act", "drop"},
}


def inputs(draw: np.random.Generator, kind: str) -> np.ndarray:
    return (draw.normal(0.3, 1, SHAPES[kind]) * draw.uniform(0.5, 2, SHAPES[kind][1:])).astype(np.float32)


def answer(ask: Ask, draw: np.random.Generator, kind: str, training: bool, frozen: tuple[str, ...] = ()) -> Answer:
    return ask.probe_answer(spied, kind, Tensor(inputs(draw, kind)), list(frozen), training, int(draw.integers(2**31)))


def measured(
    ask: Ask, draw: np.random.Generator, kind: str, training: bool, frozen: tuple[str, ...] = ()
) -> dict[str, Any]:
    seen: dict[str, Any] = ask.value(answer(ask, draw, kind, training, frozen))
    expect(isinstance(seen["result"], dict), "return a dictionary from the names of modules to floats")
    return seen


def variance(output: np.ndarray) -> float:
    """Return the mean over units of the biased variance over the batch."""
    return float(output.astype(np.float64).var(axis=0).mean())


def agrees(seen: dict[str, Any], name: str) -> bool:
    """Tell whether a value is the variance of what the module last put out, in one of the answer's passes."""
    value = number(seen["result"][name], f"the value of {name!r}")
    outputs = [record["outputs"][name].array for record in seen["passes"] if name in record["outputs"]]
    return any(close(value, variance(output), np.float32) for output in outputs)


def compare(seen: dict[str, Any], names: set[str], message: str) -> None:
    expect(
        names <= set(seen["result"]),
        "the dictionary should have an entry for every nn.ReLU and nn.Dropout, by its name in named_modules",
    )
    expect(all(agrees(seen, name) for name in names), message)


def names_modules(ask: Ask, draw: np.random.Generator) -> None:
    for kind, names in NAMES.items():
        found = set(measured(ask, draw, kind, True)["result"])
        expect(
            names <= found,
            "the dictionary should have an entry for every nn.ReLU and nn.Dropout, by its name in named_modules",
        )
        expect(names == found, "the dictionary should have entries for nn.ReLU and nn.Dropout alone")


def averages_over_units(ask: Ask, draw: np.random.Generator) -> None:
    for training in (False, True):
        seen = measured(ask, draw, "perceptron", training)
        compare(
            seen, NAMES["perceptron"], "a value should be the mean over units of the variance (biased) over the batch"
        )


def takes_positions_as_units(ask: Ask, draw: np.random.Generator) -> None:
    for training in (False, True):
        seen = measured(ask, draw, "convolution", training)
        compare(seen, NAMES["convolution"], "for images every position after axis 0 is a unit of its own")


def takes_last_call(ask: Ask, draw: np.random.Generator) -> None:
    for training in (False, True):
        compare(
            measured(ask, draw, "twice", training),
            NAMES["twice"],
            "for a module that is called twice the last call counts",
        )


MIXED = ("body", "body.2", "body.4")


def keeps_modes(ask: Ask, draw: np.random.Generator) -> None:
    for training in (True, False):
        for frozen in ((), MIXED):
            seen = measured(ask, draw, "perceptron", training, frozen)
            expect(seen["passes"], "the model was never called")
            expect(
                all(record["modes"] == seen["modes"] for record in seen["passes"]),
                "measure the model in the modes that its modules are in",
            )
            expect(seen["flags_kept"], "afterwards every module and parameter should have the flags that it had before")


def removes_hooks(ask: Ask, draw: np.random.Generator) -> None:
    for kind in ("perceptron", "twice"):
        seen = measured(ask, draw, kind, True)
        expect(seen["passes"], "the model was never called")
        expect(
            seen["hooks_kept"], "afterwards the model should have the hooks that it had before, no more and no fewer"
        )


def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    for training in (True, False):
        reply = answer(ask, draw, "perceptron", training)
        seen = ask.value(reply)
        expect(seen["passes"], "the model was never called")
        expect(
            seen["state_kept"],
            "the model's weights and running statistics should be as before: in training mode a forward pass moves "
            "BatchNorm",
        )
        expect(seen["gradients"], "gradients should be on again afterwards: use `with torch.no_grad():`")
        expect(reply.untouched, "X has changed")


def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(9)
    trained, still = (measured(ask, draw, "perceptron", training) for training in (True, False))
    numbers = [relative(trained, "body.1"), relative(still, "body.1"), float(trained["hooks_kept"])]
    return [*numbers, float(kept_modes(trained) and kept_modes(still))]


def kept_modes(seen: dict[str, Any]) -> bool:
    return bool(seen["flags_kept"]) and all(record["modes"] == seen["modes"] for record in seen["passes"])


def relative(seen: dict[str, Value], name: str) -> float:
    """Return a value relative to the variance in the last pass."""
    return float(seen["result"][name]) / variance(seen["passes"][-1]["outputs"][name].array)


def make(statistic, model_of=None, keep_hooks=False):
    """Build an implementation around the statistic of one output."""
    import torch
    from torch import nn

    def activation_variances(model, X):
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        variances, handles = {}, []

        def watch(name):
            def hook(module, inputs, output):
                variances[name] = statistic(output.detach()).item()

            return hook

        for name, module in model.named_modules():
            if isinstance(module, nn.ReLU | nn.Dropout):
                handles.append(module.register_forward_hook(watch(name)))
        if model_of is not None:
            model_of(model)
        with torch.no_grad():
            model(X)
        model.load_state_dict(state)
        if not keep_hooks:
            for handle in handles:
                handle.remove()
        return variances

    return activation_variances


@Built
def reference():
    return make(lambda output: output.var(dim=0, unbiased=False).mean())


@Built
def variance_over_units():
    return make(lambda output: output.flatten(1).var(dim=1, unbiased=False).mean())


@Built
def pooled_variance():
    return make(lambda output: output.var(unbiased=False))


@Built
def unbiased_variance():
    return make(lambda output: output.var(dim=0).mean())


@Built
def switches_the_mode():
    return make(lambda output: output.var(dim=0, unbiased=False).mean(), model_of=lambda model: model.eval())


@Built
def hooks_left_behind():
    return make(lambda output: output.var(dim=0, unbiased=False).mean(), keep_hooks=True)


@Built
def on_a_copy():
    import copy

    import torch

    def activation_variances(model, X):
        model, found = copy.deepcopy(model), {}
        wanted = [(name, m) for name, m in model.named_modules() if isinstance(m, (torch.nn.ReLU, torch.nn.Dropout))]
        for name, module in wanted:
            module.register_forward_hook(lambda _m, _i, out, name=name: found.update({name: out}))
        model(X)
        return {name: float(np.var(out.detach().numpy(), axis=0).mean()) for name, out in found.items()}

    return activation_variances


@Built
def with_one_global_hook():
    import torch

    def activation_variances(model, X):
        names = {id(module): name for name, module in model.named_modules()}
        buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
        found = {}

        def hook(module, inputs, output):
            if id(module) in names and isinstance(module, (torch.nn.ReLU, torch.nn.Dropout)):
                flat = output.reshape(len(output), -1).double()
                found[names[id(module)]] = float(((flat - flat.mean(0)) ** 2).mean())

        handle = torch.nn.modules.module.register_module_forward_hook(hook)
        try:
            with torch.inference_mode():
                model(X)
        finally:
            handle.remove()
            with torch.no_grad():
                for buffer, old in buffers:
                    buffer.copy_(old)
        return found

    return activation_variances


@Built
def one_pass_for_each_module():
    import torch

    def activation_variances(model, X):
        saved = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        variances = {}
        for name, module in model.named_modules():
            if not isinstance(module, (torch.nn.ReLU, torch.nn.Dropout)):
                continue
            outputs = []
            handle = module.register_forward_hook(lambda _m, _i, o, outputs=outputs: outputs.append(o))
            with torch.no_grad():
                model(X)
            handle.remove()
            last = outputs[-1]
            variances[name] = (last.pow(2).mean(0) - last.mean(0).pow(2)).mean().item()
        model.load_state_dict(saved)
        return variances

    return activation_variances


exercise = Exercise(
    name="activation_variances",
    assignment="dropout_pytorch",
    page=PAGE,
    requirements=(
        Requirement("names every nn.ReLU and nn.Dropout, and nothing else", 1.5, names_modules),
        Requirement("averages over units the biased variance over the batch", 2.5, averages_over_units),
        Requirement("takes every position of an image as a unit", 1, takes_positions_as_units),
        Requirement("takes the last call of a module that is called twice", 0.5, takes_last_call),
        Requirement("measures in the current mode and keeps it", 1.5, keeps_modes),
        Requirement("removes its hooks and no others", 1, removes_hooks),
        Requirement("leaves weights, running statistics and X alone", 1, leaves_model_alone),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "variance over units",
            "The variance is taken over the units of one example. What dropout changes, and the next layer meets, is "
            "how a unit varies over examples.",
            PAGE,
            variance_over_units,
        ),
        Misconception(
            "pooled variance",
            "All entries are thrown into one variance, so that differences between the means of units count as if "
            "units varied.",
            PAGE,
            pooled_variance,
        ),
        Misconception(
            "switches the mode",
            "The model is put in another mode before it is measured or left in one. The question is what it does in "
            "the mode that it is in.",
            "pytorch/train-and-eval",
            switches_the_mode,
        ),
        Misconception(
            "hooks left behind",
            "The hooks stay on the model and run, and hold memory, at every later call. Keep the handles and remove "
            "them.",
            PAGE,
            hooks_left_behind,
        ),
        Misconception(
            "unbiased variance",
            "torch's var divides by n - 1 unless it is told unbiased=False (or correction=0); the exercise asks for "
            "the biased variance.",
            PAGE,
            unbiased_variance,
        ),
    ),
    variants=(on_a_copy, with_one_global_hook, one_pass_for_each_module),
    fingerprint=Fingerprint(measure, tolerance=1e-4),
    challenge=True,
)
