"""Assignment 7: Monte Carlo dropout."""

from autograder.checks.monte_carlo.expected_calibration_error import exercise as expected_calibration_error
from autograder.checks.monte_carlo.gal_predictive import exercise as gal_predictive
from autograder.checks.monte_carlo.interval_coverage import exercise as interval_coverage
from autograder.checks.monte_carlo.mc_dropout import exercise as mc_dropout
from autograder.checks.monte_carlo.mc_predict import exercise as mc_predict
from autograder.checks.monte_carlo.mc_predict_torch import exercise as mc_predict_torch
from autograder.checks.monte_carlo.mc_summary import exercise as mc_summary
from autograder.checks.monte_carlo.predictive_entropy import exercise as predictive_entropy
from autograder.checks.monte_carlo.samples_needed import exercise as samples_needed
from autograder.checks.monte_carlo.verdict import exercise as verdict

EXERCISES = (
    mc_dropout,
    mc_summary,
    samples_needed,
    verdict,
    gal_predictive,
    interval_coverage,
    expected_calibration_error,
    predictive_entropy,
    mc_predict_torch,
    mc_predict,
)
