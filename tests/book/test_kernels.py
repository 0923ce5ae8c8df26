"""Kernels are forked from one process that has imported the libraries, and share nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.book import small_book

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux alone")

CONF = """
extensions = ["myst_nb", "coursepages.ahead", "coursepages.execution", "coursepages.kernels"]
nb_execution_mode = "cache"
nb_execution_cache_path = "cache"
"""
CELL = """
import json, os, pathlib, sys
warm = [name for name in ("numpy", "sklearn", "torch", "tensorflow", "keras") if name in sys.modules]
course = [name for name in sys.modules if name.partition(".")[0] == "coursebook"]
met = hasattr(sys, "met")
sys.met = True
{code}
from coursebook.footer import used
found = {{"parent": os.getppid(), "warm": warm, "course": course, "met": met, "folder": os.getcwd(),
         "variable": os.environ["VARIABLE"], "used": sorted(used() & set(warm))}}
pathlib.Path("{name}.json").write_text(json.dumps(found))
"""
TRAINS = {
    "keras": """
import keras
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
model.compile("adam", "mse")
model.fit(keras.ops.ones((1, 3)), keras.ops.ones((1, 4)), verbose=0)
""",
    "torch": """
from torch import nn, ones, optim
layer = nn.Linear(2, 2)
optimizer = optim.Adam(layer.parameters())
layer(ones(1, 2)).sum().backward()
optimizer.step()
""",
    "numpy": "import numpy as np",
}


def build(folder: Path, pages: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(small_book.index(pages))
    for name, code in pages.items():
        (folder / f"{name}.md").write_text(small_book.page("A page", CELL.format(name=name, code=code)))
    variables = os.environ | {"VARIABLE": "of the build"}
    return small_book.build(folder, folder / "html", "--keep-going", cwd=folder, environment=variables)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """Return what each page found in its kernel, in one build."""
    folder = tmp_path_factory.mktemp("book").resolve()
    run = build(folder, TRAINS)
    assert run.returncode == 0, run.stderr
    found = {name: json.loads((folder / f"{name}.json").read_text()) for name in TRAINS}
    assert {page["folder"] for page in found.values()} == {str(folder)}
    return found


def test_pages_begin_with_the_libraries_loaded_and_nothing_of_the_course(found: dict[str, dict[str, object]]) -> None:
    for page in found.values():
        assert page["warm"] == ["numpy", "sklearn", "torch", "tensorflow", "keras"]
        assert not page["course"]


def test_kernels_have_one_parent_and_the_build_s_environment_and_know_nothing_of_each_other(
    found: dict[str, dict[str, object]],
) -> None:
    assert len({page["parent"] for page in found.values()}) == 1
    assert {page["variable"] for page in found.values()} == {"of the build"}
    assert not any(page["met"] for page in found.values())


def test_no_process_is_left_when_the_build_has_ended(found: dict[str, dict[str, object]]) -> None:
    (parent,) = {page["parent"] for page in found.values()}
    with pytest.raises(ProcessLookupError):
        os.kill(parent, 0)


def test_a_footer_names_the_libraries_that_its_page_uses(found: dict[str, dict[str, object]]) -> None:
    used = {name: page["used"] for name, page in found.items()}
    assert used["numpy"] == ["numpy", "sklearn"]  # the figures are made with scikit-learn's help
    assert used["torch"] == ["numpy", "sklearn", "torch"]
    assert used["keras"] == ["keras", "numpy", "sklearn", "tensorflow"]


def test_a_page_that_fails_stops_alone_and_children_of_a_kernel_give_their_exit_codes(tmp_path: Path) -> None:
    run = build(tmp_path, {"good": "", "bad": "import subprocess\nassert subprocess.run(['false']).returncode == 0"})
    assert run.returncode == 1
    assert (tmp_path / "good.json").is_file()
    assert "bad stopped with CellExecutionError" in " ".join(run.stderr.split())
