"""Normalization that never looks at the batch: LayerNorm, RMSNorm, GroupNorm, and what dropout does before them."""

import numpy as np

from autograder.reference.dropout import odds
from autograder.reference.validate import Array, require_ndim, require_rate, require_shape


def standardize(x: Array, eps: float, axis: int | tuple[int, ...] = -1) -> tuple[Array, Array]:
    """Return (x - mean) / sqrt(var + eps) over the axis, with the biased variance, and 1 / sqrt(var + eps)."""
    centered = x - x.mean(axis=axis, keepdims=True)
    inverse = 1 / np.sqrt((centered**2).mean(axis=axis, keepdims=True) + eps)
    return centered * inverse, inverse


def layernorm(x: Array, gamma: Array, beta: Array, eps: float = 1e-3) -> Array:
    """Standardize every vector along the last axis, then scale by gamma and shift by beta.

    Args:
        x: float array of one dimension or more; d is the length of its last axis.
        gamma: scale, exactly shape (d,), or ValueError.
        beta: shift, exactly shape (d,), or ValueError.
        eps: added to the biased variance, inside the root.

    Returns:
        y with the shape and dtype of x.

    Source: Ba, Kiros and Hinton (2016), section 3; eps as in Keras.
    """
    require_shape(gamma, x.shape[-1:], "gamma")
    require_shape(beta, x.shape[-1:], "beta")
    standard, _ = standardize(x, eps)
    return (gamma * standard + beta).astype(x.dtype)


def layernorm_backward(dy: Array, x: Array, gamma: Array, eps: float = 1e-3) -> tuple[Array, Array, Array]:
    """Propagate a gradient through `layernorm`.

    Args:
        dy: gradient of the loss with respect to y, exactly the shape of x.
        x: the input of the forward pass, one dimension or more.
        gamma: the scale of the forward pass, exactly shape (d,).
        eps: the eps of the forward pass.

    Returns:
        dx with the shape of x, dgamma and dbeta with shape (d,), all with the dtype of dy. With g = gamma dy and x^ the
        standardized input, dx = (g - mean(g) - x^ mean(g x^)) / sqrt(var + eps).

    Raises:
        ValueError: dy or gamma has a wrong shape.
    """
    require_shape(dy, x.shape, "dy")
    require_shape(gamma, x.shape[-1:], "gamma")
    standard, inverse = standardize(x, eps)
    g = gamma * dy
    through_mean = g.mean(axis=-1, keepdims=True)
    through_var = standard * (g * standard).mean(axis=-1, keepdims=True)
    dx = (g - through_mean - through_var) * inverse
    rows = tuple(range(x.ndim - 1))
    dgamma, dbeta = (dy * standard).sum(axis=rows), dy.sum(axis=rows)
    return dx.astype(dy.dtype), dgamma.astype(dy.dtype), dbeta


def rmsnorm(x: Array, gamma: Array, eps: float = 1e-6) -> Array:
    """Divide every vector along the last axis by its root mean square, then scale: x / sqrt(mean(x^2) + eps) * gamma.

    Args:
        x: float array of one dimension or more; d is the length of its last axis.
        gamma: scale, exactly shape (d,), or ValueError.
        eps: added to the mean square, inside the root.

    Returns:
        y with the shape and dtype of x.

    Source: Zhang and Sennrich (2019), section 3; eps as in Keras.
    """
    require_shape(gamma, x.shape[-1:], "gamma")
    mean_square: Array = (x**2).mean(axis=-1, keepdims=True)
    return (x / np.sqrt(mean_square + eps) * gamma).astype(x.dtype)


def groupnorm(x: Array, groups: int, gamma: Array, beta: Array, eps: float = 1e-3) -> Array:
    """Standardize each group of consecutive channels of each image over its pixels and channels.

    Args:
        x: images, shape (n, h, w, c), or ValueError.
        groups: number of groups; it must divide c, or ValueError.
        gamma: scale of each channel, exactly shape (c,), or ValueError.
        beta: shift of each channel, exactly shape (c,), or ValueError.
        eps: added to the biased variance, inside the root.

    Returns:
        y with the shape and dtype of x.

    Source: Wu and He (2018), section 3.1.
    """
    require_ndim(x, 4, "x")
    n, h, w, c = x.shape
    require_shape(gamma, (c,), "gamma")
    require_shape(beta, (c,), "beta")
    if groups < 1 or c % groups:
        raise ValueError(f"groups must divide the number of channels, {c}, got {groups}")
    grouped = x.reshape(n, h, w, groups, c // groups)
    standard, _ = standardize(grouped, eps, axis=(1, 2, 4))
    return (gamma * standard.reshape(x.shape) + beta).astype(x.dtype)


def ln_shrink(h: Array, rate: float, eps: float = 1e-3) -> float:
    """Return the factor by which the LayerNorm of a dropped-out vector shrinks the signal, for many units.

    Inverted dropout raises the variance over the units from v to v + (p / q)(v + mu^2); LayerNorm divides by its root.

    Args:
        h: the vector before dropout, shape (n,), or ValueError.
        rate: drop rate in [0, 1], or ValueError; at 1 the factor is 0.
        eps: the eps of the LayerNorm.

    Returns:
        sqrt((v + eps) / (v + (p / q)(v + mu^2) + eps)), with mean mu and biased variance v of h.
    """
    require_rate(rate)
    require_ndim(h, 1, "h")
    if rate == 1:
        return 0.0
    var = h.var()
    noise = odds(rate) * (h**2).mean()
    return float(np.sqrt((var + eps) / (var + noise + eps)))
