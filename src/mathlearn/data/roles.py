"""Roles beside X (y, weights, offset, groups): read from arrays in memory or from columns of the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.encode import any_missing
from mathlearn.data.integers import is_wide, to_float, warn_inexact
from mathlearn.data.schema import listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import AnyArray, BoolArray, FloatArray
    from mathlearn.data.batch import Batch, Column
    from mathlearn.data.source import Source


class Role(Protocol):
    """Values that go with the rows of X.

    Attributes
    ----------
    columns : tuple of str
        Columns of the source that it is read from; empty for values in memory.
    length : int or None
        Rows it has by itself, None when it follows the source.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read."""

    @property
    def length(self) -> int | None:
        """Rows by itself."""

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the (n, k) values for the rows of `batch`, and which of these rows are missing."""


class Roles(NamedTuple):
    """Where y, weights, offset and groups come from."""

    y: Role | None = None
    weight: Role | None = None
    offset: Role | None = None
    group: Role | None = None

    def items(self) -> list[tuple[str, Role]]:
        """Return the roles that are played, with their names in `Chunk`."""
        every = (("y", self.y), ("weight", self.weight), ("offset", self.offset), ("group", self.group))
        return [(name, role) for name, role in every if role is not None]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayRole:
    """Values in memory, one row a row of X; a stride of zero makes one value serve every row.

    Attributes
    ----------
    values : (n, k) array
    missing : (n,) bool or None
    """

    values: AnyArray
    missing: BoolArray | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """No column of the source."""
        return ()

    @property
    def length(self) -> int | None:
        """Number of rows."""
        return len(self.values)

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the rows of this batch, as a view."""
        stop = batch.start + batch.n
        missing = self.missing
        return self.values[batch.start : stop], None if missing is None else missing[batch.start : stop]


@dataclass(frozen=True, slots=True)
class ConstantRole:
    """One number for every row."""

    value: float

    @property
    def columns(self) -> tuple[str, ...]:
        """No column of the source."""
        return ()

    @property
    def length(self) -> int | None:
        """As many as there are rows."""
        return None

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the number, once a row."""
        return np.full((batch.n, 1), self.value), None


@dataclass(frozen=True, slots=True)
class ColumnRole:
    """Numeric columns of the source."""

    columns: tuple[str, ...]

    @property
    def length(self) -> int | None:
        """As many as there are rows."""
        return None

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the columns as float64."""
        columns = [batch.columns[name] for name in self.columns]
        out = np.empty((batch.n, len(columns)), dtype=np.float64)
        for j, column in enumerate(columns):
            out[:, j] = as_float(column.values, self.columns[j])
        return out, any_missing(columns)


@dataclass(frozen=True, slots=True)
class LabelRole:
    """Columns of labels, of any kind."""

    columns: tuple[str, ...]

    @property
    def length(self) -> int | None:
        """As many as there are rows."""
        return None

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the labels: text for categorical columns, else the values themselves."""
        columns = [batch.columns[name] for name in self.columns]
        return _side_by_side([_labels(column) for column in columns]), any_missing(columns)


def _labels(column: Column) -> AnyArray:
    if column.levels is None:
        return column.values
    return np.array([*column.levels, ""], dtype=np.str_)[column.values]


def _side_by_side(columns: list[AnyArray]) -> AnyArray:
    """Stack label columns; those of different kinds keep their own as objects (numbers must not become text)."""
    if len(columns) == 1:
        return columns[0].reshape(-1, 1)
    same = len({values.dtype.kind for values in columns}) == 1
    return np.column_stack([values if same else values.astype(object) for values in columns])


def as_float(values: AnyArray, name: str) -> FloatArray:
    """Cast to float64, warning when integers beyond 2**53 lose digits."""
    if not is_wide(values):
        return values.astype(np.float64, copy=False)
    flat, exact = to_float(values.ravel())
    warn_inexact([] if exact else [name], shifted=False)
    return flat.reshape(values.shape)


def columns_named(value: Any, source: Source, what: str, *, named: bool) -> tuple[str, ...]:
    """Return the columns that the argument `what` names, or () when it carries values.

    Raises
    ------
    SchemaError
        When it names a column that the source lacks, or X has no column names.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        names: tuple[str, ...] = (value,)
    else:
        names = columns_of_list(value)
        if not names or (source.n_rows == len(names) and not (named and all(name in source.schema for name in names))):
            return ()  # as many labels as rows: values
    if not named:
        raise SchemaError(
            f"{what}={listing(names)} names a column, but X has no column names. Pass the values themselves, "
            "or X as a data frame or source with named columns."
        )
    for name in names:
        source.schema[name]
    if len(set(names)) < len(names):
        raise SchemaError(f"{what} names a column twice: {listing(names)}.")
    return names


def columns_of_list(value: Any) -> tuple[str, ...]:
    """Return a list or tuple of text as a tuple; () for anything else."""
    if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        return tuple(value)
    return ()


def check_weights(weight: FloatArray, weights_type: str, name: str, locate: Callable[[int], str]) -> None:
    """Refuse negative weights, and frequency weights that are no whole numbers; NaN was dealt with before."""
    _refuse(weight < 0, weight, f"Negative values in data passed to `sample_weight` ({name})", locate, "non-negative")
    if weights_type == "frequency":
        fractional = np.floor(weight) != weight
        _refuse(fractional, weight, f"frequency weights ({name}) with a fraction", locate, "a non-negative integer")


def _refuse(bad: BoolArray, weight: FloatArray, what: str, locate: Callable[[int], str], allowed: str) -> None:
    if not bad.any():
        return
    first = int(np.flatnonzero(bad)[0])
    advice = "" if allowed == "non-negative" else " For other weights use weights_type='precision'."
    raise DomainError(
        f"{what}: {int(bad.sum())} of {len(weight)}, first {float(weight[first])!r} in {locate(first)}. "
        f"Each weight must be {allowed}.{advice}"
    )


ALL_ZERO = (
    "Sample weights must contain at least one non-zero number: all are zero, so there is no row to fit. "
    "Leave sample_weight out for equal weights."
)
