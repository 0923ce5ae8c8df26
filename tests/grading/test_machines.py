"""A cluster for real: machines with networks and installations of their own, over TLS, of which some are lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.grading.gradebook import default_url, scores
from autograder.grading.verdicts import read_verdicts
from tests.grading.conftest import FULL, SEED, answered, grade, hand_in, lines
from tests.grading.machines import POSSIBLE, Keys, Machine, install, network
from tests.skips import NO_NETWORKS

PORT = 8786
CLASS_SIZE = 10
THIEF = """
import socket
reached = []
for path in KEYS:
    try: reached.append(open(path).read())
    except OSError: pass
for address in ADDRESSES:
    try: reached.append(socket.create_connection(address, 2))
    except OSError: pass
raise SystemExit(f"reached {len(reached)}")
"""

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not POSSIBLE, reason=NO_NETWORKS),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("install"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys") / "ours").make()


@pytest.fixture
def machines(python: Path, keys: Keys) -> Iterator[list[Machine]]:
    """Three machines: one with the scheduler, two with a worker each."""
    with network(python, keys, 3) as made:
        serve(made)
        yield made


def serve(machines: list[Machine]) -> None:
    """Start the scheduler on the first machine, and a worker on every other one."""
    first, *others = machines
    first.start("dask_scheduler", "--host", f"tls://{first.address}", "--port", PORT)
    for machine in others:
        machine.start("dask_worker", address(machines), "--nthreads", 1, "--no-nanny")


def address(machines: list[Machine]) -> str:
    return f"tls://{machines[0].address}:{PORT}"


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Path:
    """A class of right answers, of which one looks for the keys of the cluster and for its scheduler."""
    folder = tmp_path_factory.mktemp("machines")
    for number in range(CLASS_SIZE):
        hand_in(folder, f"student-{number}", answered(number, extra=f"number = {number}"))
    places = [str(path) for path in keys.folder.iterdir()]
    hosts = [(f"10.213.{os.getpid() % 250}.{number}", PORT) for number in (1, 2, 3)]
    thief = THIEF.replace("KEYS", repr(places)).replace("ADDRESSES", repr(hosts))
    hand_in(folder, "thief", answered(0, extra=thief))
    return folder


@pytest.fixture(scope="module")
def here(submitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class, graded on this machine alone."""
    return grade(submitted, tmp_path_factory.mktemp("here") / "out").plan.out


def start(submitted: Path, out: Path, machines: list[Machine], *options: str) -> subprocess.Popen[str]:
    """Start the command that grades on the cluster."""
    command = [sys.executable, "-m", "autograder", "grade", submitted, "--out", out, "--seed", SEED, *options]
    command += ["--assignment", "dropout_numpy", "--scheduler", address(machines)]
    environment = os.environ | machines[0].keys.environment | {"COLUMNS": "200"}
    return subprocess.Popen([*map(str, command)], env=environment, stderr=subprocess.PIPE, text=True)


def ended(run: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = run.communicate(timeout=600)
    return run.returncode, said


def until_something_is_written(out: Path) -> None:
    while not (out / "audit.jsonl").exists():
        time.sleep(0.02)


def ready(machines: list[Machine], workers: int) -> None:
    """Wait until the scheduler has its workers, as somebody who holds the keys can ask."""
    code = f"from distributed import Client\nwith Client({address(machines)!r}, timeout=120) as client:\n"
    code += f"    client.wait_for_workers({workers}, timeout=240)"
    subprocess.run([sys.executable, "-c", code], env=os.environ | machines[0].keys.environment, check=True)


def test_it_gives_the_same_though_a_worker_is_killed(
    submitted: Path, here: Path, machines: list[Machine], tmp_path: Path
) -> None:
    ready(machines, 2)
    run = start(submitted, tmp_path / "out", machines)
    until_something_is_written(tmp_path / "out")
    machines[1].started[0].send_signal(signal.SIGKILL)
    machines[1].lose()
    code, said = ended(run)
    assert code == 0, said
    assert lines(tmp_path / "out") == lines(here)
    assert scores(default_url(tmp_path / "out")) == scores(default_url(here))
    thief = read_verdicts(tmp_path / "out/verdicts.jsonl")["thief", "dropout_numpy"]
    assert thief.points == FULL
    assert "reached 0" in (tmp_path / "out" / thief.feedback).read_text(encoding="utf-8")


def test_what_was_reported_stays_when_the_scheduler_is_lost_and_the_rest_is_graded_when_resumed(
    submitted: Path, here: Path, machines: list[Machine], tmp_path: Path
) -> None:
    ready(machines, 2)
    out = tmp_path / "out"
    run = start(submitted, out, machines)
    until_something_is_written(out)
    for machine in machines:
        machine.lose()
    code, said = ended(run)
    done = read_verdicts(out / "verdicts.jsonl")
    assert code == 2, said
    assert "--resume" in said
    assert "Traceback" not in said
    assert 0 < len(done) < CLASS_SIZE + 1
    serve(machines)
    ready(machines, 2)
    code, said = ended(start(submitted, out, machines, "--resume"))
    assert code == 0, said
    assert lines(out) == lines(here)
    again = read_verdicts(out / "verdicts.jsonl")
    assert {key: again[key].seconds for key in done} == {key: verdict.seconds for key, verdict in done.items()}


@pytest.mark.parametrize("kind", ["no keys", "keys of another authority"])
def test_who_does_not_hold_the_keys_cannot_speak_to_it(kind: str, machines: list[Machine], tmp_path: Path) -> None:
    """Whoever reaches a scheduler can run code on its workers; here it takes a key that the authority has signed."""
    ready(machines, 2)
    strangers = Keys(tmp_path / "theirs").make()
    where = address(machines) if kind != "no keys" else address(machines).replace("tls", "tcp")
    code = f"from distributed import Client\nClient({where!r}, timeout=5)"
    environment = os.environ | (strangers.environment if kind != "no keys" else {})
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "Error" in run.stderr.splitlines()[-1] or "Timed out" in run.stderr
