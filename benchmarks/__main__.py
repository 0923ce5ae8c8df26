"""Measure the grader side by side with stock nbgrader: `python -m benchmarks [--size N] [--growth N...]`."""

if __name__ == "__main__":
    # Here, because worker processes import this module too, and would carry what only the comparison needs.
    from benchmarks.compare import main

    main()
