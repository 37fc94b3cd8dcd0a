"""Which column a curve is drawn over, and what the others are held at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.batch import Batch, Column
from mathlearn.data.bound import BoundRows
from mathlearn.data.chunk import Chunk
from mathlearn.data.formula.factors import CategoryFactor
from mathlearn.data.schema import did_you_mean, listing
from mathlearn.plot.reading import block_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.design import Design
    from mathlearn.data.encode import EncodedLike
    from mathlearn.plot.reading import Reading

__all__ = ["Profile", "SeenRows", "choose_feature", "numeric_features", "profile"]

MOST_LEVELS = 6
"""Lines of their own for the levels of a category, at most: there are as many colours."""


class SeenRows(BoundRows):
    """Bound rows that keep the named columns of the batch just encoded: a formula's rows no longer show them."""

    seen: Batch | None = None
    left_out = 0

    def encode(self, batch: Batch) -> EncodedLike:
        """Encode, and keep what was encoded."""
        if self.design.encoding is not None:
            self.seen = self.named(batch)
        return super().encode(batch)

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


def _categories(design: Design) -> dict[str, CategoryFactor]:
    factors = () if design.encoding is None else design.encoding.factors
    return {factor.column: factor for factor in factors if isinstance(factor, CategoryFactor)}


def numeric_features(design: Design) -> tuple[str, ...]:
    """Return the columns of the input over which a curve can be drawn."""
    if design.encoding is None:
        return design.columns
    categories = _categories(design)
    return tuple(column for column in design.encoding.columns if column not in categories)


def choose_feature(design: Design, feature: str | int | None) -> str:
    """Return the column that is meant: the only one by default.

    Raises
    ------
    SchemaError
        There is no such numeric column, or more than one and none is named.
    """
    known = numeric_features(design)
    if not known:
        raise SchemaError("this fit has no numeric column to draw a curve over: use kind='coefficients' or 'partial'.")
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
    feature : str
    origin : int
        What was subtracted from the feature before it became a number.
    by : CategoryFactor or None
        The category with lines of its own.
    held : dict of str to float
        Numeric columns and the values they are held at, as rows have them: less the origin of huge integers.
    references : dict of str to CategoryFactor
        Categories held at their reference level.
    """

    design: Design
    feature: str
    origin: int
    by: CategoryFactor | None
    held: dict[str, float]
    references: dict[str, CategoryFactor]

    @property
    def alone(self) -> bool:
        """Whether nothing is held: then observations themselves stand beside the curve."""
        return not self.held and not self.references

    @property
    def told(self) -> dict[str, float | str]:
        """What the other columns are held at, in the user's units."""
        shifts = dict(zip(self.design.columns, self.design.int_shift, strict=False))
        numbers = {column: value + shifts.get(column, 0) for column, value in self.held.items()}
        return numbers | {column: factor.levels[factor.reference] for column, factor in self.references.items()}

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels with lines of their own."""
        return () if self.by is None else self.by.levels

    def values(self, chunk: Chunk, seen: Batch | None) -> tuple[FloatArray, IntArray]:
        """Return the feature at the rows of a chunk, and the index of each row's level (zeros when there is none)."""
        if self.design.encoding is None:
            j = self.design.columns.index(self.feature)
            x = chunk.X[:, j] if isinstance(chunk.X, np.ndarray) else chunk.X[:, [j]].toarray()[:, 0]
            return np.asarray(x, dtype=np.float64), np.zeros(chunk.n, dtype=np.int64)
        assert seen is not None
        at = chunk.index - chunk.start
        x = np.asarray(seen.columns[self.feature].values, dtype=np.float64)[at]
        return x, self._codes(seen)[at] if self.by is not None else np.zeros(chunk.n, dtype=np.int64)

    def _codes(self, seen: Batch) -> IntArray:
        assert self.by is not None
        column = seen.columns[self.by.column]
        if self.by.values is not None:
            return np.minimum(np.searchsorted(self.by.values, column.values), len(self.by.values) - 1)
        known = {level: k for k, level in enumerate(self.by.levels)}
        table = np.array([*(known.get(level, 0) for level in column.levels or ()), 0], dtype=np.int64)
        return table[column.values]

    def rows(self, x: FloatArray, level: IntArray) -> Chunk:
        """Make rows with the feature at `x` and the category at `level`, everything else held."""
        if self.design.encoding is None:
            X = np.empty((len(x), len(self.design.columns)))
            for j, column in enumerate(self.design.columns):
                X[:, j] = x if column == self.feature else self.held[column]
            return Chunk(X)
        columns = {column: Column("float", np.full(len(x), value)) for column, value in self.held.items()}
        columns[self.feature] = Column("float", x)
        for column, factor in self.references.items():
            columns[column] = _category(factor, np.full(len(x), factor.reference))
        if self.by is not None:
            columns[self.by.column] = _category(self.by, level)
        encoded = self.design.encoding.encode(Batch(0, len(x), None, columns), with_response=False)
        return Chunk(encoded.X, offset=encoded.offset)


def _category(factor: CategoryFactor, codes: IntArray) -> Column:
    if factor.values is None:
        return Column("categorical", codes, None, factor.levels)
    values = factor.values[codes]
    return Column("float" if values.dtype.kind == "f" else "boolean" if values.dtype.kind == "b" else "integer", values)


def profile(reading: Reading, feature: str) -> Profile:
    """Say what varies and what is held: numbers at their means over the rows, categories at their reference level.

    One category beside the feature, of at most six levels, gets a line for each.
    """
    design = reading.design
    categories = _categories(design)
    others = [column for column in numeric_features(design) if column != feature]
    by = next(iter(categories.values())) if len(categories) == 1 else None
    if by is not None and len(by.levels) > MOST_LEVELS:
        by = None
    shift = design.int_shift[design.columns.index(feature)] if design.int_shift else 0
    return Profile(
        design=design,
        feature=feature,
        origin=shift,
        by=by,
        held=_means(reading, others),
        references={} if by is not None else categories,
    )


def _means(reading: Reading, columns: list[str]) -> dict[str, float]:
    """Weighted means of columns over the rows, as the rows have them."""
    if not columns:
        return {}
    design, curvature = reading.design, reading.result.curvature
    if design.encoding is None and curvature is not None and reading.result.fit_intercept:
        return {column: float(curvature.mean[design.columns.index(column)]) for column in columns}
    total, weight = np.zeros(len(columns)), 0.0
    for chunk, seen in seen_rows(reading.rows).pairs():
        w = np.ones(chunk.n) if chunk.weight is None else chunk.weight
        total += w @ _columns(design, columns, chunk, seen)
        weight += float(w.sum())
    if weight == 0:
        raise DomainError("there is no row to draw: each lacks a value in a column that is used, or has weight zero.")
    return dict(zip(columns, (total / weight).tolist(), strict=True))


def _columns(design: Design, columns: list[str], chunk: Chunk, seen: Batch | None) -> FloatArray:
    """Return the (n, m) values of columns of the input at the rows of a chunk."""
    if design.encoding is None:
        at = [design.columns.index(column) for column in columns]
        return chunk.X[:, at] if isinstance(chunk.X, np.ndarray) else chunk.X[:, at].toarray()
    assert seen is not None
    rows = chunk.index - chunk.start
    return np.column_stack([np.asarray(seen.columns[c].values, dtype=np.float64)[rows] for c in columns])
