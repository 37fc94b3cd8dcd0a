"""`Evidence`: what either grade of checking finds about a solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, TINY, dd_dot, gamma

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.results.certificate import Grade

_FIRST_ORDER = 1e-8  # up to here the square of an error is below rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Distances of a solution from the exact least-squares solution; user units.

    Attributes
    ----------
    grade : "statistic" or "rows"
    residual : largest normal-equation residual, in units of its rounding level
    residual_limit : the residual that rounding alone can leave
    error : (q, k) bound on the error of each parameter (intercept first, if any)
    rss : (q,) residual sum of squares found
    rss_error : (q,) bound on its error
    whiteness : largest entry of ``E = V^T Xc^T W Xc V - I``
    whiteness_limit : what rounding alone can make of it
    se_error : (k,) bound on the relative error that V leaves in each standard error
    centring : distance of the means used from those of the rows, in standard errors of a mean
    dependence : largest relative residual of the dependences by which columns were dropped
    """

    grade: Grade
    residual: float
    residual_limit: float
    error: FloatArray
    rss: FloatArray
    rss_error: FloatArray
    whiteness: float
    whiteness_limit: float
    se_error: FloatArray
    centring: float
    dependence: float


def centring(distance: FloatArray, solution: LeastSquares, size: FloatArray) -> float:
    """Largest distance (p,) of means from those of the rows, beyond rounding, in standard errors of a mean.

    Parameters
    ----------
    size : (p,) norms of the centred columns
    """
    beyond = np.maximum(np.abs(distance) - 8 * ROUNDOFF * (np.abs(solution.mean) + size), 0.0)
    return float((beyond * solution.moments.weight / np.maximum(size, TINY)).max(initial=0.0))


def factor_errors(
    far: FloatArray | None, far_error: float, solution: LeastSquares, off_mean: FloatArray | None
) -> FloatArray:
    """Relative errors (k,) of standard errors made from V when ``V^T G V = I + far``.

    The true variance of a functional with whitened coordinates b is ``b (I + far)^-1 b``, against ``b b`` shown. That is
    much closer than `far` itself where it comes from the rounding of V, entry by entry.

    Parameters
    ----------
    far : (r, r), or None where it is zero
    far_error : bound on the error of the entries of `far`
    off_mean : (p,) by how much the rounded means fall short of the means; None without intercept
    """
    white = solution.whitener
    error = np.zeros(white.shape[0])
    coarse = far is not None and float(np.abs(far).max(initial=0.0)) > _FIRST_ORDER
    # (I + far)^-1 = I - excess
    excess = far
    if far is not None and coarse:
        excess = np.asarray(np.linalg.solve(np.eye(white.shape[1]) + far, far), np.float64)
    if excess is not None:
        size = (white * white).sum(axis=1)
        error = np.abs(((white @ excess) * white).sum(axis=1)) / (2 * np.maximum(size, TINY))
    if off_mean is not None:
        error = np.concatenate([[_constant_error(excess, solution, off_mean, coarse=coarse)], error])
    bound: FloatArray = error + white.shape[1] * far_error / 2
    return bound


def _constant_error(excess: FloatArray | None, solution: LeastSquares, off_mean: FloatArray, *, coarse: bool) -> float:
    """Relative error of the intercept's standard error: of the factor, and of the image of the mean in it.

    Where the rounding of V matters, so does that of the image of the mean under it, which is then formed in double-double.
    """
    white, mean, image = solution.whitener, solution.mean, solution.mean_white
    size = 1.0 / solution.moments.weight + float(image @ image)
    if coarse:
        exact, rest = dd_dot(white, (mean[:, None], off_mean[:, None]))
        beyond = ((exact - image[:, None]) + rest)[:, 0]
    else:
        beyond = white.T @ mean - image
        rounding = (gamma(white.shape[0]) + ROUNDOFF) * (np.abs(white.T) @ np.abs(mean))
        beyond = np.sign(beyond) * np.maximum(np.abs(beyond) - 2 * rounding, 0.0)
    wrong = 0.0 if excess is None else float((image + beyond) @ excess @ (image + beyond))
    return abs(float(beyond @ (2 * image + beyond)) - wrong) / (2 * size)
