"""The first cell of a released notebook: it finds the checks, or installs them, or says what is wrong."""

IMPORT = "from autograder import begin\n"
"""What a solution has in its place."""

FOUND = """# The checks of this course: those that are installed, or those of the clone around this notebook{place}.
from importlib.util import find_spec
from pathlib import Path
from sys import path

above = [Path.cwd(), *Path.cwd().parents]
path += [str(folder) for folder in above if (folder / "autograder/first_cell.py").is_file()]
found = find_spec("autograder")
if found and found.origin and not Path(found.origin).with_name("first_cell.py").is_file():
    from importlib.metadata import packages_distributions

    other = " ".join(packages_distributions().get("autograder", []))
    way_out = f"that of {{other}}: `%pip uninstall --yes {{other}}`" if other else f"{{found.origin}}: rename it"
    raise ImportError(f"the `autograder` here is {{way_out}}, then restart the kernel")
try:
    from autograder import begin
except ImportError as lack:
    {otherwise}
"""

INSTALL = """%pip install --quiet "{address}"
    from autograder import begin"""

ABSENT = """raise ModuleNotFoundError(
        f"{lack.name} is missing: `make student` in a clone of the course brings it"
    ) from None"""


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
