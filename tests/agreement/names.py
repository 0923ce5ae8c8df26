"""Notebooks in which a later cell defines names again, deletes or resets them."""

from tests.agreement.book import Book, text_of
from tests.agreement.stock import FORWARD, MOMENTS, NAIVE, ordinary


@ordinary()
def helpers_of_one_name(book: Book) -> None:
    first = "def _check(rate):\n    if not 0 <= rate <= 1:\n        raise ValueError('rate')\n    return rate < 1\n\n\n"
    other = first.replace("return rate < 1", "return 1 - rate")
    scale = "(1 / (1 - rate) if rate < 1 else 0.0)"
    body = FORWARD.replace(scale, "(1 / (1 - rate) if _check(rate) is True else 0.0)")
    book.write("dropout_forward", first + body.replace("if not training:", "_check(rate)\n    if not training:"))
    book.write("dropout_moments", other + MOMENTS.replace("1 - rate)", "_check(rate))"))


@ordinary()
def answer_called_by_its_name(book: Book) -> None:
    book.add("dropout_moments = dropout_moments(2.0, 1.0, 0.2)", after="dropout_moments_check")


@ordinary(lost="dropout_moments")
def answer_called_by_its_name_above_the_check(book: Book) -> None:
    book.add("dropout_moments = dropout_moments(2.0, 1.0, 0.2)", before="dropout_moments_check")


@ordinary()
def reset_and_the_imports_again(book: Book) -> None:
    book.add("%reset -f", after="dropout_moments_check")
    book.add(text_of(book.cell("imports")), before="dropout_ridge")


@ordinary()
def reset_and_the_imports_pasted(book: Book) -> None:
    book.paste("imports", after="dropout_backward_check")
    book.add("get_ipython().run_line_magic('reset', '-f')", after="dropout_backward_check")


@ordinary()
def answers_deleted(book: Book) -> None:
    book.add("del dropout_forward, dropout_moments", after="dropout_moments_check")


@ordinary(lost="gaussian_dropout")
def helper_deleted_too_early(book: Book) -> None:
    book.write(
        "gaussian_dropout",
        "def _noise(): ...\n\n\n"
        + book.answers["gaussian_dropout"].replace("    if not training", "    _noise()\n    if not training"),
    )
    book.add("del _noise", before="gaussian_dropout_check")


@ordinary()
def constant_with_another_value(book: Book) -> None:
    book.write("dropout_moments", "ONE = 1.0\n\n\n" + MOMENTS.replace("(1 - rate)", "(ONE - rate)"))
    book.add("ONE = 2.0\nprint(ONE)", after="dropout_ridge_check")


@ordinary()
def list_that_is_emptied(book: Book) -> None:
    book.write("dropout_moments", "ONE = [1.0]\n\n\n" + MOMENTS.replace("(1 - rate)", "(ONE[0] - rate)"))
    book.add("ONE.clear()", after="dropout_ridge_check")


@ordinary()
def naive_version_for_comparison(book: Book) -> None:
    book.add(NAIVE + "print(dropout_moments(2.0, 1.0, 0.2))", after="dropout_moments_check")


@ordinary(lost="dropout_moments")
def naive_version_above_the_check(book: Book) -> None:
    book.add(NAIVE, before="dropout_moments_check")


@ordinary()
def naive_version_with_the_check_again(book: Book) -> None:
    book.add(NAIVE)
    book.paste("dropout_moments_check")


@ordinary()
def call_counter(book: Book) -> None:
    book.write(
        "dropout_moments", "calls = 0\n\n\n" + MOMENTS.replace("    if", "    global calls\n    calls += 1\n    if", 1)
    )
    book.add("print(calls, 'calls')\ncalls = None")


@ordinary(lost="dropout_moments")
def generator_that_runs_out(book: Book) -> None:
    book.write("dropout_moments", "ones = iter([1.0] * 3)\n\n\n" + MOMENTS.replace("(1 - rate)", "(next(ones) - rate)"))


@ordinary()
def numpy_is_five(book: Book) -> None:
    book.add("np = 5")


@ordinary(lost="dropout_backward")
def builtins_have_other_meanings(book: Book) -> None:
    book.add("max = 3\nsum = [1, 2]\nlist = abs", after="dropout_forward_check")
    book.add("del max, sum, list", before="classic_dropout")
    book.add("abs, len, range = 1, 2, 3")


@ordinary()
def class_defined_again(book: Book) -> None:
    cell = "class Moments:\n    def __call__(self, mean, var, rate):\n        return _moments(mean, var, rate)\n\n\n"
    book.write(
        "dropout_moments",
        MOMENTS.replace("dropout_moments", "_moments") + "\n\n" + cell + "dropout_moments = Moments()\n",
    )
    book.add("class Moments:\n    pass\n\n\n_moments = None", after="dropout_moments_check")
