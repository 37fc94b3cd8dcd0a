"""The distribution of the Durbin-Watson statistic: exact for few rows, by two moments for many.

With A the matrix of squared first differences and M the residual maker, d = e'Ae / e'e. Under normal errors P(d < x) is the
probability that a quadratic form with the eigenvalues of MAM less x is negative. Mean and variance need only traces, which
stream.

References
----------
Durbin and Watson (1950, 1951), "Testing for serial correlation in least squares regression" I and II, Biometrika 37 and 38: the
statistic, its moments, and the beta approximation (II, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.diagnostics.quadratic_form import probability_positive

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Differences", "Tails", "beta_tails", "exact_tails", "moments"]


@dataclass(frozen=True, slots=True)
class Tails:
    """Probabilities of a statistic at most, and at least, as large as the one seen."""

    lower: float
    upper: float

    @property
    def two_sided(self) -> float:
        """Twice the smaller."""
        return min(1.0, 2 * min(self.lower, self.upper))


@dataclass(frozen=True, slots=True)
class Differences:
    """Sums over consecutive rows b of a basis, from which the traces follow.

    Attributes
    ----------
    first : (m, m)
        Sum of products of first differences: B'AB.
    second : float
        Sum of squared second differences of rows that have two neighbours.
    head, tail : (<= 2, m)
        First and last rows.
    """

    first: FloatArray
    second: float
    head: FloatArray
    tail: FloatArray

    @classmethod
    def of(cls, b: FloatArray) -> Differences:
        """Sum over one block."""
        d = np.diff(b, axis=0)
        return cls(d.T @ d, _squares(d[1:] - d[:-1]), b[:2].copy(), b[-2:].copy())

    def merge(self, other: Differences) -> Differences:
        """Sum over two adjacent blocks: their own sums, and the differences across the border."""
        step = other.head[0] - self.tail[-1]
        seam = np.diff(np.concatenate([self.tail, other.head]), n=2, axis=0)
        return Differences(
            self.first + other.first + np.outer(step, step),
            self.second + other.second + _squares(seam),
            np.concatenate([self.head, other.head])[:2],
            np.concatenate([self.tail, other.tail])[-2:],
        )

    @property
    def all_second(self) -> float:
        """Squared length of AB: second differences, and at both ends first differences."""
        return self.second + _squares(np.diff(self.head, axis=0)) + _squares(np.diff(self.tail, axis=0))


def _squares(A: FloatArray) -> float:
    return float(np.vdot(A, A))


def moments(n: int, sums: Differences) -> tuple[float, float]:
    """Mean and variance of the statistic under independent normal errors (Durbin and Watson 1950, section 3).

    Parameters
    ----------
    n : rows, more than the m columns of the orthonormal basis by two or more
    sums : Differences of that basis
    """
    left = n - sums.first.shape[0]
    p = 2 * (n - 1) - float(np.trace(sums.first))
    q = 2 * (3 * n - 4) - 2 * sums.all_second + _squares(sums.first)
    mean = p / left
    return mean, 2 * (q - p * mean) / (left * (left + 2))


def beta_tails(d: float, mean: float, variance: float) -> Tails:
    """Tails of d / 4 as a beta variable with these two moments.

    Its excess kurtosis is that of the statistic to the first order in 1/n, and its support too is right; a normal variable has
    neither.
    """
    from scipy.special import betainc, betaincc

    x, mu, v = d / 4, mean / 4, variance / 16
    total = mu * (1 - mu) / v - 1
    a, b = mu * total, (1 - mu) * total
    return Tails(float(betainc(a, b, x)), float(betaincc(a, b, x)))


def exact_tails(d: float, basis: FloatArray) -> Tails:
    """Exact tails, by the eigenvalues of MAM.

    Parameters
    ----------
    d : the statistic
    basis : (n, m) orthonormal
    """
    m = basis.shape[1]
    # The residual maker from a fresh factorisation: its zero eigenvalues are then zero to the last bits.
    complement = np.linalg.qr(basis, mode="complete")[0][:, m:]
    steps = np.diff(complement, axis=0)
    values = np.linalg.eigvalsh(steps.T @ steps)
    return Tails(probability_positive(d - values), probability_positive(values - d))
