"""`ArrowSource`: a source whose rows come as Arrow record batches."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from mathlearn.data.arrow_batches import batches_of, without_first
from mathlearn.data.source import Source

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from mathlearn.data.batch import Batch


class ArrowSource(Source):
    """A source whose rows come as Arrow record batches of any length, in order.

    Attributes
    ----------
    costly : bool
        Whether a pass costs much more than reading the same columns from a file of Arrow's own.
    cache : "auto", "never" or path of a folder
        Whether a fit of several passes may keep a copy, see `scan`.
    """

    in_memory = False
    costly: bool = False
    cache: str | os.PathLike[str] = "auto"

    @abstractmethod
    def record_batches(self, names: Sequence[str]) -> Iterator[Any]:
        """Yield record batches of these columns, at least one."""

    def record_batches_from(self, first_row: int, names: Sequence[str]) -> Iterator[Any]:
        """Yield what `record_batches` does from a row on."""
        return without_first(self.record_batches(names), first_row)

    def batches(self, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Yield consecutive batches of exactly `max_rows` rows (the last may be shorter)."""
        return self.batches_from(0, columns, max_rows=max_rows)

    def batches_from(self, first_row: int, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Yield what `batches` does, but from row `first_row` on."""
        names = self.schema.names if columns is None else tuple(self.schema[name].name for name in columns)
        # A file yields no rows without columns: when none is asked for (as by "y ~ 1"), the first one counts the rows.
        rows = self.record_batches_from(first_row, names or self.schema.names[:1])
        return batches_of(rows, names, max_rows=max_rows, start=first_row)
