"""What a question finds beside the student's code: the settings of a fresh process, which it leaves as they were."""

import subprocess
import sys
import textwrap

import pytest

ASK = """
from autograder.checks.respond import respond
def ask(subject):
    request = {"subject": "subject", "probe": "", "source": "", "args": [], "kwargs": {}}
    return respond({"subject": subject}, request)["value"]
"""

SETTINGS = {
    "errors of arithmetic": (
        "import numpy as np\nnp.seterr(all='raise')",
        "lambda: float(np.exp(-1e9) + np.exp(1e9))",
        "inf",
        "np.geterr()['under']",
        "raise",
    ),
    "warnings": (
        "import warnings\nwarnings.simplefilter('error')",
        "lambda: warnings.warn('careful')",
        None,
        "warnings.filters[0][0]",
        "error",
    ),
    "torch's dtype": (
        "import torch\ntorch.set_default_dtype(torch.float64)",
        "lambda: str(torch.zeros(1).dtype)",
        "torch.float32",
        "torch.zeros(1).dtype",
        "torch.float64",
    ),
    "gradients": (
        "import torch\ntorch.set_grad_enabled(False)",
        "torch.is_grad_enabled",
        True,
        "torch.is_grad_enabled()",
        False,
    ),
    "Keras's policy": (
        "import keras\nkeras.config.set_dtype_policy('mixed_float16')",
        "lambda: keras.layers.Dense(1).compute_dtype",
        "float32",
        "keras.config.dtype_policy().name",
        "mixed_float16",
    ),
    "Keras's floats": (
        "import keras\nkeras.config.set_floatx('float64')",
        "lambda: keras.layers.Dense(1).variable_dtype + keras.config.floatx()",
        "float32float32",
        "keras.config.floatx()",
        "float64",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_scratch_work_has_set_decides_no_answer_and_stays_set(name):
    scratch, subject, answer, now, kept = SETTINGS[name]
    check = f"""
    {textwrap.indent(scratch, " " * 4).strip()}
    answer = ask({subject})
    assert str(answer) == {str(answer)!r}, answer
    assert str({now}) == {str(kept)!r}, {now}
    """
    subprocess.run([sys.executable, "-c", ASK + textwrap.dedent(check)], check=True)
