"""Several machines, for real: a Dask scheduler with two worker processes, and a PostgreSQL server."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

from autograder.grading.gradebook import default_url, scores
from tests.grading.conftest import ASSIGNMENT, FULL, answered, grade, hand_in, lines

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
CLASS_SIZE = 8

pytestmark = pytest.mark.cluster


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster")
    for number in range(CLASS_SIZE):
        hand_in(folder, f"student-{number}", answered(number, extra=f"number = {number}"))
    return folder


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers; yield its address and the workers."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"

    def start(program: str, *options: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *map(str, options), "--no-dashboard"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", port)
    workers = [start("dask_worker", address, "--nthreads", 1, "--no-nanny") for _ in range(2)]
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield address, workers
    for process in [*workers, scheduler]:
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()


def test_a_cluster_gives_the_same_verdicts_even_when_a_worker_is_killed(
    submitted: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, workers = cluster
    out = tmp_path / "out"

    def kill_one() -> None:
        while not (out / "audit.jsonl").exists():
            time.sleep(0.05)
        workers[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    there = grade(submitted, out, scheduler=address)
    killer.join(10)
    assert workers[0].poll() is not None
    assert {verdict.points for verdict in there.verdicts.values()} == {FULL}
    assert there.progress.done == CLASS_SIZE
    here = grade(submitted, tmp_path / "here")
    assert lines(out) == lines(tmp_path / "here")
    assert scores(default_url(out)) == scores(default_url(here.plan.out))


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL server of Debian's package in a folder of its own; yield the URL of a database."""
    if not POSTGRES:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    programs, port = POSTGRES[-1], free_port()
    folder = Path("/tmp") / f"course-postgres-{os.getpid()}"
    folder.mkdir()
    owner: dict[str, object] = {"cwd": "/"}
    if os.getuid() == 0:
        # PostgreSQL refuses to run as root.
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        owner |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def run(*command: object) -> None:
        done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True, **owner)
        assert done.returncode == 0, done.stderr

    data = folder / "data"
    run(programs / "initdb", "-D", data, "-U", "course", "-A", "trust", "--no-sync")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings, "start")
    try:
        run(programs / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "course", "grades")
        yield f"postgresql+psycopg://course@127.0.0.1:{port}/grades"
    finally:
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def test_grades_are_kept_in_postgresql(submitted: Path, postgres: str, tmp_path: Path) -> None:
    hand_in_twice = shutil.copytree(submitted, tmp_path / "class")
    for number in range(3, CLASS_SIZE):
        shutil.rmtree(hand_in_twice / f"student-{number}")
    hand_in(hand_in_twice, "zoë " + "z" * 124, None)
    hand_in(hand_in_twice, "z" * 200, None)
    graded = grade(hand_in_twice, tmp_path / "out", gradebook=postgres)
    assert not (tmp_path / "out" / "gradebook.db").exists()
    kept = scores(postgres)
    assert kept == {verdict.key: pytest.approx(verdict.points, abs=1e-4) for verdict in graded.verdicts.values()}
    assert sorted(kept.values()) == pytest.approx([0, 0, FULL, FULL, FULL])
    grade(hand_in_twice, tmp_path / "out", gradebook=postgres, resume=True)
    assert scores(postgres) == kept
    with Gradebook(postgres) as book:
        assert {student.id for student in book.students} == graded.verdicts.keys()
        assert [item.name for item in book.assignments] == [ASSIGNMENT]
