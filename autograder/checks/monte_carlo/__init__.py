"""Assignment 7: Monte Carlo dropout."""

EXERCISES = (
    "mc_dropout",
    "mc_summary",
    "samples_needed",
    "verdict",
    "gal_predictive",
    "interval_coverage",
    "expected_calibration_error",
    "predictive_entropy",
    "mc_predict_torch",
    "mc_predict",
)
"""The modules that declare them, in the order of the notebook."""
