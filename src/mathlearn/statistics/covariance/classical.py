"""Classical covariance: independent errors of constant variance (or of variance sigma**2 / w)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics.covariance.kind import Kind

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["KINDS", "classical"]


def classical(result: FitResult) -> CovarianceEstimate:
    """Return ``sigma**2 (Xc' W Xc)^-1``, which needs no second look at the rows."""
    return CovarianceEstimate.classical(float(result.df_resid), result.weights_type)


KINDS = (Kind("classical", "independent errors of constant variance", without_rows=classical),)
