"""The levels by their names."""

from typing import Any

from . import confine


def prepare(order: dict[str, Any]) -> confine.Confinement:
    """Return the level in an order, ready to fork; only what it needs is imported."""
    if order["level"] == "sandbox":
        from .namespaces import Sandbox

        return Sandbox()
    if order["level"] == "landlock":
        from .landlock import Landlock

        return Landlock(order["shown"], order["hidden"])
    return confine.InProcess()
