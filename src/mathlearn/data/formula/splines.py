"""B-spline bases: knots from the formula, or from quantiles of data in memory.

References
----------
C. de Boor, *A Practical Guide to Splines*, revised edition, Springer 2001, chapter IX.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray

MAX_DEGREE = 10
"""Highest degree of ``bs()``."""


@dataclass(frozen=True, slots=True)
class Basis:
    """B-splines of one degree on one knot vector, without the first (the intercept stands for it).

    Attributes
    ----------
    degree : int
    lower, upper : float
        Boundary knots; the basis is defined between them.
    knots : (m,) array
        Interior knots, strictly increasing, strictly between the bounds.
    """

    degree: int
    lower: float
    upper: float
    knots: FloatArray

    def check(self, what: str) -> None:
        """Raise `DomainError` unless degree, bounds and knots are in order; `what` is the term, for the message."""
        if not 1 <= self.degree <= MAX_DEGREE:
            raise DomainError(f"{what}: the degree {self.degree} is not one of 1 to {MAX_DEGREE}.")
        if not self.lower < self.upper:
            raise DomainError(f"{what}: the lower bound {self.lower!r} is not below the upper bound {self.upper!r}.")
        if not (np.diff([self.lower, *self.knots, self.upper]) > 0).all():
            raise DomainError(
                f"{what}: the interior knots {self.knots.tolist()} do not increase strictly within "
                f"({self.lower!r}, {self.upper!r}). Give distinct knots=[...] inside the bounds; with df=, tied values "
                "can make quantiles coincide: lower df."
            )

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.knots) + self.degree

    def outside(self, x: FloatArray) -> BoolArray:
        """Return where `x` lies outside the boundary knots."""
        return (x < self.lower) | (x > self.upper)

    def evaluate(self, x: FloatArray) -> FloatArray:
        """Return the (n, size) basis; every `x` lies within the bounds."""
        from scipy.interpolate import BSpline

        if not len(x):  # which SciPy refuses
            return np.empty((0, self.size))
        full: FloatArray = BSpline.design_matrix(np.ascontiguousarray(x), self._vector, self.degree).toarray()
        return full[:, 1:]

    def slopes(self, x: FloatArray) -> FloatArray:
        """Return the (n, size) derivatives of the basis; at a knot where they jump, those to its right."""
        from scipy.interpolate import BSpline

        spline = BSpline(self._vector, np.eye(self.size + 1)[:, 1:], self.degree)
        return np.asarray(spline.derivative()(x))

    @property
    def _vector(self) -> FloatArray:
        ends = self.degree + 1
        return np.concatenate([np.full(ends, self.lower), self.knots, np.full(ends, self.upper)])


def quantile_knots(x: FloatArray, count: int) -> FloatArray:
    """Return `count` interior knots at equally spaced quantiles of `x`."""
    return np.quantile(x, np.linspace(0.0, 1.0, count + 2)[1:-1])
