"""The first cell of a released notebook: it finds the checks, or installs them, or says what is wrong."""

IMPORT = "from autograder import begin\n"
"""What a solution has in its place."""

FOUND = """# The checks of this course: those that are installed, or those of the clone around this notebook{place}.
from pathlib import Path
from sys import path

above = [Path.cwd(), *Path.cwd().parents]
path += [str(folder) for folder in above if (folder / "autograder/first_cell.py").is_file()]
try:
    from autograder import begin
except ModuleNotFoundError:
    {otherwise}
except ImportError:
    from importlib.metadata import packages_distributions

    other = " ".join(packages_distributions()["autograder"])
    raise ImportError(
        f"the `autograder` here is that of {{other}}: `%pip uninstall --yes {{other}}`, then restart the kernel"
    ) from None
"""

INSTALL = """%pip install --quiet "{address}"
    from autograder import begin"""

ABSENT = """raise ModuleNotFoundError("no checks here: open this notebook in a clone of the course") from None"""


def first_cell(source: str, address: str, book: str) -> str:
    """Return the source of the first cell as it is released.

    Args:
        source: as it stands in the solution.
        address: what pip installs the checks from; empty where the course is not published.
        book: the address of the published book; empty where there is none.
    """
    begun = source.replace('")', f'", book_at="{book}")') if book else source
    otherwise = INSTALL.format(address=address) if address else ABSENT
    place = ", or of where the course was published" if address else ""
    return begun.replace(IMPORT, FOUND.format(place=place, otherwise=otherwise))
