"""A trial of an isolation level: fork one child and confine it; exit with 0 when that works, else say why not.

The child says in JSON which of the files in the order it can read.
"""

import json
import os
import sys
from typing import Any

from . import levels

LIMITS = {"memory_mb": 64, "disk_mb": 16, "open_files": 64, "processes": 64, "cpu_seconds": 10}


def main(order: dict[str, Any]) -> None:
    """Try the level in the order."""
    level = levels.prepare(order)
    child = level.fork()
    if child == 0:
        try:
            level.enter(LIMITS)
            print(json.dumps(list(filter(can_be_read, order["look"]))), flush=True)
            os._exit(0)
        except Exception as error:
            print(error, file=sys.stderr, flush=True)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    level.end(child)
    level.close()
    sys.exit(os.waitstatus_to_exitcode(status))


def can_be_read(path: str) -> bool:
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False
