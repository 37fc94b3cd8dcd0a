"""Which column a curve is drawn over, and what the others are held at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.batch import Batch, Column
from mathlearn.data.bound import BoundRows
from mathlearn.data.chunk import Chunk
from mathlearn.data.formula.factors import CategoryFactor
from mathlearn.data.schema import did_you_mean, listing
from mathlearn.plot.reading import block_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.design import Design
    from mathlearn.data.encode import EncodedLike
    from mathlearn.plot.reading import Reading

__all__ = ["Held", "Profile", "SeenRows", "categories", "choose_feature", "held", "numeric_features", "profile"]

MOST_LEVELS = 6
"""Lines of their own for the levels of a category, at most: there are as many colours."""


class SeenRows(BoundRows):
    """Bound rows that keep the named columns of the batch just encoded: a formula's rows no longer show them."""

    seen: Batch | None = None
    formula_offset: FloatArray | None = None
    left_out = 0

    def encode(self, batch: Batch) -> EncodedLike:
        """Encode, and keep what was encoded."""
        if self.design.encoding is not None:
            self.seen = self.named(batch)
        encoded = super().encode(batch)
        self.formula_offset = encoded.offset
        return encoded

    def pairs(self) -> Iterator[tuple[Chunk, Batch | None]]:
        """Yield chunks beside the columns they were made of; `left_out` counts the rows that lack a value."""
        self.left_out = 0
        for chunk in self.blocks(block_rows(self)):
            self.left_out += chunk.dropped
            if chunk.n:
                yield chunk, self.seen


def seen_rows(rows: BoundRows) -> SeenRows:
    """Return the same rows, kept in view."""
    return SeenRows(
        rows.source,
        rows.design,
        rows.roles,
        missing=rows.missing,
        formula_response=rows.formula_response,
        fitting=False,
    )


def categories(design: Design) -> dict[str, CategoryFactor]:
    """Return the columns of the input that a formula takes as categories."""
    factors = () if design.encoding is None else design.encoding.factors
    return {factor.column: factor for factor in factors if isinstance(factor, CategoryFactor)}


def numeric_features(design: Design) -> tuple[str, ...]:
    """Return the columns of the input over which a curve can be drawn."""
    if design.encoding is None:
        return design.columns
    kinds = categories(design)
    return tuple(column for column in design.encoding.columns if column not in kinds)


def choose_feature(design: Design, feature: str | int | None) -> str:
    """Return the column that is meant: the only one by default.

    Raises
    ------
    SchemaError
        There is no such numeric column, or more than one and none is named.
    """
    known = numeric_features(design)
    if not known:
        raise SchemaError("this fit has no numeric column to draw a curve over: use kind='coefficients'.")
    if feature is None:
        if len(known) > 1:
            raise SchemaError(
                f"feature is None and the fit has several numeric columns: choose one of {listing(known)}."
            )
        return known[0]
    if isinstance(feature, int | np.integer) and not isinstance(feature, bool) and -len(known) <= feature < len(known):
        return known[feature]
    if isinstance(feature, str) and feature in known:
        return feature
    hint = did_you_mean(feature, known) if isinstance(feature, str) else ""
    raise SchemaError(f"feature is {feature!r}: it must be a numeric column of this fit, {listing(known)}.{hint}")


@dataclass(frozen=True, slots=True)
class Profile:
    """How the rows of a curve are made: one column varies, one category may have lines of its own, the others are held.

    Attributes
    ----------
    design : Design
    feature : str or None
        None where only the category varies.
    origin : int
        What was subtracted from the feature before it became a number.
    by : CategoryFactor or None
        The category with lines of its own.
    held : dict of str to float
        Numeric columns and the values they are held at, as rows have them: less the origin of huge integers.
    references : dict of str to CategoryFactor
        Categories held at their reference level.
    offset : float or None
        What an offset beside the formula is held at.
    """

    design: Design
    feature: str | None
    origin: int
    by: CategoryFactor | None
    held: dict[str, float]
    references: dict[str, CategoryFactor]
    offset: float | None = None

    @property
    def alone(self) -> bool:
        """Whether nothing is held: then observations themselves stand beside the curve."""
        return not self.held and not self.references and self.offset is None

    @property
    def told(self) -> dict[str, float | str]:
        """What the other columns are held at, in the user's units."""
        shifts = dict(zip(self.design.columns, self.design.int_shift, strict=False))
        numbers = {column: value + shifts.get(column, 0) for column, value in self.held.items()}
        beside = {} if self.offset is None else {next(iter(self.design.offset_columns), "offset"): self.offset}
        references = {column: factor.levels[factor.reference] for column, factor in self.references.items()}
        return numbers | beside | references

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels with lines of their own."""
        return () if self.by is None else self.by.levels

    def values(self, chunk: Chunk, seen: Batch | None) -> tuple[FloatArray, IntArray]:
        """Return the feature at the rows of a chunk, and the index of each row's level (zeros when there is none)."""
        assert self.feature is not None
        if self.design.encoding is None:
            j = self.design.columns.index(self.feature)
            x = chunk.X[:, j] if isinstance(chunk.X, np.ndarray) else chunk.X[:, [j]].toarray()[:, 0]
            return np.asarray(x, dtype=np.float64), np.zeros(chunk.n, dtype=np.int64)
        assert seen is not None
        at = chunk.index - chunk.start
        x = np.asarray(seen.columns[self.feature].values, dtype=np.float64)[at]
        return x, np.zeros(chunk.n, dtype=np.int64) if self.by is None else self.codes(chunk, seen)

    def codes(self, chunk: Chunk, seen: Batch | None) -> IntArray:
        """Return the index of the level of each row of a chunk."""
        assert seen is not None
        return self._codes(seen)[chunk.index - chunk.start]

    def _codes(self, seen: Batch) -> IntArray:
        assert self.by is not None
        column = seen.columns[self.by.column]
        if self.by.values is not None:
            return np.minimum(np.searchsorted(self.by.values, column.values), len(self.by.values) - 1)
        known = {level: k for k, level in enumerate(self.by.levels)}
        table = np.array([*(known.get(level, 0) for level in column.levels or ()), 0], dtype=np.int64)
        return table[column.values]

    def rows(self, x: FloatArray, level: IntArray, more: Mapping[str, FloatArray] | None = None) -> Chunk:
        """Make rows with the feature at `x`, the category at `level` and `more` numeric columns; everything else is held."""
        fixed: dict[str, Any] = {**self.held, **(more or {})}
        if self.design.encoding is None:
            X = np.empty((len(x), len(self.design.columns)))
            for j, column in enumerate(self.design.columns):
                X[:, j] = x if column == self.feature else fixed[column]
            return Chunk(X, offset=self._offset(None, len(x)))
        columns = {column: Column("float", np.full(len(x), value)) for column, value in fixed.items()}
        if self.feature is not None:
            columns[self.feature] = Column("float", x)
        for column, factor in self.references.items():
            columns[column] = _category(factor, np.full(len(x), factor.reference))
        if self.by is not None:
            columns[self.by.column] = _category(self.by, level)
        encoded = self.design.encoding.encode(Batch(0, len(x), None, columns), with_response=False)
        return Chunk(encoded.X, offset=self._offset(encoded.offset, len(x)))

    def _offset(self, of_formula: FloatArray | None, n: int) -> FloatArray | None:
        if self.offset is None:
            return of_formula
        beside = np.full(n, self.offset)
        return beside if of_formula is None else of_formula + beside


def _category(factor: CategoryFactor, codes: IntArray) -> Column:
    if factor.values is None:
        return Column("categorical", codes, None, factor.levels)
    values = factor.values[codes]
    return Column("float" if values.dtype.kind == "f" else "boolean" if values.dtype.kind == "b" else "integer", values)


@dataclass(frozen=True, slots=True)
class Held:
    """Means over the rows: of numeric columns as the rows have them, and of an offset beside the formula, if there is one."""

    numbers: dict[str, float]
    offset: float | None


def profile(reading: Reading, feature: str) -> Profile:
    """Say what varies and what is held: numbers at their means over the rows, categories at their reference level.

    One category beside the feature, of at most six levels, gets a line for each.
    """
    kinds = categories(reading.design)
    others = [column for column in numeric_features(reading.design) if column != feature]
    by = next(iter(kinds.values())) if len(kinds) == 1 else None
    if by is not None and len(by.levels) > MOST_LEVELS:
        by = None
    return profile_at(reading.design, held(reading, others), feature, by)


def profile_at(design: Design, at: Held, feature: str | None, by: CategoryFactor | None) -> Profile:
    """Let a numeric column vary, or a category, or both; hold the others where they are said to be."""
    references = {column: factor for column, factor in categories(design).items() if factor is not by}
    numbers = {column: value for column, value in at.numbers.items() if column != feature}
    shift = design.int_shift[design.columns.index(feature)] if design.int_shift and feature is not None else 0
    return Profile(design, feature, shift, by, numbers, references, at.offset)


def held(reading: Reading, columns: list[str]) -> Held:
    """Take weighted means over the rows, of least squares from its record where it has them."""
    design, result = reading.design, reading.result
    beside = bool(design.offset_columns) or design.offset_given
    if not columns and not beside:
        return Held({}, None)
    known = result.curvature if result.fit_intercept and result.likelihood is None else None
    if design.encoding is None and known is not None and not beside:
        return Held({column: float(known.mean[design.columns.index(column)]) for column in columns}, None)
    total, offset, weight = np.zeros(len(columns)), 0.0, 0.0
    rows = seen_rows(reading.rows)
    for chunk, seen in rows.pairs():
        w = np.ones(chunk.n) if chunk.weight is None else chunk.weight
        total += w @ _columns(design, columns, chunk, seen)
        offset += float(w @ _offset_beside(rows, chunk)) if beside else 0.0
        weight += float(w.sum())
    if weight == 0:
        raise DomainError("there is no row to draw: each lacks a value in a column that is used, or has weight zero.")
    numbers = dict(zip(columns, (total / weight).tolist(), strict=True))
    return Held(numbers, offset / weight if beside else None)


def _offset_beside(rows: SeenRows, chunk: Chunk) -> FloatArray:
    """Return the offset of a chunk less that of the formula."""
    whole = np.zeros(chunk.n) if chunk.offset is None else chunk.offset
    return whole if rows.formula_offset is None else whole - rows.formula_offset[chunk.index - chunk.start]


def _columns(design: Design, columns: list[str], chunk: Chunk, seen: Batch | None) -> FloatArray:
    """Return the (n, m) values of columns of the input at the rows of a chunk."""
    if not columns:
        return np.empty((chunk.n, 0))
    if design.encoding is None:
        at = [design.columns.index(column) for column in columns]
        return chunk.X[:, at] if isinstance(chunk.X, np.ndarray) else chunk.X[:, at].toarray()
    assert seen is not None
    rows = chunk.index - chunk.start
    return np.column_stack([np.asarray(seen.columns[c].values, dtype=np.float64)[rows] for c in columns])
