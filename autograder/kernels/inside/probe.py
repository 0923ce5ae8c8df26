"""A trial of an isolation level: fork one child and confine it; exit with 0 when that works, else say why not."""

import os
import sys
from typing import Any

from . import confine

LIMITS = {"memory_mb": 64, "disk_mb": 16, "open_files": 64, "processes": 64, "cpu_seconds": 10}


def main(order: dict[str, Any]) -> None:
    """Try the level in the order."""
    level = confine.prepare(order["level"])
    child = level.fork()
    if child == 0:
        try:
            level.enter(LIMITS)
            os._exit(0)
        except Exception as error:
            print(error, file=sys.stderr, flush=True)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    level.clear()
    sys.exit(os.waitstatus_to_exitcode(status))
