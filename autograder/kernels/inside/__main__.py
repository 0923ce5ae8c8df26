"""Start of a zygote: `python -I -S __main__.py ORDER`, the order in JSON; the control socket is descriptor 0.

The interpreter is started without site-packages, so that no .pth file and no editable install is processed; the folders
in the order are added by hand.
"""

import importlib.util
import json
import os
import resource
import sys
from types import ModuleType


def load(name: str, path: str, folder: str | None = None) -> ModuleType:
    """Import a file, or the package in a folder, under a name."""
    folders = [folder] if folder else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    unbounded = resource.getrlimit(resource.RLIMIT_AS)[1]  # the grader bounds its own memory, not that of a submission
    resource.setrlimit(resource.RLIMIT_AS, (unbounded, unbounded))
    sys.argv[1:] = []
    sys.path[:0] = [""]
    sys.path += order["site"]
    here = os.path.dirname(os.path.abspath(__file__))
    load("inside", os.path.join(here, "__init__.py"), here)
    importlib.import_module("inside." + order["run"]).main(order)
