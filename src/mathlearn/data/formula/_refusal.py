"""How a formula is refused: the reason, with a caret under the place."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mathlearn._errors import MathlearnError, SchemaError
from mathlearn._text import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

_WINDOW = 60
"""Characters of the formula shown on either side of the caret."""


class Refusal(Exception):  # noqa: N818 -- never leaves this package: `pointing` turns it into an error
    """A reason why a formula is not allowed, before it is known which text it came from.

    Parameters
    ----------
    message : str
        What was got, what is allowed, what to do.
    at : int
        Position in the text, 0-based.
    error : type of MathlearnError
        What the caller shall see.
    """

    def __init__(self, message: str, at: int, error: type[MathlearnError] = SchemaError) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.error = error


@contextmanager
def pointing(text: str) -> Iterator[None]:
    """Turn a `Refusal` raised inside into its error, showing `text` with a caret under the place."""
    try:
        yield
    except Refusal as refusal:
        raise refusal.error(f"{refusal.message}\n{caret(text, refusal.at)}") from None


def caret(text: str, at: int) -> str:
    """Show the neighbourhood of position `at` on one line, and a caret below it."""
    first, last = max(0, at - _WINDOW), min(len(text), at + _WINDOW)
    before = terminal(text[first:at].replace("\n", " "))
    after = terminal(text[at:last].replace("\n", " "))
    head = "... " if first else ""
    tail = " ..." if last < len(text) else ""
    return f"    {head}{before}{after}{tail}\n    {' ' * len(head + before)}^"
