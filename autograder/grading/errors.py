"""What an instructor can put right: one clear line, and a way out."""


class CourseError(Exception):
    """The command cannot go on; the message is one line that says why and what to do."""
