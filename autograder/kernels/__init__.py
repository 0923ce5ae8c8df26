"""One submission: run in isolation, asked through a strict wire, never believed."""
