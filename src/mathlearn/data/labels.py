"""Class labels of any type and container, read as one `Column` in memory."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.batch import Column
from mathlearn.data.inputs import may_be_frame, refuse_unordered
from mathlearn.data.objects import is_missing
from mathlearn.data.validate import empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mathlearn._typing import AnyArray, BoolArray
    from mathlearn.data.batch import ColumnKind

TEXT = "str"
"""The type of classes that are text in an array of text, whatever its width."""

OBJECTS = "object"
"""The type of classes that came as Python objects, or as text from a frame or file."""

ALLOWED = "A label is text, a boolean or a whole number, and all labels of one y are of one kind."

_NUMBERS: dict[str, ColumnKind] = {"b": "boolean", "i": "integer", "u": "integer", "f": "float"}
_REFUSED = {
    "c": "Complex data not supported.",
    "M": "dates and times are no labels: format them as text first.",
    "m": "dates and times are no labels: format them as text first.",
    "S": "Support for labels represented as bytes is not supported. Convert the labels to a string or integer format.",
    "V": "a structured array is no column of labels: give one field of it.",
}
COLUMN_VECTOR = (
    "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples, ), for "
    "example using ravel()."
)
"""What scikit-learn says of a y with one column."""


class LabelValues(NamedTuple):
    """Labels in memory, read.

    Attributes
    ----------
    column : Column
        All of them: text as codes into levels, anything else as numbers.
    dtype : str
        The type that classes made of them have: a name of NumPy's.
    name : str or None
    index : pandas.Index or None
    """

    column: Column
    dtype: str
    name: str | None = None
    index: Any = None


def read_class_labels(y: Any) -> LabelValues:
    """Read one label a row from an array, list, series, or table of one column.

    Raises
    ------
    SchemaError
        If it has another shape, holds what is no label, or labels of different kinds.

    Warns
    -----
    DataConversionWarning
        For a column vector.
    """
    if type(y) is not np.ndarray:
        if hasattr(y, "tocsr"):
            raise SchemaError("y is sparse; only X may be. Use y.toarray().ravel().")
        if isinstance(y, np.ma.MaskedArray):
            raise SchemaError("y is a masked array, whose mask would be lost. Leave the masked rows out first.")
        framed = _of_frame(y) if may_be_frame(y) else None
        if framed is not None:
            return framed
        refuse_unordered(y, "y")
    array = _one_dimensional(_as_array(y))
    column, dtype = _of_array(array)
    return LabelValues(column, _type_of_list(column, dtype) if not hasattr(y, "dtype") else dtype)


def _type_of_list(column: Column, dtype: str) -> str:
    """Return the type that NumPy gives a list of the labels; it would cut a zero character at the end of text."""
    if column.levels is None:
        return type_of([column])
    return dtype if any(level.endswith("\0") for level in column.levels) else TEXT


def _as_array(y: Any) -> AnyArray:
    try:
        array = np.asarray(y)
        if array.dtype.kind in "US" and not hasattr(y, "dtype"):
            array = np.asarray(y, dtype=object)  # a list of mixed labels must not be turned into text
    except ValueError:
        raise SchemaError(
            "y holds sequences of different lengths: several labels a row are not supported. Give one label a row."
        ) from None
    return array


def _one_dimensional(array: AnyArray) -> AnyArray:
    if array.ndim == 2 and array.shape[1] == 1:
        _warn_of_column_vector()
        array = array.ravel()
    if array.ndim != 1:
        raise SchemaError(_not_one_label_a_row(array.shape))
    if not len(array):
        raise SchemaError("y: " + empty(array.shape, "sample"))
    return array


def _not_one_label_a_row(shape: tuple[int, ...]) -> str:
    several = " Several labels a row (multilabel, multioutput) are not supported: fit one model a column."
    return f"y should be a 1d array, got an array of shape {shape} instead.{several if len(shape) > 1 else ''}"


def _warn_of_column_vector() -> None:
    from sklearn.exceptions import DataConversionWarning

    warnings.warn(COLUMN_VECTOR, DataConversionWarning, stacklevel=6)


def _of_frame(y: Any) -> LabelValues | None:
    """Read a series or a table of one column; None for anything else."""
    import narwhals as nw

    index = getattr(y, "index", None)
    if type(y).__module__.partition(".")[0] == "pyarrow" and not hasattr(y, "column_names"):
        return LabelValues(*_of_arrow(y))  # an array, which narwhals knows only as one of chunks
    series = nw.from_native(y, pass_through=True, allow_series=True)
    if not isinstance(series, nw.Series):
        from mathlearn.data.frames import as_frame

        frame = as_frame(y, "y")
        if frame is None:
            return None
        if frame.shape[1] != 1:
            raise SchemaError(_not_one_label_a_row(frame.shape))
        _warn_of_column_vector()
        series = frame[frame.columns[0]]
    if not len(series):
        raise SchemaError("y: " + empty((0,), "sample"))
    name: Any = series.name  # pandas allows anything hashable
    return LabelValues(*_of_series(series), name if isinstance(name, str) and name else None, index)


def _of_series(series: Any) -> tuple[Column, str]:
    from mathlearn.data.frame_columns import field_of, read_column

    native = series.to_native()
    if type(native).__module__.partition(".")[0] == "pyarrow":
        return _of_arrow(native)
    if hasattr(native, "iloc") and hasattr(native, "cat"):
        return _of_categories(native.cat.codes.to_numpy(), native.cat.categories)
    if getattr(getattr(native, "dtype", None), "kind", "") == "O" and hasattr(native, "iloc"):
        return _of_array(np.asarray(native))  # what kinds of objects there are is known only when all were looked at
    field, column = field_of(series)
    if column is None and (field.numeric or field.kind == "categorical"):
        column = read_column(series, field)
        return column, type_of([column])
    return _of_array(np.asarray(series.to_numpy()))


def _of_arrow(values: Any) -> tuple[Column, str]:
    from mathlearn.data.arrow_columns import column as read

    if not len(values):
        raise SchemaError("y: " + empty((0,), "sample"))
    column = read(values, "y")
    if column.kind in {"datetime", "other"}:
        raise SchemaError(f"y is made of Arrow's {values.type}, which are no labels. {ALLOWED}")
    return column, type_of([column])


def _of_categories(codes: AnyArray, categories: Any) -> tuple[Column, str]:
    """Read pandas categories, which may be of any one type."""
    gone = codes < 0
    missing = gone if gone.any() else None
    if gone.all():
        return Column("categorical", codes.astype(np.int64), missing, ()), OBJECTS
    inner, dtype = _of_array(np.asarray(categories))
    return Column(inner.kind, np.where(gone, inner.values[0], inner.values[codes]), missing, inner.levels), dtype


def _of_array(array: AnyArray) -> tuple[Column, str]:
    kind = array.dtype.kind
    if kind in _REFUSED:
        raise SchemaError(f"y has dtype {array.dtype}: {_REFUSED[kind]} {ALLOWED}")
    if kind in _NUMBERS:
        column = _numbers(array)
        return column, type_of([column])
    if kind == "U":
        return _text(array.tolist(), None), TEXT
    return _of_objects(array.tolist()), OBJECTS


def _numbers(array: AnyArray, missing: BoolArray | None = None) -> Column:
    kind = array.dtype.kind
    wanted = np.dtype(np.float64) if array.dtype.itemsize > 8 else array.dtype.newbyteorder("=")
    with np.errstate(over="ignore"):  # a long double too large becomes infinity, which is found and named
        values = array.astype(wanted, copy=False)
    if kind == "f" and missing is None:
        gone = np.isnan(values)
        missing = gone if gone.any() else None
    return Column(_NUMBERS[kind], values, missing)


def _text(labels: Sequence[str], missing: BoolArray | None) -> Column:
    """Code text; a label that is missing gets the code -1."""
    levels = sorted(set(labels) if missing is None else {t for t, m in zip(labels, missing, strict=True) if not m})
    place = {level: k for k, level in enumerate(levels)}
    codes = np.fromiter((place.get(label, -1) for label in labels), dtype=np.int64, count=len(labels))
    if missing is not None:
        codes[missing] = -1
    return Column("categorical", codes, missing, tuple(levels))


def _of_objects(values: list[Any]) -> Column:
    missing = _missing(values)
    known = values if missing is None else [v for v, gone in zip(values, missing, strict=True) if not gone]
    kind = _one_kind(values, known, missing)
    if kind == "str":
        return _text([str(v) if isinstance(v, str) else "" for v in values], missing)
    filled = values if missing is None else [known[0] if m else v for v, m in zip(values, missing, strict=True)]
    array = np.array(filled)
    if array.dtype.kind not in _NUMBERS:
        raise SchemaError("y holds whole numbers beyond 64 bits, which are no labels here: convert them to text first.")
    return _numbers(array, missing)


_PRESENT = (str, bool, int, np.bool_, np.integer)


def _missing(values: Iterable[Any]) -> BoolArray | None:
    """Mark None, NaN, NaT and NA; types that have no missing value are not looked at one by one."""
    suspect = tuple(kind for kind in set(map(type, values)) if not issubclass(kind, _PRESENT))
    if not suspect:
        return None
    missing = np.array([isinstance(v, suspect) and is_missing(v) for v in values], dtype=np.bool_)
    return missing if missing.any() else None


_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("str", (str,)),
    ("bool", (bool, np.bool_)),
    ("int", (int, np.integer)),
    ("float", (float, np.floating)),
)


def _one_kind(values: list[Any], known: list[Any], missing: BoolArray | None) -> str:
    """Return the kind of the labels, which must be one."""
    if not known:
        return "str"
    named = {
        kind: next((name for name, types in _KINDS if issubclass(kind, types)), None) for kind in set(map(type, known))
    }
    strange = next((kind for kind, name in named.items() if name is None), None)
    if strange is bytes:
        raise SchemaError(f"y holds bytes: {_REFUSED['S']}")
    if strange is not None:
        raise SchemaError(
            f"Unknown label type: unknown. y holds a {strange.__name__}. {ALLOWED} Convert them to text first."
        )
    kinds = sorted({name for name in named.values() if name is not None})
    if len(kinds) > 1:
        raise SchemaError(_mixture(values, missing, named))
    return kinds[0]


def _mixture(values: list[Any], missing: BoolArray | None, named: dict[type, str | None]) -> str:
    first: dict[str | None, str] = {}
    for row, value in enumerate(values):
        if missing is None or not missing[row]:
            first.setdefault(named[type(value)], f"{value!r} in row {row}")
    kinds = " and ".join(f"{kind} ({where})" for kind, where in first.items())
    return (
        f"y mixes labels of different kinds: {kinds}. Labels must be uniformly strings or numbers: convert them to one "
        "kind first, for example with [str(label) for label in y]."
    )


def type_of(columns: Iterable[Column]) -> str:
    """Return the type of classes made of these columns: the name of the numbers' type, objects for text."""
    columns = tuple(columns)
    if any(column.levels is not None for column in columns):
        return OBJECTS
    return np.result_type(*(column.values.dtype for column in columns)).name
