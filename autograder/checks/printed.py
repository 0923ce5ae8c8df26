"""What the code of a student prints while it is asked, held back to be shown folded, and no more of it than is read."""

import io

MOST = 20_000
"""Characters that are kept."""
LINES = 20


class Printed(io.TextIOBase):
    """Takes what is printed in place of stdout; the beginning is kept, and the lines are counted."""

    def __init__(self) -> None:
        self._kept = io.StringIO()
        self._length = 0
        self.lines = 0

    def write(self, text: str) -> int:
        self._kept.write(text[: max(0, MOST - self._length)])
        self._length += len(text)
        self.lines += text.count("\n")
        return len(text)

    def writable(self) -> bool:
        return True

    @property
    def summary(self) -> str:
        """Return what to say of it, an empty string where nothing was printed."""
        if not self._length:
            return ""
        lines = max(1, self.lines)
        more = f", of which the first {LINES} are shown" if lines > LINES else ""
        return f"Your code printed {lines:,} line{'s' * (lines != 1)} during this check{more}"

    @property
    def beginning(self) -> str:
        return "\n".join(self._kept.getvalue().splitlines()[:LINES])
