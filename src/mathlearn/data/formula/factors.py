"""Learned factors: what a term is made of once the data have been seen. Frozen, without code, storable.

Every factor answers the same three questions: which `columns` it reads, what its columns are called (`labels`) and what
their values are (`encode`). Only a category looks at `reduced`: whether its reference level is left out.
"""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.formula.evaluate import evaluate, expression
from mathlearn.data.formula.tree import columns_of
from mathlearn.data.schema import did_you_mean, listing

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, BoolArray, FloatArray, IntArray
    from mathlearn.data.batch import Column
    from mathlearn.data.formula.poly import Recurrence
    from mathlearn.data.formula.splines import Basis
    from mathlearn.data.formula.view import View


class Factor(Protocol):
    """What every learned factor answers."""

    def check(self) -> None:
        """Raise `ValueError` unless the parts fit each other: a stored factor may have been tampered with."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read."""

    def labels(self, *, reduced: bool) -> tuple[str, ...]:
        """Names of the k columns made."""

    def encode(self, view: View, *, reduced: bool) -> FloatArray:
        """Return the (n, k) values; undefined in rows that are not good."""


class _OfArithmetic(ABC):
    """Made of arithmetic on columns; `source` is its canonical text, parsed and checked again whenever it is used."""

    __slots__ = ()
    source: str

    def check(self) -> None:
        """Require the source to be arithmetic."""
        expression(self.source)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read."""
        return columns_of(expression(self.source))

    def values(self, view: View) -> FloatArray:
        """Return the (n,) values of the source."""
        return evaluate(expression(self.source), view)


@dataclass(frozen=True, slots=True)
class ColumnFactor:
    """A numeric column as it is."""

    column: str

    def check(self) -> None:
        """Require a name."""
        _require(isinstance(self.column, str), "a column has a name")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read."""
        return (self.column,)

    def labels(self, *, reduced: bool) -> tuple[str, ...]:  # noqa: ARG002 -- only categories reduce
        """Return the column's own name."""
        return (self.column,)

    def encode(self, view: View, *, reduced: bool) -> FloatArray:  # noqa: ARG002
        """Return the (n, 1) values."""
        return view.numbers(self.column)[:, None]


@dataclass(frozen=True, slots=True)
class ExpressionFactor(_OfArithmetic):
    """Arithmetic on columns: one column of numbers."""

    source: str

    def labels(self, *, reduced: bool) -> tuple[str, ...]:  # noqa: ARG002
        """Return the expression itself."""
        return (self.source,)

    def encode(self, view: View, *, reduced: bool) -> FloatArray:  # noqa: ARG002
        """Return the (n, 1) values."""
        return self.values(view)[:, None]


@dataclass(frozen=True, slots=True)
class CategoryFactor:
    """A category by indicator (treatment) coding.

    Attributes
    ----------
    text : str
        The term as written, ``species`` or ``C(cylinders, ref=6)``.
    column : str
    levels : tuple of str
        Known levels, in order.
    values : (len(levels),) increasing array or None
        For a category made of numbers, the number of each level; None for a categorical column.
    reference : int
        Index of the level that reduced coding leaves out.
    """

    text: str
    column: str
    levels: tuple[str, ...]
    values: AnyArray | None
    reference: int

    def check(self) -> None:
        """Require different levels, one value each if they are numbers, and a reference among them."""
        _require(all(isinstance(text, str) for text in (self.text, self.column, *self.levels)), "levels are text")
        _require(len(set(self.levels)) == len(self.levels) >= 2, "there are two different levels at least")
        _require(0 <= self.reference < len(self.levels), "the reference is a level")
        if self.values is not None:
            _require(self.values.shape == (len(self.levels),), "there is one value a level")
            _require(bool((self.values[1:] > self.values[:-1]).all()), "the values increase")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read."""
        return (self.column,)

    def labels(self, *, reduced: bool) -> tuple[str, ...]:
        """Name the indicators, ``text[T.level]`` when reduced and ``text[level]`` when not."""
        mark = "T." if reduced else ""
        return tuple(
            f"{self.text}[{mark}{level}]"
            for k, level in enumerate(self.levels)
            if not (reduced and k == self.reference)
        )

    def encode(self, view: View, *, reduced: bool) -> FloatArray:
        """Return the indicators; an unseen level raises `SchemaError`."""
        index = self._index(view)
        known = np.ones(view.n, dtype=np.bool_) if view.good is None else view.good.copy()
        if reduced:
            known &= index != self.reference
            index = index - (index > self.reference)
        out = np.zeros((view.n, len(self.levels) - reduced))
        rows = np.flatnonzero(known)
        out[rows, index[rows]] = 1.0
        return out

    def _index(self, view: View) -> IntArray:
        column = view.column(self.column)
        index, unseen = self._by_label(column) if self.values is None else self._by_value(column, self.values)
        unseen = view.offenders(unseen)
        if unseen.any():
            raise self._unseen(view, column, unseen)
        return index

    def _by_label(self, column: Column) -> tuple[IntArray, BoolArray]:
        if column.levels is None:
            raise self._changed("categorical", column.kind)
        known = {level: k for k, level in enumerate(self.levels)}
        table = np.array([*(known.get(level, -1) for level in column.levels), -1], dtype=np.int64)
        index = table[column.values]  # code -1 (missing) reads the last entry
        return index, index < 0

    def _by_value(self, column: Column, values: AnyArray) -> tuple[IntArray, BoolArray]:
        if column.levels is not None or column.values.dtype.kind not in "fiub":
            raise self._changed("numeric", column.kind)
        index = np.minimum(np.searchsorted(values, column.values), len(values) - 1)
        return index, values[index] != column.values

    def _changed(self, before: str, now: str) -> SchemaError:
        return SchemaError(
            f"column {self.column!r} was {before} in the data that were fitted and is {now} here: "
            "convert it to the type it had."
        )

    def _unseen(self, view: View, column: Column, unseen: BoolArray) -> SchemaError:
        value = column.values[int(unseen.argmax())]
        level = str(value.item()) if column.levels is None else column.levels[value]
        return SchemaError(
            f"column {self.column!r} holds the level {level!r}, which was not in the data that were fitted. "
            f"Unseen levels are in {view.tell(unseen)}.{did_you_mean(level, self.levels)} "
            f"The known levels are: {listing(self.levels)}. Correct or remove those rows, or fit with them."
        )


@dataclass(frozen=True, slots=True)
class PolyFactor(_OfArithmetic):
    """Orthogonal polynomials of an expression."""

    text: str
    source: str
    recurrence: Recurrence

    def check(self) -> None:
        """Require arithmetic and a sound recurrence."""
        _OfArithmetic.check(self)
        self.recurrence.check()

    def labels(self, *, reduced: bool) -> tuple[str, ...]:  # noqa: ARG002
        """Name the polynomials by their degree."""
        return tuple(f"{self.text}[{k + 1}]" for k in range(self.recurrence.degree))

    def encode(self, view: View, *, reduced: bool) -> FloatArray:  # noqa: ARG002
        """Return the (n, degree) values."""
        return self.recurrence.evaluate(self.values(view))


@dataclass(frozen=True, slots=True)
class SplineFactor(_OfArithmetic):
    """B-splines of an expression."""

    text: str
    source: str
    basis: Basis

    def check(self) -> None:
        """Require arithmetic and a sound basis."""
        _OfArithmetic.check(self)
        self.basis.check(self.text)

    def labels(self, *, reduced: bool) -> tuple[str, ...]:  # noqa: ARG002
        """Count the splines from 1."""
        return tuple(f"{self.text}[{k + 1}]" for k in range(self.basis.size))

    def encode(self, view: View, *, reduced: bool) -> FloatArray:  # noqa: ARG002
        """Return the (n, size) values; a value beyond the bounds raises `DomainError`."""
        x = self.values(view)
        outside = view.offenders(self.basis.outside(x))
        if outside.any():
            value = float(x[int(outside.argmax())])
            bounds = f"[{self.basis.lower!r}, {self.basis.upper!r}]"
            raise DomainError(
                f"{self.text} is defined for {self.source} in {bounds}, its boundary knots; outside are "
                f"{view.tell(outside)} ({value!r}). Remove those rows, or fit with wider bounds=[lower, upper]."
            )
        return self.basis.evaluate(x if view.good is None else np.where(view.good, x, self.basis.lower))


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise SchemaError(f"a stored factor contradicts itself: {what}.")
