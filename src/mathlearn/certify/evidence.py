"""`Evidence`: what either grade of checking finds about a solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, TINY, gamma

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.results.certificate import Grade


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


def factor_errors(far: FloatArray | None, far_error: float, solution: LeastSquares, *, centred: bool) -> FloatArray:
    """Relative errors (k,) of standard errors made from V when ``V^T G V = I + far``.

    The true variance of a functional with whitened coordinates b is ``b (I + far)^-1 b``, against ``b b`` shown. That is
    much closer than `far` itself where it comes from the rounding of V, entry by entry.

    Parameters
    ----------
    far : (r, r), or None where it is zero
    far_error : bound on the error of the entries of `far`
    """
    white = solution.whitener
    error = np.zeros(white.shape[0])
    if far is not None:
        size = (white * white).sum(axis=1)
        error = np.abs(((white @ far) * white).sum(axis=1)) / (2 * np.maximum(size, TINY))
    if centred:
        error = np.concatenate([[_constant_error(far, solution)], error])
    bound: FloatArray = error + white.shape[1] * far_error / 2
    return bound


def _constant_error(far: FloatArray | None, solution: LeastSquares) -> float:
    """Relative error of the intercept's standard error: of the factor, and of the image of the mean in it."""
    white, image = solution.whitener, solution.mean_white
    size = 1.0 / solution.moments.weight + float(image @ image)
    wrong = 0.0 if far is None else abs(float(image @ far @ image))
    beyond = np.abs(white.T @ solution.mean - image)
    rounding = (gamma(white.shape[0]) + ROUNDOFF) * (np.abs(white.T) @ np.abs(solution.mean))
    return float(wrong / 2 + np.maximum(beyond - 2 * rounding, 0.0) @ np.abs(image)) / size
