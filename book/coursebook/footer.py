"""The last line of every page: how long it took to run, on which data and with which versions."""

import sys
from dataclasses import asdict
from time import perf_counter

from IPython.display import HTML, display

from coursebook import claims, data

START = perf_counter()
LIBRARIES = {
    "numpy": "NumPy",
    "sklearn": "scikit-learn",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "torch": "PyTorch",
}


def footer(*synthetic: str) -> None:
    """Show the page's running time since coursebook was imported, the data it loaded and the libraries it used.

    The claims of the page are recorded with it.

    Args:
        synthetic: descriptions of data the page made itself, for example "two moons (300 points)".
    """
    sources = [*dict.fromkeys(data.used), *synthetic] or ["random numbers only"]
    libraries = used()
    versions = [f"{name} {sys.modules[key].__version__}" for key, name in LIBRARIES.items() if key in libraries]
    # Metadata of an output stay in the executed notebook and are not shown: `coursebook.ledger` reads them there.
    record = {"data": sources, "claims": [asdict(claim) for claim in claims.made]}
    display(
        HTML(
            f'<p class="course-output course-footer">This page took {perf_counter() - START:.1f} s to run. '
            f"Data: {'; '.join(sources)}. Made with {', '.join(versions)}.</p>"
        ),
        metadata={"coursebook": record},
    )


def used() -> set[str]:
    """Return the packages that the page, or a module of the course that it imports, has a name from.

    Those that are loaded would be too many: a kernel has been warmed up for all pages.
    """
    modules = [module for name, module in sys.modules.items() if name == "__main__" or name.startswith("coursebook.")]
    values = [value for module in modules for value in vars(module).values()]
    names = {str(getattr(value, "__module__", None) or getattr(value, "__name__", "")) for value in values}
    packages = {name.partition(".")[0] for name in names}
    return packages | {"tensorflow"} if "keras" in packages else packages  # what Keras computes with
