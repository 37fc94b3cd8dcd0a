"""One column of a data frame, whatever library it comes from, as a `Column`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.batch import Column
from mathlearn.data.objects import is_missing, numbers_of
from mathlearn.data.schema import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mathlearn._typing import AnyArray, BoolArray
    from mathlearn.data.batch import ColumnKind

Series = Any
"""A narwhals Series; its type parameter says nothing here."""

_NUMPY_KINDS: dict[str, ColumnKind] = {"f": "float", "i": "integer", "u": "integer", "b": "boolean", "M": "datetime"}
_TEXT = frozenset({"String", "Categorical", "Enum"})
_TIME = frozenset({"Datetime", "Date", "Time", "Duration"})
_INTEGERS = frozenset({"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"})
_FLOATS = frozenset({"Float16", "Float32", "Float64", "Decimal"})
_KIND_OF: dict[str, ColumnKind] = {
    **dict.fromkeys(_TEXT, "categorical"),
    **dict.fromkeys(_TIME, "datetime"),
    **dict.fromkeys(_INTEGERS, "integer"),
    **dict.fromkeys(_FLOATS, "float"),
    "Boolean": "boolean",
}


def field_of(series: Series) -> tuple[Field, Column | None]:
    """Describe a column; one of Python objects, or of a type that narwhals does not name, is read at once."""
    dtype = series.dtype.__class__.__name__
    label = str(getattr(series.to_native(), "dtype", series.dtype))
    kind = _KIND_OF.get(dtype)
    if kind == "categorical":
        levels, ordered = _declared(series, dtype)
        return Field(series.name, kind, levels, ordered, label), None
    if kind is not None:
        return Field(series.name, kind, dtype=label), None
    column = _read_values(np.asarray(series.to_numpy())) if dtype in {"Object", "Unknown"} else None
    return Field(series.name, "other" if column is None else column.kind, dtype=label), column


def _read_values(values: AnyArray) -> Column | None:
    """Read values of a type that only NumPy can tell: numbers, or objects that are all real numbers."""
    missing = None
    if values.dtype.kind == "O":
        missing = np.array([is_missing(value) for value in values], dtype=np.bool_)
        try:
            values = numbers_of(
                np.where(missing, 0, values) if missing.any() else values, lambda where: f"row {where[0]}"
            )
        except SchemaError:
            return None
    kind = _NUMPY_KINDS.get(values.dtype.kind)
    if kind is None:
        return None
    return Column(kind, values, _with_nan(values, missing))


def read_column(series: Series, field: Field) -> Column:
    """Read a column whose kind is known."""
    return _READERS[field.kind](series)


def _float(series: Series) -> Column:
    import narwhals as nw

    if isinstance(series.dtype, nw.Decimal):
        series = series.cast(nw.Float64)
    values = (series.fill_null(np.nan) if series.null_count() else series).to_numpy()
    return Column("float", values, _with_nan(values, None))


def _integer(series: Series) -> Column:
    missing = _nulls(series)
    return Column("integer", (series if missing is None else series.fill_null(0)).to_numpy(), missing)


def _boolean(series: Series) -> Column:
    missing = _nulls(series)
    return Column("boolean", (series if missing is None else series.fill_null(value=False)).to_numpy(), missing)


def _unreadable(series: Series) -> Column:
    """Dates and objects stay what they are: they are refused by name where a number is needed."""
    return Column("datetime" if series.dtype.is_temporal() else "other", series.to_numpy(), _nulls(series))


def _categorical(series: Series) -> Column:
    native = series.to_native()
    if hasattr(native, "iloc"):
        codes, levels = _pandas_codes(native)
    else:
        codes, levels = _codes(series)
    missing = codes < 0
    return Column("categorical", codes, missing if missing.any() else None, levels)


def _pandas_codes(native: Any) -> tuple[AnyArray, tuple[str, ...]]:
    import pandas as pd

    if hasattr(native, "cat"):
        codes, levels = native.cat.codes.to_numpy(), native.cat.categories
    else:
        codes, levels = pd.factorize(native)
    return codes.astype(np.int64), _spelt(levels, native.name)


def _spelt(levels: Iterable[Any], name: str) -> tuple[str, ...]:
    """Return the levels as text, by which they are known from here on."""
    spelt = tuple(str(level) for level in levels)
    if len(set(spelt)) < len(spelt):
        twice = next(text for text, count in Counter(spelt).items() if count > 1)
        raise SchemaError(
            f"column {name!r} has different levels that are spelt alike ({twice!r}), for example a number and its text. "
            "Convert them to one type, or rename one."
        )
    return spelt


def _codes(series: Series) -> tuple[AnyArray, tuple[str, ...]]:
    """Code the levels in order of appearance."""
    import narwhals as nw

    text = series.cast(nw.String)
    levels = text.drop_nulls().unique(maintain_order=True).to_list()
    if not levels:
        return np.full(len(series), -1, dtype=np.int64), ()
    missing = text.is_null().to_numpy()
    coded = text.fill_null(levels[0]).replace_strict(levels, list(range(len(levels))), return_dtype=nw.Int64)
    return np.where(missing, -1, coded.to_numpy()), tuple(levels)


def _declared(series: Series, dtype: str) -> tuple[tuple[str, ...] | None, bool]:
    """Return the levels that the type itself declares, and whether it orders them; None when they are only data."""
    native = series.to_native()
    if hasattr(native, "cat") and hasattr(native, "iloc"):
        return _spelt(native.cat.categories, series.name), bool(native.cat.ordered)
    if dtype == "Enum":
        return tuple(series.dtype.categories), True
    return None, False


def _nulls(series: Series) -> BoolArray | None:
    return series.is_null().to_numpy() if series.null_count() else None


def _with_nan(values: AnyArray, missing: BoolArray | None) -> BoolArray | None:
    """Add NaN to what is missing; None when nothing is."""
    if values.dtype.kind == "f":
        gone = np.isnan(values)
        missing = gone if missing is None else gone | missing
    return missing if missing is not None and missing.any() else None


_READERS: dict[ColumnKind, Callable[[Series], Column]] = {
    "float": _float,
    "integer": _integer,
    "boolean": _boolean,
    "categorical": _categorical,
    "datetime": _unreadable,
    "other": _unreadable,
}
