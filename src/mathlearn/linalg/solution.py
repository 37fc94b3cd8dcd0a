"""What solvers return: an `Estimate`; with the curvature, from a rung of the ladder, `LeastSquares`."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.linalg.dependence import Dependence
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.fit_result import Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(ABC):
    """What every solver finds; user units throughout.

    Attributes
    ----------
    coef, intercept : (q, p), (q,)
    mean, mean_y : (p,), (q,) weighted means (zeros without intercept)
    rss, tss : (q,) residual and total sum of squares
    """

    coef: FloatArray
    intercept: FloatArray
    mean: FloatArray
    mean_y: FloatArray
    rss: FloatArray
    tss: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastSquares(Estimate):
    """A solution of ``min sum w (y - b0 - X b)**2`` with the factored curvature; user units throughout.

    Attributes
    ----------
    rung : the method that gave it
    moments : the double-precision statistic of the first pass
    scale : (p,) powers of two by which columns were divided
    centre : (q,) fitted value at the mean of X, more accurate than ``intercept + mean @ coef`` (zeros without intercept)
    whitener : (p, r), ``whitener @ whitener.T`` a symmetric generalised inverse of ``Xc^T W Xc``
    mean_white : (r,) ``whitener.T @ mean``
    dependence : what the rank-deficient directions are
    condition_raw, condition_scaled : condition numbers of [1, X] as given, and of X centred and scaled
    """

    rung: Rung
    moments: Moments
    centre: FloatArray
    scale: FloatArray
    whitener: FloatArray
    mean_white: FloatArray
    dependence: Dependence
    condition_raw: float
    condition_scaled: float

    @property
    def rank(self) -> int:
        """Number of independent (centred) columns."""
        return int(self.whitener.shape[1])
