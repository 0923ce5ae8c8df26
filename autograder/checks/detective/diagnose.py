"""From symptoms to a cause: `diagnose(report) -> str`."""

import math
from itertools import combinations

import numpy as np

from autograder.checks.ask import Ask
from autograder.checks.detective.reports import (
    FAULTS,
    Report,
    borders,
    contradictory,
    healthy,
)
from autograder.checks.exercise import Exercise
from autograder.checks.expect import describe_type, expect
from autograder.reference.detective import CHANCE_NLL, diagnose

exercise = Exercise(
    diagnose,
    page="pytorch/train-and-eval#Why is eval mode worse? A diagnosis",
    onward="A network that disappoints is read with it; try it on the numbers of one that you have trained yourself.",
    trap=("orders_rules", "trusts_likelihood"),
)


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
        for turn in range(4):
            report = healthy(draw) | fault(draw, turn)
            agrees(ask, report, f"a report with one fault, {diagnose(report)}, should be told what it is")


@exercise.requires("tells a healthy model", 0.5)
def recognizes_health(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(6):
        agrees(ask, healthy(draw), "a model without any of the faults should be healthy")


@exercise.requires("lets the first rule decide when several apply", 1)
def orders_rules(ask: Ask, draw: np.random.Generator) -> None:
    """Faults that are not told when they are alone are left out, as that has been judged."""
    reports = {fault: [healthy(draw) | fault(draw, turn) for turn in range(4)] for fault in FAULTS}
    told = [fault for fault in FAULTS if all(says(ask, report) == diagnose(report) for report in reports[fault])]
    expect(len(told) > 1, "no two of the faults are told, so that no order can show")
    message = "of several rules that apply, the first in the order of the exercise should decide"
    for first, other in combinations(told, 2):
        for turn in range(4):
            agrees(ask, healthy(draw) | other(draw, turn) | first(draw, turn), message)
    for last, middle, first in combinations(reversed(told), 3):
        for turn in range(2):
            agrees(ask, healthy(draw) | last(draw, turn) | middle(draw, turn) | first(draw, turn), message)


@exercise.requires("keeps the borders of the rules", 0.5)
def keeps_borders(ask: Ask, draw: np.random.Generator) -> None:
    for rule, report in borders(draw):
        message = f"{rule!r} should be said on its own side of its border, and nowhere else"
        expect((says(ask, report) == rule) == (diagnose(report) == rule), message)
    report = healthy(draw)
    better, worse = (report | {"nll_train_mode": report["nll_eval"] * factor} for factor in (1.07, 0.93))
    expect(says(ask, better) != says(ask, worse), "whether nll_eval is above nll_train_mode, or below, should matter")


@exercise.requires("judges the scale by likelihood", 0.5)
def trusts_likelihood(ask: Ask, draw: np.random.Generator) -> None:
    for _ in range(3):
        for report in contradictory(draw):
            turned = report | {"acc_eval": report["acc_train_mode"], "acc_train_mode": report["acc_eval"]}
            message = (
                "reports that differ in their accuracies alone should be told the same: the scale is judged by nll"
            )
            expect(says(ask, report) == says(ask, turned), message)


def errors(ask: Ask, reports: list[Report]) -> float:
    return float(any(ask(report) != diagnose(report) for report in reports))


@exercise.measures()
def measure(ask: Ask) -> list[float]:
    """Tell which kinds of reports are judged wrongly, the single ones and those at borders one by one."""
    draw = np.random.default_rng(4)
    single = [healthy(draw), *(healthy(draw) | fault(draw, 0) for fault in FAULTS)]
    double = [
        healthy(draw) | other(draw, 0) | fault(draw, 0) for i, fault in enumerate(FAULTS) for other in FAULTS[i + 1 :]
    ]
    near = [errors(ask, [report]) for _, report in borders(draw)]
    return [errors(ask, single), errors(ask, double), errors(ask, contradictory(draw)), *near]


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


@exercise.mistake("no absolute value")
def without_absolute_value(report):
    """Every nll below ln 10 + .01 counts as chance. The distance from ln 10 counts, in both directions: take its absolute
    value."""
    if report["nll_eval"] - CHANCE_NLL < 0.01 and report["acc_eval"] <= 0.11:
        return "collapsed weights"
    return diagnose(report)


@exercise.mistake("chance by accuracy alone")
def by_accuracy_alone(report):
    """An accuracy of chance is taken for collapsed weights, whatever the nll is. Raw pixels and others bring it down,
    too: the rule asks for both."""
    return "collapsed weights" if report["acc_eval"] <= 0.11 else diagnose(report)


@exercise.mistake("chance by nll alone")
def by_likelihood_alone(report):
    """An nll near ln 10 is taken for collapsed weights, whatever the accuracy is. The rule asks for both."""
    return "collapsed weights" if abs(report["nll_eval"] - CHANCE_NLL) < 0.01 else diagnose(report)


@exercise.mistake("sign of the scale")
def sign_of_the_scale(report):
    """A model that is better in eval mode is told to have a wrong scale. It is the healthy one: the scale is wrong when
    nll_eval is the larger."""
    turned = {"wrong scale": "healthy", "healthy": "wrong scale"}
    found = diagnose(report)
    return turned.get(found, found)


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
