"""Dask collections as X, y, weights, groups and offset: recognised, described, and put side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn.data.arrays import default_names
from mathlearn.data.beside import Beside
from mathlearn.data.dask_blocks import ArrayBlocks, FrameBlocks, Table
from mathlearn.data.dask_source import DaskSource
from mathlearn.data.inputs import Intake, is_dask
from mathlearn.data.schema import Field, Schema, listing
from mathlearn.data.validate import check_dtype, empty

if TYPE_CHECKING:
    from mathlearn.data.arguments import Arguments

__all__ = ["joined", "read_dask"]

_ARGUMENTS = {"y": "y", "weights": "sample_weight", "groups": "groups", "offset": "offset"}


def read_dask(X: Any, what: str) -> Intake:
    """Make a source of a dask DataFrame, or of a dask array of two dimensions.

    Raises
    ------
    SchemaError
        It is another collection, or its columns are not known or have no names that are text.
    """
    if _is_array(X):
        return Intake(_of_array(X, what), named=False)
    if not hasattr(X, "columns") or not hasattr(X, "npartitions") or getattr(X, "ndim", 2) != 2:
        raise SchemaError(
            f"Expected a 2-dimensional container but got {type(X)} instead. {what} is a dask {type(X).__name__}: pass a dask DataFrame "
            "(of one column: to_frame()) or a dask array with one row a sample."
        )
    fields = _fields(X)
    if not fields:
        raise SchemaError(empty((None, 0), "feature"))
    names = tuple(field.name for field in fields)
    return Intake(
        DaskSource(FrameBlocks((Table(names, X, whole=False),)), Schema(fields), "dask data frame"), named=True
    )


def joined(intake: Intake, given: Arguments) -> tuple[Intake, Arguments]:
    """Put the arguments that are Dask collections beside X, as columns of its source.

    Raises
    ------
    SchemaError
        They are cut in another way than X, or have another shape than the argument takes.
    """
    source: Any = intake.source
    kept: dict[str, Any] = {}
    for key, what in _ARGUMENTS.items():
        value = getattr(given, key)
        if not is_dask(value):
            continue
        _require_shape(value, what)
        fields = _described(value, what)
        own = tuple(field.name for field in fields)
        columns = tuple(_free(name, what, source.schema) for name in own)
        renamed = [Field(c, f.kind, f.levels, f.ordered, f.dtype) for c, f in zip(columns, fields, strict=True)]
        source = source.beside(columns, renamed, value, what)
        kept[key] = Beside(columns, own, int(value.ndim))
    return intake._replace(source=source), given._replace(**kept)


def _is_array(value: Any) -> bool:
    return hasattr(value, "numblocks")


def _of_array(array: Any, what: str) -> DaskSource:
    if array.ndim != 2:
        raise SchemaError(
            f"Expected 2D array, got {array.ndim}D array instead (shape {array.shape}). {what} is a dask array: one row a sample and one column "
            f"a feature is needed, for example {what}.reshape(-1, 1)."
        )
    if hasattr(array._meta, "tocsr"):  # noqa: SLF001 -- Dask has no other word for what its blocks are
        raise SchemaError(
            f"{what} is a dask array of sparse blocks, which are not read. Use {what}.map_blocks(lambda block: block.toarray())."
        )
    p = array.shape[1]
    if p != p:  # noqa: PLR0124 -- Dask's word for an unknown length is NaN
        raise SchemaError(f"{what} is a dask array of an unknown number of columns. Use {what}.compute_chunk_sizes().")
    if 0 in array.shape:
        raise SchemaError(empty(array.shape, "sample" if array.shape[0] == 0 else "feature"))
    names = default_names(p)
    table = Table(names, array.rechunk({1: -1}))
    return DaskSource(ArrayBlocks((table,)), Schema(_array_fields(array, names, what)), "dask array")


def _array_fields(array: Any, names: tuple[str, ...], what: str) -> list[Field]:
    """Describe the columns of an array; text is only for labels."""
    kinds: dict[str, Any] = {"f": "float", "i": "integer", "u": "integer", "b": "boolean"}
    if array.dtype.kind in "OUST" and what in {"y", "groups"}:
        return [Field(name, "categorical", dtype=str(array.dtype)) for name in names]
    check_dtype(array.dtype, what)
    return [Field(name, kinds.get(array.dtype.kind, "float"), dtype=str(array.dtype)) for name in names]


def _fields(frame: Any) -> list[Field]:
    """Describe the columns of a dask data frame by its example without rows.

    Raises
    ------
    SchemaError
        Names are no text, or occur twice.
    """
    import narwhals as nw

    from mathlearn.data.frame_columns import field_of

    names = list(frame.columns)
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise SchemaError(
            f"the columns of a dask data frame need names that are text; {listing(odd)} are not. Use ddf.columns = [str(c) for c in ddf.columns]."
        )
    if len(set(names)) < len(names):
        from mathlearn.data.schema import duplicated

        raise SchemaError(duplicated(names))
    example = nw.from_native(frame._meta, eager_only=True)  # noqa: SLF001 -- Dask's own word for what is known of a frame before it is read
    return [_known(field_of(example[name])[0]) for name in names]


_UNKNOWN = "__UNKNOWN_CATEGORIES__"
"""What Dask writes in the place of categories that are only known by reading."""


def _known(field: Field) -> Field:
    """Leave out levels that Dask does not know: they are learned from the rows."""
    if field.levels is not None and _UNKNOWN in field.levels:
        return Field(field.name, field.kind, None, ordered=False, dtype=field.dtype)
    return field


def _described(value: Any, what: str) -> list[Field]:
    """Describe the columns of an argument, by the names that it brings, else by that of the argument."""
    if _is_array(value):
        k = 1 if value.ndim == 1 else int(value.shape[1])
        return _array_fields(value, (what,) if k == 1 else tuple(f"{what}{j}" for j in range(k)), what)
    if value.ndim == 1:
        name = value.name if isinstance(value.name, str) and value.name else what
        return _fields(value.to_frame(name=name))
    return _fields(value)


def _require_shape(value: Any, what: str) -> None:
    ndim = getattr(value, "ndim", None)
    if ndim not in ({1, 2} if what in {"y", "groups"} else {1}):
        raise SchemaError(
            f"{what} is a dask {type(value).__name__} of {ndim} dimensions: it takes one value for each row of X, as a dask series or an array of one "
            "dimension."
        )


def _free(name: str, what: str, schema: Schema) -> str:
    """Return the name, or one like it that no column has."""
    while name in schema:
        name = f"{what}: {name}"
    return name
