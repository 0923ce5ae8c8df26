"""The first cell of a released notebook, where nothing of this course is: it finds the checks, or says why not."""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.checks.catalogue import ASSIGNMENTS
from autograder.first_cell import first_cell
from autograder.release import Published, _address, read_solution

ROOT = Path(__file__).parents[1]
SOLUTION = 'from autograder import begin\n\nbegin("pooling", needs="numpy")\n'
ADDRESS = "dropout-course @ git+https://host.example/owner/course"
BARE = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "COURSE_"))}
STRANGER = "def grade():\n    pass\n"
"""Another project's package of the same name."""


def python(source: str) -> str:
    return str(TransformerManager().transform_cell(source))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip alone, which finds NumPy where this one has it."""
    place = tmp_path_factory.mktemp("empty")
    venv.create(place / ".venv", with_pip=True)
    import numpy

    packages = next((place / ".venv").glob("lib/python*/site-packages"))
    for part in ("numpy", "numpy.libs"):
        (packages / part).symlink_to(Path(numpy.__file__).parents[1] / part)
    return place


def run(place: Path, folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run a cell as a script in a folder; of IPython there is what runs magics, by the pip of the environment."""
    magic = (
        "import subprocess, sys\n"
        "class Shell:\n"
        "    def run_line_magic(self, name, line):\n"
        "        subprocess.run([sys.executable, '-m', name, *__import__('shlex').split(line)], check=True)\n"
        "get_ipython = Shell\n"
    )
    command = [place / ".venv/bin/python", "-c", magic + python(source)]
    return subprocess.run(command, cwd=folder, env=BARE, capture_output=True, text=True, check=False)


CHECK = (
    "\nfrom autograder import check\nfrom autograder.reference.pooling import max_pool2d\ncheck(max_pool2d)\ncheck()\n"
)


def test_a_clone_uses_itself(empty: Path) -> None:
    done = run(empty, ROOT / "exercises/pooling", first_cell(SOLUTION, "", "") + CHECK)
    assert done.returncode == 0, done.stderr
    assert "max_pool2d: " in done.stdout
    assert "1 of 5 exercises" in done.stdout


def test_outside_a_clone_without_an_address_one_line_says_so(empty: Path, tmp_path: Path) -> None:
    done = run(empty, tmp_path, first_cell(SOLUTION, "", ""))
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: autograder is missing: `make student`")


def test_a_clone_without_numpy_says_what_is_missing_and_not_that_it_is_no_clone(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv")
    done = run(tmp_path, ROOT / "exercises/pooling", first_cell(SOLUTION, "", ""))
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: numpy is missing: `make student`")


def test_a_file_of_the_same_name_beside_the_notebook_is_named(empty: Path, tmp_path: Path) -> None:
    (tmp_path / "autograder.py").write_text(STRANGER)
    done = run(empty, tmp_path, first_cell(SOLUTION, ADDRESS, ""))
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: the `autograder` here is {tmp_path / 'autograder.py'}: rename it, then restart the kernel"
    )


def test_another_projects_package_that_lacks_something_is_not_installed_over(empty: Path, tmp_path: Path) -> None:
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder/__init__.py").write_text("import nosuchmodule\n")
    done = run(empty, tmp_path, first_cell(SOLUTION, ADDRESS, ""))
    assert done.stderr.splitlines()[-1].endswith("__init__.py: rename it, then restart the kernel")


def test_what_was_published_is_installed(tmp_path: Path) -> None:
    """Pip alone is in the environment, as where somebody opens a notebook that came without its clone."""
    venv.create(tmp_path / ".venv", with_pip=True)
    wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT]
    subprocess.run(wheel, check=True)
    (built,) = tmp_path.glob("*.whl")
    cell = first_cell(SOLUTION, f"dropout-course @ {built.as_uri()}", "https://host.example/course/")
    done = run(tmp_path, tmp_path, cell + CHECK)
    assert done.returncode == 0, done.stderr
    assert "max_pool2d: " in done.stdout


def test_another_projects_package_is_named(empty: Path, tmp_path: Path) -> None:
    packages = next((empty / ".venv").glob("lib/python*/site-packages"))
    (packages / "autograder").mkdir()
    (packages / "autograder/__init__.py").write_text(STRANGER)
    described = packages / "stranger-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (described / "top_level.txt").write_text("autograder\n")
    done = run(empty, tmp_path, first_cell(SOLUTION, ADDRESS, ""))
    expected = "ImportError: the `autograder` here is that of stranger: `%pip uninstall --yes stranger`, then restart"
    assert done.stderr.splitlines()[-1].startswith(expected)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_first_cell_names_what_the_notebook_imports(assignment: str) -> None:
    notebook = read_solution(assignment, ROOT / "solutions")
    start, imports = (cell.source for cell in notebook.cells if cell.id in {"start", "imports"})
    asked = set(re.findall(r'needs="([^"]*)"', start)[0].split())
    imported = set(re.findall(r"^(?:import|from) (\w+)", imports, re.MULTILINE))
    assert imported - set(sys.stdlib_module_names) - {"autograder"} <= asked
    assert asked <= imported | {"tensorflow"}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_keras_runs_on_the_framework_that_the_notebook_asks_for(assignment: str) -> None:
    """Whatever the settings of the machine say."""
    notebook = read_solution(assignment, ROOT / "solutions")
    start, imports = (cell.source for cell in notebook.cells if cell.id in {"start", "imports"})
    chosen, _, below = imports.partition('os.environ["KERAS_BACKEND"] = "tensorflow"\n')
    assert "keras" not in start or ("import keras" in below and "import keras" not in chosen and "tensorflow" in start)


def test_tensorflow_says_nothing_when_it_is_imported(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    program = 'from autograder import begin\nbegin("dropout_keras", needs="keras tensorflow")\nimport keras\n1 / 0'
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("Traceback")
    assert done.stderr.rstrip().endswith("ZeroDivisionError: division by zero")


def test_what_lacks_is_said_in_a_line_for_each(tmp_path: Path) -> None:
    program = 'from autograder import begin\nbegin("pooling", needs="numpy nosuchmodule torch_of_nobody")'
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    *_, first, second = done.stderr.splitlines()
    assert "nosuchmodule is missing: " in first
    assert second.startswith("torch_of_nobody is missing: ")


def test_addresses_are_written_in_where_a_course_is_published() -> None:
    link = "[Pooling](../../book/keras/pooling.md#keras) and [layers](../layernorm/layernorm.ipynb)"
    text = nbformat.v4.new_markdown_cell(link.replace("../layernorm", "../../exercises/layernorm"))
    start = nbformat.v4.new_code_cell(SOLUTION, id="start")
    notebook = nbformat.v4.new_notebook(cells=[text, start])
    _address(notebook, Published(ADDRESS, "https://host.example/course/"))
    assert f'%pip install --quiet "{ADDRESS}"' in start.source
    assert 'begin("pooling", needs="numpy", book_at="https://host.example/course/")' in start.source
    assert "(https://host.example/course/book/keras/pooling.html#keras)" in text.source
    assert "(https://host.example/course/exercises/layernorm/layernorm.html)" in text.source
