"""Which isolation levels this machine gives, and why not a better one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """An isolation level: whether there is one here, and what it means or lacks."""

    name: str
    available: bool
    reason: str


class UnavailableLevel(Exception):
    """The isolation level that was asked for is not to be had on this machine."""


def levels() -> list[Level]:
    """Return every level, the best first."""
    return [
        Level("process", True, "a fresh process with resource limits: not a sandbox, files and network stay in reach"),
    ]


def best(isolation: str) -> str:
    """Return the level to use; raise UnavailableLevel when it is not to be had."""
    for level in levels():
        if level.available and isolation in ("auto", level.name):
            return level.name
        if level.name == isolation:
            raise UnavailableLevel(f"isolation level {isolation} is not available: {level.reason}")
    raise UnavailableLevel(f"there is no isolation level {isolation!r}: choose auto, sandbox, landlock or process")
