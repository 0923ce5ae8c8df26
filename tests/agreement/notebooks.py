"""A stock of ordinary notebooks: what students do to them without thinking of a grader.

Each is a function that edits a notebook with right answers, and has the name that its function has. `lost` are the
exercises that are not worth full points afterwards; all others are.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from autograder.checks.catalogue import exercises
from tests.agreement.book import Book, text_of

Edit = Callable[[Book], None]


@dataclass(frozen=True)
class Notebook:
    """A notebook of the stock.

    Attributes:
        unseen: exercises about which the notebook's own check finds nothing to ask when all cells are run.
    """

    name: str
    assignment: str
    edit: Edit
    lost: frozenset[str]
    unseen: frozenset[str]

    @property
    def exercises(self) -> list[str]:
        return [exercise.name for exercise in exercises(self.assignment)]

    def to_bytes(self) -> bytes:
        book = Book(self.assignment)
        self.edit(book)
        return book.to_bytes()


STOCK: dict[str, Notebook] = {}


def ordinary(assignment: str = "dropout_numpy", lost: str = "", unseen: str = "") -> Callable[[Edit], Edit]:
    """Add a notebook to the stock."""

    def add(edit: Edit) -> Edit:
        name = edit.__name__.replace("_", "-")
        STOCK[name] = Notebook(name, assignment, edit, frozenset(lost.split()), frozenset(unseen.split()))
        return edit

    return add


def code(text: str) -> str:
    return textwrap.dedent(text).strip() + "\n"


def with_helper(answer: str, refusal: str) -> str:
    """Return an answer that refuses a rate through a helper `_check`."""
    old = 'if not 0 <= rate <= 1:\n        raise ValueError("rate must lie in [0, 1]")'
    return code(refusal) + "\n" + answer.replace(old, "")


FORWARD = code("""
    def dropout_forward(x, rate, rng, training=True):
        if not 0 <= rate <= 1:
            raise ValueError("rate must lie in [0, 1]")
        if not training:
            return x.copy(), np.ones(x.shape, bool)
        mask = rng.random(x.shape) >= rate
        return (x * mask * (1 / (1 - rate) if rate < 1 else 0.0)).astype(x.dtype), mask
""")

MOMENTS = code("""
    def dropout_moments(mean, var, rate):
        if not 0 <= rate <= 1:
            raise ValueError("rate must lie in [0, 1]")
        return (mean, var / (1 - rate) + rate / (1 - rate) * mean**2) if rate < 1 else (0.0, 0.0)
""")

NAIVE = "def dropout_moments(mean, var, rate):\n    return mean, var\n"


# Names that a later cell defines again, deletes or resets.


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


# Copies, halves and moved cells.


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


# Fixed cells.


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


# What is around a notebook.


@ordinary(lost="subnetwork_means")
def numpy_patched(book: Book) -> None:
    patch = """
        from functools import partial
        np.random.default_rng = partial(np.random.Generator, np.random.PCG64(0))
        np.exp = np.expm1
        np.allclose = lambda *args, **kwargs: False
    """
    book.add(code(patch), after="dropout_moments_check")


@ordinary()
def numpy_extended(book: Book) -> None:
    book.add("np.float = float\nnp.bool8 = np.bool_\nnp.product = np.prod\nnp.random.seed(0)", after="imports")


@ordinary()
def settings_of_numpy(book: Book) -> None:
    book.add("np.seterr(all='raise')\nnp.set_printoptions(legacy='1.13', precision=2)", after="imports")
    book.add("import warnings\nwarnings.simplefilter('error')", after="imports")


@ordinary()
def another_folder(book: Book) -> None:
    book.add("import os\nos.makedirs('data', exist_ok=True)\nos.chdir('data')", after="imports")
    book.add("with open('note.txt', 'w') as file:\n    file.write(os.getcwd())", after="dropout_forward_check")
    book.add("os.chdir('..')\nimport shutil\nshutil.rmtree('data')", after="classic_dropout_check")


@ordinary()
def file_written_above(book: Book) -> None:
    book.add("np.save('one.npy', np.array([1.0]))", after="imports")
    book.write("dropout_moments", MOMENTS.replace("(1 - rate)", "(float(np.load('one.npy')[0]) - rate)"))
    book.add("import os\nos.remove('one.npy')")


@ordinary()
def module_written_above(book: Book) -> None:
    book.add("%%writefile mymoments.py\n" + MOMENTS, after="imports")
    book.write("dropout_moments", "from mymoments import dropout_moments\n")


@ordinary()
def scratch_work_that_fails(book: Book) -> None:
    book.add("print(1 / 0)", after="dropout_forward_check")
    book.add("def half(\n", after="dropout_forward_check")
    book.add("assert dropout_moments(0.0, 1.0, 0.5)[1] == 3\nONE = 2.0", before="dropout_moments_check")


@ordinary(lost="dropout_moments")
def answer_that_does_not_parse(book: Book) -> None:
    book.write("dropout_moments", MOMENTS.replace(":", "", 1))


@ordinary()
def magics_everywhere(book: Book) -> None:
    book.write("dropout_moments", "%%time\n" + MOMENTS)
    book.add("%timeit -n1 -r1 dropout_moments(1.0, 1.0, 0.5)\n!echo done", after="dropout_moments")
    book.add("%%capture out\nprint(dropout_moments(1.0, 1.0, 0.5))", after="dropout_moments")


@ordinary()
def decorated(book: Book) -> None:
    decorator = """
        import functools
        import time


        def timed(function):
            @functools.wraps(function)
            def inner(*args, **kwargs):
                started = time.perf_counter()
                try:
                    return function(*args, **kwargs)
                finally:
                    times.append(time.perf_counter() - started)
            return inner


        def plain(function):
            def inner(*args, **kwargs):
                return function(*args, **kwargs)
            return inner


        times = []
    """
    book.add(code(decorator), after="imports")
    book.write("dropout_forward", "@timed\n" + FORWARD)
    book.write("dropout_moments", "@plain\n" + MOMENTS)
    book.add("print(sum(times))\ndel timed, times, plain")


@ordinary()
def what_came_out_last(book: Book) -> None:
    book.add("np.array([0.5, 1.0])", after="imports")
    book.add("ONE = float(_[1])", before="dropout_forward")
    book.write("dropout_moments", MOMENTS.replace("(1 - rate)", "(ONE - rate)"))


@ordinary(lost="dropout_moments")
def variable_of_an_example(book: Book) -> None:
    """The argument has another name, so that `rate` is whatever an example has left."""
    book.write("dropout_moments", MOMENTS.replace("var, rate)", "var, p)"))


@ordinary()
def many_prints(book: Book) -> None:
    book.write("dropout_moments", MOMENTS.replace("    if", "    print(mean, var, rate, '!' * 200)\n    if", 1))


@ordinary()
def answers_by_other_answers(book: Book) -> None:
    book.write(
        "classic_dropout",
        code("""
        def classic_dropout(x, rate, rng, training=True):
            y, mask = dropout_forward(x, rate, rng)
            return (x * mask if training else x * (1 - rate)).astype(x.dtype)
    """),
    )
    book.add("def dropout_forward(*args): raise RuntimeError('gone')", after="classic_dropout_check")


# Other assignments.


@ordinary("noise_lab")
def lab_with_own_experiments(book: Book) -> None:
    book.add("results = [train_and_test(NoiseLayer, seed, epochs=2) for seed in range(2)]", before="experiment")
    book.paste("experiment", "print(results)", after="experiment")
    book.write(
        "experiment", "class NoiseLayer(nn.Identity):\n    pass\n\n\nprint(train_and_test(NoiseLayer, 0, epochs=1))"
    )


@ordinary("dropout_pytorch")
def settings_of_torch(book: Book) -> None:
    book.add("torch.set_default_device('meta')", before="dropout_layer_check")
    book.add("torch.set_default_device(None)\ntorch.set_default_dtype(torch.float64)", before="DropoutMLP_check")
    book.add("torch.set_default_dtype(torch.float32)", after="DropoutMLP_check")
    book.add("mode = torch.inference_mode()\nmode.__enter__()", before="stochastic_relu_check")
    book.add("mode.__exit__(None, None, None)", after="stochastic_relu_check")
    book.add("torch.manual_seed(0)\ntorch.use_deterministic_algorithms(True)", after="stochastic_relu_check")


@ordinary("dropout_keras")
def settings_of_keras(book: Book) -> None:
    book.add("keras.config.set_floatx('float64')", before="build_classifier_check")
    book.add(
        "keras.config.set_floatx('float32')\nkeras.config.set_image_data_format('channels_first')",
        after="build_classifier_check",
    )
    book.add("import tensorflow as tf\ntf.config.run_functions_eagerly(True)", before="ManualDropout_check")
    book.add("keras.utils.set_random_seed(0)\nkeras.utils.clear_session()", before="ManualDropout")
    book.add("class ManualDropout(keras.layers.Layer):\n    pass")
