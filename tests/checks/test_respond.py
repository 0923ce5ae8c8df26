"""What a question finds beside the student's code: the settings of a fresh process, which it leaves as they were."""

import subprocess
import sys
import textwrap

import pytest

ASK = """
from autograder.checks.beside.respond import respond
def ask(subject):
    request = {"subject": "subject", "probe": "", "ways": [], "args": [], "kwargs": {}}
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
    "printed arrays": (
        "import numpy as np\nnp.set_printoptions(legacy='1.13', precision=2)",
        "lambda: str(np.float64(1 / 3)) + str(np.array([1.0, 1 / 3]))",
        "0.3333333333333333[1.         0.33333333]",
        "np.array([1.0, 1 / 3])",
        "[ 1.    0.33]",
    ),
    "calls within one another": (
        "import sys\nsys.setrecursionlimit(90)",
        "sys.getrecursionlimit",
        3000,
        "sys.getrecursionlimit()",
        90,
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
    "inference mode": (
        "import torch\nmode = torch.inference_mode()\nmode.__enter__()",
        "lambda: torch.ones(1, requires_grad=True).mul(2).requires_grad",
        True,
        "torch.is_inference_mode_enabled()",
        True,
    ),
    "a device": (
        "import torch\ntorch.set_default_device('meta')",
        "lambda: torch.ones(1).device.type",
        "cpu",
        "torch.ones(1).device.type",
        "meta",
    ),
    "a device within": (
        "import torch\ndevice = torch.device('meta')\ndevice.__enter__()",
        "lambda: torch.nn.Linear(1, 1).weight.device.type",
        "cpu",
        "torch.ones(1).device.type",
        "meta",
    ),
    "autocast": (
        "import torch\ncast = torch.autocast('cpu', torch.bfloat16)\ncast.__enter__()",
        "lambda: str((torch.ones(2, 2) @ torch.ones(2, 2)).dtype)",
        "torch.float32",
        "(torch.ones(2, 2) @ torch.ones(2, 2)).dtype",
        "torch.bfloat16",
    ),
    "anomalies": (
        "import torch\ntorch.autograd.set_detect_anomaly(True)",
        "torch.is_anomaly_enabled",
        False,
        "torch.is_anomaly_enabled()",
        True,
    ),
    "deterministic algorithms": (
        "import torch\ntorch.use_deterministic_algorithms(True, warn_only=True)",
        "torch.are_deterministic_algorithms_enabled",
        False,
        "torch.get_deterministic_debug_mode()",
        1,
    ),
    "products of less precision": (
        "import torch\ntorch.set_float32_matmul_precision('medium')",
        "lambda: torch.backends.mkldnn.matmul.fp32_precision",
        "ieee",
        "torch.get_float32_matmul_precision()",
        "medium",
    ),
    "products of less precision, set in the new way": (
        "import torch\ntorch.backends.mkldnn.matmul.fp32_precision = 'bf16'",
        "lambda: torch.backends.mkldnn.matmul.fp32_precision",
        "ieee",
        "torch.backends.mkldnn.matmul.fp32_precision",
        "bf16",
    ),
    "smallest numbers": (
        "import torch\nassert torch.set_flush_denormal(True)\ntiny = 5e-324",
        "lambda: tiny * 1.0 > 0",
        True,
        "tiny * 1.0 > 0",
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
    "Keras's images": (
        "import keras\nkeras.config.set_image_data_format('channels_first')",
        "lambda: keras.layers.Conv2D(1, 1).data_format",
        "channels_last",
        "keras.config.image_data_format()",
        "channels_first",
    ),
    "Keras's small number": (
        "import keras\nkeras.config.set_epsilon(0.1)",
        "keras.config.epsilon",
        1e-7,
        "keras.config.epsilon()",
        0.1,
    ),
    "Keras's epochs": (
        "import keras\nkeras.config.set_max_epochs(1)\nkeras.config.set_max_steps_per_epoch(2)",
        "lambda: [keras.config.max_epochs(), keras.config.max_steps_per_epoch()]",
        [None, None],
        "keras.config.max_epochs()",
        1,
    ),
    "functions of TensorFlow": (
        "import tensorflow as tf\ntf.config.run_functions_eagerly(True)",
        "lambda: bool(tf.function(tf.executing_eagerly)())",
        False,
        "tf.config.functions_run_eagerly()",
        True,
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
