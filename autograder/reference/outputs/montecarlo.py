"""Monte Carlo quantities by PyTorch's distributions and by Keras' operations and losses, for the same passes."""

import math

import numpy as np

TAU = 2.5


def record() -> dict[str, np.ndarray]:
    """Return passes, targets and probabilities, and what each framework makes of them, in both precisions."""
    draw = np.random.default_rng(0)
    center = draw.normal(0, 1, 7)
    inputs = {
        "samples": draw.normal(center, 0.6, (20, 7)),
        "deterministic": center,
        # The last target lies far from every pass, where exponentials vanish.
        "y": np.array([*(center[:6] + draw.normal(0, 0.8, 6)), center[6] + 60]),
        "probs": draw.dirichlet([0.3] * 4, (15, 6)),
    }
    arrays = dict(inputs)
    for dtype in ("float32", "float64"):
        cast = [array.astype(dtype) for array in inputs.values()]
        for framework, ask in (("keras", _keras), ("torch", _torch)):
            for name, array in ask(*cast).items():
                arrays[f"{framework}/{dtype}/{name}"] = array
    return arrays


def _torch(samples: np.ndarray, deterministic: np.ndarray, y: np.ndarray, probs: np.ndarray) -> dict[str, np.ndarray]:
    import torch
    from torch import distributions

    passes = torch.tensor(samples)
    sd, mean = torch.std_mean(passes, dim=0)
    mixture = distributions.MixtureSameFamily(
        distributions.Categorical(logits=torch.zeros_like(passes.T)),
        distributions.Normal(passes.T, torch.tensor(1 / math.sqrt(TAU), dtype=passes.dtype)),
    )
    members = distributions.Categorical(torch.tensor(probs))
    ensemble = distributions.Categorical(torch.tensor(probs.mean(axis=0)))
    found = {
        "mean": mean,
        "sd": sd,
        "z": (mean - torch.tensor(deterministic)) / (sd / math.sqrt(len(passes))),
        "variance": mixture.variance,
        "log_likelihood": mixture.log_prob(torch.tensor(y)),
        "total": ensemble.entropy(),
        "expected": members.entropy().mean(dim=0),
    }
    return {name: tensor.numpy() for name, tensor in found.items()}


def _keras(samples: np.ndarray, deterministic: np.ndarray, y: np.ndarray, probs: np.ndarray) -> dict[str, np.ndarray]:
    import keras
    from keras import ops

    passes = len(samples)
    mean = ops.mean(samples, axis=0)
    sd = ops.std(samples, axis=0) * math.sqrt(passes / (passes - 1))
    exponents = -TAU * (y - samples) ** 2 / 2
    constant = math.log(passes) + math.log(2 * math.pi) / 2 - math.log(TAU) / 2
    cross_entropy = keras.losses.categorical_crossentropy
    average = ops.mean(probs, axis=0)
    found = {
        "mean": mean,
        "sd": sd,
        "z": (mean - deterministic) / (sd / math.sqrt(passes)),
        "variance": ops.var(samples, axis=0) + 1 / TAU,
        "log_likelihood": ops.logsumexp(exponents, axis=0) - constant,
        "total": cross_entropy(average, average),
        "expected": ops.mean(cross_entropy(probs, probs), axis=0),
    }
    return {name: np.array(tensor) for name, tensor in found.items()}
