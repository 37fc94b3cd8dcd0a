"""Which changes of the design a user's column stands for: itself, every term it is in, or the levels of a category."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from mathlearn.data.batch import Batch, Column
from mathlearn.data.formula.derivative import derivative
from mathlearn.data.formula.factors import CategoryFactor
from mathlearn.statistics.chosen import chosen_term
from mathlearn.statistics.effect_sums import Along, Between, EachColumn, EachStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn._typing import AnyArray, FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.data.formula import Encoding
    from mathlearn.statistics.effect_sums import Change

__all__ = ["Asked", "Label", "Piece", "asked_of", "zero_or_one"]

RATE = "dmu/dx"


class Label(NamedTuple):
    """Name of an effect: the column, and what is done to it."""

    term: str
    contrast: str


class Piece(NamedTuple):
    """A block as the source has it, with the chunk that was made of it.

    Attributes
    ----------
    rows : BoundRows
    batch : Batch
    chunk : Chunk
    mean : (p,)
        Of the columns of the fit, about which designs are returned.
    """

    rows: BoundRows
    batch: Batch
    chunk: Chunk
    mean: FloatArray

    def kept(self, values: FloatArray) -> FloatArray:
        """Return the entries of the rows that are in the chunk."""
        rows = self.chunk.rows
        return values if rows is None else values[rows - self.chunk.start]

    def at(self, batch: Batch) -> tuple[FloatArray, FloatArray]:
        """Return the design about the mean, and the offset, where the block is another batch."""
        after, offset = self.rows.encode(batch), self.chunk.offset
        start = np.zeros(self.chunk.n) if offset is None else offset
        before = None if after.offset is None else self.rows.encode(self.batch).offset
        moved = 0.0 if after.offset is None or before is None else self.kept(after.offset - before)
        return self.kept(np.asarray(after.X)) - self.mean, start + moved


class Asked(Protocol):
    """A question about one or several columns."""

    @property
    def labels(self) -> tuple[Label, ...]:
        """Names of the m effects."""

    def changes(self, piece: Piece) -> tuple[Change, ...]:
        """Return the changes of some rows whose effects these are, in order."""


@dataclass(frozen=True, slots=True)
class _OwnColumns:
    """Columns that are the design's own."""

    names: tuple[str, ...]
    change: EachColumn | EachStep
    contrast: str

    @property
    def labels(self) -> tuple[Label, ...]:
        return tuple(Label(name, self.contrast) for name in self.names)

    def changes(self, piece: Piece) -> tuple[Change, ...]:  # noqa: ARG002 -- the same in all rows
        return (self.change,)


@dataclass(frozen=True, slots=True)
class _Number:
    """A numeric column of a formula, in whichever terms it is."""

    column: str
    encoding: Encoding

    @property
    def labels(self) -> tuple[Label, ...]:
        return (Label(self.column, RATE),)

    def changes(self, piece: Piece) -> tuple[Change, ...]:
        slope = derivative(self.encoding, piece.rows.named(piece.batch), self.column)
        return (Along(piece.kept(slope.X), piece.kept(slope.offset)),)


@dataclass(frozen=True, slots=True)
class _Values:
    """A column of a formula that is set to one value after another, each compared with the first.

    Attributes
    ----------
    column : str
    columns : tuple of Column
        Of one row each: the values; the first is the reference.
    names : tuple of str
    """

    column: str
    columns: tuple[Column, ...]
    names: tuple[str, ...]

    @property
    def labels(self) -> tuple[Label, ...]:
        reference, *others = self.names
        return tuple(Label(self.column, f"{name} - {reference}") for name in others)

    def changes(self, piece: Piece) -> tuple[Change, ...]:
        reference, *others = (piece.at(self._set(piece, column)) for column in self.columns)
        return tuple(Between(*reference, *other) for other in others)

    def _set(self, piece: Piece, value: Column) -> Batch:
        batch = piece.rows.named(piece.batch)
        missing = batch.columns[self.column].missing
        column = replace(value, values=np.repeat(value.values, batch.n), missing=missing)
        return replace(batch, columns={**batch.columns, self.column: column})


def asked_of(design: Design, columns: Sequence[str] | None, steps: frozenset[str]) -> tuple[Asked, ...]:
    """Turn names of columns into questions.

    Parameters
    ----------
    design : Design
    columns : sequence of str or None
        None asks about every column that a term is made of.
    steps : frozenset of str
        Columns of zeros and ones whose effect is that of going from one to the other.

    Raises
    ------
    SchemaError
        The fit has no such column.
    """
    encoding = design.encoding
    if encoding is None:
        chosen = _chosen(design.columns, columns)
        return tuple(_own(design.columns, chosen, steps))
    used = dict.fromkeys(column for factor in encoding.factors for column in factor.columns)
    chosen = tuple(used) if columns is None else _chosen(encoding.columns, columns)
    return tuple(_of_formula(encoding, column, steps) for column in chosen)


def _chosen(known: tuple[str, ...], columns: Sequence[str] | None) -> tuple[str, ...]:
    wanted = known if columns is None else dict.fromkeys([columns] if isinstance(columns, str) else columns)
    return tuple(known[chosen_term(known, column)] for column in wanted)


def _own(known: tuple[str, ...], chosen: tuple[str, ...], steps: frozenset[str]) -> Iterator[Asked]:
    """Ask about all columns that are treated alike at once."""
    rates = tuple(name for name in chosen if name not in steps)
    ends = tuple(name for name in chosen if name in steps)
    if rates:
        yield _OwnColumns(rates, EachColumn(np.array([known.index(name) for name in rates])), RATE)
    if ends:
        yield _OwnColumns(ends, EachStep(np.array([known.index(name) for name in ends])), "1 - 0")


def _of_formula(encoding: Encoding, column: str, steps: frozenset[str]) -> Asked:
    category = next((f for f in encoding.factors if isinstance(f, CategoryFactor) and f.column == column), None)
    if category is not None:
        order = [category.reference, *(k for k in range(len(category.levels)) if k != category.reference)]
        return _Values(column, tuple(_level(category, k) for k in order), tuple(category.levels[k] for k in order))
    if column in steps:
        return _Values(column, tuple(Column("float", np.array([value])) for value in (0.0, 1.0)), ("0", "1"))
    return _Number(column, encoding)


def _level(category: CategoryFactor, level: int) -> Column:
    """Return one level of a category as a column of one row."""
    if category.values is None:
        return Column("categorical", np.zeros(1, np.int64), levels=(category.levels[level],))
    return Column("integer", category.values[level : level + 1])


def zero_or_one(rows: BoundRows, columns: Sequence[str], max_rows: int) -> frozenset[str]:
    """Name the numeric columns that hold nothing but zeros and ones in the rows that count (one pass)."""
    left = list(columns)
    for batch, chunk in rows.batches(max_rows):
        named = rows.named(batch)
        kept = slice(None) if chunk.rows is None else chunk.rows - chunk.start
        left = [name for name in left if _only_zero_or_one(named.columns[name].values[kept], named.columns[name])]
    return frozenset(left)


def _only_zero_or_one(values: AnyArray, column: Column) -> bool:
    return column.levels is None and bool(((values == 0) | (values == 1)).all())
