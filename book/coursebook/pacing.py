"""How long a page takes to read, and a notebook to work through, as they are estimated in the text."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS_A_MINUTE, FORMULA, CELL = 80, 1, 1
"""Words of a page that are read in a minute, and minutes for a formula on a line of its own and for an open cell."""
CODE = re.compile(r"^```\{code-cell\}.*?^```$", re.DOTALL | re.MULTILINE)
STATED = re.compile(r"\*\*Time\.\*\* (\d+) to (\d+) hours")


def reading(page: str) -> float:
    """Return the minutes that a page takes, such as `book/dropout/why`."""
    source = (ROOT / f"{page}.md").read_text("utf-8").split("\n---\n", 1)[-1]
    cells = [cell for cell in CODE.findall(source) if "remove-" not in cell and "hide-" not in cell]
    prose = CODE.sub("", source)
    return len(re.findall(r"\w+", prose)) / WORDS_A_MINUTE + FORMULA * prose.count("\n$$\n") / 2 + CELL * len(cells)


def working(notebook: str) -> tuple[int, int]:
    """Return the hours that a notebook says it takes, from and to, such as `exercises/pooling/pooling`."""
    cells = json.loads((ROOT / f"{notebook}.ipynb").read_text("utf-8"))["cells"]
    low, high = STATED.search("".join(cells[0]["source"])).groups()
    return int(low), int(high)
