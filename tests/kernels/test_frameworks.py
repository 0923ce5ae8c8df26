"""What a course on deep learning does in notebooks, in children of a heavy zygote."""

from collections.abc import Iterator

import numpy as np
import pytest

from autograder.checks.ask import Question, Tensor
from autograder.kernels.limits import Limits
from autograder.kernels.session import Cell
from autograder.kernels.worker import Worker, open_worker
from tests.kernels.conftest import LEVELS


# A fresh process runs the same cells the same way, only without a warm start: the sessions' tests cover it.
@pytest.fixture(scope="module", params=[level for level in LEVELS if level != "process"] or LEVELS)
def heavy(request: pytest.FixtureRequest) -> Iterator[Worker]:
    worker = open_worker(request.param, heavy=True)
    yield worker
    worker.close()


NOTEBOOKS = {
    "torch training": """
import torch
torch.manual_seed(0)
x, y = torch.randn(64, 4), torch.randn(64, 1)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
optimizer = torch.optim.Adam(net.parameters())
for _ in range(5):
    loss = torch.nn.functional.mse_loss(net(x), y)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
torch.save(net.state_dict(), 'net.pt'); net.load_state_dict(torch.load('net.pt'))
print(torch.isfinite(loss).item())
""",
    "data loader workers": """
import torch
from torch.utils.data import DataLoader, TensorDataset
data = TensorDataset(torch.arange(40.).reshape(20, 2), torch.arange(20))
loader = DataLoader(data, batch_size=5, num_workers=2)
print(sum(int(y.sum()) for x, y in loader) == 190 and len(list(loader)) == 4)
""",
    "keras training": """
import os; os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
import keras, numpy as np
layers = keras.layers
model = keras.Sequential([keras.Input((4,)), layers.Dense(8, 'relu'), layers.Dropout(0.5), layers.Dense(1)])
model.compile('adam', 'mse')
model.fit(np.ones((32, 4)), np.ones((32, 1)), epochs=2, verbose=0)
model.save('model.keras')
again = keras.models.load_model('model.keras')
x = np.ones((2, 4))
print(np.allclose(model.predict(x, verbose=0), again.predict(x, verbose=0)))
""",
    "tf.data": """
import tensorflow as tf
data = tf.data.Dataset.range(10).map(lambda x: x * 2, num_parallel_calls=tf.data.AUTOTUNE).batch(4).prefetch(2)
print(sum(int(tf.reduce_sum(b)) for b in data) == 90)
""",
    "plots": """
import numpy as np
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.plot(np.arange(3), label=r'$\\alpha$'); ax.legend(); fig.savefig('plot.png'); plt.show()
import os
print(os.path.getsize('plot.png') > 1000)
""",
    "scikit-learn": """
from sklearn.datasets import load_digits, make_moons
from sklearn.linear_model import LogisticRegression
X, y = make_moons(100, random_state=0)
print(LogisticRegression().fit(X, y).score(X, y) > 0.5 and load_digits().data.shape == (1797, 64))
""",
    "torch.compile": """
import torch
f = torch.compile(lambda x: torch.sin(x) + x * 2)
x = torch.linspace(0, 1, 10)
try:
    print(torch.allclose(f(x), torch.sin(x) + 2 * x))
except Exception as error:  # without a compiler it may fail, but cleanly
    print(type(error).__module__.startswith('torch'))
""",
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_run(heavy, name):
    with heavy.session(Limits(cell_seconds=120.0)) as session:
        [result] = session.run([Cell(name, NOTEBOOKS[name])])
    assert (result.status, result.message) == ("ok", ""), result.output
    assert result.output.splitlines()[-1] == "True"


def test_tensors_go_in_and_come_back(heavy):
    with heavy.session(Limits(cell_seconds=60.0)) as session:
        session.run(
            [Cell("1", "import torch\ndef double(x):\n    assert isinstance(x, torch.Tensor)\n    return x * 2")]
        )
        value = session.ask(Question("double", (Tensor(np.arange(3.0)),))).value
    assert isinstance(value, Tensor)
    np.testing.assert_array_equal(value.array, [0, 2, 4])
