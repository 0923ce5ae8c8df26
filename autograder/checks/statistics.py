"""Bounds on how far chance can carry a right answer, in closed form.

Every bound here holds for any sample size (Chernoff): a right answer is rejected with at most the stated probability.
"""

import math

FALSE_ALARM = 1e-9
"""The probability, at most, that one requirement rejects a right answer by chance."""


def relative_entropy(observed: float, expected: float) -> float:
    """Return KL(observed || expected) of two Bernoulli laws, in nats; infinite where the latter forbids the former."""
    total = 0.0
    for seen, law in ((observed, expected), (1 - observed, 1 - expected)):
        if seen > 0:
            total += seen * math.log(seen / law) if law > 0 else math.inf
    return total


def plausible_count(count: int, trials: int, probability: float, tests: int = 1) -> bool:
    """Tell whether `count` successes in `trials` independent trials are believable at this probability.

    By Chernoff's bound a right answer is called implausible with probability at most FALSE_ALARM / tests, where
    `tests` is the number of such questions that one requirement puts.
    """
    return 2 * math.exp(-trials * relative_entropy(count / trials, probability)) >= FALSE_ALARM / tests


def normal_cdf(z: float) -> float:
    """Return the probability that a standard normal variable lies below z."""
    return 0.5 * math.erfc(-z / math.sqrt(2))


def binomial_pmf(count: int, trials: int, probability: float) -> float:
    """Return the probability of exactly `count` successes in `trials` trials, for probabilities inside (0, 1)."""
    log_choices = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(log_choices + count * math.log(probability) + (trials - count) * math.log1p(-probability))
