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
    from nbgrader.converters import Autograde
    from nbgrader.plugins import ExportPlugin, FileNameCollectorPlugin, LateSubmissionPlugin
    from nbgrader.preprocessors import AssignLatePenalties, SaveCells
    from nbgrader.utils import parse_utc

__all__ = [
    "AssignLatePenalties",
    "Assignment",
    "Autograde",
    "BaseCell",
    "Comment",
    "ExportPlugin",
    "FileNameCollectorPlugin",
    "Grade",
    "GradeCell",
    "Gradebook",
    "InvalidEntry",
    "LateSubmissionPlugin",
    "MissingEntry",
    "SaveCells",
    "Student",
    "SubmittedAssignment",
    "SubmittedNotebook",
    "TaskCell",
    "parse_utc",
]
