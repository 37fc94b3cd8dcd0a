"""`RowSums`: the sums of an independent second pass over the rows, for the numbers of a `Claim`.

Residuals ``e = y - b0 - X b`` and the gradient ``sum w (x - m) e`` are formed row by row, in double-double when exact
digits are claimed, else in double.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.certify.dependence_rows import remainders
from mathlearn.linalg import slicing
from mathlearn.linalg.errorfree import DoubleDouble, dd_add, dd_sum, fast_two_sum, gamma, two_prod, two_sum
from mathlearn.linalg.small import column_sums

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk

_NONE, _NO_GRAM = np.zeros(0), np.zeros((0, 0))


class Claim(NamedTuple):
    """What is to be checked: the numbers shown and the factor that turns a gradient into an error.

    Attributes
    ----------
    coef, intercept : (p, q), (q,) of the kept columns; zero for those that depend on them
    mean : (p,) about which the gradient is taken
    white : (p, r)
    null, constant : (p, d), (d,); ``X @ null = constant`` is said to hold
    unit : (d,) powers of two near the sizes of the dropped columns
    shifted : whether the means are subtracted before products are formed
    residuals : whether residuals are formed in double-double
    exact : whether the gradient is too, and the curvature is formed anew
    stiff : whether whitened rows are formed to more than double precision
    scale : (p,) powers of two near the sizes of the columns
    """

    coef: FloatArray
    intercept: FloatArray
    mean: FloatArray
    white: FloatArray
    null: FloatArray
    constant: FloatArray
    unit: FloatArray
    shifted: bool
    residuals: bool
    exact: bool
    stiff: bool
    scale: FloatArray


class RowSums(NamedTuple):
    """Mergeable sums of the second pass.

    Attributes
    ----------
    n, chunks, block : rows, blocks and the largest block
    residual : (q,) sum w e
    gradient : (p, q) sum w (x - m) e
    off : (p,) sum w (x - m), what the rounding of the mean leaves; zeros where means are near zero and it does not matter
    rss : (q,) sum w e^2
    gram : (r, r) sum w V^T (x - m)(x - m)^T V; empty where it is not formed
    null : (d,) sum w (v^T x - c)^2; null_size : (d,) what cancelled in it
    """

    n: int
    chunks: int
    block: int
    residual: DoubleDouble
    gradient: DoubleDouble
    off: FloatArray
    rss: FloatArray
    gram: FloatArray
    null: FloatArray
    null_size: FloatArray

    @classmethod
    def of(cls, chunk: Chunk, claim: Claim) -> RowSums:
        """Return the sums of one block."""
        x, y = chunk.X, np.asarray(chunk.y)
        e = _exact_residuals(np.asarray(x), y, claim) if claim.residuals else _residuals(x, y, claim)
        weighted = e if chunk.weight is None else _times(e, chunk.weight[:, None])
        if claim.exact:
            about = two_sum(np.asarray(x), -claim.mean)
            total, gradient = _exact_gradient(about, weighted)
            gram, off = _gram(about, chunk.weight, claim), _sum(about, chunk.weight, exactly=claim.stiff)
        else:
            total, gradient, off = _gradient(x, weighted[0], chunk.weight, claim)
            gram = _NO_GRAM
        null, null_size = (
            remainders(x, chunk.weight, claim.null, claim.constant, claim.unit) if claim.null.size else (_NONE, _NONE)
        )
        rss = column_sums(e[0] * weighted[0])
        return cls(chunk.n, 1, chunk.n, total, gradient, off, rss, gram, null, null_size)

    def merge(self, other: RowSums) -> RowSums:
        """Return the sums over both sets of rows."""
        return RowSums(
            self.n + other.n,
            self.chunks + other.chunks,
            max(self.block, other.block),
            dd_add(self.residual, other.residual),
            dd_add(self.gradient, other.gradient),
            self.off + other.off,
            self.rss + other.rss,
            self.gram + other.gram,
            self.null + other.null,
            self.null_size + other.null_size,
        )

    @property
    def rounding(self) -> float:
        """Bound on the relative rounding of a sum formed in double: of a block, then of the blocks."""
        return gamma(self.block) + gamma(self.chunks)


def plain_claim(coef: FloatArray, intercept: FloatArray, mean: FloatArray, *, shifted: bool) -> Claim:
    """Return a claim without curvature and without dependences: residuals and gradient only."""
    p = coef.shape[1]
    return Claim(
        coef=np.ascontiguousarray(coef.T),
        intercept=intercept,
        mean=mean,
        white=np.zeros((p, 0)),
        null=np.zeros((p, 0)),
        constant=_NONE,
        unit=_NONE,
        shifted=shifted,
        residuals=False,
        exact=False,
        stiff=False,
        scale=np.ones(p),
    )


def _residuals(x: FloatArray | csr_array, y: FloatArray, claim: Claim) -> DoubleDouble:
    """``y - b0 - X b`` in double; about the mean where columns lie far from zero."""
    if claim.shifted:
        centre = claim.intercept + claim.mean @ claim.coef
        e = (y - centre) - (x - claim.mean) @ claim.coef
    else:
        e = y - (x @ claim.coef + claim.intercept)
    return e, np.zeros((1, e.shape[1]))


def _exact_residuals(x: FloatArray, y: FloatArray, claim: Claim) -> DoubleDouble:
    """``y - b0 - X b`` in double-double, one column of X after the other."""
    high, low = two_sum(y, -claim.intercept)
    for column, coef in zip(x.T, claim.coef, strict=True):
        product, rest = two_prod(column[:, None], -coef)
        high, error = two_sum(high, product)
        low = low + (error + rest)
    return fast_two_sum(high, low)


def _times(e: DoubleDouble, w: FloatArray) -> DoubleDouble:
    product, rest = two_prod(e[0], w)
    return product, rest + e[1] * w


def _gradient(
    x: FloatArray | csr_array, e: FloatArray, w: FloatArray | None, claim: Claim
) -> tuple[DoubleDouble, DoubleDouble, FloatArray]:
    total, off = e.sum(axis=0), np.zeros(claim.mean.size)
    if claim.shifted:
        about = x - claim.mean
        gradient, off = about.T @ e, about.sum(axis=0) if w is None else w @ about
    else:
        gradient = x.T @ e - np.outer(claim.mean, total)
    return (total, np.zeros_like(total)), (gradient, np.zeros_like(gradient)), off


def _sum(rows: DoubleDouble, w: FloatArray | None, *, exactly: bool) -> FloatArray:
    """Sum rows of mean zero; exactly too where weights unlike each other can make any of them large beside the sum."""
    if w is None and not exactly:
        plain: FloatArray = column_sums(rows[0]) + column_sums(rows[1])
        return plain
    high, low = dd_sum(rows if w is None else _times(rows, w[:, None]))
    total: FloatArray = high + low
    return total


def _exact_gradient(about: DoubleDouble, e: DoubleDouble) -> tuple[DoubleDouble, DoubleDouble]:
    """Return the sums of e and of ``(x - m) e`` in double-double."""
    q, p = e[0].shape[1], about[0].shape[1]
    sums_high, sums_low = np.empty((1 + p, q)), np.empty((1 + p, q))
    for k in range(q):
        high, low = e[0][:, k : k + 1], e[1][:, k : k + 1]
        product, error = two_prod(about[0], high)
        error += about[0] * low
        error += about[1] * high
        sums_high[:, k], sums_low[:, k] = dd_sum(
            (np.concatenate([high, product], axis=1), np.concatenate([low, error], axis=1))
        )
    return (sums_high[0], sums_low[0]), (sums_high[1:], sums_low[1:])


def _gram(about: DoubleDouble, w: FloatArray | None, claim: Claim) -> FloatArray:
    """Gram matrix of the whitened rows."""
    z = _stiff_whitened(about, claim) if claim.stiff else about[0].dot(claim.white)
    if w is not None:
        z *= np.sqrt(w)[:, None]
    gram: FloatArray = z.T.dot(z)
    return gram


def _stiff_whitened(about: DoubleDouble, claim: Claim) -> FloatArray:
    """``(x - m) V`` by sliced products, where the columns are so dependent that double would leave few digits."""
    bits = slicing.slice_bits(claim.scale.size)
    white = slicing.slices((claim.white * claim.scale[:, None], np.zeros(1)), bits, columns=True)
    data = slicing.slices((about[0] / claim.scale, about[1] / claim.scale), bits, columns=False)
    return slicing.multiply(data, white)[0]
