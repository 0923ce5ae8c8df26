"""What a student sees: `check` in a plain interpreter and in a real kernel."""

import contextlib
import functools
import re
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import autograder.checks.book
from autograder import check
from autograder.checks import catalogue, progress, watch
from autograder.checks.notebook import NotYet
from autograder.checks.printed import Printed
from autograder.reference.dropout import dropout_moments

RELEASED = Path(__file__).parents[2] / "exercises"
WRONG = """
import numpy as np
from autograder import check
def dropout_moments(mean, var, rate):
    return mean, var / (1 - rate)
check(dropout_moments)
"""


def run_in_kernel(source, folder, *more):
    """Run cells in a kernel and return the outputs of the last."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (source, *more)])
    NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook.cells[-1].outputs


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

    with pytest.raises(LookupError, match=r"no exercise is called dropout_moment: did you mean dropout_moments\?"):
        check(dropout_moment)
    with pytest.raises(LookupError, match="no exercise is called <lambda>: pass the function itself"):
        check(lambda x: x)


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


def test_link_points_into_the_nearby_or_the_published_book(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert autograder.checks.book.page_url("dropout/moments") is None
    monkeypatch.setattr(autograder.checks.book, "published", "https://example.org/published")
    section = "https://example.org/published/book/dropout/moments.html#leaving-out-the-mean"
    assert autograder.checks.book.page_url("dropout/moments#Leaving out: the mean") == section
    page = tmp_path / "_build" / "html" / "book" / "dropout" / "moments.html"
    page.parent.mkdir(parents=True)
    page.touch()
    folder = tmp_path / "exercises" / "dropout_numpy"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert autograder.checks.book.page_url("dropout/moments") == "../../_build/html/book/dropout/moments.html"
    assert autograder.checks.book.page_url("dropout/moments#a").endswith("/html/book/dropout/moments.html#a")
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


BEGIN = """
from autograder import begin, check
begin("dropout_numpy", needs="numpy")
"""
MOMENTS = """
def dropout_moments(mean, var, rate):
    print("called", mean)
    return mean, (var + rate * mean**2) / (1 - rate)
"""


def test_version_that_a_failed_cell_should_have_replaced_is_said_to_be_old(tmp_path):
    table, *_ = run_in_kernel(BEGIN, tmp_path, MOMENTS, MOMENTS.replace("):", ")"), "check(dropout_moments)")
    warning = "Cell [3], which defines <code>dropout_moments</code>, has failed since: this is an older version."
    assert warning in table.data["text/html"]
    table, *_ = run_in_kernel(BEGIN, tmp_path, MOMENTS, MOMENTS.replace("moments", "momnets"), "check(dropout_moments)")
    assert "<code>dropout_momnets</code> was defined since: did you mean" in table.data["text/html"]
    table, *_ = run_in_kernel(BEGIN, tmp_path, MOMENTS.replace("):", ")"), MOMENTS, "check(dropout_moments)")
    assert "older version" not in table.data["text/html"]


def test_check_before_its_cell_ran_names_the_cell(tmp_path):
    (error,) = run_in_kernel(BEGIN, tmp_path, "check(dropout_moments)")
    expected = "NameError: `dropout_moments` is not defined yet: run its cell first, that of exercise 5."
    assert error.traceback == [expected]
    (error,) = run_in_kernel(BEGIN, tmp_path, MOMENTS.replace("moments", "momnets"), "check(dropout_moments)")
    assert error.traceback == ["NameError: `dropout_momnets` was defined: did you mean `dropout_moments`?"]
    (error,) = run_in_kernel(BEGIN, tmp_path, MOMENTS, "check(dropout_moment)")
    assert error.traceback == ["NameError: `dropout_moment` is not defined: did you mean `dropout_moments`?"]


def test_other_names_that_are_missing_keep_their_traceback(tmp_path):
    (error,) = run_in_kernel(BEGIN, tmp_path, "def f():\n    return dropout_moments\nf()")
    assert "---->" in "".join(error.traceback)
    (error,) = run_in_kernel(BEGIN, tmp_path, "something_else")
    assert "---->" in "".join(error.traceback)


def test_what_an_answer_prints_is_counted_and_folded(tmp_path):
    outputs = run_in_kernel(BEGIN, tmp_path, MOMENTS, "check(dropout_moments)")
    assert {output.output_type for output in outputs} == {"display_data", "error"}
    shown = outputs[0].data["text/html"]
    (lines,) = re.findall(r"<details><summary>Your code printed (\d+) lines during this check", shown)
    assert shown.count("called") == min(int(lines), 20) > 5


def test_prints_take_no_more_memory_than_is_read():
    printed = Printed()
    for _ in range(100):
        printed.write("x" * 99_999 + "\n")
    assert printed.lines == 100
    assert len(printed.beginning) <= 20_000
    assert Printed().summary == ""


def test_progress_counts_what_was_checked(capsys):
    progress.start("dropout_numpy").verdicts.clear()
    check()
    assert capsys.readouterr().out.startswith("0 of 7 exercises, 0 of")
    check(dropout_moments)
    out = capsys.readouterr().out
    assert re.search(r"1 of 7 exercises, 5 of \d+ points. Next: `dropout_forward`.$", out.strip())
    check()
    out = capsys.readouterr().out
    assert "dropout_ridge " in out
    assert "not checked yet" in out
    assert progress.Progress("dropout_numpy")._repr_html_().count("not checked yet") == 7


def test_failed_requirement_shows_a_call_to_paste(capsys):
    def dropout_moments(mean, var, rate):
        if not 0 <= rate <= 1:
            raise ValueError("rate")
        return (0.0, 0.0) if rate == 1 else (mean, var / (1 - rate))

    with pytest.raises(NotYet):
        check(dropout_moments)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    (call, *_) = [line.removeprefix("try ") for line in lines if line.startswith("try dropout_moments(")]
    came = lines[lines.index(f"try {call}") + 1]
    gives = eval(call, {"dropout_moments": dropout_moments})
    assert eval(came.removeprefix("gives ")) == pytest.approx(gives, rel=1e-4)
    assert lines[lines.index(f"try {call}") + 2].startswith("right is (")


def test_what_is_printed_is_caught_and_folded(tmp_path):
    source = WRONG.replace("    return", "    print('<b>mean</b>', mean)\n    return")
    outputs = run_in_kernel(source, tmp_path)
    assert [output.output_type for output in outputs] == ["display_data", "error"]
    assert "<details><summary>Your code printed" in outputs[0].data["text/html"]
    assert "&lt;b&gt;mean&lt;/b&gt; " in outputs[0].data["text/html"]


def test_line_that_raised_is_shown_in_a_notebook(tmp_path):
    source = WRONG.replace("return mean, var / (1 - rate)", "return mean, {}['var']")
    table, _ = run_in_kernel(source, tmp_path)
    assert "in the line <code>return mean, {}[&#x27;var&#x27;]</code>" in table.data["text/html"]


@pytest.mark.parametrize("slip", ["Max_Pool2D", "maxPool2d", "max_pool_2d", "maxpool2", "max_pol2d"])
def test_a_name_that_differs_in_capitals_or_underscores_is_close(slip):
    names = [exercise.name for exercise in catalogue.exercises("pooling")]
    assert watch.similar(slip, names) == "max_pool2d"


@pytest.mark.parametrize("assignment", catalogue.ASSIGNMENTS)
def test_no_name_that_a_notebook_itself_defines_is_taken_for_a_slip(assignment):
    names = [exercise.name for exercise in catalogue.exercises(assignment)]
    notebook = nbformat.read(RELEASED / assignment / f"{assignment}.ipynb", as_version=4)
    defined = {
        match[1]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for match in watch.DEFINES.finditer(cell.source)
        if match[1] and match[1] not in names
    }
    assert [name for name in defined if watch.similar(name, names)] == []


@pytest.mark.parametrize("assignment", catalogue.ASSIGNMENTS)
def test_the_points_of_all_exercises_stand_in_one_column(assignment):
    rows = repr(progress.Progress(assignment)).splitlines()[1:]
    assert len({row.index("not checked yet") for row in rows}) == 1
