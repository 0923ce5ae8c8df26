"""What holds for every test: one that is skipped in CI fails, and what each takes can be written down."""

pytest_plugins = ["tests.skips", "tests.minutes"]
