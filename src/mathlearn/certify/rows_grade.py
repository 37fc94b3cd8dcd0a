"""Evidence from the rows: a second, independent pass over (X, y).

For the numbers shown, residuals ``e = y - b0 - X b`` and the gradient ``sum w (x - m) e`` are formed row by row, in
double-double when exact digits are claimed, else in double. The distance to the exact solution is then
``V V^T sum w (x - m) e``: one Newton step, which for least squares is the whole way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.evidence import Evidence, factor_errors
from mathlearn.linalg import slicing
from mathlearn.linalg.errorfree import ROUNDOFF, DoubleDouble, dd_add, dd_sum, fast_two_sum, gamma, two_prod, two_sum

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.solution import LeastSquares

_TINY = 1e-300
_NONE, _NO_GRAM = np.zeros(0), np.zeros((0, 0))
_STIFF = 1e5  # condition beyond which whitened rows lose too many digits in double
_FAR = 16.0  # means beyond this many standard deviations are subtracted before products are formed


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be checked: the numbers shown and the factor that turns a gradient into an error.

    Attributes
    ----------
    coef, intercept : (p, q), (q,)
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


@dataclass(frozen=True, slots=True)
class RowSums:
    """Mergeable sums of the second pass.

    Attributes
    ----------
    n, chunks, block : rows, blocks and the largest block
    residual : (q,) sum w e
    gradient : (p, q) sum w (x - m) e
    off : (p,) sum w (x - m), what the rounding of the mean leaves; zeros where means are near zero and it does not matter
    rss : (q,) sum w e^2
    gram : (r, r) sum w V^T (x - m)(x - m)^T V, or None where it is not formed
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
            gram, off = _gram(about, chunk.weight, claim), _exact_sum(about, chunk.weight)
        else:
            total, gradient, off = _gradient(x, weighted[0], chunk.weight, claim)
            gram = _NO_GRAM
        null, null_size = _dependences(x, chunk.weight, claim) if claim.null.size else (_NONE, _NONE)
        rss = (e[0] * weighted[0]).sum(axis=0)
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


def from_rows(
    rows: Rows,
    solution: LeastSquares,
    *,
    centred: bool,
    statistic: Evidence | None,
    residuals: bool,
    max_rows: int,
    threads: int,
) -> Evidence:
    """Make the second pass and turn its sums into evidence.

    Parameters
    ----------
    statistic : Evidence or None
        Evidence of the first grade. With it, the gradient is summed in double and the curvature is judged by it; without
        it, all is formed anew, in double-double.
    residuals : bool
        Whether residuals are formed in double-double in any case.
    """
    claim = _claim(solution, residuals=residuals or statistic is None, exact=statistic is None)
    sums = rows.reduce(lambda chunk: RowSums.of(chunk, claim), RowSums.merge, max_rows=max_rows, threads=threads)
    if sums is None:
        msg = "the source gave rows at first reading and none at the second; it must be re-iterable"
        raise RuntimeError(msg)
    found = _evidence(sums, solution, claim, centred=centred)
    if statistic is None:
        return found
    return replace(
        found,
        centring=statistic.centring,
        whiteness=statistic.whiteness,
        whiteness_limit=statistic.whiteness_limit,
        se_error=statistic.se_error,
    )


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


def _claim(solution: LeastSquares, *, residuals: bool, exact: bool) -> Claim:
    return Claim(
        coef=np.ascontiguousarray(solution.coef.T),
        intercept=solution.intercept,
        mean=solution.mean,
        white=solution.whitener,
        null=solution.dependence.null,
        constant=solution.dependence.constant,
        unit=solution.scale[solution.dependence.dropped],
        shifted=not exact and _is_far(solution),
        residuals=residuals,
        exact=exact,
        stiff=exact and solution.condition_scaled > _STIFF,
        scale=solution.scale,
    )


def _is_far(solution: LeastSquares) -> bool:
    """Whether some column lies so far from zero that its mean is better taken away first."""
    moments = solution.moments
    spread = moments.norms(centred=True)[: solution.mean.size] / np.sqrt(moments.weight)
    return bool((np.abs(solution.mean) > _FAR * spread).any())


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


def _exact_sum(rows: DoubleDouble, w: FloatArray | None) -> FloatArray:
    """Sum rows of mean zero; weights unlike each other can make any of them large beside the sum."""
    if w is None:
        return rows[0].sum(axis=0) + rows[1].sum(axis=0)
    high, low = dd_sum(_times(rows, w[:, None]))
    return high + low


def _exact_gradient(about: DoubleDouble, e: DoubleDouble) -> tuple[DoubleDouble, DoubleDouble]:
    """Return the sums of e and of ``(x - m) e`` in double-double."""
    q, p = e[0].shape[1], about[0].shape[1]
    total, gradient = (np.empty(q), np.empty(q)), (np.empty((p, q)), np.empty((p, q)))
    for k in range(q):
        high, low = e[0][:, k : k + 1], e[1][:, k : k + 1]
        product, error = two_prod(about[0], high)
        error += about[0] * low + about[1] * high
        sums = dd_sum((np.concatenate([high, product], axis=1), np.concatenate([low, error], axis=1)))
        for part in range(2):
            total[part][k], gradient[part][:, k] = sums[part][0], sums[part][1:]
    return total, gradient


def _gram(about: DoubleDouble, w: FloatArray | None, claim: Claim) -> FloatArray:
    """Gram matrix of the whitened rows."""
    z = _stiff_whitened(about, claim) if claim.stiff else about[0] @ claim.white
    if w is not None:
        z *= np.sqrt(w)[:, None]
    return z.T @ z


def _stiff_whitened(about: DoubleDouble, claim: Claim) -> FloatArray:
    """``(x - m) V`` by sliced products, where the columns are so dependent that double would leave few digits."""
    bits = slicing.slice_bits(claim.scale.size)
    white = slicing.slices((claim.white * claim.scale[:, None], np.zeros(1)), bits, columns=True)
    data = slicing.slices((about[0] / claim.scale, about[1] / claim.scale), bits, columns=False)
    return slicing.multiply(data, white)[0]


def _dependences(x: FloatArray | csr_array, w: FloatArray | None, claim: Claim) -> tuple[FloatArray, FloatArray]:
    """Return the sums of squares (d,) of what is left of the dependences, and of what cancelled in them."""
    left = ((x @ claim.null - claim.constant) / claim.unit) ** 2
    size = (abs(x) @ np.abs(claim.null) / claim.unit) ** 2
    return (left.sum(axis=0), size.sum(axis=0)) if w is None else (w @ left, w @ size)


def _evidence(sums: RowSums, solution: LeastSquares, claim: Claim, *, centred: bool) -> Evidence:
    total = sums.residual[0] + sums.residual[1]
    gradient = sums.gradient[0] + sums.gradient[1]
    # The mean is a rounded number, about which neither rows nor residuals sum to zero.
    carried = np.outer(sums.off, total / solution.moments.weight) if centred else np.zeros_like(gradient)
    gradient = gradient - carried
    white_step = claim.white.T @ gradient
    step = claim.white @ white_step
    # What the loss would still fall by at the exact solution: the numbers shown are rounded.
    decrement = (white_step * white_step).sum(axis=0)
    size = solution.moments.norms(centred=centred)[: step.shape[0]]
    reach = np.sqrt(solution.tss) + size @ np.abs(claim.coef)
    slack = _slack(sums, solution, claim, size) + _spread(4 * ROUNDOFF * np.abs(carried), claim)
    error = np.abs(step) + slack
    if centred:
        decrement += total * (total / solution.moments.weight)
        error = np.concatenate([_intercept_error(total, step, slack, sums, solution, claim)[None], error])
    summing = gamma(sums.block) + gamma(sums.chunks)
    far = _far(sums, solution, claim, centred=centred) if claim.exact else None
    return Evidence(
        grade="rows",
        residual=_level(gradient, size, reach, solution),
        residual_limit=_residual_limit(summing, size, claim) + _loose(sums, solution, claim, reach),
        error=error.T,
        rss=np.maximum(sums.rss - decrement, 0.0),
        rss_error=summing * sums.rss + (0.0 if claim.residuals else (4 * ROUNDOFF * reach) ** 2),
        whiteness=0.0 if far is None or not far.size else float(np.abs(far).max()),
        whiteness_limit=16 * (summing + gamma(solution.rank) * solution.condition_scaled),
        se_error=factor_errors(far, _gram_rounding(sums, solution, claim), solution, centred=centred),
        centring=_centring(sums, solution, size) if centred else 0.0,
        dependence=float(np.sqrt(sums.null / np.maximum(sums.null_size, _TINY)).max()) if sums.null.size else 0.0,
    )


def _centring(sums: RowSums, solution: LeastSquares, size: FloatArray) -> float:
    """Distance of the means from those of the rows, beyond rounding, in standard errors of a mean."""
    weight = solution.moments.weight
    beyond = np.abs(sums.off) / weight - 8 * ROUNDOFF * (np.abs(solution.mean) + size)
    return float((np.maximum(beyond, 0.0) * weight / np.maximum(size, _TINY)).max(initial=0.0))


def _far(sums: RowSums, solution: LeastSquares, claim: Claim, *, centred: bool) -> FloatArray:
    """How far the Gram matrix of the whitened rows, about their own mean, is from the identity."""
    gram = sums.gram - np.eye(solution.rank)
    if centred:
        off = claim.white.T @ sums.off
        gram -= np.outer(off, off / solution.moments.weight)
    return gram


def _intercept_error(
    total: FloatArray, step: FloatArray, slack: FloatArray, sums: RowSums, solution: LeastSquares, claim: Claim
) -> FloatArray:
    """Error (q,) of the intercept: what the mean of the residuals and the errors of the slopes leave, and its rounding."""
    weight, far = solution.moments.weight, np.abs(claim.mean)
    moved = claim.mean + sums.off / weight
    error = np.abs(total / weight - moved @ step)
    rounding = 2 * ROUNDOFF * (np.abs(total) / weight + far @ np.abs(step))
    if not claim.exact:
        rounding += _forming(solution, claim) / np.sqrt(weight)
        rounding += (gamma(sums.block) + gamma(sums.chunks)) * np.sqrt(sums.rss / weight)
    bound: FloatArray = error + rounding + far @ slack
    return bound


def _forming(solution: LeastSquares, claim: Claim) -> FloatArray:
    """Norm (q,) of the rounding of the residuals: of what cancelled in them."""
    moments, p = solution.moments, claim.mean.size
    size = moments.norms(centred=True)[:p]
    raw = size if claim.shifted else np.sqrt(size**2 + moments.weight * claim.mean**2)
    target = np.sqrt(solution.tss + (0.0 if claim.shifted else moments.weight * solution.mean_y**2))
    rounding: FloatArray = (gamma(p) + 3 * ROUNDOFF) * (target + raw @ np.abs(claim.coef))
    return 0.0 * rounding if claim.residuals else rounding


def _residual_limit(summing: float, size: FloatArray, claim: Claim) -> float:
    """Gradient that rounding can leave, in units of its rounding level."""
    return 4.0 if claim.exact else 4.0 * (1.0 + (summing + gamma(size.size)) / ROUNDOFF)


def _loose(sums: RowSums, solution: LeastSquares, claim: Claim, reach: FloatArray) -> float:
    """Gradient that dropped columns leave because they depend on the others only to the rounding of their entries."""
    if not sums.null.size:
        return 0.0
    left = np.sqrt(sums.null) + 4 * ROUNDOFF * np.sqrt(sums.null_size)
    moved = (left * claim.unit) @ np.abs(claim.coef[solution.dependence.dropped])
    return float((2.0 * moved / np.maximum(reach * ROUNDOFF, _TINY)).max())


def _level(gradient: FloatArray, size: FloatArray, reach: FloatArray, solution: LeastSquares) -> float:
    """Largest gradient in units of its rounding level; of the kept columns, of which the others are made."""
    if solution.dependence.dropped.size:
        kept = solution.dependence.kept
        gradient, size = gradient[kept], size[kept]
    level = size[:, None] * (reach * ROUNDOFF)
    return float((np.abs(gradient) / np.maximum(level, _TINY)).max(initial=0.0))


def _slack(sums: RowSums, solution: LeastSquares, claim: Claim, size: FloatArray) -> FloatArray:
    """Bound (p, q) on what rounding in this pass can hide of each coefficient's error.

    The gradient's rounding is at most ``gamma |x_j| |e|`` and that of the residuals ``gamma(p)`` of what cancelled in
    them; in whitened coordinates the second passes undiminished, since ``Xc V`` is orthonormal.
    """
    residual = np.sqrt(sums.rss)
    row = np.sqrt((claim.white * claim.white).sum(axis=1))
    if claim.exact:
        # Sums in double-double leave at most about 2**-100 of what was added.
        tiny: FloatArray = row[:, None] * (2.0**-90 * np.sqrt(sums.n) * residual)
        return tiny
    raw = size if claim.shifted else np.sqrt(size**2 + solution.moments.weight * solution.mean**2)
    forming = _forming(solution, claim)
    summing = gamma(sums.block) + gamma(sums.chunks)
    adding = summing * float(np.linalg.norm(raw @ np.abs(claim.white))) * residual
    slack: FloatArray = row[:, None] * (forming + adding)
    return slack


def _spread(gradient: FloatArray, claim: Claim) -> FloatArray:
    """Bound (p, q) on the change of coefficients that goes with a change of the gradient bounded entry by entry."""
    white = np.abs(claim.white)
    bound: FloatArray = white @ (white.T @ gradient)
    return bound


def _gram_rounding(sums: RowSums, solution: LeastSquares, claim: Claim) -> float:
    """Bound on the rounding of an entry of the Gram matrix of whitened rows, whose columns have norm one."""
    forming = 1.0 if claim.stiff else solution.condition_scaled
    return gamma(sums.block) + gamma(sums.chunks) + 4 * gamma(solution.rank) * forming
