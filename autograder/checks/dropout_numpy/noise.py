"""What holds for `noise(x, rate, rng, training=True)`, whatever it returns or when it returns nothing but its output."""

from itertools import product

import numpy as np

from autograder.checks import draw as hidden
from autograder.checks.ask import Ask
from autograder.checks.expect import refuses


def refuses_bad_rates(ask: Ask, draw: np.random.Generator) -> None:
    x = hidden.away_from_zero(draw, (3, 2))
    ask(x, 1.0, hidden.rng(draw))
    for rate, training in product(hidden.BAD_RATES, (True, False)):
        refuses(ask, x, rate, hidden.rng(draw), training=training, because=f"a rate of {rate}", mentions="rate")
