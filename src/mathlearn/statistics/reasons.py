"""Why a number is not shown: one sentence, in the user's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.functional import (
    INTERCEPT,
    dispersion_known,
    no_curvature,
    no_estimates,
    parameter_names,
)
from mathlearn.statistics.law import law_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn.results.fit_result import Alias, FitResult

__all__ = [
    "INFINITE",
    "NO_DF_WITHOUT",
    "OPEN",
    "PARTED",
    "SATURATED",
    "aliased",
    "dependences",
    "exact",
    "fractional_counts",
    "no_residual_df",
    "not_estimable",
    "undefined_covariance",
    "whole_fit",
]


# A column may take part in thousands of dependences (p > n), and each may be long.
TOLD_ALIASES = 3
ALIAS_LENGTH = 200

SATURATED = "leverage 1: the fit passes through this row"
INFINITE = "no finite estimate exists: the responses are separated"
PARTED = "infinite or not determined: the responses are separated"
OPEN = "not determined: the responses are separated, and to which end it goes is open"
NO_DF_WITHOUT = "no residual degree of freedom would be left without a row"


def not_estimable(result: FitResult) -> dict[int, str]:
    """Say, for each parameter that is not determined, which dependences among the columns leave it so."""
    loose, dependent = np.flatnonzero(~result.estimable).tolist(), aliased(result)
    if no_estimates(result):
        return dict.fromkeys(loose, result.withheld or "")
    parted = result.likelihood is not None and result.likelihood.separation is not None
    otherwise = "only rows that are separated know it" if parted else "the columns are dependent"
    return {
        j: f"not determined by the data: {dependences(dependent[j]) if j in dependent else otherwise}" for j in loose
    }


def aliased(result: FitResult) -> dict[int, list[Alias]]:
    """Return the dependences among the columns that each parameter takes part in, if any."""
    names = parameter_names(result) if result.stack is None else result.stack.terms * len(result.stack.predictors)
    involved: dict[str, list[Alias]] = {}
    for alias in result.aliases:
        for name in (alias.term, *alias.others, *([INTERCEPT] if alias.constant else [])):
            involved.setdefault(name, []).append(alias)
    return {j: involved[name] for j, name in enumerate(names) if name in involved}


def dependences(aliases: Sequence[Alias]) -> str:
    """Spell the first few dependences."""
    if not aliases:
        return "the columns are dependent"
    told = [str(alias) for alias in aliases[:TOLD_ALIASES]]
    told = [text if len(text) <= ALIAS_LENGTH else text[: ALIAS_LENGTH - 3] + "..." for text in told]
    more = len(aliases) - len(told)
    return "; ".join([*told, *([f"and {more} more"] if more else [])])


def no_residual_df(result: FitResult) -> str:
    """Say that nothing is left to estimate the variance of the errors from."""
    k = result.rank + result.fit_intercept
    return f"no residual degrees of freedom: {result.n} rows for {k} parameters"


def no_measures(result: FitResult) -> str | None:
    """Say why no row of the fit has leverage and studentised residual, or return None."""
    lacks = result.df_resid <= 0 and not dispersion_known(result)
    return no_curvature(result) or (no_residual_df(result) if lacks else None)


def exact(result: FitResult, response: int) -> str:
    """Say that the residuals are zero, and whether that is because y does not vary."""
    return "constant target" if result.null_deviance[response] == 0 else "exact fit"


def undefined_covariance(result: FitResult) -> str | None:
    """Say why the covariance itself is NaN, or return None when it is not."""
    covariance = result.covariance
    if covariance is None or covariance.meat is None or not np.isnan(covariance.meat).any():
        return None
    return "; ".join(covariance.notes) or f"the {covariance.kind} covariance is undefined for this fit"


def fractional_counts(result: FitResult) -> str | None:
    """Say what is not to be believed of a law of counts whose y are no whole numbers; None where nothing is."""
    likelihood = result.likelihood
    if likelihood is None or not likelihood.fractional or result.withheld is not None:
        return None
    title = law_of(likelihood).title
    return (
        f"{result.responses[0]} is no whole number in {likelihood.fractional} row{'s' * (likelihood.fractional != 1)}, to which a {title} law "
        "gives no probability: the estimates hold, but log-likelihood, AIC and BIC are only what its formula gives, and compare no more than "
        "fits to this y. A count over an exposure is better fitted as the count, with the logarithm of the exposure as offset."
    )


def whole_fit(result: FitResult) -> str | None:
    """Return the reason why no standard error of this fit exists, or None."""
    if result.withheld is not None or result.covariance is None or result.curvature is None:
        return result.withheld or "this fit carries no covariance of its estimates"
    return (
        no_residual_df(result)
        if result.df_resid <= 0 and not dispersion_known(result)
        else undefined_covariance(result)
    )
