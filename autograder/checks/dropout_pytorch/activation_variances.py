"""Variances of activations, unit by unit: `activation_variances(model, X) -> dict[str, float]`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Answer, Ask, Tensor
from autograder.checks.beside.activations import Measured, measured
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number
from autograder.checks.implementation import Built


@Built
def activation_variances():
    import torch
    from torch import nn

    def activation_variances(model, X):
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        variances, handles = {}, []

        def watch(module, name):
            def hook(_module, _inputs, output):
                variances[name] = output.var(dim=0, unbiased=False).mean().item()

            handles.append(module.register_forward_hook(hook))

        for name, module in model.named_modules():
            if isinstance(module, nn.ReLU | nn.Dropout):
                watch(module, name)
        with torch.no_grad():
            model(X)
        for handle in handles:
            handle.remove()
        model.load_state_dict(state)
        return variances

    return activation_variances


exercise = Exercise(
    activation_variances,
    page="dropout/moments#the-noise-multiplies-from-layer-to-layer",
    onward="It works on any network that you have; try it in eval mode and in training mode of the same model.",
    challenge=True,
)

SHAPES = {"perceptron": (210, 6), "convolution": (6, 2, 3, 5), "twice": (6, 6)}
NAMES = {
    "perceptron": {"body.1", "body.2", "body.5", "body.6"},
    "convolution": {"body.0.1", "body.0.3", "body.1"},
    "twice": {"body.act", "body.drop"},
}
MIXED = ("body", "body.2", "body.4")
NO_ENTRY = "the dictionary should have an entry for every nn.ReLU and nn.Dropout, by its name in named_modules"


def inputs(draw: np.random.Generator, kind: str) -> np.ndarray:
    return (draw.normal(0.3, 1, SHAPES[kind]) * draw.uniform(0.5, 2, SHAPES[kind][1:])).astype(np.float32)


def asked(ask: Ask, draw: np.random.Generator, kind: str, training: bool, frozen: tuple[str, ...] = ()) -> Answer:
    return ask.probe_answer(measured, kind, Tensor(inputs(draw, kind)), list(frozen), training, hidden.seed(draw))


def seen_in(ask: Ask, draw: np.random.Generator, kind: str, training: bool, frozen: tuple[str, ...] = ()) -> Measured:
    seen = ask.found(measured, asked(ask, draw, kind, training, frozen))
    expect(isinstance(seen.result, dict), "return a dictionary from the names of modules to floats")
    return seen


def variance(output: np.ndarray) -> float:
    """Return the mean over units of the biased variance over the batch."""
    return float(output.astype(np.float64).var(axis=0).mean())


def agrees(seen: Measured, name: str) -> bool:
    """Tell whether a value is the variance of what the module last put out, in one of the answer's passes."""
    value = number(seen.result[name], f"the value of {name!r}")
    outputs = [record.outputs[name].array for record in seen.passes if name in record.outputs]
    return any(close(value, variance(output), np.float32) for output in outputs)


def compare(ask: Ask, draw: np.random.Generator, kind: str, message: str) -> None:
    for training in (False, True):
        seen = seen_in(ask, draw, kind, training)
        expect(NAMES[kind] <= set(seen.result), NO_ENTRY)
        expect(all(agrees(seen, name) for name in NAMES[kind]), message)


@exercise.requires("names every nn.ReLU and nn.Dropout, and nothing else", 1.5)
def names_modules(ask: Ask, draw: np.random.Generator) -> None:
    for kind, names in NAMES.items():
        found = set(seen_in(ask, draw, kind, True).result)
        expect(names <= found, NO_ENTRY)
        expect(names == found, "the dictionary should have entries for nn.ReLU and nn.Dropout alone")


@exercise.requires("averages over units the biased variance over the batch", 2.5)
def averages_over_units(ask: Ask, draw: np.random.Generator) -> None:
    message = "a value should be the mean over units of the variance (biased) over the batch"
    compare(ask, draw, "perceptron", message)


@exercise.requires("takes every position of an image as a unit", 1)
def takes_positions_as_units(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "convolution", "for images every position after axis 0 is a unit of its own")


@exercise.requires("takes the last call of a module that is called twice", 0.5)
def takes_last_call(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "twice", "for a module that is called twice the last call counts")


@exercise.requires("measures in the current mode and keeps it", 1.5)
def keeps_modes(ask: Ask, draw: np.random.Generator) -> None:
    for training in (True, False):
        for frozen in ((), MIXED):
            seen = seen_in(ask, draw, "perceptron", training, frozen)
            expect(seen.passes, "the model was never called")
            message = "measure the model in the modes that its modules are in"
            expect(all(record.modes == seen.modes for record in seen.passes), message)
            expect(seen.flags_kept, "afterwards every module and parameter should have the flags that it had before")


@exercise.requires("removes its hooks and no others", 1)
def removes_hooks(ask: Ask, draw: np.random.Generator) -> None:
    for kind in ("perceptron", "twice"):
        seen = seen_in(ask, draw, kind, True)
        expect(seen.passes, "the model was never called")
        expect(seen.hooks_kept, "afterwards the model should have the hooks that it had before, no more and no fewer")


@exercise.requires("leaves weights, running statistics and X alone", 1)
def leaves_model_alone(ask: Ask, draw: np.random.Generator) -> None:
    for training in (True, False):
        reply = asked(ask, draw, "perceptron", training)
        seen = ask.found(measured, reply)
        expect(seen.passes, "the model was never called")
        expect(
            seen.state_kept,
            "the model's weights and running statistics should be as before: in training mode a forward pass moves "
            "BatchNorm",
        )
        expect(seen.gradients, "gradients should be on again afterwards: use `with torch.no_grad():`")
        expect(reply.untouched, "X has changed")


@exercise.measures(tolerance=1e-4)
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(9)
    both = [seen_in(ask, draw, "perceptron", training) for training in (True, False)]
    first = [float(seen.result["body.1"]) / variance(seen.passes[-1].outputs["body.1"].array) for seen in both]
    kept = all(seen.flags_kept and all(record.modes == seen.modes for record in seen.passes) for seen in both)
    return [*first, float(both[0].hooks_kept), float(kept)]


@exercise.mistake("variance over units", edit=("var(dim=0", "flatten(1).var(dim=1"))
def variance_over_units():
    """The variance is taken over the units of one example. What dropout changes, and the next layer meets, is how a
    unit varies over examples."""


@exercise.mistake("pooled variance", edit=("var(dim=0, unbiased=False).mean()", "var(unbiased=False)"))
def pooled_variance():
    """All entries are thrown into one variance, so that differences between the means of units count as if units
    varied."""


@exercise.mistake(
    "switches the mode", page="pytorch/train-and-eval#one-flag-on-every-module", edit=("model(X)", "model.eval()(X)")
)
def switches_the_mode():
    """The model is put in another mode before it is measured or left in one. The question is what it does in the mode
    that it is in."""


@exercise.mistake("hooks left behind", drop="for handle in handles:")
def hooks_left_behind():
    """The hooks stay on the model and run, and hold memory, at every later call. Keep the handles and remove them."""


@exercise.mistake("unbiased variance", edit=(", unbiased=False", ""))
def unbiased_variance():
    """torch's var divides by n - 1 unless it is told unbiased=False (or correction=0); the exercise asks for the biased
    variance."""


@exercise.right
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


@exercise.right
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


@exercise.right
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
