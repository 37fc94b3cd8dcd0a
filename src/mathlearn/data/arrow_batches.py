"""Arrow record batches to `Batch`es of the size asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn.data.arrow_columns import column
from mathlearn.data.batch import Batch, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mathlearn._typing import FloatArray


def batches_of(
    record_batches: Iterable[Any], names: Sequence[str], *, max_rows: int, start: int = 0
) -> Iterator[Batch]:
    """Yield `Batch`es of the named columns and exactly `max_rows` rows, counted from `start`; the last may be shorter.

    Chunk boundaries, and with them the last bit of every sum, then do not depend on how a table was cut into files
    and row groups.
    """
    for rows in _regrouped(record_batches, max_rows):
        for at in range(0, rows.num_rows, max_rows):
            block = rows.slice(at, max_rows)
            yield Batch(start + at, block.num_rows, columns=_Converted(block, names), block=ArrowBlock(block, names))
        start += rows.num_rows


class ArrowBlock:
    """Rows of a record batch or a table, made into arrays when they are asked for: by the thread that works on them.

    Parameters
    ----------
    rows : pyarrow.RecordBatch or pyarrow.Table
    names : sequence of str
        The columns given out.
    """

    __slots__ = ("_names", "_rows")

    def __init__(self, rows: Any, names: Sequence[str]) -> None:
        self._rows = rows
        self._names = names

    def part(self, at: int, n: int) -> Mapping[str, Column]:
        """Return the columns of n rows, from row `at` on."""
        return _Converted(self._rows.slice(at, n), self._names)

    def joining(self, names: Sequence[str]) -> Callable[[int, int], FloatArray | None] | None:
        """Return what joins columns of float64, copying all in one step, for which other threads need not wait."""
        double, schema = _engines.load("pyarrow").float64(), self._rows.schema
        if any(schema.field(name).type != double for name in names):
            return None
        columns = [self._rows.column(name) for name in names]
        ones = _ones(1 << self._rows.num_rows.bit_length())[: self._rows.num_rows]
        return partial(_joined, type(self._rows).from_arrays([*columns, ones], [*names, ""]))


def _joined(rows: Any, at: int, n: int) -> FloatArray | None:
    part = rows.slice(at, n)
    pieces = part.to_batches() if hasattr(part, "to_batches") else [part]
    arrays = [piece.to_tensor(null_to_nan=True, row_major=False).to_numpy() for piece in pieces]
    whole: FloatArray = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    with np.errstate(all="ignore"):
        return whole if np.isfinite(whole.sum()) else None


@cache
def _ones(n: int) -> Any:
    return _engines.load("pyarrow").array(np.ones(n))


class _Converted(Mapping[str, Column]):
    """Columns of Arrow that are converted when they are asked for, once."""

    __slots__ = ("_made", "_names", "_rows")

    def __init__(self, rows: Any, names: Sequence[str]) -> None:
        self._rows = rows
        self._names = names
        self._made: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = column(self._rows.column(name), name)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _regrouped(record_batches: Iterable[Any], max_rows: int) -> Iterator[Any]:
    """Yield the rows in tables and record batches that begin at multiples of `max_rows`.

    What lies in one record batch is not copied, but for the rows at its ends.
    """
    table_of = _engines.load("pyarrow").Table.from_batches
    waiting: list[Any] = []
    rows = 0
    for batch in record_batches:
        if waiting and not waiting[0].schema.equals(batch.schema):  # integers that go on as floats
            waiting = [early.cast(batch.schema) for early in waiting]
        first = min(max_rows - rows, batch.num_rows) if rows else 0
        if first:
            waiting.append(batch.slice(0, first))
            rows += first
            if rows < max_rows:
                continue
            yield table_of(waiting)
        whole = (batch.num_rows - first) // max_rows * max_rows
        if whole:
            yield batch.slice(first, whole)
        rows = batch.num_rows - first - whole
        waiting = [batch.slice(first + whole)] if rows else []
    if rows:
        yield table_of(waiting)


def without_first(record_batches: Iterable[Any], rows: int) -> Iterator[Any]:
    """Yield record batches without the first `rows` rows."""
    for batch in record_batches:
        rest = batch.slice(min(rows, batch.num_rows))
        rows -= batch.num_rows - rest.num_rows
        if rest.num_rows:
            yield rest
