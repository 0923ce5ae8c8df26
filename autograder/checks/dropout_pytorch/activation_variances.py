"""Variances of activations, unit by unit: `activation_variances(model, X) -> dict[str, float]`."""

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Answer, Ask, Tensor
from autograder.checks.beside.activations import Measured, measured
from autograder.checks.dropout_pytorch.spies import (
    activation_variances,
    on_a_copy,
    one_pass_for_each_module,
    with_one_global_hook,
)
from autograder.checks.exercise import Exercise
from autograder.checks.expect import close, expect, number

exercise = Exercise(
    activation_variances,
    page="dropout/moments#The noise multiplies from layer to layer",
    onward="The figure after this watches trained networks with it; try it in eval mode and in training mode of the same model.",
    trap=("averages_over_units", "keeps_modes", "leaves_model_alone"),
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


@exercise.requires("names every nn.ReLU and nn.Dropout, and nothing else", 1)
def names_modules(ask: Ask, draw: np.random.Generator) -> None:
    for kind, names in NAMES.items():
        found = set(seen_in(ask, draw, kind, True).result)
        expect(names <= found, NO_ENTRY)
        expect(names == found, "the dictionary should have entries for nn.ReLU and nn.Dropout alone")


@exercise.requires("averages over units the biased variance over the batch", 2, after="names_modules")
def averages_over_units(ask: Ask, draw: np.random.Generator) -> None:
    message = "a value should be the mean over units of the variance (biased) over the batch"
    compare(ask, draw, "perceptron", message)


@exercise.requires("takes every position of an image as a unit", 1, after="names_modules averages_over_units")
def takes_positions_as_units(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "convolution", "for images every position after axis 0 is a unit of its own")


@exercise.requires(
    "takes the last call of a module that is called twice", 0.5, after="names_modules averages_over_units"
)
def takes_last_call(ask: Ask, draw: np.random.Generator) -> None:
    compare(ask, draw, "twice", "for a module that is called twice the last call counts")


@exercise.requires("measures in the current mode and keeps it", 2)
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


@exercise.requires("leaves weights, running statistics and X alone", 1.5)
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
    right = [variance(seen.passes[-1].outputs["body.1"].array) for seen in both]
    found = [float(seen.result.get("body.1", np.nan)) for seen in both]
    kept = all(seen.flags_kept and all(record.modes == seen.modes for record in seen.passes) for seen in both)
    ratios = [value / unit for value, unit in zip(found, right, strict=True)]
    facts = (len(both[0].result), both[0].hooks_kept, kept, both[0].state_kept)
    return np.nan_to_num([*ratios, *map(float, facts)], nan=-1).tolist()


@exercise.mistake("variance over units", edit=("var(dim=0", "flatten(1).var(dim=1"))
def variance_over_units():
    """The variance is taken over the units of one example. What dropout changes, and the next layer meets, is how a
    unit varies over examples."""


@exercise.mistake("pooled variance", edit=("var(dim=0, unbiased=False).mean()", "var(unbiased=False)"))
def pooled_variance():
    """All entries are thrown into one variance, so that differences between the means of units count as if units
    varied."""


@exercise.mistake("pooled variance", edit=("var(dim=0, unbiased=False).mean()", "var()"))
def pooled_unbiased_variance():
    pass


@exercise.mistake("variance over units", edit=("var(dim=0, unbiased=False)", "flatten(1).var(dim=1)"))
def unbiased_variance_over_units():
    pass


@exercise.mistake("standard deviation", edit=("var(dim=0, unbiased=False)", "std(dim=0, unbiased=False)"))
def standard_deviation():
    """The standard deviations of the units are averaged. The exercise asks for the mean of their variances."""


@exercise.mistake("standard deviation", edit=("var(dim=0, unbiased=False)", "std(dim=0)"))
def unbiased_standard_deviation():
    pass


@exercise.mistake(
    "one name for all hooks",
    page="wild/eval-cannot-reach#Find it: run twice, and ask which module is the first to differ",
    edit=("variances[name] =", "variances[[*model.named_modules()][-3][0]] ="),
)
def one_name_for_all_hooks():
    """All hooks write under one name: a function that is made in a loop looks the name up when it runs, and the loop has
    moved on by then. Bind it: make the hook by a function that gets the name, or by a default argument."""


@exercise.mistake("running statistics moved", drop="model.load_state_dict")
def running_statistics_moved():
    """The forward pass in training mode has moved the running statistics of BatchNorm. Keep a copy of the state and load it
    again."""


@exercise.mistake(
    "switches the mode", page="pytorch/train-and-eval#One flag on every module", edit=("model(X)", "model.eval()(X)")
)
def switches_the_mode():
    """The model is put in another mode before it is measured or left in one. The question is what it does in the mode
    that it is in."""


@exercise.mistake(
    "hooks left behind",
    page="wild/eval-cannot-reach#Find it: run twice, and ask which module is the first to differ",
    drop="for handle in handles:",
)
def hooks_left_behind():
    """The hooks stay on the model and run, and hold memory, at every later call. Keep the handles and remove them."""


@exercise.mistake("unbiased variance", edit=(", unbiased=False", ""))
def unbiased_variance():
    """torch's var divides by n - 1 unless it is told unbiased=False (or correction=0); the exercise asks for the biased
    variance."""


exercise.right(on_a_copy)
exercise.right(with_one_global_hook)
exercise.right(one_pass_for_each_module)
