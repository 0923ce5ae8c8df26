"""Run the cells of a page of the book in a kernel, as a build runs them."""

import ast
from pathlib import Path

import nbformat
from coursebook.sentences import read
from nbclient import NotebookClient


def run(page: Path) -> None:
    """Run all cells of a page in a kernel of its own; the first that fails raises CellExecutionError."""
    cells = [nbformat.v4.new_code_cell(ast.unparse(cell)) for cell in read(page).cells]
    NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", timeout=None).execute()
