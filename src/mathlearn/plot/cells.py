"""Histograms whose cells are powers of two wide: they merge exactly, and their range need not be known before."""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray

__all__ = ["Counts", "Grid", "Side"]

_FINEST = 50
"""Cells are no narrower than the largest number divided by two to this power: their index is exact."""


@dataclass(frozen=True, slots=True)
class Side:
    """One axis cut at multiples of ``2**exponent``: cell i is ``[(first + i), (first + i + 1)) * 2**exponent``.

    The exponent is the smallest that covers the range with at most `most` cells, so that it depends on the range alone, not
    on the order in which numbers came.
    """

    low: float
    high: float
    most: int
    exponent: int
    first: int
    size: int

    @classmethod
    def of(cls, low: float, high: float, most: int) -> Side:
        """Cover the range from `low` to `high`, both finite."""
        largest = max(abs(low), abs(high))
        floor = frexp(largest)[1] - _FINEST if largest > 0 else 0
        exponent = max(frexp(max(high / 2 - low / 2, 0.0))[1] - most.bit_length(), floor, -1070)
        while True:
            first, last = _cell(np.array([low, high]), exponent).tolist()
            if last - first < most:
                return cls(low, high, most, exponent, first, last - first + 1)
            exponent += 1

    def join(self, other: Side) -> Side:
        """Cover both ranges."""
        return Side.of(min(self.low, other.low), max(self.high, other.high), self.most)

    def index(self, x: FloatArray) -> IntArray:
        """Return the cell of each number."""
        return _cell(x, self.exponent) - self.first

    def moved(self, finer: Side) -> IntArray:
        """Return in which cell of this axis each cell of a finer one lies."""
        cells = np.arange(finer.first, finer.first + finer.size)
        moved: IntArray = (cells >> (self.exponent - finer.exponent)) - self.first
        return moved

    @property
    def edges(self) -> FloatArray:
        """The size + 1 borders of the cells."""
        edges: FloatArray = np.ldexp(
            np.arange(self.first, self.first + self.size + 1).astype(np.float64), self.exponent
        )
        return edges


def _cell(x: FloatArray, exponent: int) -> IntArray:
    """Return the number of the cell, counted from zero, that each number is in."""
    scaled = np.ldexp(x, -exponent)
    cell: IntArray = np.floor(scaled).astype(np.int64)
    cell[(scaled == 0) & (x < 0)] = -1  # so small beside a cell that it underflowed
    return cell


@dataclass(frozen=True, slots=True)
class Grid:
    """Numbers of points in the cells of a plane.

    Attributes
    ----------
    x, y : Side
    counts : (x.size, y.size) int64
    """

    x: Side
    y: Side
    counts: IntArray

    @classmethod
    def of(cls, x: FloatArray, y: FloatArray, most: int) -> Grid | None:
        """Count points with at most `most` cells a side; those that are not finite are left out."""
        fine = np.isfinite(x) & np.isfinite(y)
        if not fine.any():
            return None
        if not fine.all():
            x, y = x[fine], y[fine]
        across, up = (Side.of(float(v.min()), float(v.max()), most) for v in (x, y))
        flat = across.index(x) * up.size + up.index(y)
        return cls(across, up, np.bincount(flat, minlength=across.size * up.size).reshape(across.size, up.size))

    def merge(self, other: Grid) -> Grid:
        """Count both: exact, whatever the order."""
        x, y = self.x.join(other.x), self.y.join(other.y)
        counts = np.zeros((x.size, y.size), dtype=np.int64)
        for part in (self, other):
            across, up = x.moved(part.x), y.moved(part.y)
            if (x.exponent, y.exponent) == (part.x.exponent, part.y.exponent):  # cells of one size follow one another
                counts[across[0] : across[-1] + 1, up[0] : up[-1] + 1] += part.counts
            else:
                np.add.at(counts, (across[:, None], up[None, :]), part.counts)
        return Grid(x, y, counts)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of points in the cells of a line.

    Attributes
    ----------
    side : Side
    counts : (side.size,) int64
    """

    side: Side
    counts: IntArray

    @classmethod
    def of(cls, x: FloatArray, most: int, copies: IntArray | None = None) -> Counts:
        """Count finite numbers, at least one, each there so many times."""
        side = Side.of(float(x.min()), float(x.max()), most)
        counts = np.zeros(side.size, dtype=np.int64)
        np.add.at(counts, side.index(x), 1 if copies is None else copies)
        return cls(side, counts)

    def merge(self, other: Counts) -> Counts:
        """Count both: exact, whatever the order."""
        side = self.side.join(other.side)
        counts = np.zeros(side.size, dtype=np.int64)
        for part in (self, other):
            np.add.at(counts, side.moved(part.side), part.counts)
        return Counts(side, counts)

    def quantiles(self, ranks: IntArray) -> FloatArray:
        """Return the order statistics of these ranks (from 1), to within a cell."""
        total = np.cumsum(self.counts)
        cell = np.searchsorted(total, ranks)
        inside = (ranks - (total[cell] - self.counts[cell]) - 0.5) / self.counts[cell]
        edges = self.side.edges
        return edges[cell] + inside * (edges[cell + 1] - edges[cell])
