"""Why a number is not shown: one sentence, in the user's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.functional import INTERCEPT

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["exact", "no_residual_df", "not_estimable", "undefined_covariance", "whole_fit"]


def not_estimable(result: FitResult, term: str) -> str:
    """Say which dependence among the columns leaves this term undetermined."""
    told = [str(a) for a in result.aliases if term in (a.term, *a.others) or (term == INTERCEPT and a.constant)]
    return (
        f"not determined by the data: {'; '.join(told)}"
        if told
        else "not determined by the data: the columns are dependent"
    )


def no_residual_df(result: FitResult) -> str:
    """Say that nothing is left to estimate the variance of the errors from."""
    k = result.rank + result.fit_intercept
    return f"no residual degrees of freedom: {result.n} rows for {k} parameters"


def exact(result: FitResult, response: int) -> str:
    """Say that the residuals are zero, and whether that is because y does not vary."""
    return "constant target" if result.tss[response] == 0 else "exact fit"


def undefined_covariance(result: FitResult) -> str | None:
    """Say why the covariance itself is NaN, or return None when it is not."""
    covariance = result.covariance
    if covariance is None or covariance.meat is None or not np.isnan(covariance.meat).any():
        return None
    return "; ".join(covariance.notes) or f"the {covariance.kind} covariance is undefined for this fit"


def whole_fit(result: FitResult) -> str | None:
    """Return the reason why no standard error of this fit exists, or None."""
    if result.withheld is not None or result.covariance is None or result.curvature is None:
        return result.withheld or "this fit carries no covariance of its estimates"
    return no_residual_df(result) if result.df_resid <= 0 else undefined_covariance(result)
