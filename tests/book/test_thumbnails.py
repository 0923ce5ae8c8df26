"""A thumbnail is the panel that another page draws, as a link to that page, and follows it from build to build."""

import subprocess
from pathlib import Path

import pytest

from tests.book import small_book

CONF = 'extensions = ["myst_parser", "coursepages.thumbnails"]'
LANDING = """
# Landing

```{toctree}
part/page
```

```{thumbnail} part/page NUMBER
What it shows
```
"""
PAGE = """
# A page

```{raw} html
<figure class="course-output course-figure"><div class="panels">FIRST</div></figure>
```

```{raw} html
<figure class="course-output course-figure"><div class="panels">SECOND</div></figure>
```
"""


def panel(drawing: str) -> str:
    return (
        '<div style="--course-width: 320px"><svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="f1" '
        f'viewBox="0 0 3 2"><desc id="f1">What a reader needs to know.</desc><path d="{drawing}"/></svg></div>'
    )


def build(folder: Path, number: int, drawing: str) -> subprocess.CompletedProcess[str]:
    (folder / "part").mkdir(exist_ok=True)
    page = PAGE.replace("FIRST", panel("M0 0") + panel("M1 1")).replace("SECOND", panel(drawing))
    landing = LANDING.replace("NUMBER", str(number))
    for name, text in {"conf.py": CONF, "index.md": landing, "part/page.md": page}.items():
        if not (folder / name).exists() or (folder / name).read_text("utf-8") != text:
            (folder / name).write_text(text, encoding="utf-8")
    return small_book.build(folder, folder / "html", "-q")


@pytest.mark.parametrize(("number", "drawing"), [(2, "M1 1"), (3, "M2 2")])
def test_a_panel_of_another_page_becomes_a_link(tmp_path: Path, number: int, drawing: str) -> None:
    assert not build(tmp_path, number, "M2 2").returncode
    landing = (tmp_path / "html/index.html").read_text("utf-8")
    link = landing[landing.index('<a class="course-thumbnail"') :]
    link = link[: link.index("</a>")]
    assert 'href="part/page.html"' in link
    assert f'd="{drawing}"' in link
    assert link.endswith("<span>What it shows</span>")
    # The caption is the name of the link, and the page has the description.
    assert 'aria-hidden="true"' in link
    assert "aria-labelledby" not in link
    assert "<desc" not in link


def test_a_panel_that_has_changed_is_taken_anew(tmp_path: Path) -> None:
    assert not build(tmp_path, 3, "M2 2").returncode
    assert not build(tmp_path, 3, "M5 5").returncode
    assert 'd="M5 5"' in (tmp_path / "html/index.html").read_text("utf-8")


def test_a_panel_that_is_not_there_fails_the_build_by_name(tmp_path: Path) -> None:
    run = build(tmp_path, 4, "M2 2")
    assert run.returncode
    assert "part/page has no panel 4" in run.stderr
