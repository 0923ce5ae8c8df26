"""nbgrader's settings for this course: where things are, and our executor and judges in `nbgrader autograde`."""

from autograder.grading.settings import configure

configure(get_config(), __file__)  # noqa: F821
