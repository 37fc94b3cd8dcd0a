"""Classical covariance: independent errors of constant variance (or of variance sigma**2 / w)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics.covariance.kind import Kind
from mathlearn.statistics.functional import dispersion_known

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["KINDS", "classical"]


def classical(result: FitResult) -> CovarianceEstimate:
    """Return ``sigma**2 (Xc' W Xc)^-1``, which needs no second look at the rows; of a likelihood, W are the working weights."""
    if result.likelihood is not None:
        known = dispersion_known(result)
        return CovarianceEstimate.information(inf if known else float(result.df_resid), known)
    return CovarianceEstimate.classical(float(result.df_resid), result.weights_type)


KINDS = (Kind("classical", "independent errors of constant variance", without_rows=classical),)
