"""What a submission finds when it imports the autograder: tools that do nothing, and no answers."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Blocker:
    """Keeps the rest of the package from being imported, even where it is installed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] == "autograder":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def check(*args: Any, **kwargs: Any) -> None:
    """Do nothing: the answers are judged elsewhere."""


def install() -> None:
    """Put the stub in place of the package."""
    module = ModuleType("autograder")
    module.begin = module.check = module.check_gradient = check  # type: ignore[attr-defined]
    sys.modules["autograder"] = module
    sys.meta_path.insert(0, Blocker())
