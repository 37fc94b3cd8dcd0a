"""Evidence from the rows: a second, independent pass over (X, y).

The sums are those of `RowSums`. With the gradient ``sum w (x - m) e`` at the numbers shown, the distance to the exact solution
is ``V V^T sum w (x - m) e``: one Newton step, which for least squares is the whole way.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.evidence import Evidence, FactorEvidence, centring
from mathlearn.certify.row_sums import Claim, RowSums
from mathlearn.data.reduce import found_again
from mathlearn.linalg.errorfree import ROUNDOFF, TINY, DoubleDouble, dd_dot, gamma
from mathlearn.linalg.small import column_sums, every, largest

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.solution import LeastSquares

_STIFF = 1e5  # condition beyond which whitened rows lose too many digits in double
_FAR = 16.0  # means beyond this many standard deviations are subtracted before products are formed


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
    of = partial(RowSums.of, claim=claim)
    sums = found_again(rows.reduce(of, RowSums.merge, max_rows=max_rows, threads=threads))
    return _evidence(sums, solution, claim, statistic, centred=centred)


def _claim(solution: LeastSquares, *, residuals: bool, exact: bool) -> Claim:
    # Terms that depend on others do so to the rounding of their entries only, in which the fit has no part.
    coef, intercept = solution.dependence.basic(solution.coef, solution.intercept)
    return Claim(
        coef=np.ascontiguousarray(coef.T),
        intercept=intercept,
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


def _evidence(
    sums: RowSums, solution: LeastSquares, claim: Claim, statistic: Evidence | None, *, centred: bool
) -> Evidence:
    total = sums.residual[0] + sums.residual[1]
    # The mean is a rounded number, about which neither rows nor residuals sum to zero.
    off_mean = sums.off / solution.moments.weight if centred else np.zeros(claim.mean.size)
    carried = off_mean[:, None] * total
    gradient = sums.gradient[0], sums.gradient[1] - carried
    size = _sizes(solution, centred=centred)
    target = np.sqrt(solution.tss)
    reach = target + size.dot(solution.dependence.magnitudes(solution.coef).T)
    if statistic is None:
        far = _far(sums, solution, claim, off_mean)
        factor = _factor(far, sums, solution, claim, off_mean if centred else None, size)
    else:
        far, factor = None, statistic.factor
    step, decrement = _newton(gradient, far, claim)
    if centred:
        level = total / solution.moments.weight
        decrement += total * level
        step = np.concatenate([(level - (claim.mean + off_mean).dot(step))[None], step])
    carrying = factor.unit_se[int(centred) :].dot(6 * ROUNDOFF * np.abs(carried))
    error = np.abs(step) + factor.unit_se[:, None] * (_hidden(sums, solution, claim, size, target) + carrying)
    if centred:
        error[0] += _intercept_rounding(sums, solution, claim, step)
    return Evidence(
        grade="rows",
        residual=_level(gradient[0] + gradient[1], size, reach, solution),
        residual_limit=_residual_limit(sums, claim),
        error=error.T,
        rss=np.maximum(sums.rss - decrement, 0.0),
        rss_error=sums.rounding * sums.rss + (0.0 if claim.residuals else (4 * ROUNDOFF * reach) ** 2),
        factor=factor,
        dependence=float(np.sqrt(sums.null / np.maximum(sums.null_size, TINY)).max()) if sums.null.size else 0.0,
    )


def _sizes(solution: LeastSquares, *, centred: bool) -> FloatArray:
    """Norms (p,) of the (centred) columns; from V where the weights of few rows leave none of them in the moments."""
    moments, p = solution.moments, solution.mean.size
    size: FloatArray = moments.norms(centred=centred)[:p]
    if centred:
        raw = np.sqrt(moments.gram.diagonal()[:p]) * moments.frame.scale[:p]
        if not every(size > 4 * math.sqrt(moments.relative_error) * raw):
            row = np.linalg.norm(solution.whitener, axis=1)
            row[row == 0] = 1.0
            size = np.maximum(size, np.linalg.norm(np.linalg.pinv(solution.whitener / row[:, None]), axis=0) / row)
    return size


def _far(sums: RowSums, solution: LeastSquares, claim: Claim, off_mean: FloatArray) -> FloatArray:
    """How far the Gram matrix of the whitened rows, about their own mean, is from the identity."""
    far = sums.gram.copy()
    diagonal = far.reshape(-1)[:: solution.rank + 1]
    diagonal -= 1.0
    off = claim.white.T.dot(off_mean)
    far -= off[:, None] * (solution.moments.weight * off)
    return far


def _factor(
    far: FloatArray,
    sums: RowSums,
    solution: LeastSquares,
    claim: Claim,
    off_mean: FloatArray | None,
    size: FloatArray,
) -> FactorEvidence:
    """Judge the curvature factor by the rows; `off_mean` is None without intercept."""
    rounding, gathering = sums.rounding, gamma(solution.rank)
    forming = 1.0 if claim.stiff else solution.condition_scaled
    return FactorEvidence.of(
        solution,
        far,
        off_mean,
        # The rounding of an entry of the Gram matrix of whitened rows, whose columns have norm one.
        far_error=rounding + 4 * gathering * forming,
        limit=16 * (rounding + gathering * solution.condition_scaled),
        centring=0.0 if off_mean is None else centring(off_mean, solution, size),
    )


def _newton(gradient: DoubleDouble, far: FloatArray | None, claim: Claim) -> tuple[FloatArray, FloatArray]:
    """Return the step (p, q) to the exact solution, and what the loss (q,) still falls by: the numbers shown are rounded.

    The inverse curvature is ``V (I + far)^-1 V^T``; where columns are so dependent that the rounding of V shows, `far` is
    not left out.
    """
    if far is None or not claim.stiff:
        image = claim.white.T.dot(gradient[0] + gradient[1])
        return claim.white.dot(image), column_sums(image * image)
    high, low = dd_dot(claim.white, gradient)
    image = high + low
    solved = np.linalg.solve(np.eye(far.shape[0]) + far, image)
    return claim.white @ solved, column_sums(image * solved)


def _hidden(sums: RowSums, solution: LeastSquares, claim: Claim, size: FloatArray, target: FloatArray) -> FloatArray:
    """Bound (q,) on the error that rounding in this pass can hide, in the whitened basis, intercept included.

    Residuals are off by the rounding of what cancelled in them, once or (in double-double) twice: as the columns
    ``[1/sqrt(sum w), Xc V]`` are orthonormal, that passes undiminished at most. The gradient is off by ``gamma |x_j| |e|``.

    Parameters
    ----------
    size, target : (p,), (q,) norms of the (centred) columns of X and of y
    """
    # Columns enter products as they are, or about the mean where that is subtracted first.
    root = 0.0 if claim.shifted else math.sqrt(solution.moments.weight)
    operands = np.hypot(size, root * solution.mean)
    cancelled = np.hypot(target, root * solution.mean_y) + operands.dot(np.abs(claim.coef))
    forming = gamma(claim.mean.size) + 3 * ROUNDOFF
    if claim.exact:
        # Sums in double-double leave at most about 2**-100 of what was added: a thousandfold margin.
        adding = 2.0**-90 * math.sqrt(sums.n)
    else:
        adding = sums.rounding * float(np.linalg.norm(operands @ np.abs(claim.white)))
    hidden: FloatArray = (forming**2 if claim.residuals else forming) * cancelled + adding * np.sqrt(sums.rss)
    return hidden


def _intercept_rounding(sums: RowSums, solution: LeastSquares, claim: Claim, step: FloatArray) -> FloatArray:
    """Bound (q,) on what rounding adds to the step of the intercept: of the sum of residuals, and of the slopes' part.

    Parameters
    ----------
    step : (k, q) intercept first
    """
    taken = np.abs(step)
    share = gamma(claim.mean.size) + 3 * ROUNDOFF
    rounding: FloatArray = share * (taken[0] + np.abs(claim.mean).dot(taken[1:]))
    if not claim.exact:
        rounding += sums.rounding * np.sqrt(sums.rss / solution.moments.weight)
    return rounding


def _residual_limit(sums: RowSums, claim: Claim) -> float:
    """Gradient that rounding can leave, in units of its rounding level."""
    return 4.0 if claim.exact else 4.0 * (1.0 + (sums.rounding + gamma(claim.mean.size)) / ROUNDOFF)


def _level(gradient: FloatArray, size: FloatArray, reach: FloatArray, solution: LeastSquares) -> float:
    """Largest gradient in units of its rounding level; of the kept columns, of which the others are made."""
    if solution.dependence.dropped.size:
        kept = solution.dependence.kept
        gradient, size = gradient[kept], size[kept]
    level = size[:, None] * (reach * ROUNDOFF)
    return largest(np.abs(gradient) / np.maximum(level, TINY))
