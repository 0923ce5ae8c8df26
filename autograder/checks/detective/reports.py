"""Reports on a model, healthy or with a fault: magnitudes are drawn, and cases gone through by turns."""

import numpy as np

from autograder.reference.detective import CHANCE_NLL

Report = dict[str, float]


def healthy(draw: np.random.Generator) -> Report:
    """Draw the report of a healthy model: better in eval mode, the same twice, and random under Monte Carlo."""
    nll, acc = draw.uniform(0.3, 0.9), draw.uniform(0.6, 0.9)
    return {
        "nll_train_mode": nll * draw.uniform(1.1, 1.6),
        "nll_eval": nll,
        "acc_train_mode": acc - draw.uniform(0.01, 0.05),
        "acc_eval": acc,
        "spread_eval": 0.0,
        "spread_mc": draw.uniform(0.02, 0.3),
    }


def collapsed(draw: np.random.Generator, turn: int) -> Report:
    acc = draw.uniform(0.07, 0.104)
    nll = CHANCE_NLL + (-1, 1)[turn % 2] * draw.uniform(0.0004, 0.0094)
    return {
        "nll_eval": nll,
        "nll_train_mode": nll * (0.8, 0.8, 1.2, 1.2)[turn % 4],
        "acc_eval": acc,
        "acc_train_mode": acc,
    }


def raw(draw: np.random.Generator, turn: int) -> Report:
    return {"nll_eval": draw.uniform(*((10.6, 20), (60, 500))[turn % 2])}


def left_in_training(draw: np.random.Generator, turn: int) -> Report:
    return {"spread_eval": (1e-3, draw.uniform(0.05, 2))[turn % 2]}


def without_noise(draw: np.random.Generator, turn: int) -> Report:
    return {"spread_mc": 0.0}


def badly_scaled(draw: np.random.Generator, turn: int) -> Report:
    nll = draw.uniform(0.5, 1)
    acc = draw.uniform(0.6, 0.75)
    return {
        "nll_train_mode": nll,
        "nll_eval": nll * draw.uniform(*((1.07, 1.3), (1.3, 2.2))[turn % 2]),
        "acc_eval": acc,
        "acc_train_mode": acc + draw.uniform(0.01, 0.05),
    }


FAULTS = (collapsed, raw, left_in_training, without_noise, badly_scaled)


def borders(draw: np.random.Generator) -> list[tuple[str, Report]]:
    """Draw reports as near to the borders as the exercise allows, 5 %, on both sides of each, with their rules."""
    low, high = draw.uniform(0.08, 0.104), draw.uniform(0.1156, 0.1199)
    reports = []
    for sign in (-1, 1):
        inside, outside = (CHANCE_NLL + sign * draw.uniform(*band) for band in ((0.0091, 0.0095), (0.0105, 0.0109)))
        near = ((inside, low), (inside, high), (outside, low), (outside, high), (inside, 0.1044))
        reports += [
            ("collapsed weights", {"nll_eval": nll, "acc_eval": acc, "nll_train_mode": nll_train_mode})
            for nll, acc in near
            for nll_train_mode in (2.0, 3.0)
        ]
    for nll_eval in (draw.uniform(9.1, 9.5), draw.uniform(10.5, 10.9)):
        for factor in (0.5, 1.5):
            report = {"nll_eval": nll_eval, "nll_train_mode": nll_eval * factor, "acc_eval": low}
            reports.append(("raw pixels", report))
    return [(rule, healthy(draw) | report) for rule, report in reports]


def contradictory(draw: np.random.Generator) -> list[Report]:
    """Draw reports whose likelihoods say one thing and whose accuracies say the other."""
    scaled = healthy(draw) | badly_scaled(draw, 0)
    scaled["acc_train_mode"] = scaled["acc_eval"] - draw.uniform(0.01, 0.05)
    sound = healthy(draw)
    sound["acc_train_mode"] = sound["acc_eval"] + draw.uniform(0.01, 0.05)
    return [scaled, sound]
