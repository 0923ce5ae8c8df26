"""Notebooks that change what is around them: settings, files, modules, and what other cells can see of them."""

from tests.agreement.book import Book
from tests.agreement.stock import FORWARD, MOMENTS, code, ordinary


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


@ordinary()
def module_that_is_run(book: Book) -> None:
    book.add("%%writefile moments.py\n" + MOMENTS, after="imports")
    book.write("dropout_moments", "%run moments.py\n")


@ordinary(lost="dropout_backward")
def stars_are_imported(book: Book) -> None:
    book.add("from numpy import *\nfrom math import *", after="imports")
    book.add("from math import *\nprint(dropout_moments(e, pi, 0.5))", after="dropout_moments")


@ordinary()
def scratch_work_that_leaves(book: Book) -> None:
    book.add("import sys\nsys.exit('enough')", after="dropout_forward_check")
    book.add("raise KeyboardInterrupt", after="dropout_forward_check")


@ordinary()
def answers_that_are_no_functions(book: Book) -> None:
    partial = "from functools import partial\n\n\ndef _moments(scale, mean, var, rate):\n"
    body = MOMENTS.partition("\n")[2].replace("1 - rate", "scale - rate")
    book.write("dropout_moments", f"{partial}{body}\n\ndropout_moments = partial(_moments, 1)\n")
    backward = "lambda dy, mask, rate, _f=_backward: _f(dy, mask, rate)"
    text = book.answers["dropout_backward"].replace("dropout_backward", "_backward")
    book.write("dropout_backward", f"{text}\n\ndropout_backward = {backward}\ndel _backward\n")


@ordinary()
def warnings_and_threads(book: Book) -> None:
    noisy = """
        import logging
        import threading
        import warnings

        logging.basicConfig(level=logging.DEBUG)
        threading.Thread(target=print, args=("elsewhere",)).start()
    """
    book.add(code(noisy), after="imports")
    book.write(
        "dropout_moments", MOMENTS.replace("    if", "    warnings.warn(f'{rate}')\n    logging.info(rate)\n    if", 1)
    )


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
