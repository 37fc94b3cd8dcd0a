"""Evidence from the rows: a second, independent pass over (X, y).

The sums are those of `RowSums`. With the gradient ``sum w (x - m) e`` at the numbers shown, the distance to the exact solution
is ``V V^T sum w (x - m) e``: one Newton step, which for least squares is the whole way.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.evidence import Evidence, centring, factor_errors
from mathlearn.certify.row_sums import Claim, RowSums
from mathlearn.data.reduce import found_again
from mathlearn.linalg.errorfree import ROUNDOFF, TINY, DoubleDouble, dd_dot, fast_two_sum, gamma, two_sum

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


def _evidence(sums: RowSums, solution: LeastSquares, claim: Claim, *, centred: bool) -> Evidence:
    total = sums.residual[0] + sums.residual[1]
    # The mean is a rounded number, about which neither rows nor residuals sum to zero.
    off_mean = sums.off / solution.moments.weight if centred else None
    carried = np.zeros_like(sums.gradient[0]) if off_mean is None else np.outer(off_mean, total)
    high, low = two_sum(sums.gradient[0], -carried)
    gradient = fast_two_sum(high, low + sums.gradient[1])
    far = _far(sums, solution, claim, centred=centred) if claim.exact else None
    step, decrement = _newton(gradient, far, claim)
    size = _sizes(solution, centred=centred)
    reach = np.sqrt(solution.tss) + size @ solution.dependence.magnitudes(solution.coef).T
    slack = _slack(sums, solution, claim) + _spread(4 * ROUNDOFF * np.abs(carried), claim)
    error = np.abs(step) + slack
    if centred:
        decrement += total * (total / solution.moments.weight)
        error = np.concatenate([_intercept_error(total, step, slack, sums, solution, claim)[None], error])
    return Evidence(
        grade="rows",
        residual=_level(gradient[0], size, reach, solution),
        residual_limit=_residual_limit(sums, claim),
        error=error.T,
        rss=np.maximum(sums.rss - decrement, 0.0),
        rss_error=sums.rounding * sums.rss + (0.0 if claim.residuals else (4 * ROUNDOFF * reach) ** 2),
        whiteness=0.0 if far is None or not far.size else float(np.abs(far).max()),
        whiteness_limit=16 * (sums.rounding + gamma(solution.rank) * solution.condition_scaled),
        se_error=factor_errors(far, _gram_rounding(sums, solution, claim), solution, off_mean),
        centring=0.0 if off_mean is None else centring(off_mean, solution, size),
        dependence=float(np.sqrt(sums.null / np.maximum(sums.null_size, TINY)).max()) if sums.null.size else 0.0,
    )


def _sizes(solution: LeastSquares, *, centred: bool) -> FloatArray:
    """Norms (p,) of the (centred) columns; from V where the weights of few rows leave none of them in the moments."""
    moments, p = solution.moments, solution.mean.size
    size: FloatArray = moments.norms(centred=centred)[:p]
    lost = 16 * moments.relative_error * moments.gram.diagonal()[:p] * moments.frame.scale[:p] ** 2
    if centred and (size**2 <= lost).any():
        row = np.linalg.norm(solution.whitener, axis=1)
        row[row == 0] = 1.0
        size = np.maximum(size, np.linalg.norm(np.linalg.pinv(solution.whitener / row[:, None]), axis=0) / row)
    return size


def _newton(gradient: DoubleDouble, far: FloatArray | None, claim: Claim) -> tuple[FloatArray, FloatArray]:
    """Return the step (p, q) to the exact solution, and what the loss (q,) still falls by: the numbers shown are rounded.

    The inverse curvature is ``V (I + far)^-1 V^T``; where columns are so dependent that the rounding of V shows, `far` is
    not left out.
    """
    if far is None or not claim.stiff:
        image = claim.white.T @ gradient[0]
        return claim.white @ image, (image * image).sum(axis=0)
    high, low = dd_dot(claim.white, gradient)
    image = high + low
    solved = np.linalg.solve(np.eye(far.shape[0]) + far, image)
    return claim.white @ solved, (image * solved).sum(axis=0)


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
        rounding += sums.rounding * np.sqrt(sums.rss / weight)
    bound: FloatArray = error + rounding + far @ slack
    return bound


def _forming(solution: LeastSquares, claim: Claim) -> FloatArray:
    """Norm (q,) of the rounding of the residuals: of what cancelled in them, once or (in double-double) twice."""
    weight = 0.0 if claim.shifted else solution.moments.weight
    target = np.sqrt(solution.tss + weight * solution.mean_y**2)
    cancelled = target + _operands(solution, claim) @ np.abs(claim.coef)
    rounding = gamma(claim.mean.size) + 3 * ROUNDOFF
    bound: FloatArray = (rounding**2 if claim.residuals else rounding) * cancelled
    return bound


def _operands(solution: LeastSquares, claim: Claim) -> FloatArray:
    """Norms (p,) of the columns as they enter products: about the mean where that is subtracted first."""
    return solution.moments.norms(centred=claim.shifted)[: claim.mean.size]


def _residual_limit(sums: RowSums, claim: Claim) -> float:
    """Gradient that rounding can leave, in units of its rounding level."""
    return 4.0 if claim.exact else 4.0 * (1.0 + (sums.rounding + gamma(claim.mean.size)) / ROUNDOFF)


def _level(gradient: FloatArray, size: FloatArray, reach: FloatArray, solution: LeastSquares) -> float:
    """Largest gradient in units of its rounding level; of the kept columns, of which the others are made."""
    if solution.dependence.dropped.size:
        kept = solution.dependence.kept
        gradient, size = gradient[kept], size[kept]
    level = size[:, None] * (reach * ROUNDOFF)
    return float((np.abs(gradient) / np.maximum(level, TINY)).max(initial=0.0))


def _slack(sums: RowSums, solution: LeastSquares, claim: Claim) -> FloatArray:
    """Bound (p, q) on what rounding in this pass can hide of each coefficient's error.

    The gradient's rounding is at most ``gamma |x_j| |e|`` and that of the residuals ``gamma(p)`` of what cancelled in
    them; in whitened coordinates the second passes undiminished, since ``Xc V`` is orthonormal.
    """
    residual = np.sqrt(sums.rss)
    row = np.sqrt((claim.white * claim.white).sum(axis=1))
    if claim.exact:
        # Sums in double-double leave at most about 2**-100 of what was added: a thousandfold margin.
        tiny: FloatArray = row[:, None] * (_forming(solution, claim) + 2.0**-90 * np.sqrt(sums.n) * residual)
        return tiny
    adding = sums.rounding * float(np.linalg.norm(_operands(solution, claim) @ np.abs(claim.white))) * residual
    slack: FloatArray = row[:, None] * (_forming(solution, claim) + adding)
    return slack


def _spread(gradient: FloatArray, claim: Claim) -> FloatArray:
    """Bound (p, q) on the change of coefficients that goes with a change of the gradient bounded entry by entry."""
    white = np.abs(claim.white)
    bound: FloatArray = white @ (white.T @ gradient)
    return bound


def _gram_rounding(sums: RowSums, solution: LeastSquares, claim: Claim) -> float:
    """Bound on the rounding of an entry of the Gram matrix of whitened rows, whose columns have norm one."""
    forming = 1.0 if claim.stiff else solution.condition_scaled
    return sums.rounding + 4 * gamma(solution.rank) * forming
