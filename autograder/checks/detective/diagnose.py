"""From symptoms to a cause: `diagnose(report) -> str`."""

import math

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.exercise import Exercise
from autograder.checks.expect import describe_type, expect
from autograder.reference.detective import CHANCE_NLL, diagnose

exercise = Exercise(
    diagnose,
    page="pytorch/train-and-eval#why-is-eval-mode-worse-a-diagnosis",
    onward="Try it on the numbers of a network that you have trained yourself.",
)

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


def collapsed(draw: np.random.Generator) -> Report:
    acc = draw.uniform(0.07, 0.104)
    nll = CHANCE_NLL + draw.uniform(-0.0094, 0.0094)
    return {"nll_eval": nll, "nll_train_mode": nll * draw.choice([0.8, 1.2]), "acc_eval": acc, "acc_train_mode": acc}


def raw(draw: np.random.Generator) -> Report:
    return {"nll_eval": draw.choice([draw.uniform(10.6, 20), draw.uniform(60, 500)])}


def left_in_training(draw: np.random.Generator) -> Report:
    return {"spread_eval": draw.choice([1e-3, draw.uniform(0.05, 2)])}


def without_noise(draw: np.random.Generator) -> Report:
    return {"spread_mc": 0.0}


def badly_scaled(draw: np.random.Generator) -> Report:
    nll = draw.uniform(0.5, 1)
    acc = draw.uniform(0.6, 0.75)
    return {
        "nll_train_mode": nll,
        "nll_eval": nll * draw.uniform(1.07, 2.4),
        "acc_eval": acc,
        "acc_train_mode": acc + draw.uniform(0.01, 0.05),
    }


FAULTS = (collapsed, raw, left_in_training, without_noise, badly_scaled)


def says(ask: Ask, report: Report) -> str:
    found = ask(report)
    expect(isinstance(found, str), f"the diagnosis should be a string, but is {describe_type(found)}")
    known = ("collapsed weights", "raw pixels", "left in training mode", "monte carlo off", "wrong scale", "healthy")
    expect(found in known, f"{found!r} is not one of the six diagnoses: {', '.join(known)}")
    return str(found)


def agrees(ask: Ask, report: Report, message: str) -> None:
    expect(says(ask, report) == diagnose(report), message)


@exercise.requires("tells each fault when it is alone", 1.5)
def finds_single_faults(ask: Ask, draw: np.random.Generator) -> None:
    for fault in FAULTS:
        for _ in range(4):
            report = healthy(draw) | fault(draw)
            agrees(ask, report, f"a report with one fault, {diagnose(report)}, should be told what it is")


@exercise.requires("tells a healthy model", 0.5)
def recognizes_health(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(6):
        agrees(ask, healthy(draw), "a model without any of the faults should be healthy")


@exercise.requires("lets the first rule decide when several apply", 1)
def orders_rules(ask: Ask, draw: np.random.Generator) -> None:
    for first, fault in enumerate(FAULTS):
        for other in FAULTS[first + 1 :]:
            for _ in range(2):
                report = healthy(draw) | other(draw) | fault(draw)
                agrees(ask, report, "of several rules that apply, the first in the order of the exercise should decide")
    for _ in range(3):
        three = healthy(draw) | badly_scaled(draw) | without_noise(draw) | left_in_training(draw)
        agrees(ask, three, "of several rules that apply, the first in the order of the exercise should decide")


@exercise.requires("keeps the borders of the rules", 0.5)
def keeps_borders(ask: Ask, draw: np.random.Generator) -> None:
    """Ask as near to the borders as the exercise allows, 5 %, on both sides of each."""
    chance, low, high = healthy(draw), draw.uniform(0.08, 0.104), draw.uniform(0.1156, 0.1199)
    reports = []
    for sign in (-1, 1):
        inside, outside = (CHANCE_NLL + sign * draw.uniform(*band) for band in ((0.0091, 0.0095), (0.0105, 0.0109)))
        for nll_train_mode in (2.0, 3.0):
            reports += [
                {"nll_eval": nll, "acc_eval": acc, "nll_train_mode": nll_train_mode}
                for nll, acc in ((inside, low), (inside, high), (outside, low), (outside, high), (inside, 0.1044))
            ]
    for nll in (draw.uniform(9.1, 9.5), draw.uniform(10.5, 10.9)):
        reports += [{"nll_eval": nll, "nll_train_mode": nll * factor, "acc_eval": low} for factor in (0.5, 1.5)]
    reports += [{"nll_train_mode": chance["nll_eval"] * factor} for factor in (0.93, 1.07)]
    for report in reports:
        agrees(ask, chance | report, "each rule should apply on its own side of its border, and nowhere else")


def contradictory(draw: np.random.Generator) -> list[Report]:
    """Draw reports whose likelihoods say one thing and whose accuracies say the other."""
    scaled = healthy(draw) | badly_scaled(draw)
    scaled["acc_train_mode"] = scaled["acc_eval"] - draw.uniform(0.01, 0.05)
    sound = healthy(draw)
    sound["acc_train_mode"] = sound["acc_eval"] + draw.uniform(0.01, 0.05)
    return [scaled, sound]


@exercise.requires("judges the scale by likelihood", 0.5)
def trusts_likelihood(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(3):
        for report in contradictory(draw):
            agrees(ask, report, "the scale should be judged by nll: accuracy does not see a factor on the logits")


def errors(ask: Ask, reports: list[Report]) -> float:
    return float(any(ask(report) != diagnose(report) for report in reports))


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    draw = np.random.default_rng(4)
    single = [healthy(draw), *(healthy(draw) | fault(draw) for fault in FAULTS)]
    double = [healthy(draw) | other(draw) | fault(draw) for i, fault in enumerate(FAULTS) for other in FAULTS[i + 1 :]]
    return [errors(ask, single), errors(ask, double), errors(ask, contradictory(draw))]


@exercise.mistake("order of the rules")
def noise_first(report):
    """Several rules apply, and a later one decides. Raw pixels, say, also make eval mode worse than training mode; the
    order puts the cause before what follows from it."""
    if report["spread_mc"] == 0:
        return "monte carlo off"
    if report["spread_eval"] > 0:
        return "left in training mode"
    return diagnose(report)


@exercise.mistake("accuracy in place of nll")
def by_accuracy(report):
    """The scale is judged by accuracy, but a factor on the last layer's inputs hardly moves the largest logit. The
    likelihood sees it."""
    found = diagnose(report)
    if found in ("wrong scale", "healthy"):
        return "wrong scale" if report["acc_eval"] < report["acc_train_mode"] else "healthy"
    return found


@exercise.right
def with_table(report):
    rules = (
        ("collapsed weights", lambda r: abs(r["nll_eval"] - math.log(10)) < 0.01 and r["acc_eval"] <= 0.11),
        ("raw pixels", lambda r: r["nll_eval"] > 10),
        ("left in training mode", lambda r: r["spread_eval"] > 0),
        ("monte carlo off", lambda r: r["spread_mc"] == 0),
        ("wrong scale", lambda r: r["nll_eval"] > r["nll_train_mode"]),
        ("healthy", lambda _: True),
    )
    return next(name for name, applies in rules if applies(report))


@exercise.right
def with_match(report):
    match report:
        case {"nll_eval": nll, "acc_eval": acc} if -0.01 < nll - np.log(10) < 0.01 and acc <= 0.11:
            return "collapsed weights"
        case {"nll_eval": nll} if nll > 10:
            return "raw pixels"
        case {"spread_eval": spread} if spread != 0:
            return "left in training mode"
        case {"spread_mc": 0}:
            return "monte carlo off"
        case {"nll_eval": nll, "nll_train_mode": other} if nll - other > 0:
            return "wrong scale"
    return "healthy"


@exercise.right
def with_expression(report):
    nll, spread = report["nll_eval"], report["spread_eval"]
    chance = bool(np.isclose(nll, np.log(10), rtol=0, atol=0.01)) and not report["acc_eval"] > 0.11
    verdict = "healthy" if nll <= report["nll_train_mode"] else "wrong scale"
    verdict = verdict if report["spread_mc"] > 0 else "monte carlo off"
    verdict = "left in training mode" if spread > 0 else verdict
    verdict = "raw pixels" if nll > 10 else verdict
    return "collapsed weights" if chance else verdict
