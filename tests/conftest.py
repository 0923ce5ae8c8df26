"""What holds for every test: one skipped in CI fails, its seconds can be written down, some run only when asked for."""

pytest_plugins = ["tests.skips", "tests.minutes", "tests.parts", "tests.changed"]
