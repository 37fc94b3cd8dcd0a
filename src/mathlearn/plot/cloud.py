"""Many rows in bounded memory: a fixed random sample, exact counts in cells, and the rows that stand out.

Up to `LIMIT` rows everything is kept, and figures show every row as a point. Beyond, what is kept is a sample drawn by
the row's number (the same whatever the chunks and threads) and counts in a grid (exact, over all rows).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot.cells import Counts, Grid

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray

__all__ = ["LIMIT", "Cloud", "Extremes", "Order", "uniform"]

LIMIT = 5_000
"""Rows that are drawn as points; of more, so many are sampled."""

CELLS = 128
"""Most cells along a side of a grid."""

TAIL = 200
"""Smallest and largest values kept one by one."""

BINS = 1 << 16
"""Most cells between them."""

_SEED = np.uint64(0x9E3779B97F4A7C15)

_OTHER = 1 << 48
"""Far beyond the numbers of rows: begins another sequence."""


def priority(rows: IntArray) -> IntArray:
    """Return a fixed pseudo-random number for each row number (the finaliser of SplitMix64).

    References
    ----------
    Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA.
    """
    z = (rows.astype(np.uint64) + np.uint64(1)) * _SEED
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).view(np.int64)


def uniform(rows: IntArray) -> FloatArray:
    """Return a fixed pseudo-random number in (0, 1) for each row number, independent of whether the row is in a sample."""
    bits = priority(rows + _OTHER).view(np.uint64) >> np.uint64(12)
    share: FloatArray = (bits.astype(np.float64) + 0.5) * 2.0**-52
    return share


@dataclass(frozen=True, slots=True)
class Cloud:
    """Rows with several numbers each.

    Attributes
    ----------
    n : int
        Rows seen.
    rows : (m,) int64
        Their numbers in the source: all of them up to `LIMIT`, else a random sample of that size.
    values : (m, v) float64
    pairs : tuple of (column, column)
        Which columns are counted against each other.
    grids : tuple of Grid or None
        One a pair; empty while every row is kept.
    """

    n: int
    rows: IntArray
    values: FloatArray
    pairs: tuple[tuple[int, int], ...]
    grids: tuple[Grid | None, ...] = ()

    @classmethod
    def of(cls, rows: IntArray, values: FloatArray, pairs: tuple[tuple[int, int], ...]) -> Cloud:
        """Keep what is needed of one block of rows."""
        return cls(len(rows), rows, values, pairs).bounded()

    @property
    def complete(self) -> bool:
        """Whether every row is kept."""
        return self.n <= LIMIT

    def merge(self, other: Cloud) -> Cloud:
        """Keep what is needed of both; the same for any order."""
        n = self.n + other.n
        rows, values = np.concatenate([self.rows, other.rows]), np.concatenate([self.values, other.values])
        if n <= LIMIT:
            return Cloud(n, rows, values, self.pairs)
        grids = tuple(_both(a, b) for a, b in zip(self._counted(), other._counted(), strict=True))
        return Cloud(n, rows, values, self.pairs, grids).bounded()

    def _counted(self) -> tuple[Grid | None, ...]:
        return self.grids or tuple(Grid.of(self.values[:, i], self.values[:, j], CELLS) for i, j in self.pairs)

    def bounded(self) -> Cloud:
        """Return the same rows with no more kept than is allowed."""
        if self.n <= LIMIT:
            return self
        grids = self._counted()
        if len(self.rows) <= LIMIT:
            return replace(self, grids=grids)
        chosen = np.sort(np.argpartition(priority(self.rows), LIMIT)[:LIMIT])
        return Cloud(self.n, self.rows[chosen], self.values[chosen], self.pairs, grids)

    def pair(self, k: int) -> tuple[FloatArray, FloatArray]:
        """Return the kept points of pair k."""
        i, j = self.pairs[k]
        return self.values[:, i], self.values[:, j]

    def grid(self, k: int) -> Grid | None:
        """Return the counts of pair k over all rows; None while every row is kept."""
        return self.grids[k] if self.grids else None


def _both(a: Grid | None, b: Grid | None) -> Grid | None:
    return b if a is None else a if b is None else a.merge(b)


@dataclass(frozen=True, slots=True)
class Extremes:
    """The few rows with the largest score, largest first; the earlier row wins a tie.

    Attributes
    ----------
    most : int
    rows : (m,) int64
    score : (m,)
    values : (m, v)
    """

    most: int
    rows: IntArray
    score: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, rows: IntArray, score: FloatArray, values: FloatArray, most: int = 3) -> Extremes:
        """Choose among one block of rows; a score of NaN is never chosen."""
        known = np.flatnonzero(~np.isnan(score))
        if len(known) > 4 * most:  # all that tie with the last one chosen, so that the order decides by row
            cut = np.partition(score[known], len(known) - most)[len(known) - most]
            known = known[score[known] >= cut]
        best = known[np.lexsort((rows[known], -score[known]))[:most]]
        return cls(most, rows[best], score[best], values[best])

    def merge(self, other: Extremes) -> Extremes:
        """Choose among both."""
        return Extremes.of(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.score, other.score]),
            np.concatenate([self.values, other.values]),
            self.most,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """The order statistics of many numbers: those at both ends exact, those between to within a cell.

    Attributes
    ----------
    n : int
    low, high : (m,) increasing
        Up to `TAIL` at each end; up to `LIMIT` numbers, `low` holds all.
    counts : Counts or None
    """

    n: int
    low: FloatArray
    high: FloatArray
    counts: Counts | None = None

    @classmethod
    def of(cls, values: FloatArray, copies: IntArray | None = None) -> Order:
        """Sort one block of numbers, each there so many times; those that are not finite are left out."""
        fine = np.isfinite(values)
        values = values[fine]
        if copies is not None:
            return cls._of_copies(values, copies[fine])
        if len(values) <= LIMIT:
            return cls(len(values), np.sort(values), values[:0])
        ends = np.partition(values, [TAIL - 1, len(values) - TAIL])
        return cls(len(values), np.sort(ends[:TAIL]), np.sort(ends[-TAIL:]), Counts.of(values, BINS))

    @classmethod
    def _of_copies(cls, values: FloatArray, copies: IntArray) -> Order:
        """Write out no more copies than are kept."""
        n, order = int(copies.sum()), np.argsort(values, kind="stable")
        if n <= LIMIT:
            return cls(n, np.repeat(values[order], copies[order]), values[:0])
        ends = np.repeat(values[order], np.minimum(copies[order], TAIL))
        return cls(n, ends[:TAIL], ends[-TAIL:], Counts.of(values, BINS, copies))

    def merge(self, other: Order) -> Order:
        """Sort both."""
        n = self.n + other.n
        if n <= LIMIT:
            return Order(n, np.sort(np.concatenate([self.low, other.low])), self.high)
        if not self.n or not other.n:
            return self if self.n else other
        a, b = self._tailed(), other._tailed()
        counts = None if a.counts is None or b.counts is None else a.counts.merge(b.counts)
        low = np.sort(np.concatenate([a.low, b.low]))[:TAIL]
        high = np.sort(np.concatenate([a.high, b.high]))[-TAIL:]
        return Order(n, low, high, counts)

    def _tailed(self) -> Order:
        if self.counts is not None:
            return self
        return Order(self.n, self.low[:TAIL], self.low[-TAIL:], Counts.of(self.low, BINS))

    def at(self, ranks: IntArray) -> FloatArray:
        """Return the order statistics of these ranks, counted from 1."""
        if self.counts is None:
            return self.low[ranks - 1]
        out = self.counts.quantiles(ranks)
        bottom, top = ranks <= len(self.low), ranks > self.n - len(self.high)
        out[bottom] = self.low[ranks[bottom] - 1]
        out[top] = self.high[ranks[top] - 1 - (self.n - len(self.high))]
        # What lies between the ends is between them.
        return np.clip(out, self.low[0], self.high[-1]) if len(self.low) and len(self.high) else out
