"""`View`: one batch as the formula sees it, with the rows that have every value told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.integers import is_wide, to_float, warn_of
from mathlearn.data.schema import NUMERIC_KINDS, unknown_column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn._typing import AnyArray, BoolArray, FloatArray
    from mathlearn.data.batch import Batch, Column


class View:
    """The columns that a formula uses of one batch.

    Parameters
    ----------
    batch : Batch
    columns : iterable of str
        The columns used.

    Attributes
    ----------
    n, start : int
        Number of rows, and the index in the source of the first.
    good : (n,) bool or None
        Rows where no used column is missing; None when that is every row.
    """

    __slots__ = ("_batch", "_numbers", "good", "n", "start")

    def __init__(self, batch: Batch, columns: Iterable[str]) -> None:
        self._batch = batch
        self._numbers: dict[str, FloatArray] = {}
        self.n, self.start = batch.n, batch.start
        missing: BoolArray | None = None
        for name in columns:
            holes = self.column(name).missing
            if holes is not None:
                missing = holes if missing is None else missing | holes
        self.good = None if missing is None or not missing.any() else ~missing

    def column(self, name: str) -> Column:
        """Return a column; the batch must hold it."""
        try:
            return self._batch.columns[name]
        except KeyError:
            if self._batch.matrix is not None:
                raise SchemaError(
                    f"the formula uses the column {name!r}, but a bare array was passed: its columns have no names. "
                    "Pass a data frame, or a source with named columns (mathlearn.scan)."
                ) from None
            raise SchemaError(unknown_column(name, self._batch.columns)) from None

    def numbers(self, name: str) -> FloatArray:
        """Return a column as float64; undefined where `good` is False."""
        if name not in self._numbers:
            column = self.column(name)
            if column.kind not in NUMERIC_KINDS:
                raise SchemaError(
                    f"column {name!r} holds numbers in the data that were fitted and is of kind "
                    f"{column.kind!r} here: convert it to numbers."
                )
            self._numbers[name] = _as_float(name, column)
        return self._numbers[name]

    def kept(self, values: AnyArray) -> AnyArray:
        """Return the entries of the good rows."""
        return values if self.good is None else values[self.good]

    def offenders(self, wrong: BoolArray) -> BoolArray:
        """Return `wrong` restricted to the good rows."""
        return wrong if self.good is None else wrong & self.good

    def tell(self, wrong: BoolArray) -> str:
        """Say how many rows are wrong and which is the first, for a message."""
        count, first = int(wrong.sum()), self.start + int(wrong.argmax())
        rows = f"{self.n} rows read from row {self.start} on" if self.start else f"first {self.n} rows"
        return f"{count} of the {rows}, first in row {first}"


def _as_float(name: str, column: Column) -> FloatArray:
    values = column.values
    if not is_wide(values):
        return np.asarray(values, dtype=np.float64)
    known = values if column.missing is None else np.where(column.missing, 0, values)
    numbers, exact = to_float(known)
    if not exact:
        warn_of(
            [name],
            lambda _: (
                f"column {name!r} holds integers beyond 2**53, which lose their last digits as float64. If it is an "
                f"identifier, leave it out or use C({name}); otherwise subtract a constant before fitting."
            ),
        )
    return numbers
