"""Notebooks with copies, halves and moved cells, and with fixed cells that were changed."""

from autograder.checks.catalogue import exercises
from tests.agreement.book import Book, text_of
from tests.agreement.stock import FORWARD, MOMENTS, NAIVE, ordinary


@ordinary()
def answer_in_a_copy(book: Book) -> None:
    book.paste("dropout_forward", after="dropout_forward")
    book.blank("dropout_forward")


@ordinary()
def first_try_and_a_copy(book: Book) -> None:
    book.paste("dropout_moments", after="dropout_moments")
    book.write("dropout_moments", NAIVE)


@ordinary()
def every_answer_in_a_copy(book: Book) -> None:
    for name in book.answers:
        book.paste(name, after=name)
        book.blank(name)


@ordinary()
def answer_and_an_empty_copy_above(book: Book) -> None:
    book.paste("dropout_moments", "", after="dropout_moments")
    book.paste("dropout_moments", "# Notes: see the lecture.", after="dropout_moments")


@ordinary()
def helper_in_the_upper_half(book: Book) -> None:
    upper = "def _refuse(rate):\n    if not 0 <= rate <= 1:\n        raise ValueError('rate')\n"
    refusal = '    if not 0 <= rate <= 1:\n        raise ValueError("rate must lie in [0, 1]")\n'
    book.paste("dropout_forward", FORWARD.replace(refusal, "    _refuse(rate)\n"), after="dropout_forward")
    book.write("dropout_forward", upper)


@ordinary()
def import_in_the_upper_half(book: Book) -> None:
    book.paste(
        "gaussian_dropout", book.answers["gaussian_dropout"].replace("** 0.5", "** half"), after="gaussian_dropout"
    )
    book.write("gaussian_dropout", "from decimal import Decimal\n\nhalf = float(Decimal('0.5'))\n")


@ordinary()
def three_parts_with_prints(book: Book) -> None:
    book.paste("dropout_moments", "print(dropout_moments(1.0, 1.0, 0.5))", after="dropout_moments")
    book.paste("dropout_moments", MOMENTS, after="dropout_moments")
    book.write("dropout_moments", "print('moments')")


@ordinary(lost="dropout_moments")
def right_first_and_wrong_copy(book: Book) -> None:
    book.paste("dropout_moments", NAIVE, after="dropout_moments")


@ordinary(unseen="dropout_moments")
def answer_moved_below_its_check(book: Book) -> None:
    book.move("dropout_moments", after="dropout_moments_check")


@ordinary(unseen="dropout_forward")
def answer_below_its_check(book: Book) -> None:
    book.blank("dropout_forward")
    book.add(FORWARD, after="dropout_forward_check")


@ordinary()
def answer_below_its_check_and_the_check_again(book: Book) -> None:
    book.blank("dropout_forward")
    book.paste("dropout_forward_check", after="dropout_forward_check")
    book.add(FORWARD, after="dropout_forward_check")
    book.add("dropout_forward = None")


@ordinary()
def answer_in_a_cell_of_its_own(book: Book) -> None:
    book.blank("dropout_moments")
    book.add(MOMENTS, after="dropout_moments")


@ordinary(unseen="dropout_moments")
def answer_above_the_gap(book: Book) -> None:
    book.blank("dropout_moments")
    book.add(MOMENTS, before="dropout_moments")


@ordinary(unseen="dropout_moments")
def answer_turned_into_text(book: Book) -> None:
    book.to_markdown("dropout_moments")


@ordinary()
def checks_turned_into_text_are_checks(book: Book) -> None:
    book.add("np = 5")
    book.paste("dropout_moments_check", after="dropout_moments_check")
    book.to_markdown("dropout_moments_check")


@ordinary()
def check_moved_to_the_end(book: Book) -> None:
    book.cells.append(book.cut("dropout_moments_check"))


@ordinary(lost="dropout_moments")
def check_moved_below_a_naive_version(book: Book) -> None:
    book.add(NAIVE)
    book.cells.append(book.cut("dropout_moments_check"))


@ordinary(unseen="dropout_moments dropout_ridge")
def checks_deleted(book: Book) -> None:
    for name in ("dropout_moments", "dropout_ridge"):
        book.cut(f"{name}_check")
    book.add(NAIVE + "np = 5")


@ordinary()
def check_twice(book: Book) -> None:
    book.paste("dropout_moments_check", after="dropout_moments_check")
    book.paste("dropout_forward_check")


@ordinary()
def summary_of_checks(book: Book) -> None:
    book.add("for answer in (dropout_forward, dropout_backward, dropout_moments):\n    check(answer)")


@ordinary()
def check_merged_into_the_answer(book: Book) -> None:
    for cell in (book.cells.pop(book.place("dropout_moments") + 1), book.cut("dropout_moments_check")):
        book.cell("dropout_moments")["source"] += "\n" + text_of(cell)


@ordinary()
def metadata_lost(book: Book) -> None:
    for cell in book.cells:
        cell["metadata"] = {}
    book.add("np = 5")


@ordinary(lost="dropout_ridge subnetwork_means dropout_backward")
def unfinished(book: Book) -> None:
    for name in ("dropout_ridge", "subnetwork_means"):
        book.blank(name)
    book.write("dropout_backward", "def dropout_backward(dy, mask, rate):\n    return dy * mask\n")
    book.write("dropout_moments", MOMENTS + "\n\n# TODO: look at this again\n")


@ordinary(unseen=" ".join(exercise.name for exercise in exercises("dropout_numpy")))
def all_answers_in_one_cell_at_the_end(book: Book) -> None:
    for name in book.answers:
        book.blank(name)
    book.add("\n\n".join(book.answers.values()).replace("answer()", "_answer()"))


@ordinary()
def sections_in_another_order(book: Book) -> None:
    start, end = book.place("dropout_moments"), book.place("dropout_moments_check") + 1
    section = book.cells[start:end]
    del book.cells[start:end]
    book.cells[book.place("dropout_forward") : book.place("dropout_forward")] = section


@ordinary()
def copies_turned_into_scratch_work(book: Book) -> None:
    book.paste("dropout_moments_check", "%%time\nprint(dropout_moments(1.0, 1.0, 0.5))", after="dropout_moments")
    book.paste("dropout_forward", "one = np.ones(3)\nprint(one)", after="imports")
    book.paste("imports", "%%bash\necho nothing", after="dropout_ridge")


@ordinary()
def example_changed(book: Book) -> None:
    example = book.place("dropout_moments") + 1
    book.cells[example]["source"] = "dropout_moments, _old = (lambda *args: _old(*args)), dropout_moments\nprint(_old)"


@ordinary(lost="dropout_moments")
def example_changed_for_the_worse(book: Book) -> None:
    book.cells[book.place("dropout_moments") + 1]["source"] = "rate = 0.3\ndropout_moments = (0.0, 1.0)\n"


@ordinary()
def import_added_to_the_imports(book: Book) -> None:
    book.cell("imports")["source"] = "import math\n" + text_of(book.cell("imports"))
    book.write("gaussian_dropout", book.answers["gaussian_dropout"].replace("** 0.5", "** math.log(math.e, math.e**2)"))


@ordinary()
def imports_written_anew(book: Book) -> None:
    book.write(
        "imports",
        "import os, math\nimport numpy as np, matplotlib.pyplot as plt\nfrom autograder import check\nHALF = 0.5",
    )
    book.write("gaussian_dropout", book.answers["gaussian_dropout"].replace("** 0.5", "** math.sqrt(HALF**2)"))


@ordinary()
def line_above_the_check(book: Book) -> None:
    book.write("gaussian_dropout", book.answers["gaussian_dropout"].replace("** 0.5", "** half"))
    book.write("gaussian_dropout_check", "half = 0.5\ncheck(gaussian_dropout)\nhalf = None")
