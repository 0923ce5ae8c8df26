"""What a wheel holds beside the packages: the released notebooks, which students and graders outside a clone need."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReleasedNotebooks(BuildHookInterface):  # type: ignore[type-arg]
    """Puts exercises/ into the package; an editable installation uses those of its clone, so that none is stale."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"]["exercises"] = "autograder/exercises"
