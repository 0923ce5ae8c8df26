"""Submissions as platforms give them, put where they are graded: `submitted/<student>/<assignment>/`."""
