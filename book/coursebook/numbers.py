"""Computed numbers in prose: a cell glues them under a name, the text pastes them by that name."""

from dataclasses import dataclass
from html import escape

import numpy as np
from myst_nb import glue
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Number:
    """A formatted number that does not break across lines."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<span class="course-number">{escape(self.text)}</span>'


def format_number(value: float, spec: str = ".3f") -> str:
    """Format a number with a true minus sign and powers of ten as in print."""
    text = format(value, spec)
    mantissa, exponent_mark, exponent = text.partition("e")
    if exponent_mark:
        text = f"{mantissa} × {power_of_ten(int(exponent))}"
    return text.replace("-", "−")


def power_of_ten(exponent: int) -> str:
    """Return 10 with a raised exponent."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def format_mean(runs: ArrayLike, spec: str = ".3f") -> str:
    """Format the mean of independent runs with its standard error, sd / sqrt(number of runs)."""
    runs = np.asarray(runs)
    error = runs.std(ddof=1) / np.sqrt(runs.size)
    return f"{format_number(runs.mean(), spec)} ± {format_number(error, spec)}"


def glue_number(name: str, value: float, spec: str = ".3f") -> None:
    """Make a number available to the page's text as ``{glue}`name```."""
    glue(name, Number(format_number(value, spec)), display=False)


def glue_mean(name: str, runs: ArrayLike, spec: str = ".3f") -> None:
    """Make the mean of independent runs, with its standard error, available as ``{glue}`name```."""
    glue(name, Number(format_mean(runs, spec)), display=False)
