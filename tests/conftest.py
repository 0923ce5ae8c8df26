"""What holds for every test: one skipped in CI fails, its seconds can be written down, some run only when asked for."""

import sys

from absl import logging
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.skips", "tests.minutes", "tests.parts", "tests.changed"]

# Both go by the clock, which a busy machine decides: no verdict rests on that.
settings.register_profile("course", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("course")

# TensorFlow's log holds on to the stderr of whichever test imports it, and closes that when alembic, which makes a
# gradebook, sets up logging: no later test could write then.
logging.get_absl_handler().python_handler.stream = sys.__stderr__
