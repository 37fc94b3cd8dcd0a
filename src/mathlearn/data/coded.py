"""Codes of class labels: where labels come from, and the roles that give them as numbers 0, 1, ..."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.arrays import as_columns
from mathlearn.data.progress import read
from mathlearn.data.schema import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import AnyArray, BoolArray, FloatArray, IntArray
    from mathlearn.data.batch import Batch, Column
    from mathlearn.data.roles import Role
    from mathlearn.data.source import Source

Label: TypeAlias = "bool | int | float | str"

LEARN_ROWS = 1 << 16
"""Labels read together."""

FEW_CLASSES = 4
"""Up to which comparing with each is faster than a search among them."""


# ------------------------------------------------------------------------------------------------- where labels come from


class Labels(Protocol):
    """Where the labels of y come from."""

    @property
    def name(self) -> str:
        """What to call them."""

    @property
    def dtype(self) -> str | None:
        """The type of classes made of them; None while it is only known by reading."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of the source that they are made of."""

    def columns(self, source: Source) -> Iterator[tuple[int, Column]]:
        """Yield the labels with the row that each part starts at."""

    def coded(self, classes: tuple[Label, ...]) -> CodedRole:
        """Return the role that gives them as codes."""


@dataclass(frozen=True, slots=True)
class NamedLabels:
    """A column of the source, of which nothing else is read."""

    name: str
    dtype: str | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The column itself."""
        return (self.name,)

    def columns(self, source: Source) -> Iterator[tuple[int, Column]]:
        """Yield the column, batch by batch."""
        for batch in read(source, (self.name,), max_rows=LEARN_ROWS):
            yield batch.start, as_columns(batch, (self.name,)).columns[self.name]

    def coded(self, classes: tuple[Label, ...]) -> CodedColumn:
        """Code the column as it is read."""
        return CodedColumn(self.name, classes)


@dataclass(frozen=True, slots=True, eq=False)
class HeldLabels:
    """Labels in memory."""

    name: str
    column: Column
    dtype: str | None

    @property
    def reads(self) -> tuple[str, ...]:
        """None."""
        return ()

    def columns(self, source: Source) -> Iterator[tuple[int, Column]]:  # noqa: ARG002 -- they lie apart from it
        """Yield all of them."""
        yield 0, self.column

    def coded(self, classes: tuple[Label, ...]) -> CodedArray:
        """Code them once."""
        return CodedArray(self.column, _kept(self.column, classes))


# --------------------------------------------------------------------------------------------------------------- as roles


class CodedRole(Protocol):
    """A role whose values are codes of classes, -1 where a label is none of them."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read."""

    @property
    def length(self) -> int | None:
        """Rows by itself."""

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the (n, 1) codes, and which of these rows are missing."""

    def label(self, batch: Batch, row: int) -> Label:
        """Return the label in a row of this batch, for a message."""


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """A column of labels of the source, coded as it is read."""

    column: str
    classes: tuple[Label, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The one column read."""
        return (self.column,)

    @property
    def length(self) -> int | None:
        """As many as there are rows."""
        return None

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the codes (n, 1)."""
        column = batch.columns[self.column]
        return codes_of(column, self.classes).reshape(-1, 1), column.missing

    def label(self, batch: Batch, row: int) -> Label:
        """Return the label in a row of this batch."""
        return label_at(batch.columns[self.column], row)


@dataclass(frozen=True, slots=True, eq=False)
class CodedArray:
    """Labels in memory with their codes.

    Attributes
    ----------
    values : Column
    codes : (n, 1) of small integers
    """

    values: Column
    codes: IntArray

    @property
    def columns(self) -> tuple[str, ...]:
        """No column of the source."""
        return ()

    @property
    def length(self) -> int | None:
        """Number of rows."""
        return len(self.codes)

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the codes (n, 1)."""
        rows = slice(batch.start, batch.start + batch.n)
        missing = self.values.missing
        return self.codes[rows].astype(np.float64), None if missing is None else missing[rows]

    def label(self, batch: Batch, row: int) -> Label:
        """Return the label in a row of this batch."""
        return label_at(self.values, batch.start + row)


def _kept(column: Column, classes: tuple[Label, ...]) -> IntArray:
    """Return the codes (n, 1) as small integers, made block by block: doubles would take as much as a column of X."""
    n = len(column.values)
    codes = np.empty((n, 1), dtype=np.min_scalar_type(-max(len(classes), 1)))
    for at in range(0, n, LEARN_ROWS):
        part = slice(at, at + LEARN_ROWS)
        missing = None if column.missing is None else column.missing[part]
        codes[part, 0] = codes_of(replace(column, values=column.values[part], missing=missing), classes)
    return codes


def codes_of(column: Column, classes: tuple[Label, ...]) -> FloatArray:
    """Return the place of each label among the classes, -1 where it is none of them, 0 where it is missing."""
    text = isinstance(classes[0], str)
    if text != (column.levels is not None) or column.kind in {"datetime", "other"}:
        codes = np.full(len(column.values), -1.0)
    elif column.levels is not None:
        place = {label: float(k) for k, label in enumerate(classes)}
        codes = np.array([*(place.get(level, -1.0) for level in column.levels), 0.0])[column.values]
    else:
        codes = _codes_of_numbers(column.values, classes)
    if column.missing is not None:
        codes[column.missing] = 0.0
    return codes


def _codes_of_numbers(values: AnyArray, classes: tuple[Label, ...]) -> FloatArray:
    if len(classes) <= FEW_CLASSES:
        codes = np.full(len(values), -1.0)
        for k, label in enumerate(classes):
            codes += (k + 1.0) * (values == label)
        return codes
    known = np.array(classes)
    order = np.argsort(known)  # they are sorted but for the one that the others are compared with
    index = order[np.minimum(np.searchsorted(known, values, sorter=order), len(known) - 1)]
    return np.where(known[index] == values, index, -1).astype(np.float64)


def label_at(column: Column, row: int) -> Label:
    """Return the label in one row, as a Python value."""
    value = column.values[row]
    label: Label = column.levels[int(value)] if column.levels is not None else value.item()
    return label


def refuse_unseen(role: Role | None, batch: Batch, row: int, where: str, classes: tuple[Label, ...]) -> None:
    """Raise for the first label that is none of the classes."""
    label: Any = role.label(batch, row) if isinstance(role, CodedArray | CodedColumn) else None
    near = did_you_mean(label, [c for c in classes if isinstance(c, str)]) if isinstance(label, str) else ""
    raise SchemaError(
        f"y holds the label {label!r}, first in {where}, which is none of the classes of the fit.{near} "
        f"The classes are: {listing(classes)}. Correct or remove those rows, or fit with them."
    )
