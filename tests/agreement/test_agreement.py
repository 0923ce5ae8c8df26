"""The grade is what the check said: four ways to check a notebook find the same, requirement by requirement.

A few notebooks stand for all in the suite; the whole stock is a part of the release test.
Seeds differ from way to way: a right answer fails a statistical requirement with probability at most 1e-9.
"""

from pathlib import Path

import pytest

from tests.agreement.notebooks import STOCK, Notebook
from tests.agreement.ways import Found, by_check, by_grade, by_nbgrader, in_a_kernel

pytestmark = [pytest.mark.xdist_group("agreement"), pytest.mark.timeout(1200)]


FEW = {"three-parts-with-prints", "numpy-patched"}
NAMES = [pytest.param(name, marks=() if name in FEW else pytest.mark.agreement) for name in STOCK]


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest) -> list[Notebook]:
    """Return the notebooks that tests ask about in this run."""
    names = {
        item.callspec.params["name"] for item in request.session.items if item.path == request.path and "[" in item.name
    }
    return [STOCK[name] for name in STOCK if name in names]


@pytest.fixture(scope="module")
def graded(asked: list[Notebook], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    return by_grade(asked, tmp_path_factory.mktemp("grade"))


@pytest.fixture(scope="module")
def autograded(asked: list[Notebook], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    return by_nbgrader(asked, tmp_path_factory.mktemp("nbgrader"))


@pytest.mark.parametrize("name", NAMES)
def test_the_stock_is_graded_as_it_deserves(graded: dict[str, Found], name: str) -> None:
    assert {exercise for exercise, table in graded[name].items() if not all(table.values())} == STOCK[name].lost


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_agrees(graded: dict[str, Found], autograded: dict[str, Found], name: str) -> None:
    assert autograded[name] == graded[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_command_for_students_agrees(graded: dict[str, Found], tmp_path: Path, name: str) -> None:
    assert by_check(STOCK[name], tmp_path) == graded[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_students_own_checks_agree(graded: dict[str, Found], tmp_path: Path, name: str) -> None:
    """Nothing is shown to hold where there is no table. What no check could see may count all the same."""
    shown = in_a_kernel(STOCK[name], tmp_path)
    nothing = {exercise: dict.fromkeys(table, False) for exercise, table in graded[name].items()}
    unseen = STOCK[name].unseen
    for exercise, table in (nothing | shown).items():
        if exercise in unseen:
            assert sum(table.values()) <= sum(graded[name][exercise].values())
        else:
            assert table == graded[name][exercise], exercise


def test_the_few_are_of_the_stock() -> None:
    assert set(STOCK) > FEW


def test_every_framework_and_the_open_assignment_are_in_the_stock() -> None:
    assignments = {notebook.assignment for notebook in STOCK.values()}
    assert assignments >= {"dropout_numpy", "dropout_keras", "dropout_pytorch", "noise_lab"}
