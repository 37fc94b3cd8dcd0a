"""One line on the terminal that says how far a stream has been read, written over as it changes."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.progress import Progress

__all__ = ["LINE"]

_COLUMNS = 80
"""Of a terminal that does not say how many it has."""


class _Line:
    """The line of standard error that the cursor is on, where that is a terminal; else nothing is ever written."""

    __slots__ = ("_shown",)

    def __init__(self) -> None:
        self._shown = 0

    def show(self, progress: Progress) -> None:
        """Write a line in place of the last one; at the end of a pass, nothing."""
        if progress.ended:
            self.clear()
            return
        stream = sys.stderr
        if not _is_terminal(stream):
            return
        text = progress.line(_columns(stream) - 1)
        before, self._shown = self._shown, len(text)  # before it is, so that Ctrl-C amid the writing leaves nothing
        # The cursor goes back to the beginning: whatever else is written begins there, on top of it.
        stream.write(f"{text:<{before}}\r")
        stream.flush()

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """Leave the line empty when the block ends, by Ctrl-C too."""
        try:
            yield
        finally:
            self.clear()

    def clear(self) -> None:
        """Leave the line empty, if anything was written to it."""
        if not self._shown:
            return
        sys.stderr.write(f"{' ' * self._shown}\r")
        sys.stderr.flush()
        self._shown = 0


LINE = _Line()
"""There is one terminal, and so one line."""


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):  # what is no file has no number
        return _COLUMNS
