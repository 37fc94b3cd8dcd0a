"""First solutions: from the Gram matrix by pivoted Cholesky, or from Householder QR."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg import rank
from mathlearn.linalg.condition import condition
from mathlearn.linalg.dependence import Dependence
from mathlearn.linalg.errorfree import TINY
from mathlearn.linalg.moments import power_of_two
from mathlearn.linalg.triangular import inverse_upper, pivoted_cholesky, solve_upper
from mathlearn.linalg.tsqr import equilibrated

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.linalg.moments import Moments
    from mathlearn.linalg.tsqr import RFactor
    from mathlearn.results.fit_result import Rung

_BLOCK = 8192  # most rows that are reflected at a time
SMALLEST_PIVOT = 1e-4  # of the largest: a condition number near 1e4 leaves the Gram matrix 8 digits


class Start(NamedTuple):
    """A factored solution in scaled units: ``column / scale`` about the mean.

    Attributes
    ----------
    rung : "cholesky" or "tsqr"
    mean, mean_y, scale, scale_y : (p,), (q,), (p,), (q,)
    dependence : Dependence
    factor : (r, r) S with ``S^T A S = I`` for the scaled centred Gram matrix A of the kept columns
    triangle, inverse, order : triangular R, its inverse, and the order of kept columns in which ``R^T R = A``
    solution : (r, q)
    rss, tss : (q,) in the user's units
    weight : sum of the weights
    """

    rung: Rung
    mean: FloatArray
    mean_y: FloatArray
    scale: FloatArray
    scale_y: FloatArray
    dependence: Dependence
    factor: FloatArray
    triangle: FloatArray
    inverse: FloatArray
    order: IntArray
    solution: FloatArray
    rss: FloatArray
    tss: FloatArray
    weight: float

    def conditions(self, *, centred: bool) -> tuple[float, float]:
        """Condition numbers of [1, X] (X without intercept) in the user's units, and of X centred and scaled."""
        scaled = condition(self.triangle, self.inverse)
        columns = self.dependence.kept[self.order]
        size = self.scale[columns]
        r, inverse = self.triangle * size, self.inverse / size[:, None]
        if centred:
            r, inverse = _with_constant(r, inverse, self.mean[columns], self.weight)
        return condition(r, inverse), scaled


def from_gram(moments: Moments, p: int, *, centred: bool = True) -> Start | None:
    """Solve by pivoted Cholesky on the Gram matrix about the mean (about zero unless centred).

    None when its condition asks for more than it can give.
    """
    gram, size, raw = _sizes(moments, centred=centred)
    if not (size[:p] > SMALLEST_PIVOT * raw[:p]).all():
        return None
    unit = power_of_two(size)
    scaled = gram / np.outer(unit, unit)
    r, order = pivoted_cholesky(scaled[:p, :p])
    pivots = np.diag(r)
    if p and not pivots[-1] > SMALLEST_PIVOT * pivots[0]:
        return None
    inverse = inverse_upper(r)
    factor = np.empty_like(inverse)
    factor[order] = inverse
    white = factor.T @ scaled[:p, p:]
    user = unit * moments.frame.scale
    total = np.diag(gram)[p:] * moments.frame.scale[p:] ** 2
    explained = np.einsum("ij,ij->j", white, white) * user[p:] ** 2
    mean = moments.mean if centred else np.zeros(user.shape)
    return Start(
        rung="cholesky",
        mean=mean[:p],
        mean_y=mean[p:],
        scale=user[:p],
        scale_y=user[p:],
        dependence=Dependence.none(p),
        factor=factor,
        triangle=r,
        inverse=inverse,
        order=order,
        solution=factor @ white,
        rss=np.maximum(total - explained, 0.0),
        tss=total,
        weight=moments.weight,
    )


class Weakest(NamedTuple):
    """The column of X that a Gram matrix knows least about.

    Attributes
    ----------
    column : index
    share : what is left of it, relative to what was there before it was centred, or to the largest column
    alone : whether its own mean takes away all but that share; if not, the other columns do
    rank : of the columns that are known well, at least
    """

    column: int
    share: float
    alone: bool
    rank: int


def weakest(moments: Moments, p: int, *, centred: bool) -> Weakest:
    """Name the column for which `from_gram` finds no solution, of p > 0."""
    gram, size, raw = _sizes(moments, centred=centred)
    left = size[:p] / np.maximum(raw[:p], TINY)
    known = np.flatnonzero(left > SMALLEST_PIVOT)
    unit = power_of_two(size[known])
    r, order = pivoted_cholesky(gram[np.ix_(known, known)] / np.outer(unit, unit))
    pivots = np.diag(r)
    rank = int((pivots > SMALLEST_PIVOT * pivots.max(initial=0.0)).sum())
    if known.size < p:
        column = int(left.argmin())
        return Weakest(column, float(left[column]), alone=True, rank=rank)
    return Weakest(int(known[order[-1]]), float(pivots[-1] / pivots[0]), alone=False, rank=rank)


def _sizes(moments: Moments, *, centred: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the Gram matrix, the norms of its columns, and those about the shift."""
    gram = moments.centred() if centred else moments.gram
    return gram, np.sqrt(np.maximum(np.diag(gram), 0.0)), np.sqrt(np.diag(moments.gram))


def from_qr(qr: RFactor, p: int, tol: float | None, *, centred: bool) -> Start:
    """Solve from the triangular factor of ``[1, X, y]``, deciding the rank on it."""
    found = equilibrated(qr, centred=centred)
    # A reflection of the kept columns must also act on y, so y travels along as trailing columns.
    verdict = _verdict(found.r, found.raw[:p], p, tol, min(qr.n, _BLOCK))
    factor = verdict.factor
    inverse = inverse_upper(factor) if factor.shape[0] else factor
    explained, left = verdict.right[: factor.shape[0]], verdict.right[factor.shape[0] :]
    return Start(
        rung="tsqr",
        mean=found.mean[:p],
        mean_y=found.mean[p:],
        scale=found.scale[:p],
        scale_y=found.scale[p:],
        dependence=Dependence.of(verdict, found.scale[:p], found.mean[:p], tol),
        factor=inverse,
        triangle=factor,
        inverse=inverse,
        order=np.arange(factor.shape[0]),
        solution=solve_upper(factor, explained) if factor.shape[0] else explained,
        rss=np.einsum("ij,ij->j", left, left) * found.scale[p:] ** 2,
        tss=found.size[p:] ** 2,
        weight=qr.weight,
    )


def _verdict(r: FloatArray, raw: FloatArray, p: int, tol: float | None, block: int) -> rank.RankVerdict:
    if tol is None and rank.is_clearly_full(r[:, :p], raw):
        return rank.RankVerdict.full(r, p)
    return rank.verdict(r, raw, p, tol, block)


def _with_constant(
    r: FloatArray, inverse: FloatArray, mean: FloatArray, weight: float
) -> tuple[FloatArray, FloatArray]:
    """Border the factor of the centred columns with the constant column."""
    k = r.shape[0] + 1
    root = math.sqrt(weight)
    full, full_inverse = np.zeros((2, k, k))
    full[0, 0], full[0, 1:], full[1:, 1:] = root, root * mean, r
    full_inverse[0, 0], full_inverse[0, 1:], full_inverse[1:, 1:] = 1.0 / root, -mean.dot(inverse), inverse
    return full, full_inverse
