"""`Derived`: what rows that are made of other rows have in common with these."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows

__all__ = ["Derived"]


class Derived:
    """Rows made of other rows: of the same columns, in memory and found where those are, until a kind of them says otherwise.

    Parameters
    ----------
    rows : Rows
        The others.
    """

    terms: tuple[str, ...]
    responses: tuple[str, ...]
    n_rows: int | None
    in_memory: bool
    sparse: bool

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.terms = rows.terms
        self.responses = rows.responses
        self.n_rows = rows.n_rows
        self.in_memory = rows.in_memory
        self.sparse = rows.sparse

    def locate(self, row: int) -> str:
        """Say where a row is."""
        return self._rows.locate(row)

    def diagnose_nonfinite(self) -> None:
        """Look for numbers that are not finite in the rows as they were given."""
        self._rows.diagnose_nonfinite()
