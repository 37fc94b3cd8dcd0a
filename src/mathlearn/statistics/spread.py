"""`Spread`: the weighted mean of some columns and the sums of squares about it, mergeable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Weight, mean and sum of squares about the mean of some columns; exactly that value and 0 for a column of one value.

    Attributes
    ----------
    weight : float
        Sum of the weights w.
    shift : (q,)
        A value near the mean, so that its distance from there has all its digits.
    sums : (q,)
        Sum of w (y - shift).
    squares : (q,)
        Sum of w (y - mean)**2.

    References
    ----------
    Chan, Golub, LeVeque (1983), "Algorithms for computing the sample variance", Amer. Statist. 37(3): the corrected two-pass algorithm of a
    block, and the pairwise update.
    """

    weight: float
    shift: FloatArray
    sums: FloatArray
    squares: FloatArray

    @classmethod
    def of(cls, y: FloatArray, weight: FloatArray | None = None) -> Spread:
        """Return the spread of a block (n, q) of rows with weights (n,), of which some may be zero."""
        total = float(y.shape[0] if weight is None else weight.sum())
        first = y[0] if y.shape[0] else np.zeros(y.shape[1])
        shift = first + _summed(y - first, weight) / (total or 1.0)
        apart = y - shift
        sums = _summed(apart, weight)
        squares = np.maximum(_summed(apart * apart, weight) - sums * (sums / (total or 1.0)), 0.0)
        return cls(total, shift, sums, squares)

    @property
    def mean(self) -> FloatArray:
        """Weighted mean (q,)."""
        return self.shift + self.sums / self.weight

    def distance(self, other: Spread) -> FloatArray:
        """Return how far the mean of other rows lies above this one (q,)."""
        return (other.shift - self.shift) + (other.sums / other.weight - self.sums / self.weight)

    def merge(self, other: Spread) -> Spread:
        """Return the spread of both sets of rows; associative up to rounding, without weight an identity."""
        if self.weight == 0.0 or other.weight == 0.0:
            return self if other.weight == 0.0 else other
        weight, apart = self.weight + other.weight, self.distance(other)
        moved = other.sums + other.weight * (other.shift - self.shift)
        between = apart * apart * (self.weight * (other.weight / weight))
        return Spread(weight, self.shift, self.sums + moved, self.squares + other.squares + between)


def _summed(values: FloatArray, weight: FloatArray | None) -> FloatArray:
    """Sum over the rows (n, q), each as often as its weight says."""
    return np.asarray(values.sum(axis=0) if weight is None else weight @ values)
