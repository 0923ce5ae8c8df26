"""Monte Carlo dropout: sampling error against bias, predictive uncertainty, coverage, calibration and entropy."""

import math

import numpy as np

from autograder.reference.validate import Array, require_ndim, require_shape


def mc_summary(samples: Array, deterministic: Array) -> tuple[Array, Array, Array, Array]:
    """Compare the mean of Monte Carlo passes with the deterministic output.

    Args:
        samples: one row per pass, shape (T, k) with T at least 2, or ValueError.
        deterministic: output with dropout off, shape (k,), or ValueError.

    Returns:
        mean, sd (with T - 1), standard error of the mean sd / sqrt(T), and z = (mean - deterministic) / se, each of
        shape (k,) and the dtype of samples.
    """
    require_ndim(samples, 2, "samples")
    passes, outputs = samples.shape
    if passes < 2:
        raise ValueError(f"samples must have at least 2 rows, got shape {samples.shape}")
    require_shape(deterministic, (outputs,), "deterministic")
    mean, sd = samples.mean(axis=0), samples.std(axis=0, ddof=1)
    se = sd / math.sqrt(passes)
    z = (mean - deterministic) / se
    return mean, sd, se.astype(samples.dtype), z.astype(samples.dtype)


def samples_needed(sd: float, se: float) -> int:
    """Return how many passes bring the standard error of the mean down to `se`: the ceiling of (sd / se)^2.

    A value at most 1e-9 (relative) above an integer counts as that integer, since quotients of decimals are not exact.

    Raises:
        ValueError: sd is negative or se is not positive.
    """
    if sd < 0:
        raise ValueError(f"sd must not be negative, got {sd}")
    if se <= 0:
        raise ValueError(f"se must be positive, got {se}")
    exact = (sd / se) ** 2
    below = math.floor(exact)
    return below if exact - below <= 1e-9 * exact else below + 1


def verdict(samples: Array, deterministic: Array, threshold: float = 4.0) -> str:
    """Tell whether Monte Carlo mean and deterministic output differ by "sampling error" alone or by "bias".

    Args:
        samples: shape (T, k) with T at least 2, or ValueError.
        deterministic: shape (k,), or ValueError.
        threshold: largest absolute z that chance may explain.
    """
    _, _, _, z = mc_summary(samples, deterministic)
    return "bias" if np.abs(z).max() > threshold else "sampling error"


def gal_predictive(samples: Array, y: Array, tau: float) -> tuple[Array, Array]:
    """Return the predictive variance and the log-likelihood of targets under Monte Carlo dropout.

    Args:
        samples: predictions of T passes for n points, shape (T, n), or ValueError.
        y: targets, shape (n,), or ValueError.
        tau: precision of the observation noise.

    Returns:
        variance: variance over the passes (with T) plus 1 / tau.
        log_likelihood: logsumexp_t(-tau (y - y_t)^2 / 2) - log T - log(2 pi) / 2 + log(tau) / 2. Both have shape (n,)
            and the dtype of samples.

    Source: Gal and Ghahramani (2016), section 4 and appendix 4.
    """
    require_ndim(samples, 2, "samples")
    passes, points = samples.shape
    require_shape(y, (points,), "y")
    exponents = -tau * (y - samples) ** 2 / 2
    largest = exponents.max(axis=0)
    log_sum = largest + np.log(np.exp(exponents - largest).sum(axis=0))
    log_likelihood = log_sum - math.log(passes) - math.log(2 * math.pi) / 2 + math.log(tau) / 2
    variance = samples.var(axis=0) + 1 / tau
    return variance.astype(samples.dtype), log_likelihood.astype(samples.dtype)


def interval_coverage(samples: Array, y: Array, tau: float, z: float = 1.96) -> float:
    """Return the share of targets inside mean +- z sqrt(predictive variance).

    Args:
        samples: shape (T, n), or ValueError.
        y: targets, shape (n,), or ValueError.
        tau: precision of the observation noise.
        z: half width of the interval in standard deviations.
    """
    require_ndim(samples, 2, "samples")
    require_shape(y, samples.shape[1:], "y")
    deviation = np.sqrt(samples.var(axis=0) + 1 / tau)
    return float((np.abs(y - samples.mean(axis=0)) <= z * deviation).mean())


def expected_calibration_error(probs: Array, labels: Array, bins: int = 15) -> float:
    """Return the mean gap between confidence and accuracy over equal-width bins, each weighted by its count.

    Args:
        probs: class probabilities, shape (n, k), or ValueError; the confidence is the largest, ties to the first class.
        labels: classes, integers of shape (n,), or ValueError.
        bins: number of bins; bin i holds confidences in (i / bins, (i + 1) / bins].

    Source: Guo, Pleiss, Sun and Weinberger (2017), section 2.
    """
    require_ndim(probs, 2, "probs")
    require_shape(labels, (len(probs),), "labels")
    confidence = probs.max(axis=1).astype(np.float64)
    hit = probs.argmax(axis=1) == labels
    index = np.ceil(confidence * bins).astype(int) - 1
    gaps = np.bincount(index, weights=hit - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(probs))


def predictive_entropy(probs: Array) -> tuple[Array, Array, Array]:
    """Split the uncertainty of an ensemble into what its members share and what they disagree about.

    Args:
        probs: class probabilities of T passes, shape (T, n, k), or ValueError.

    Returns:
        total: entropy of the mean prediction; expected: mean entropy of the passes; mutual_information: their
        difference. In nats, each of shape (n,) and the dtype of probs; 0 log 0 counts as 0.

    Source: Gal (2016), section 3.3.1; the mutual information is known as BALD (Houlsby et al., 2011).
    """
    require_ndim(probs, 3, "probs")
    total = entropy(probs.mean(axis=0))
    expected: Array = entropy(probs).mean(axis=0)
    return total, expected, total - expected


def entropy(probs: Array) -> Array:
    """Return the entropy in nats over the last axis, with 0 log 0 = 0."""
    logs = np.log(np.where(probs > 0, probs, 1))
    total: Array = -(probs * logs).sum(axis=-1)
    return total
