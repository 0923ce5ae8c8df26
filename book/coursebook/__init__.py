"""What every page of the book imports: figures, numbers in prose, data and the footer, all in one style."""

from coursebook import claims
from coursebook.data import digits, fashion_mnist, imdb, uci
from coursebook.figures import compose, figure, label_lines, points, show, theory
from coursebook.footer import footer
from coursebook.numbers import glue_mean, glue_number
from coursebook.palette import palette

__all__ = [
    "claims",
    "compose",
    "digits",
    "fashion_mnist",
    "figure",
    "footer",
    "glue_mean",
    "glue_number",
    "imdb",
    "label_lines",
    "palette",
    "points",
    "show",
    "theory",
    "uci",
]
