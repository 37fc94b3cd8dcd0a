"""Names and lists of names within sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn._errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["distinct", "first_of", "listed", "quoted", "rough"]

NAMED = 4
NAME_LENGTH = 60


def distinct(names: Sequence[str]) -> Sequence[str]:
    """Return names that are to be the columns of a table, where no two may be equal.

    Raises
    ------
    SchemaError
        Two are equal.
    """
    for name in names:
        if names.count(name) > 1:
            raise SchemaError(
                f"{name!r} is both the intercept and a column, and one table cannot have both: rename the column"
            )
    return names


def quoted(name: str) -> str:
    """Set off a name of the user's within a sentence, its middle left out when it is very long."""
    half = NAME_LENGTH // 2
    return f"`{name if len(name) <= NAME_LENGTH else name[:half] + '...' + name[-half:]}`"


def listed(names: Sequence[str]) -> str:
    """Name the first few.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(list("abcdefg"))
    ('`a`, `b` and `c`', '`a`, `b`, `c`, `d` and 3 more')
    """
    told = [quoted(name) for name in names[:NAMED]]
    rest = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    *most, last = [*told, *rest] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def first_of(names: Sequence[str], most: int) -> str:
    """Name at most so many, as they are, and count the others.

    Examples
    --------
    >>> first_of(list("abc"), 3), first_of(list("abcdefg"), 3)
    ('a, b, c', 'a, b, c and 4 more')
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def rough(x: float) -> str:
    """Write a number of which only the order of magnitude matters.

    Examples
    --------
    >>> rough(3.21), rough(54321.0)
    ('3.2', '5.4e+04')
    """
    return f"{x:.2g}" if x < 1e4 else f"{x:.1e}"
