"""nbgrader's settings for this course: released notebooks, and our executor and judges in `nbgrader autograde`."""

c = get_config()  # noqa: F821

c.CourseDirectory.release_directory = "exercises"

# The assignment is described in the gradebook first, so that a fresh clone needs no other step.
c.Autograde.pre_convert_hook = "autograder.grading.autograde.declare"
c.Autograde.sanitize_preprocessors = ["autograder.grading.autograde.Restore"]
# Judge takes the place of Execute and SaveAutoGrades: what a submission prints never decides its grade.
c.Autograde.autograde_preprocessors = [
    "autograder.grading.autograde.Judge",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
