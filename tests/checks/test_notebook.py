"""What a student sees: `check` in a plain interpreter and in a real kernel."""

import contextlib
import functools
import warnings

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import autograder.checks.book
from autograder import check
from autograder.checks.notebook import NotYet
from autograder.reference.dropout import dropout_moments

WRONG = """
import numpy as np
from autograder import check
def dropout_moments(mean, var, rate):
    return mean, var / (1 - rate)
check(dropout_moments)
"""


def run_in_kernel(source, folder):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook.cells[0].outputs


def test_right_answer_prints_a_table_and_returns_nothing(capsys):
    assert check(dropout_moments) is None
    printed = capsys.readouterr().out
    assert printed.startswith("dropout_moments: 5 of 5 points")
    assert "NO" not in printed


def test_wrong_answer_names_the_mistake_and_its_page(capsys):
    def dropout_moments(mean, var, rate):
        return mean, var / (1 - rate)

    with pytest.raises(NotYet, match=r"dropout_moments: .* of 5 points"):
        check(dropout_moments)
    printed = capsys.readouterr().out
    assert "known mistake: forgets mu^2" in printed
    assert "dropout/moments" in printed


def my_moments(mean, var, rate):
    return dropout_moments(mean, var, rate)


def test_answer_is_found_under_the_name_that_it_was_assigned_to(capsys):
    """The grader looks at the name alone, so a function that was written under another one counts there, too."""

    def within_a_function():
        dropout_moments = my_moments
        check(dropout_moments)

    scope = {"check": check, "my_moments": my_moments, "partial": functools.partial}
    exec("dropout_moments = my_moments\ncheck(dropout_moments)", scope)
    exec("dropout_moments = partial(my_moments)\ncheck(dropout_moments)", scope)
    within_a_function()
    assert capsys.readouterr().out.count("dropout_moments: 5 of 5 points") == 3


def test_unknown_name_is_explained():
    def dropout_moment(mean, var, rate):
        return mean, var

    with pytest.raises(LookupError, match="no exercise is called dropout_moment"):
        check(dropout_moment)


def test_notebook_shows_html_and_one_line_in_place_of_a_traceback(tmp_path):
    table, error = run_in_kernel(WRONG, tmp_path)
    assert "known mistake" in table.data["text/html"]
    assert "dropout_moments" in table.data["text/plain"]
    assert error.ename == "NotYet"
    assert error.traceback == [f"NotYet: {error.evalue}"]


def test_table_escapes_what_the_student_wrote(tmp_path):
    source = WRONG.replace("return mean, var / (1 - rate)", "raise KeyError('<script>alert(1)</script> in `x`')")
    table, _ = run_in_kernel(source, tmp_path)
    assert "<script>" not in table.data["text/html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; in <code>x</code>" in table.data["text/html"]


def test_link_points_into_the_published_or_the_nearby_book(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert autograder.checks.book.page_url("dropout/moments") is None
    page = tmp_path / "_build" / "html" / "book" / "dropout" / "moments.html"
    page.parent.mkdir(parents=True)
    page.touch()
    folder = tmp_path / "exercises" / "dropout_numpy"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert autograder.checks.book.page_url("dropout/moments") == "../../_build/html/book/dropout/moments.html"
    monkeypatch.setenv("COURSE_BOOK", "https://example.org/course/")
    assert autograder.checks.book.page_url("exercises/a/a") == "https://example.org/course/exercises/a/a.html"


def test_argument_that_check_passes_in_is_not_shared_with_the_judge():
    """A function that keeps and later changes its input must not move what it is compared with."""
    seen = []

    def dropout_backward(dy, mask, rate):
        seen.append(dy)
        result = np.where(mask, dy, 0) / (1 - rate if rate < 1 else 1)
        dy[...] = 0
        return result.astype(dy.dtype)

    with pytest.raises(NotYet):
        check(dropout_backward)
    assert seen


def test_warnings_of_an_answer_stay_off_stderr(recwarn):
    """Stock nbgrader gives a check that writes to stderr no points."""

    def dropout_moments(mean, var, rate):
        warnings.warn("not what you may think", stacklevel=1)
        return mean, (var + rate * np.square(mean)) / (1 - rate)

    with contextlib.suppress(NotYet):
        check(dropout_moments)
    assert not recwarn.list
