"""nbgrader's own gradebook and plugins, imported without the warnings that a newer SQLAlchemy gives about them."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nbgrader.api import (
        Assignment,
        BaseCell,
        Comment,
        Grade,
        Gradebook,
        GradeCell,
        InvalidEntry,
        MissingEntry,
        Student,
        SubmittedAssignment,
        SubmittedNotebook,
        TaskCell,
    )
    from nbgrader.plugins import ExportPlugin
    from nbgrader.preprocessors import SaveCells

__all__ = [
    "Assignment",
    "BaseCell",
    "Comment",
    "ExportPlugin",
    "Grade",
    "GradeCell",
    "Gradebook",
    "InvalidEntry",
    "MissingEntry",
    "SaveCells",
    "Student",
    "SubmittedAssignment",
    "SubmittedNotebook",
    "TaskCell",
]
