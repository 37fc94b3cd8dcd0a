"""`Dependence`: the directions that the data do not determine, in the user's units."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.linalg.triangular import inverse_upper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.linalg.rank import RankVerdict

_NOISE = 1e-9  # a share of a column below this is rounding of the columns themselves
_TOLERANCE = 1e-10
_DECIMALS = range(1, 13)
_LARGEST_DENOMINATOR = 1000


@dataclass(frozen=True, slots=True)
class Dependence:
    """Columns that are linear combinations of others: ``column[dropped] = columns[kept] @ weights + constant``.

    Attributes
    ----------
    kept, dropped : (r,), (d,) indices of columns of X
    weights : (r, d)
    constant : (d,) zeros without intercept
    tolerance : relative remainder up to which a column counts as dependent
    """

    kept: IntArray
    dropped: IntArray
    weights: FloatArray
    constant: FloatArray
    tolerance: float = _TOLERANCE

    @staticmethod
    @lru_cache(maxsize=16)
    def none(p: int) -> Dependence:
        """All p columns are independent."""
        return Dependence(np.arange(p), np.empty(0, np.int64), np.empty((p, 0)), np.empty(0))

    @classmethod
    def of(cls, verdict: RankVerdict, scale: FloatArray, mean: FloatArray, tol: float | None = None) -> Dependence:
        """Translate a verdict in scaled units about the mean to the user's units.

        Where columns lie far from zero the data know the weights only to the rounding of their entries, and the constant,
        which is the difference of large means, hardly at all. The simplest numbers within that uncertainty are taken:
        1.8 and 32, not 1.7999999993 and 32.07.
        """
        kept, dropped = verdict.kept, verdict.dropped
        unit = scale[dropped] / scale[kept][:, None]
        size = np.sqrt(np.einsum("ij,ij->j", verdict.factor, verdict.factor))
        slack = np.maximum(verdict.noise / np.maximum(size[:, None], TINY), 4 * ROUNDOFF * np.abs(verdict.weights))
        weights = _essential(verdict, slack) * unit
        constant = np.empty(dropped.size)
        for k, column in enumerate(dropped):
            used = np.flatnonzero(weights[:, k])
            known = slack[used, k] * unit[used, k]
            found = _simple_relation(
                weights[used, k], known, mean[kept[used]], float(mean[column]), float(scale[column])
            )
            weights[used, k], constant[k] = found
        return cls(kept, dropped, weights, constant, dependence_tolerance(tol))

    @property
    def null(self) -> FloatArray:
        """(p, d) directions v with ``Xc @ v = 0``, one for each dropped column."""
        p, d = self.kept.size + self.dropped.size, self.dropped.size
        null = np.zeros((p, d))
        if not d:
            return null
        null[self.kept] = -self.weights
        null[self.dropped, np.arange(d)] = 1.0
        return null

    def estimable(self, *, intercept: bool) -> BoolArray:
        """Which parameters the data determine, the intercept first."""
        if not self.dropped.size:
            every = np.empty(self.kept.size + int(intercept), np.bool_)
            every[:] = True
            return every
        slopes = np.logical_not(self.null.any(axis=1))
        return np.concatenate([[not self.constant.any()], slopes]) if intercept else slopes

    def basic(self, coef: FloatArray, intercept: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return coefficients (q, p) of the kept columns alone, and the intercept (q,), that say the same."""
        if not self.dropped.size:
            return coef, intercept
        moved = np.zeros_like(coef)
        moved[:, self.kept] = coef[:, self.kept] + coef[:, self.dropped] @ self.weights.T
        return moved, intercept + coef[:, self.dropped] @ self.constant

    def magnitudes(self, coef: FloatArray) -> FloatArray:
        """Sizes (q, p) of what `basic` adds up."""
        sizes: FloatArray = np.abs(coef)
        if self.dropped.size:
            sizes[:, self.kept] += sizes[:, self.dropped] @ np.abs(self.weights.T)
        return sizes

    def minimum_norm(self, coef: FloatArray) -> FloatArray:
        """Move (q, p) coefficients along the null directions to the shortest vector, in the user's units.

        The step along each direction is found by least squares and taken entry by entry, one group of dependent columns after
        the other, which keeps the digits of small coefficients of columns in large units.
        """
        if not self.dropped.size:
            return coef
        null = self.null
        null /= np.abs(null).max(axis=0)
        coef = coef.copy()
        for rows, directions in _groups(null):
            part = null[np.ix_(rows, directions)]
            for _ in range(2):
                coef[:, rows] -= np.linalg.lstsq(part, coef[:, rows].T, rcond=None)[0].T @ part.T
        return coef


def dependence_tolerance(tol: float | None) -> float:
    """Relative remainder up to which a column counts as dependent, given the rank tolerance of the fit."""
    return max(_TOLERANCE, tol or 0.0)


def _groups(null: FloatArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the rows and columns of the blocks into which a matrix falls apart."""
    from scipy.sparse.csgraph import connected_components

    touched = (null != 0).astype(np.float64)
    count, labels = connected_components(touched.T @ touched, directed=False)
    for group in range(count):
        directions = np.flatnonzero(labels == group)
        yield np.flatnonzero(touched[:, directions].any(axis=1)), directions


def simplest(value: float, slack: float) -> float:
    """Return the number of fewest decimal digits, at most 12, or a fraction of small denominator, within `slack` of a value."""
    for digits in _DECIMALS:
        short = float(f"{value:.{digits}g}")
        if abs(short - value) <= slack:
            return short
        if digits == 3:  # a third is simpler than 0.333333
            ratio = float(Fraction(value).limit_denominator(_LARGEST_DENOMINATOR))
            if abs(ratio - value) <= slack:
                return ratio
    return value


def _essential(verdict: RankVerdict, slack: FloatArray) -> FloatArray:
    """Weights (r, d) without those that are rounding, where the others alone explain the column.

    Where the kept columns are nearly dependent, rounding moves their weights together, far beyond the slack of each.
    """
    weights = verdict.weights.copy()
    if not weights.size:
        return weights
    together = np.linalg.norm(inverse_upper(verdict.factor), axis=1)
    for k, found in enumerate(verdict.weights.T):
        whole, least = verdict.factor @ found, np.maximum(_NOISE, slack[:, k])
        for doubt in (np.maximum(least, verdict.noise[k] * together), least):
            used = np.abs(found) >= doubt
            alone = np.linalg.lstsq(verdict.factor[:, used], whole, rcond=None)[0]
            if np.linalg.norm(verdict.factor[:, used] @ alone - whole) <= verdict.noise[k]:
                weights[:, k] = 0.0
                weights[used, k] = alone
                break
    return weights


def _simple_relation(
    weights: FloatArray, slack: FloatArray, means: FloatArray, mean: float, scale: float
) -> tuple[FloatArray, float]:
    """Return weights and constant of a dependence, in the simplest numbers that hold.

    A constant of zero comes first: with the simplest weights, else with those found. Where neither gives it, the constant is
    the simplest within its own rounding. Where the weights are too uncertain to tell it from zero and it is no round number,
    it is zero and the weights are moved, within their uncertainty, to where the means agree.
    """
    simple = np.array([simplest(value, within) for value, within in zip(weights, slack, strict=True)])
    # Means are known to the rounding of the entries they are made of.
    total = float(np.abs(weights * means).sum()) + abs(mean) + scale
    rounding = 16 * ROUNDOFF * total
    for chosen in (simple, weights):
        if weights.size and abs(mean - float(chosen @ means)) <= rounding:
            return chosen, 0.0
    value = mean - float(simple @ means)
    reach = slack * np.abs(means)
    if not weights.size or abs(value) > rounding + reach.sum():
        return simple, simplest(value, rounding)
    round_number = float(f"{value:.3g}")
    if abs(round_number - value) <= rounding:
        return simple, round_number
    left = (mean - float(weights @ means)) / reach.sum()
    moved = weights + left * slack * np.sign(means)
    known = rounding / (moved.size * np.maximum(np.abs(means), TINY))
    return np.array(
        [simplest(value, within) for value, within in zip(moved, np.minimum(known, slack), strict=True)]
    ), 0.0
