"""`Evidence`: what either grade of checking finds about a solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.results.certificate import Grade

_TINY = 1e-300


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
    dependence: float


def factor_errors(far: FloatArray, far_error: float, white: FloatArray, constant: FloatArray | None) -> FloatArray:
    """Relative errors of standard errors made from V when ``V^T G V = I + far``.

    The true variance of a functional with whitened coordinates b is ``b (I + far)^-1 b``, against ``b b`` shown. That is
    much closer than `far` itself where it comes from the rounding of V, entry by entry.

    Parameters
    ----------
    far : (r, r)
    far_error : bound on the error of the entries of `far`
    white : (p, r) V
    constant : (r + 1,) coordinates of the intercept, that of the constant first; None without intercept
    """
    size = np.maximum(np.einsum("ij,ij->i", white, white), _TINY)
    error = np.abs(np.einsum("ij,jk,ik->i", white, far, white, optimize=True)) / (2 * size)
    if constant is not None:
        part = float(abs(constant[1:] @ far @ constant[1:]) / (2 * constant @ constant))
        error = np.concatenate([[part], error])
    bound: FloatArray = error + white.shape[1] * far_error / 2
    return bound


def constant_coordinates(solution: LeastSquares, *, centred: bool) -> FloatArray | None:
    """Whitened coordinates (r + 1,) of the intercept; None without one."""
    return np.concatenate([[solution.moments.weight**-0.5], -solution.mean_white]) if centred else None
