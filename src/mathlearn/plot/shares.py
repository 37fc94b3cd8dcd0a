"""Sums in narrow cells along a line, joined to groups: what was observed there and what was expected.

Cells are powers of two wide (`Side`), so that sums merge whatever the range of the numbers was in each block.

References
----------
Wilson (1927), "Probable inference, the law of succession, and statistical inference", J. Amer. Statist. Assoc. 22(158).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot.cells import Side
from mathlearn.statistics.diagnostics.calibration import joined
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Sums", "wilson"]

CELLS = 1 << 12


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of several columns in the cells of a line.

    Attributes
    ----------
    side : Side or None
        None before a finite number was seen.
    values : (cells, c)
        The first column is a weight.
    """

    side: Side | None
    values: FloatArray

    @classmethod
    def of(cls, x: FloatArray, columns: FloatArray) -> Sums:
        """Sum columns (n, c) by x (n,); rows at which x is not finite are left out."""
        fine = np.isfinite(x)
        if not fine.any():
            return cls(None, np.empty((0, columns.shape[1])))
        x, columns = x[fine], columns[fine]
        side = Side.of(float(x.min()), float(x.max()), CELLS)
        place = side.index(x)
        return cls(
            side, np.stack([np.bincount(place, weights=each, minlength=side.size) for each in columns.T], axis=1)
        )

    def merge(self, other: Sums) -> Sums:
        """Sum both."""
        if self.side is None or other.side is None:
            return other if self.side is None else self
        side = self.side.join(other.side)
        values = np.zeros((side.size, self.values.shape[1]))
        np.add.at(values, side.moved(self.side), self.values)
        np.add.at(values, side.moved(other.side), other.values)
        return Sums(side, values)

    def groups(self, most: int) -> FloatArray:
        """Join the cells to at most so many groups (g, c) of about equal weight, in order."""
        return joined(self.values, most)


def wilson(share: FloatArray, trials: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's interval of a probability, by the share of so many trials that came true.

    Examples
    --------
    >>> low, high = wilson(np.array([0.0, 0.5]), np.array([10.0, 10.0]), 0.95)
    >>> low.round(4), high.round(4)
    (array([0.    , 0.2366]), array([0.2775, 0.7634]))
    """
    z2 = t_quantile(level, np.inf) ** 2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
