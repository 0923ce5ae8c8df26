"""What a Keras model knows: `extract_weights(model) -> list[dict]`."""

from itertools import pairwise
from typing import Any

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask, Value
from autograder.checks.batchnorm.batches import gains, statistics
from autograder.checks.exercise import Built, Exercise, Fingerprint, Misconception, Requirement
from autograder.checks.expect import array, close, expect, number
from autograder.checks.respond import attempt

PAGE = "normalization/inference"

WIDTH = 5
ARRAYS = ("gamma", "beta", "mean", "var")
ACTIVATIONS = ("relu", "linear", "softmax")
EPSILONS = (0.03, 1e-5)

Spec = tuple[str, dict[str, Any]]
"""The name of a Keras layer and its keyword arguments."""


def extracted(subject, layers, weights):
    """Build a sequential model, ask for its weights, and return them with the weights of the model before and after."""
    import keras

    quick = {"Dense": {"kernel_initializer": "zeros"}}
    stack = [getattr(keras.layers, name)(**quick.get(name, {}), **options) for name, options in layers]
    model = keras.Sequential([keras.Input((5,)), *stack])
    model.set_weights(weights)
    value = attempt(subject, model)
    return {"value": value, "weights": model.get_weights()}


def dense(draw: np.random.Generator, inputs: int, units: int) -> list[np.ndarray]:
    """Draw kernel and bias."""
    return [hidden.away_from_zero(draw, (inputs, units), "float32"), hidden.away_from_zero(draw, (units,), "float32")]


def batchnorm(draw: np.random.Generator, units: int) -> list[np.ndarray]:
    """Draw gamma, beta, mean and var."""
    return [parameter.astype("float32") for parameter in (*gains(draw, units), *statistics(draw, units))]


def listed(specs: list[Spec], answer: dict[str, Value], kinds: list[str]) -> list[dict[str, Value]]:
    """Return the dicts that a model of these layers gave, which must be of these kinds."""
    value = answer["value"]
    expect(isinstance(value, list | tuple), "return a list with a dict for each layer")
    expect(all(isinstance(layer, dict) for layer in value), "every entry of the list should be a dict")
    found = [layer.get("kind") for layer in value]
    expect(
        all(isinstance(kind, str) for kind in found) and found == kinds,
        f"the layers {', '.join(name for name, _ in specs)} should give a dict for each Dense and each BatchNormalization, "
        f'of kind "dense" or "batchnorm", and nothing for Dropout, but the kinds are {found}',
    )
    return list(value)


def holds(layer: dict[str, Value], name: str, wanted: np.ndarray, message: str) -> None:
    expect(name in layer, f'a dict of kind "{layer.get("kind")}" should have the key "{name}"')
    expect(close(array(layer[name], wanted.shape, name=name), wanted, "float32"), message)


def lists_layers(ask: Ask, draw: np.random.Generator) -> None:
    specs: list[Spec] = [
        ("BatchNormalization", {"name": "first"}),
        ("Dense", {"units": 4, "activation": "relu", "name": "second"}),
        ("Dropout", {"rate": 0.3}),
        ("BatchNormalization", {"name": "third"}),
    ]
    weights = [*batchnorm(draw, 5), *dense(draw, 5, 4), *batchnorm(draw, 4)]
    answer = ask.probe(extracted, specs, weights)
    layers = listed(specs, answer, ["batchnorm", "dense", "batchnorm"])
    for layer, first in zip(layers, (0, 4, 6), strict=True):
        name = "W" if layer["kind"] == "dense" else "gamma"
        holds(layer, name, weights[first], "every dict should hold the weights of its own layer")
    pairs = zip(answer["weights"], weights, strict=True)
    kept = all(close(array(new, old.shape), old, "float32") for new, old in pairs)
    expect(kept, "the weights of the model should stay as they are")


def of_dense_layers(ask: Ask, draw: np.random.Generator) -> tuple[list[np.ndarray], list[Spec], dict[str, Value]]:
    """Return the weights of a chain of Dense layers, its description, and what it gave."""
    sizes = (WIDTH, 4, 3, 2)
    specs: list[Spec] = [
        ("Dense", {"units": units, "activation": name}) for units, name in zip(sizes[1:], ACTIVATIONS, strict=True)
    ]
    weights = [parameter for shape in pairwise(sizes) for parameter in dense(draw, *shape)]
    return weights, specs, ask.probe(extracted, specs, weights)


def of_batchnorms(ask: Ask, draw: np.random.Generator) -> tuple[list[np.ndarray], list[Spec], dict[str, Value]]:
    """Return the weights of a chain of BatchNormalization layers, its description, and what it gave."""
    specs: list[Spec] = [("BatchNormalization", {"epsilon": eps}) for eps in EPSILONS]
    weights = [parameter for _ in specs for parameter in batchnorm(draw, WIDTH)]
    return weights, specs, ask.probe(extracted, specs, weights)


def reads_dense(ask: Ask, draw: np.random.Generator) -> None:
    weights, specs, answer = ask.once(of_dense_layers)
    for layer, W, b in zip(listed(specs, answer, ["dense"] * 3), weights[::2], weights[1::2], strict=True):
        holds(layer, "W", W, "W should be the layer's kernel, shape (inputs, units)")
        holds(layer, "b", b, "b should be the layer's bias")


def names_activations(ask: Ask, draw: np.random.Generator) -> None:
    _, specs, answer = ask.once(of_dense_layers)
    names = [layer.get("activation") for layer in listed(specs, answer, ["dense"] * 3)]
    expect(
        all(isinstance(name, str) for name in names) and names == list(ACTIVATIONS),
        f'every activation should be given by its Keras name, like "relu" or "linear", but they are {names}',
    )


def reads_batchnorm(ask: Ask, draw: np.random.Generator) -> None:
    weights, specs, answer = ask.once(of_batchnorms)
    for layer, own in zip(listed(specs, answer, ["batchnorm"] * 2), (weights[:4], weights[4:]), strict=True):
        for name, wanted in zip(ARRAYS, own, strict=True):
            holds(layer, name, wanted, f"{name} should be that of the layer: get_weights() gives {', '.join(ARRAYS)}")


def reads_eps(ask: Ask, draw: np.random.Generator) -> None:
    _, specs, answer = ask.once(of_batchnorms)
    for layer, wanted in zip(listed(specs, answer, ["batchnorm"] * 2), EPSILONS, strict=True):
        expect("eps" in layer, 'a dict of kind "batchnorm" should have the key "eps"')
        expect(abs(number(layer["eps"], "eps") / wanted - 1) < 1e-5, "eps should be the layer's own epsilon")


def fills_in(ask: Ask, draw: np.random.Generator) -> None:
    units = WIDTH - 1
    specs: list[Spec] = [
        ("Dense", {"units": units, "use_bias": False}),
        ("BatchNormalization", {"center": False}),
        ("BatchNormalization", {"scale": False}),
        ("BatchNormalization", {"center": False, "scale": False}),
    ]
    given = [batchnorm(draw, units) for _ in range(3)]
    ones, zeros = np.ones(units), np.zeros(units)
    weights = [dense(draw, WIDTH, units)[0], given[0][0], *given[0][2:], *given[1][1:], *given[2][2:]]
    first, *norms = listed(specs, ask.probe(extracted, specs, weights), ["dense", *["batchnorm"] * 3])
    holds(first, "b", zeros, "without bias, b should be zeros")
    gammas, betas = (given[0][0], ones, ones), (zeros, given[1][1], zeros)
    for layer, gamma, beta, (_, _, mean, var) in zip(norms, gammas, betas, given, strict=True):
        holds(layer, "gamma", gamma, "gamma should be ones without scale, and the layer's own with it")
        holds(layer, "beta", beta, "beta should be zeros without center, and the layer's own with it")
        holds(layer, "mean", mean, "mean should be the layer's moving mean, whether or not it has center and scale")
        holds(layer, "var", var, "var should be the layer's moving variance, whether or not it has center and scale")


def refuses_other_layers(ask: Ask, draw: np.random.Generator) -> None:
    _, specs, answer = ask.once(of_dense_layers)
    listed(specs, answer, ["dense"] * 3)
    others: list[tuple[Spec, list[np.ndarray]]] = [
        (("Activation", {"activation": "relu"}), []),
        (("LayerNormalization", {}), [np.ones(WIDTH), np.zeros(WIDTH)]),
    ]
    for spec, weights in others:
        refused = ask.probe_answer(extracted, [spec], weights)
        expect(
            refused.raised is not None, f"a layer of another kind, here {spec[0]}, should raise, but was passed over"
        )


def measure(ask: Ask) -> list[float]:
    """Whether the four arrays are there in another order, whatever the order, and whether two layers share an eps."""
    draw = np.random.default_rng(4)
    weights = [*batchnorm(draw, WIDTH), *batchnorm(draw, WIDTH)]
    specs = [("BatchNormalization", {"epsilon": 0.02}), ("BatchNormalization", {"epsilon": 0.07})]
    layers = ask.probe(extracted, specs, weights)["value"]
    found = np.array([layers[0][name] for name in ARRAYS])
    shuffled = np.allclose(np.sort(found, axis=0), np.sort(weights[:4], axis=0)) and not np.allclose(found, weights[:4])
    return [float(shuffled), float(abs(layers[0]["eps"] - layers[1]["eps"]) < 1e-6)]


def extracting(order: tuple[str, ...] = ARRAYS, eps: float | None = None) -> Any:
    """Return the function, right or with one mistake."""
    import keras

    def of_dense(layer):
        W = layer.get_weights()[0]
        b = layer.get_weights()[1] if layer.use_bias else np.zeros(W.shape[1], W.dtype)
        return {"kind": "dense", "W": W, "b": b, "activation": keras.activations.serialize(layer.activation)}

    def of_batchnorm(layer):
        values = iter(layer.get_weights())
        has = {"gamma": layer.scale, "beta": layer.center, "mean": True, "var": True}
        missing = {"gamma": np.ones_like, "beta": np.zeros_like}
        read = {name: next(values) for name in order if has[name]}
        filled = {name: read[name] if name in read else missing[name](read["mean"]) for name in ARRAYS}
        return {"kind": "batchnorm", **filled, "eps": layer.epsilon if eps is None else eps}

    def extract_weights(model):
        layers = []
        for layer in model.layers:
            match layer:
                case keras.layers.Dense():
                    layers.append(of_dense(layer))
                case keras.layers.BatchNormalization():
                    layers.append(of_batchnorm(layer))
                case keras.layers.Dropout() | keras.layers.InputLayer():
                    pass
                case _:
                    raise ValueError(f"model has a layer of another kind: {type(layer).__name__}")
        return layers

    return extract_weights


@Built
def reference():
    return extracting()


@Built
def order_of_arrays():
    return extracting(order=("beta", "gamma", "mean", "var"))


@Built
def eps_not_of_layer():
    return extracting(eps=1e-3)


@Built
def by_attributes():
    """Variables by their names, by the name of the class."""

    def extract_weights(model):
        def values(variable, default, n):
            return np.full(n, default, "float32") if variable is None else np.asarray(variable.numpy())

        found = []
        for layer in model.layers:
            kind = layer.__class__.__name__
            if kind == "Dropout":
                continue
            if kind == "Dense":
                units = layer.units
                entry = {"kind": "dense", "W": layer.kernel.numpy(), "b": values(layer.bias, 0, units)}
                found.append(entry | {"activation": layer.activation.__name__})
            elif kind == "BatchNormalization":
                n = layer.moving_mean.shape[0]
                entry = {"kind": "batchnorm", "eps": float(layer.epsilon)}
                entry["gamma"], entry["beta"] = values(layer.gamma, 1, n), values(layer.beta, 0, n)
                entry["mean"], entry["var"] = values(layer.moving_mean, 0, n), values(layer.moving_variance, 1, n)
                found.append(entry)
            else:
                raise TypeError(f"cannot read {kind}")
        return found

    return extract_weights


@Built
def by_config():
    """What get_config says, and get_weights from the end."""
    import keras

    def extract_weights(model):
        result = []
        for layer in model.layers:
            config, weights = layer.get_config(), layer.get_weights()
            if isinstance(layer, keras.layers.Dense):
                b = weights[1] if config["use_bias"] else np.zeros(config["units"])
                activation = config["activation"]
                result.append({"kind": "dense", "W": weights[0], "b": b, "activation": activation})
            elif isinstance(layer, keras.layers.BatchNormalization):
                *rest, mean, var = weights
                gamma = rest.pop(0) if config["scale"] else np.ones(len(mean))
                beta = rest.pop(0) if config["center"] else np.zeros(len(mean))
                result.append({"kind": "batchnorm", "gamma": gamma, "beta": beta, "mean": mean, "var": var})
                result[-1]["eps"] = config["epsilon"]
            elif not isinstance(layer, keras.layers.Dropout):
                raise ValueError(layer.name)
        return result

    return extract_weights


@Built
def by_variable_paths():
    """The name of each variable is the end of its path; in double precision."""
    import keras

    def extract_weights(model):
        names = {"kernel": "W", "bias": "b", "moving_mean": "mean", "moving_variance": "var"}

        def read(layer):
            parts = ((variable.path.split("/")[-1], variable) for variable in layer.weights)
            return {names.get(name, name): keras.ops.convert_to_numpy(value).astype(float) for name, value in parts}

        def entry(layer):
            if type(layer) is keras.layers.Dense:
                defaults = {"b": np.zeros(layer.units)}
                return {"kind": "dense", "activation": layer.activation.__name__, **defaults, **read(layer)}
            assert type(layer) is keras.layers.BatchNormalization
            values = read(layer)
            defaults = {"gamma": np.ones_like(values["mean"]), "beta": np.zeros_like(values["mean"])}
            return {"kind": "batchnorm", "eps": layer.epsilon, **defaults, **values}

        return [entry(layer) for layer in model.layers if type(layer) is not keras.layers.Dropout]

    return extract_weights


exercise = Exercise(
    name="extract_weights",
    assignment="inference_by_hand",
    page=PAGE,
    requirements=(
        Requirement("lists Dense and BatchNormalization in order, without Dropout", 2, lists_layers),
        Requirement("reads kernel and bias of a Dense layer", 1, reads_dense),
        Requirement("gives activations by their Keras names", 1, names_activations),
        Requirement("reads the four arrays of BatchNormalization", 1.5, reads_batchnorm),
        Requirement("takes eps from the layer", 1, reads_eps),
        Requirement("fills in zeros and ones where bias, center or scale are missing", 1, fills_in),
        Requirement("refuses any other layer", 0.5, refuses_other_layers),
    ),
    reference=reference,
    misconceptions=(
        Misconception(
            "order of the four BatchNorm arrays",
            "The four arrays are there, but under each other's names. get_weights() gives them in the order gamma, "
            "beta, moving mean, moving variance, and without scale or center there are fewer.",
            PAGE,
            order_of_arrays,
        ),
        Misconception(
            "eps not taken from the layer",
            "Every layer gets the same eps. It is a setting of the layer, layer.epsilon, and it is not among the "
            "weights.",
            PAGE,
            eps_not_of_layer,
        ),
    ),
    variants=(by_attributes, by_config, by_variable_paths),
    fingerprint=Fingerprint(measure),
)
