"""nbgrader's settings for this course: released notebooks, and our executor and judges in `nbgrader autograde`."""

c = get_config()  # noqa: F821

c.CourseDirectory.release_directory = "exercises"

# The assignment is described in the gradebook first, so that a fresh clone needs no other step.
c.Autograde.pre_convert_hook = "autograder.grading.autograde.declare"
# A submission is opened as by `autograder grade`: no link is followed, and a file that is no notebook has its verdict.
c.Autograde.exporter_class = "autograder.grading.opening.Submitted"
c.Autograde.sanitize_preprocessors = ["autograder.grading.autograde.Restore"]
# Judge takes the place of Execute and SaveAutoGrades: what a submission prints never decides its grade.
c.Autograde.autograde_preprocessors = [
    "autograder.grading.autograde.Judge",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What a student writes in a text cell stays text, in feedback and in formgrader.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "clean_html": "autograder.grading.safe_html.clean_html",
    "markdown2html": "autograder.grading.safe_html.markdown2html",
}
