"""What is refused, and how it is said: shapes, lengths, numbers that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import NonFiniteInputError, SchemaError
from mathlearn.data.schema import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mathlearn._typing import AnyArray, BoolArray
    from mathlearn.data.schema import Schema

_REMEDIES = {
    "NaN": (
        "Every value must be a finite number. Use missing='drop' to leave these rows out, "
        "or fill the gaps first (for example with sklearn.impute.SimpleImputer)."
    ),
    "infinity": "Every value must be a finite number. Remove or replace these values before fitting.",
}


def check_matrix(array: AnyArray, what: str = "X") -> None:
    """Refuse what is not an (n, p) block of at least one row and one column."""
    if array.ndim != 2:
        raise SchemaError(_not_a_matrix(array, what))
    if 0 in array.shape:
        axis = 0 if array.shape[0] == 0 else 1
        raise SchemaError(empty(array.shape, ("sample", "feature")[axis]))


def empty(shape: tuple[int | None, ...], unit: str) -> str:
    """Say that there are no rows ("sample") or no columns ("feature")."""
    rows_or_columns = "rows" if unit == "sample" else "columns"
    return (
        f"Found array with 0 {unit}(s) (shape={shape}) while a minimum of 1 is required. "
        f"There are no {rows_or_columns}: check the filter or selection that made this input."
    )


def _not_a_matrix(array: AnyArray, what: str) -> str:
    if array.ndim > 2:
        return (
            f"Found array with dim {array.ndim}, while dim <= 2 is required. {what} has shape {array.shape}; "
            f"one row a sample and one column a feature is needed, for example {what}.reshape(len({what}), -1)."
        )
    got = "scalar" if array.ndim == 0 else "1D"
    return (
        f"Expected 2D array, got {got} array instead (shape {array.shape}). Reshape your data either using "
        f"{what}.reshape(-1, 1) if it has a single feature or {what}.reshape(1, -1) if it contains a single sample."
    )


def check_dtype(dtype: np.dtype[np.generic], what: str) -> None:
    """Refuse element types that are not real numbers; object arrays are looked at value by value elsewhere."""
    problem = _DTYPE_PROBLEMS.get(dtype.kind)
    if problem is NEEDS_FORMULA and what != "X":
        problem = f"Text is not a number: convert {what} to numbers first."
    if problem is not None:
        raise SchemaError(f"{what} has dtype {dtype}. {problem}")


NEEDS_FORMULA = (
    "Text needs a coding: use formula= with these columns in a data frame (formula='y ~ x + C(city)'), "
    "or encode them first (for example with sklearn.preprocessing.OneHotEncoder)."
)
NEEDS_NUMBER_OF_TIME = (
    "Dates and times are not numbers: subtract an origin and divide by a unit first, "
    "for example (t - t.min()) / numpy.timedelta64(1, 'D')."
)
_DTYPE_PROBLEMS = {
    "c": "Complex data not supported: fit the real and imaginary parts as two columns (x.real, x.imag).",
    "M": NEEDS_NUMBER_OF_TIME,
    "m": NEEDS_NUMBER_OF_TIME,
    "U": NEEDS_FORMULA,
    "S": NEEDS_FORMULA,
    "T": NEEDS_FORMULA,
    "V": "A structured array is not a matrix: use pandas.DataFrame(array), which keeps the field names.",
}


def check_numeric(schema: Schema) -> None:
    """Refuse columns that are not numbers, naming them with the remedy.

    Raises
    ------
    SchemaError
    """
    bad = [field for field in schema if not field.numeric]
    if not bad:
        return
    first = bad[0]
    more = f" Other columns that are not numbers: {listing(field.name for field in bad[1:])}." * (len(bad) > 1)
    remedy = _KIND_REMEDIES.get(first.kind, "Leave the column out, or convert it to numbers first.")
    raise SchemaError(f"column {first.name!r} is {first.kind} ({first.dtype}), not a number.{more} {remedy}")


_KIND_REMEDIES = {
    "categorical": NEEDS_FORMULA,
    "datetime": NEEDS_NUMBER_OF_TIME,
}


def check_lengths(lengths: Sequence[tuple[str, int]]) -> None:
    """Refuse inputs of different lengths; `lengths` pairs each input's name with its number of rows."""
    if len({n for _, n in lengths}) > 1:
        spelt = ", ".join(f"{name} has {n}" for name, n in lengths)
        raise SchemaError(
            f"Found input variables with inconsistent numbers of samples: {[n for _, n in lengths]}. "
            f"Rows must correspond one to one; {spelt}."
        )


_SMALL = 1 << 12


def is_finite(array: AnyArray) -> bool:
    """Whether all values are finite: for large arrays one sum, and a closer look only if that is not finite."""
    if array.size <= _SMALL:
        return int(np.count_nonzero(np.isfinite(array))) == array.size
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum())) or bool(np.isfinite(array).all())


class Tally:
    """Where numbers are missing, by column: NaN and infinities counted over batches, and the first bad row of each column.

    Parameters
    ----------
    what : str
        The input the columns belong to, as the user calls it: "X", "y", "sample_weight".
    names : sequence of str
    """

    def __init__(self, what: str, names: Sequence[str]) -> None:
        self.what = what
        self.names = names
        self._nan = np.zeros(len(names), dtype=np.int64)
        self._inf = np.zeros(len(names), dtype=np.int64)
        self._first = np.full(len(names), -1, dtype=np.int64)

    def add(self, j: int, values: AnyArray, missing: BoolArray | None, rows: AnyArray | int) -> None:
        """Count in column `j`; `rows` gives the source row of each value, or of the first when they follow one another."""
        if values.dtype.kind == "f" and values.dtype.itemsize > 8:
            with np.errstate(over="ignore"):
                values = values.astype(np.float64)
        gone = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=np.bool_)
        infinite = np.isinf(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=np.bool_)
        if missing is not None:
            gone, infinite = gone | missing, infinite & ~missing
        bad = gone | infinite
        if not bad.any():
            return
        self._nan[j] += gone.sum()
        self._inf[j] += infinite.sum()
        where = rows + np.flatnonzero(bad) if isinstance(rows, int) else rows[bad]
        first = int(where.min())
        self._first[j] = first if self._first[j] < 0 else min(first, int(self._first[j]))

    def move(self, by: int) -> None:
        """Count all rows from another place."""
        self._first[self._first >= 0] += by

    def merge(self, other: Tally) -> None:
        """Add what was counted in rows that follow."""
        self._nan += other._nan
        self._inf += other._inf
        self._first = np.where(self._first < 0, other._first, self._first)

    def report(self, locate: Callable[[int], str], span: str, *, allow_missing: bool) -> None:
        """Raise one `NonFiniteInputError` if anything that is not allowed was counted; `span` says over what."""
        for kind, count, words in (
            ("NaN", self._nan, "NaN"),
            ("infinity", self._inf, "infinity or a value too large for dtype('float64')"),
        ):
            bad = np.flatnonzero(count)
            if bad.size and not (allow_missing and kind == "NaN"):
                j = int(bad[0])
                column = repr(self.names[j])
                others = f" Other columns with such values: {listing(self.names[i] for i in bad[1:])}." * (bad.size > 1)
                label = "missing or NaN" if kind == "NaN" else "infinite"
                raise NonFiniteInputError(
                    f"Input {self.what} contains {words}. Column {column}: {count[j]} {label} {span}, "
                    f"first in {locate(int(self._first[j]))}.{others} {_REMEDIES[kind]}"
                )
