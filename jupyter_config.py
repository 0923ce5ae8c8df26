"""JupyterLab for this clone: `jupyter lab --config jupyter_config.py` opens the first notebook beside the book.

JupyterLab shows files of a folder without their styles; what it serves as static is shown as it is.
"""

import os
from pathlib import Path

CLONE = Path(__file__).resolve().parent
BOOK = CLONE / "_build/html"

config = get_config()  # noqa: F821
config.ServerApp.root_dir = str(CLONE)
config.LabApp.default_url = "/lab/tree/exercises/dropout_numpy/dropout_numpy.ipynb"
if (BOOK / "index.html").is_file():
    config.ServerApp.extra_static_paths = [str(BOOK)]
    os.environ.setdefault("COURSE_BOOK", "/static")
