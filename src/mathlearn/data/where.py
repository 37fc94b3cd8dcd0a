"""`WhereSource`: the rows of files for which a condition holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import SchemaError
from mathlearn.data.arrow_columns import plain
from mathlearn.data.arrow_source import ArrowSource
from mathlearn.data.condition import Condition

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from mathlearn.data.files import FileSource


class WhereSource(ArrowSource):
    """The rows of files for which a condition holds, in their order.

    A row in which a side of a comparison is missing or undefined does not match it, and neither does it match what denies
    it: it is left out, as in SQL.

    Parameters
    ----------
    files : FileSource
    text : str
        As ``scan(..., where=)`` takes it.

    Raises
    ------
    SchemaError
        The condition cannot be read, names no column that there is, or compares what cannot be.
    """

    n_rows = None
    costly = True

    def __init__(self, files: FileSource, text: str) -> None:
        self._condition = Condition.of(text, files.schema, files.arrow_schema)
        self._files = files.within(self._condition.necessary(files.arrow_schema))
        self.schema = files.schema
        self.label = f"{files.label} where {self._condition.text}"

    def reads(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file is one of these."""
        return self._files.reads(path)

    def record_batches(self, names: Sequence[str]) -> Iterator[Any]:
        """Yield record batches of these columns, of the rows that match."""
        needed = tuple(dict.fromkeys((*names, *self._condition.columns)))
        some = False
        for batch in map(plain, self._files.record_batches(needed)):
            self.schema = self._files.schema  # a column may have been widened
            found = batch.filter(self._condition.mask(batch)).select(list(names))
            some = some or found.num_rows > 0
            yield found
        if not some:
            raise SchemaError(
                f"no row of {self._files.label} matches where={self._condition.text!r}. A row does not match where a value that "
                "is compared is missing."
            )

    def identity(self) -> dict[str, str]:
        """Return what the files must be, and the condition."""
        return {**self._files.identity(), "where": self._condition.text}

    def locate(self, row: int) -> str:
        """Say where row `row` (0-based, of those that match) is; the files are read again for it."""
        seen = before = 0
        compute = _engines.load("pyarrow.compute")
        for batch in map(plain, self._files.record_batches(self._condition.columns)):
            at = compute.indices_nonzero(self._condition.mask(batch))
            if seen + len(at) > row:
                return self._files.locate(before + at[row - seen].as_py())
            seen += len(at)
            before += batch.num_rows
        return f"row {row} of those that match"
