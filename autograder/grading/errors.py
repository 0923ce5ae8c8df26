"""What an instructor can put right: one clear line, and a way out."""


class CourseError(Exception):
    """The command cannot go on; the message is one line that says why and what to do.

    Attributes:
        said: what another program said before it failed, to be shown apart.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message, said)
        self.said = said

    def __str__(self) -> str:
        return str(self.args[0])


class NothingHandedIn(CourseError):
    """There is no submission of an assignment that has judges."""
