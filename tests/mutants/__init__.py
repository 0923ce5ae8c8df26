"""Graders under test: wrong answers, listed and generated, must fail; right ones must pass, however often judged."""
