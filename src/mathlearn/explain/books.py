"""`Books`: the statistic of the rows for one response, by which the numbers of a record are found again.

Every entry of the Gram matrix carries a rounding error of at most ``relative`` times the sizes of the two columns that it is
made of; each bound below follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.spectrum import least
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["Books"]

_FEW = 200  # columns up to which sums of products are rounded once


@dataclass(frozen=True, slots=True, eq=False)
class Books:
    """Moments about the mean (about zero without intercept), in the user's units.

    Attributes
    ----------
    n : observations: rows, or the sum of frequency weights
    weight : sum of the weights
    mean, mean_y : (p,), in the coordinates of the rows; zeros without intercept
    H : (p, p) ``X_c^T W X_c``
    right : (p,) ``X_c^T W y``
    total : ``y_c^T W y_c``
    size, size_y : (p,) norms of the columns about the point from which they were summed
    raw : (p,) norms of the columns about zero
    relative : bound on the error of ``H[i, j] / (size[i] size[j])``, and likewise for y
    kept : columns of which the others are made, all where the rank is full
    unit : (r,) lengths of the kept columns
    lower : (r, r) Cholesky factor of H for the kept columns in these units; None where it has none
    doubt : float
        Bound on the relative error of every eigenvalue of the kept part of H, and of its inverse to first order, in any units.
        From 1 on nothing is known of the inverse.
    dropped : (d,) the other columns
    left : (d,) bound on the length of what the data leave of each dependence, by which a column was set aside
    """

    n: int
    weight: float
    mean: FloatArray
    mean_y: float
    H: FloatArray
    right: FloatArray
    total: float
    size: FloatArray
    size_y: float
    raw: FloatArray
    relative: float
    kept: IntArray
    unit: FloatArray
    lower: FloatArray | None
    doubt: float
    dropped: IntArray
    left: FloatArray

    @classmethod
    def of(cls, result: FitResult, response: int) -> Books | None:
        """Read the statistic of a fit, or return None where it has none.

        Notes
        -----
        The sums about the shift err by ``rho`` relative to the sizes, and so does each of the two sums in the product that is
        subtracted to centre them: three ``rho`` in all, and three roundings. Solving a p-by-p system adds ``3 p`` roundings
        (Higham 2002, theorem 10.4).

        With columns of length one, an error E of H has a 2-norm of at most ``relative`` times the sum of the squared sizes; an
        eigenvalue moves, relative to itself, by at most ``norm(E) / least`` (Demmel and Veselic 1992, "Jacobi's method is more
        accurate than QR", SIAM J. Matrix Anal. Appl. 13(4), theorem 2.3), where ``least`` is the least eigenvalue.
        """
        moments = result.statistic
        if moments is None:
            return None
        p, unit = len(result.terms), moments.frame.scale
        gram = (moments.centred() if result.fit_intercept else moments.gram) * unit[:, None] * unit
        size = np.sqrt(np.diag(moments.gram)) * unit
        mean = moments.mean if result.fit_intercept else np.zeros(unit.size)
        aside = {alias.term for alias in result.aliases}
        kept = np.array([j for j, term in enumerate(result.terms) if term not in aside], np.int64)
        lengths = np.sqrt(np.maximum(np.diag(gram)[kept], 0.0))
        lower = _factor(gram[np.ix_(kept, kept)], lengths)
        raw, relative = moments.norms(centred=False)[:p], 3 * moments.relative_error + (3 * p + 4) * ROUNDOFF
        return cls(
            n=round(moments.weight) if result.weights_type == "frequency" else moments.n,
            weight=moments.weight,
            mean=mean[:p],
            mean_y=float(mean[p + response]),
            H=gram[:p, :p],
            right=gram[:p, p + response],
            total=float(gram[p + response, p + response]),
            size=size[:p],
            size_y=float(size[p + response]),
            raw=raw,
            relative=relative,
            kept=kept,
            unit=lengths,
            lower=lower,
            doubt=_doubt(lower, size[kept] / np.maximum(lengths, TINY), relative),
            dropped=np.array([result.terms.index(alias.term) for alias in result.aliases], np.int64),
            left=_left(result, raw),
        )

    def reach(self, beta: FloatArray) -> float:
        """Norms that cancel in a residual, ``|y| + sum |b_j| |x_j|``."""
        return self.size_y + float(self.size @ np.abs(beta))

    def gradient(self, beta: FloatArray) -> FloatArray:
        """Gradient (p,) of half the residual sum of squares, relative to the sizes that cancel in it."""
        share: FloatArray = (self.H @ beta - self.right) / np.maximum(self.size * self.reach(beta), TINY)
        return share

    def strayed(self, beta: FloatArray) -> float:
        """Bound the length of what a part of `beta` along dependences that hold roughly adds to the fitted values."""
        return float(self.left @ np.abs(beta[self.dropped]))

    def loss_bound(self, beta: FloatArray, rss: float) -> float:
        """Bound the error of `loss` at the solution, against the residual sum of squares of the kept columns alone."""
        strayed = self.strayed(beta)
        return self.relative * self.reach(beta) ** 2 + strayed * (2 * float(np.sqrt(rss)) + strayed)

    def gradient_bound(self, beta: FloatArray, rss: float) -> FloatArray:
        """Bound `gradient` (p,) at the solution: rounding, and what the data leave of dependences.

        The residuals are orthogonal to the kept columns, but for what `beta` strays; a column that was set aside is made of these
        and of what is left of its dependence.
        """
        reach = max(self.reach(beta), TINY)
        bound = np.full(beta.size, self.relative + self.strayed(beta) / reach)
        aside = self.dropped
        bound[aside] += self.left * np.sqrt(rss) / np.maximum(self.size[aside] * reach, TINY)
        return bound

    def loss(self, beta: FloatArray) -> float:
        """Residual sum of squares with the intercept that suits `beta`; errs by ``relative * reach(beta)**2``."""
        if beta.size > _FEW:
            return float(self.total - 2 * (beta @ self.right) + beta @ self.H @ beta)
        products = beta[:, None] * self.H * beta
        return fsum([self.total, *(-2 * beta * self.right).tolist(), *products.ravel().tolist()])

    def solved(self, a: FloatArray) -> FloatArray | None:
        """Solve ``H z = a`` (p,) for the kept columns, by their Cholesky factor; None where rounding leaves nothing of it."""
        from scipy.linalg import solve_triangular

        if self.lower is None or self.doubt >= 1:
            return None
        z = np.zeros_like(a, dtype=np.float64)
        if self.kept.size:
            half = solve_triangular(self.lower, a[self.kept] / self.unit, lower=True)
            z[self.kept] = solve_triangular(self.lower, half, lower=True, trans="T") / self.unit
        return z

    def variance(self, l0: float, slopes: FloatArray, origin: FloatArray) -> tuple[float, float]:
        r"""Variance of a functional ``l0 b0 + slopes @ b`` in units of sigma², and a bound on its relative error.

        It is :math:`l_0^2/\sum w + a^\top H^{-1} a` with ``a = slopes - l0 mean``, by a route that knows no whitener. To first
        order an error E of H moves it by ``z^T E z`` with ``z = H^-1 a``, and an error of the mean by ``2 l0 z`` times
        that. The orders after it are a geometric series in `doubt`.
        """
        away = (slopes - l0 * origin) - l0 * self.mean
        z = self.solved(away)
        if z is None:
            return float("nan"), float("inf")
        value = l0 * l0 / self.weight + float(away @ z)
        reach = float(np.abs(z) @ self.size)
        means = self.relative * reach / np.sqrt(self.weight)
        means += 2 * ROUNDOFF * float(np.abs(z) @ (np.abs(slopes) + abs(l0) * (np.abs(origin) + np.abs(self.mean))))
        error = (self.relative * reach**2 + 2 * abs(l0) * means) / (1.0 - self.doubt)
        return value, error / max(value, TINY) + 4 * ROUNDOFF


def _doubt(lower: FloatArray | None, size: FloatArray, relative: float) -> float:
    """Bound on the relative error of the eigenvalues of H, from its factor and the sizes of its columns in units of their lengths."""
    if lower is None:
        return np.inf
    if not size.size:
        return 0.0
    smallest = least(lower)
    return relative * float(size @ size) / smallest if smallest > 0 else np.inf


def _left(result: FitResult, raw: FloatArray) -> FloatArray:
    """Bound the length of each dependence in the rows (d,): what was found, relative to the products that cancel in it, and their rounding."""
    found = [check.value for check in result.certificate.checks if check.name == "dependence"]
    if result.curvature is None or not found or result.curvature.null.shape[1] != len(result.aliases):
        return np.zeros(len(result.aliases))
    left: FloatArray = (found[0] + (raw.size + 2) * ROUNDOFF) * (raw @ np.abs(result.curvature.null))
    return left


def _factor(H: FloatArray, unit: FloatArray) -> FloatArray | None:
    """Cholesky factor in units of the lengths of the columns; None where H is not positive definite to working precision."""
    if not (unit > 0).all():
        return None
    try:
        lower: FloatArray = np.asarray(np.linalg.cholesky(H / np.outer(unit, unit)), np.float64)
    except np.linalg.LinAlgError:
        return None
    return lower
