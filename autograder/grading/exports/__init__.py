"""The gradebook as files that others read: Canvas, Moodle, a spreadsheet; each an export plugin of nbgrader's."""

from autograder.grading.exports.canvas import Canvas
from autograder.grading.exports.moodle import Moodle
from autograder.grading.exports.plugin import Export
from autograder.grading.exports.spreadsheet import Spreadsheet

FORMATS: dict[str, type[Export]] = {"canvas": Canvas, "moodle": Moodle, "csv": Spreadsheet}

__all__ = ["FORMATS", "Canvas", "Export", "Moodle", "Spreadsheet"]
