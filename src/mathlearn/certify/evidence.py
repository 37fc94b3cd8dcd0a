"""`Evidence`: what either grade of checking finds about a solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, TINY, dd_dot, gamma
from mathlearn.linalg.small import largest, row_sums

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.solution import LeastSquares
    from mathlearn.results.certificate import Grade

_FIRST_ORDER = 1e-8  # up to here the square of an error is below rounding


class Evidence(NamedTuple):
    """Distances of a solution from the exact least-squares solution; user units.

    Attributes
    ----------
    grade : "statistic" or "rows"
    residual : largest normal-equation residual, in units of its rounding level
    residual_limit : the residual that rounding alone can leave
    error : (q, k) bound on the error of each parameter (intercept first, if any)
    rss : (q,) residual sum of squares found
    rss_error : (q,) bound on its error
    factor : what is found about the factor from which standard errors are made
    dependence : largest relative residual of the dependences by which columns were dropped
    """

    grade: Grade
    residual: float
    residual_limit: float
    error: FloatArray
    rss: FloatArray
    rss_error: FloatArray
    factor: FactorEvidence
    dependence: float


class FactorEvidence(NamedTuple):
    """Evidence about the curvature factor V and the means it belongs to.

    Attributes
    ----------
    unit_se : (k,) standard errors that V and its image of the mean give where sigma is one, intercept first
    whiteness : largest entry of ``E = V^T Xc^T W Xc V - I``
    whiteness_limit : what rounding alone can make of it
    se_error : (k,) bound on the relative error that V leaves in each standard error
    centring : distance of the means used from those of the rows, in standard errors of a mean
    """

    unit_se: FloatArray
    whiteness: float
    whiteness_limit: float
    se_error: FloatArray
    centring: float

    @classmethod
    def of(
        cls,
        solution: LeastSquares,
        far: FloatArray,
        off_mean: FloatArray | None,
        *,
        far_error: float,
        limit: float,
        centring: float,
    ) -> FactorEvidence:
        """Judge the factor of a solution for which ``V^T G V = I + far`` was found.

        The true variance of a functional with whitened coordinates b is ``b (I + far)^-1 b``, against ``b b`` shown. That is
        much closer than `far` itself where it comes from the rounding of V, entry by entry. The intercept has the coordinates
        of the mean, which have an error of their own, and ``1/sqrt(sum w)``.

        Parameters
        ----------
        far : (r, r)
        off_mean : (p,) by how much the rounded means fall short of the means; None without intercept
        far_error : bound on the error of the entries of `far`
        limit, centring : see the attributes
        """
        whiteness = largest(np.abs(far))
        # (I + far)^-1 = I - excess
        coarse = whiteness > _FIRST_ORDER
        excess = np.asarray(np.linalg.solve(np.eye(far.shape[0]) + far, far), np.float64) if coarse else far
        if off_mean is None:
            rows, gained = solution.whitener, 0.0
            variance = row_sums(rows * rows)
        else:
            rows = np.concatenate([solution.mean_white[None], solution.whitener])
            variance = row_sums(rows * rows)
            variance[0] += 1.0 / solution.moments.weight
            beyond = _image_error(solution, off_mean, coarse=coarse)
            gained = beyond.dot(2 * rows[0] + beyond)
            rows[0] += beyond
        wrong = row_sums(rows.dot(excess) * rows)
        wrong[:1] -= gained
        error = np.abs(wrong) / (2 * np.maximum(variance, TINY))
        return cls(
            unit_se=np.sqrt(variance),
            whiteness=whiteness,
            whiteness_limit=limit,
            se_error=error + far.shape[0] * far_error / 2,
            centring=centring,
        )


def _image_error(solution: LeastSquares, off_mean: FloatArray, *, coarse: bool) -> FloatArray:
    """Return what the image (r,) of the mean under V lacks, beyond rounding.

    Where the rounding of V matters, so does that of the image, which is then formed in double-double.
    """
    white, mean, image = solution.whitener, solution.mean, solution.mean_white
    if coarse:
        exact, rest = dd_dot(white, (mean[:, None], off_mean[:, None]))
        missed: FloatArray = ((exact - image[:, None]) + rest)[:, 0]
        return missed
    missed = white.T.dot(mean) - image
    rounding = (gamma(white.shape[0]) + ROUNDOFF) * np.abs(white.T).dot(np.abs(mean))
    beyond: FloatArray = np.copysign(np.maximum(np.abs(missed) - 2 * rounding, 0.0), missed)
    return beyond


def centring(distance: FloatArray, solution: LeastSquares, size: FloatArray) -> float:
    """Largest distance (p,) of means from those of the rows, beyond rounding, in standard errors of a mean.

    Parameters
    ----------
    size : (p,) norms of the centred columns
    """
    beyond = np.maximum(np.abs(distance) - 8 * ROUNDOFF * (np.abs(solution.mean) + size), 0.0)
    return largest(beyond * solution.moments.weight / np.maximum(size, TINY))
