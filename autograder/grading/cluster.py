"""Many submissions at once, on a Dask cluster whose workers have the same version of the package installed."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from autograder.grading.errors import CourseError
from autograder.grading.pool import Submit
from autograder.grading.warm import work

if TYPE_CHECKING:
    from distributed import Client

ADDRESS = re.compile(r"(tcp|tls|wss?|ucxx?)://.+:[0-9]{1,5}")
"""What Dask can connect to; it hangs for a while and complains at length over anything else."""


@contextmanager
def dask_pool(address: str) -> Iterator[Submit]:
    """Send the work to a Dask cluster; raise CourseError when its scheduler does not answer."""
    with _dask(address) as client, client.get_executor(pure=False) as pool:
        yield partial(pool.submit, work)


def cluster_size(address: str) -> int:
    """Return the number of tasks that a Dask cluster works on at once; raise CourseError when it has no workers."""
    with _dask(address) as client:
        threads: int = sum(client.nthreads().values())
    if not threads:
        raise CourseError(f"the Dask scheduler at {address} has no workers: start some with `dask worker {address}`")
    return threads


@contextmanager
def _dask(address: str) -> Iterator["Client"]:
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("--scheduler needs Dask: install dropout-course[cluster]") from None
    if not ADDRESS.fullmatch(address):
        raise CourseError(f"{address!r} is no address of a Dask scheduler: give one such as tcp://host:8786")
    for name in ("distributed", "distributed.client"):  # each has a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(
            f"no Dask scheduler answers at {address} ({error}): start one with `dask scheduler`"
        ) from None
    with client:
        yield client
