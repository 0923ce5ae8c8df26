"""Formulas become HTML for the eye and MathML for screen readers, and a wrong one is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from coursepages.formulas import KATEX, Typesetter, glue_punctuation
from docutils import nodes


@pytest.fixture
def typesetter() -> Iterator[Typesetter]:
    running = Typesetter(Path(__file__).parents[2] / KATEX)
    yield running
    running.process.communicate()


def test_formula_is_there_for_the_eye_and_for_a_screen_reader(typesetter: Typesetter) -> None:
    html = typesetter.html(r"\frac{p}{q}", display=False)
    assert "<mfrac><mi>p</mi><mi>q</mi></mfrac>" in html
    assert '<span class="katex-html" aria-hidden="true">' in html
    assert "katex-display" in typesetter.html("x", display=True)


def test_wrong_formula_is_an_error_and_the_next_one_is_set(typesetter: Typesetter) -> None:
    with pytest.raises(ValueError, match="Undefined control sequence"):
        typesetter.html(r"\undefined", display=False)
    assert "<mi>x</mi>" in typesetter.html("x", display=False)


def test_punctuation_stays_with_its_formula() -> None:
    """A browser may break the line between the two, whatever stands between them."""
    parts = [nodes.Text("one ("), nodes.math("", "x"), nodes.Text("), "), nodes.math("", "y"), nodes.Text(" two")]
    page = nodes.paragraph("", "", *parts)
    glue_punctuation(None, page, "")
    assert page.astext() == "one x y two"
    first, second = page.findall(nodes.math)
    assert (first["before"], first["behind"]) == ("(", "),")
    assert not {"before", "behind"} & second.attributes.keys()
