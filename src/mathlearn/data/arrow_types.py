"""Arrow types: the kind of column each makes, the type that holds two without loss, and what `types=` may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import SchemaError
from mathlearn.data.schema import Field, Schema, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mathlearn.data.batch import ColumnKind

_NAMED_TYPES: dict[str, tuple[str, ...]] = {
    "float64": ("float64",),
    "float": ("float64",),
    "float32": ("float32",),
    "int64": ("int64",),
    "int": ("int64",),
    "int32": ("int32",),
    "uint64": ("uint64",),
    "bool": ("bool_",),
    "string": ("string",),
    "str": ("string",),
    "category": ("string",),
    "date": ("date32",),
    "datetime": ("timestamp", "us"),
}
"""What `types=` accepts, and the pyarrow factory (with its arguments) that makes it."""


def schema_of(arrow_schema: Any, left_out: Mapping[str, str] | None = None) -> Schema:
    """Describe an Arrow schema as columns with kinds; `left_out` as for `Schema`."""
    fields = (Field(f.name, kind_of(f.type), ordered=_ordered(f.type), dtype=str(f.type)) for f in arrow_schema)
    return Schema(fields, left_out)


def pandas_index(arrow_schema: Any) -> frozenset[str]:
    """Return the columns that hold the index of the pandas (or Dask) frame that was written, as the metadata says."""
    try:
        stored = arrow_schema.pandas_metadata["index_columns"]
        named = frozenset(
            name for name in stored if isinstance(name, str)
        )  # an index that is a mere range is a mapping
    except (TypeError, KeyError, ValueError, RecursionError):  # none, or none that can be read: it is only a remark
        return frozenset()
    return named.intersection(arrow_schema.names)


def pandas_categories(arrow_schema: Any) -> frozenset[str]:
    """Return the columns that were categorical in the pandas frame that was written, as the metadata says."""
    try:
        stored = arrow_schema.pandas_metadata["columns"]
        named = frozenset(column["name"] for column in stored if column["pandas_type"] == "categorical")
    except (TypeError, KeyError, ValueError, RecursionError):  # as above
        return frozenset()
    return named.intersection(arrow_schema.names)


def kind_of(arrow_type: Any) -> ColumnKind:
    """Return the kind of column that values of this Arrow type make."""
    types = _engines.load("pyarrow.types")
    arrow_type = storage(arrow_type)
    if types.is_dictionary(arrow_type):
        return "categorical" if is_text(arrow_type.value_type) else kind_of(arrow_type.value_type)
    tests: tuple[tuple[ColumnKind, Any], ...] = (
        ("float", lambda t: types.is_floating(t) or types.is_decimal(t) or types.is_null(t)),
        ("integer", types.is_integer),
        ("boolean", types.is_boolean),
        ("categorical", is_text),
        ("datetime", lambda t: types.is_timestamp(t) or types.is_date(t)),
    )
    return next((kind for kind, test in tests if test(arrow_type)), "other")


def storage(arrow_type: Any) -> Any:
    """Look through run-end encoding and extension types to the type that the values are stored as."""
    pa = _engines.load("pyarrow")
    if isinstance(arrow_type, pa.BaseExtensionType):
        return storage(arrow_type.storage_type)
    if pa.types.is_run_end_encoded(arrow_type):
        return storage(arrow_type.value_type)
    return arrow_type


def is_text(arrow_type: Any) -> bool:
    """Whether the type is one of Arrow's string types."""
    types = _engines.load("pyarrow.types")
    return bool(types.is_string(arrow_type) or types.is_large_string(arrow_type) or types.is_string_view(arrow_type))


def _ordered(arrow_type: Any) -> bool:
    return bool(getattr(arrow_type, "ordered", False))


def common_type(a: Any, b: Any) -> Any | None:
    """Return the Arrow type that holds the values of both types, or None when there is none.

    Integers met by floats become float64: the values are checked as they are read, and one that float64 cannot hold
    is an error then.
    """
    if a.equals(b):
        return a
    types = _engines.load("pyarrow.types")
    if types.is_null(a) or types.is_null(b):
        return b if types.is_null(a) else a
    joins = (_common_number, _common_text, _common_decimal, _common_time)
    return next((found for join in joins if (found := join(a, b)) is not None), None)


def _common_number(a: Any, b: Any) -> Any | None:
    pa = _engines.load("pyarrow")
    number = (pa.types.is_integer, pa.types.is_floating)
    if not all(any(test(t) for test in number) for t in (a, b)):
        return None
    if pa.types.is_floating(a) and pa.types.is_floating(b):
        return max(a, b, key=lambda t: t.bit_width)
    if pa.types.is_floating(a) or pa.types.is_floating(b):
        return pa.float64()
    if pa.types.is_signed_integer(a) == pa.types.is_signed_integer(b):
        return max(a, b, key=lambda t: t.bit_width)
    unsigned = a if pa.types.is_unsigned_integer(a) else b
    return pa.int64() if unsigned.bit_width < 64 else None


def _common_text(a: Any, b: Any) -> Any | None:
    pa = _engines.load("pyarrow")
    words = [t.value_type if pa.types.is_dictionary(t) else t for t in (a, b)]
    return pa.large_string() if all(is_text(t) for t in words) else None


def _common_decimal(a: Any, b: Any) -> Any | None:
    pa = _engines.load("pyarrow")
    if not (pa.types.is_decimal(a) and pa.types.is_decimal(b)):
        return None
    scale = max(a.scale, b.scale)
    precision = max(a.precision - a.scale, b.precision - b.scale) + scale
    return pa.decimal128(precision, scale) if precision <= 38 else None


def _common_time(a: Any, b: Any) -> Any | None:
    pa = _engines.load("pyarrow")
    if not all(pa.types.is_timestamp(t) or pa.types.is_date(t) for t in (a, b)):
        return None
    if {getattr(a, "tz", None), getattr(b, "tz", None)} != {None}:
        return None
    return pa.timestamp("us")


def named_types(types: Mapping[str, Any] | None) -> dict[str, Any]:
    """Translate the caller's `types` (column to type name) into Arrow types."""
    return {column: _named_type(column, wanted) for column, wanted in (types or {}).items()}


def _named_type(column: str, wanted: Any) -> Any:
    # `float`, `np.float64` and `np.dtype("float64")` say their names in one way or another.
    name = wanted if isinstance(wanted, str) else getattr(wanted, "__name__", str(wanted))
    if name not in _NAMED_TYPES:
        raise SchemaError(
            f"types={{{column!r}: {wanted!r}}}: no such type.{did_you_mean(name, _NAMED_TYPES)} "
            f"Allowed are {', '.join(_NAMED_TYPES)}."
        )
    factory, *arguments = _NAMED_TYPES[name]
    return getattr(_engines.load("pyarrow"), factory)(*arguments)


def duplicate_free(names: Iterable[str], where: str) -> tuple[str, ...]:
    """Return the names as a tuple; refuse a name that occurs twice, saying where."""
    names = tuple(names)
    try:
        Schema(Field(name, "other") for name in names)
    except SchemaError as error:
        raise SchemaError(f"{where}: {error}") from None
    return names
