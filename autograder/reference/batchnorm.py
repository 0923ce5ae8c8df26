"""BatchNorm by hand: training, inference, running statistics, gradient, images, and what dropout before it does."""

import numpy as np

from autograder.reference.dropout import odds
from autograder.reference.validate import Array, require_ndim, require_rate, require_shape

KERAS_MOMENTUM = 0.99
"""The weight of the old value in Keras."""

TORCH_MOMENTUM = 0.1
"""The weight of the new value in PyTorch."""


def standardize(x: Array, mean: Array, var: Array, eps: float) -> Array:
    """Return (x - mean) / sqrt(var + eps), statistics of shape (d,) along the last axis of x."""
    return (x - mean) / np.sqrt(var + eps)


def require_features(x: Array, ndim: int, **parameters: Array) -> None:
    """Raise ValueError unless x has this number of dimensions and every parameter the shape of its last axis."""
    require_ndim(x, ndim, "x")
    for name, parameter in parameters.items():
        require_shape(parameter, x.shape[-1:], name)


def batchnorm_train(x: Array, gamma: Array, beta: Array, eps: float = 1e-3) -> tuple[Array, Array, Array]:
    """Standardize every feature over the batch, then scale by gamma and shift by beta.

    Args:
        x: batch, shape (n, d); a batch of one gives beta.
        gamma: scale, exactly shape (d,).
        beta: shift, exactly shape (d,).
        eps: added to the biased variance, inside the root.

    Returns:
        y with the shape of x, the batch mean and the biased batch variance with shape (d,), all with the dtype of x.

    Raises:
        ValueError: an argument has a wrong shape.

    Source: Ioffe and Szegedy (2015), algorithm 1; eps as in Keras.
    """
    require_features(x, 2, gamma=gamma, beta=beta)
    mean, var = x.mean(axis=0), x.var(axis=0)
    y = gamma * standardize(x, mean, var, eps) + beta
    return y.astype(x.dtype), mean, var


def batchnorm_inference(x: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = 1e-3) -> Array:
    """Standardize with given statistics, so that no row depends on another: gamma (x - mean) / sqrt(var + eps) + beta.

    Args:
        x: batch, shape (n, d), of any size.
        gamma: scale, exactly shape (d,).
        beta: shift, exactly shape (d,).
        mean: moving mean, exactly shape (d,).
        var: moving variance, exactly shape (d,).
        eps: added to the variance, inside the root.

    Returns:
        y with the shape and dtype of x.

    Raises:
        ValueError: an argument has a wrong shape.

    Source: Ioffe and Szegedy (2015), algorithm 2; eps as in Keras.
    """
    require_features(x, 2, gamma=gamma, beta=beta, mean=mean, var=var)
    return (gamma * standardize(x, mean, var, eps) + beta).astype(x.dtype)


def bn_running_update(x: Array, running_mean: Array, running_var: Array, library: str) -> tuple[Array, Array]:
    """Move the running statistics toward those of a batch, as one of the two libraries does with its defaults.

    Args:
        x: batch, shape (n, d).
        running_mean: the old mean, exactly shape (d,).
        running_var: the old variance, exactly shape (d,).
        library: "keras" (.99 old + .01 new, biased variance) or "torch" (.9 old + .1 new, unbiased variance).

    Returns:
        The new mean and variance, shape (d,), dtype of x.

    Raises:
        ValueError: an argument has a wrong shape, the library is unknown, or "torch" gets a batch of one.
    """
    require_features(x, 2, running_mean=running_mean, running_var=running_var)
    if library == "keras":
        new, ddof = 1 - KERAS_MOMENTUM, 0
    elif library == "torch":
        new, ddof = TORCH_MOMENTUM, 1
    else:
        raise ValueError(f'library must be "keras" or "torch", got {library!r}')
    if len(x) <= ddof:
        raise ValueError(f"x has shape {x.shape}, but an unbiased variance needs at least two rows")
    mean = (1 - new) * running_mean + new * x.mean(axis=0)
    var = (1 - new) * running_var + new * x.var(axis=0, ddof=ddof)
    return mean.astype(x.dtype), var.astype(x.dtype)


def batchnorm_backward(dy: Array, x: Array, gamma: Array, eps: float = 1e-3) -> tuple[Array, Array, Array]:
    """Propagate a gradient through `batchnorm_train`, statistics included.

    Args:
        dy: gradient of the loss with respect to y, exactly the shape of x.
        x: the batch of the forward pass, shape (n, d).
        gamma: the scale of the forward pass, exactly shape (d,).
        eps: the eps of the forward pass.

    Returns:
        dx with the shape of x, dgamma and dbeta with shape (d,), all with the dtype of dy. With g = gamma dy and x^ the
        standardized input, dx = (g - mean(g) - x^ mean(g x^)) / sqrt(var + eps), means over the batch.

    Raises:
        ValueError: an argument has a wrong shape.

    Source: Ioffe and Szegedy (2015), section 3, simplified.
    """
    require_features(x, 2, gamma=gamma)
    require_shape(dy, x.shape, "dy")
    var = x.var(axis=0)
    standard = standardize(x, x.mean(axis=0), var, eps)
    dgamma, dbeta = (dy * standard).sum(axis=0), dy.sum(axis=0)
    dx = gamma / np.sqrt(var + eps) * (dy - dbeta / len(x) - standard * dgamma / len(x))
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta


def batchnorm_images(x: Array, gamma: Array, beta: Array, eps: float = 1e-3) -> tuple[Array, Array, Array]:
    """Standardize every channel over all pixels of all images: a pixel is one more row of the batch.

    Args:
        x: images, shape (n, h, w, c).
        gamma: scale, exactly shape (c,).
        beta: shift, exactly shape (c,).
        eps: added to the biased variance, inside the root.

    Returns:
        y with the shape of x, mean and biased variance with shape (c,), all with the dtype of x.

    Raises:
        ValueError: an argument has a wrong shape.

    Source: Ioffe and Szegedy (2015), section 3.2.
    """
    require_features(x, 4, gamma=gamma, beta=beta)
    y, mean, var = batchnorm_train(x.reshape(-1, x.shape[-1]), gamma, beta, eps)
    return y.reshape(x.shape), mean, var


def bn_shift_ratio(mean: float, var: float, rate: float) -> float:
    """Return the variance that a BatchNorm sees behind inverted dropout in training, over the one it sees at test.

    Args:
        mean: mean mu of the activation before dropout.
        var: its variance v, positive.
        rate: drop rate in [0, 1), or ValueError.

    Returns:
        (v / q + (p / q) mu^2) / v = 1 / q + (p / q) mu^2 / v; infinite at rate 1.

    Source: Li, Chen, Hu and Yang (2019), section 3.
    """
    require_rate(rate)
    return 1 + odds(rate) * (1 + mean**2 / var)
