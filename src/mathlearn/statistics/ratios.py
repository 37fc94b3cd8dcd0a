"""Ratios: what an exponentiated coefficient multiplies, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.probability.multinomial import MULTINOMIAL
from mathlearn.results.stack import columns_of
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.frame import FrameKind, Reasons, to_frame
from mathlearn.statistics.labels import plain_names, predictor_names
from mathlearn.statistics.law import family_of

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood

__all__ = ["Ratio", "ratio_of", "ratios"]


class Ratio(NamedTuple):
    """What a ratio is called, and what it says."""

    name: str
    meaning: str


_ODDS = Ratio(
    "odds ratio", "one unit more of the column multiplies the odds mu / (1 - mu) by it, the other columns as they are"
)
_RATE = Ratio(
    "rate ratio",
    "one unit more of the column multiplies the expected count by it, and the rate where the offset is a logarithm of exposure",
)
_MEAN = Ratio("mean ratio", "one unit more of the column multiplies the mean by it, the other columns as they are")
_HAZARD = Ratio(
    "hazard ratio",
    "one unit more of the column multiplies -log(1 - mu) by it: the cumulative hazard, if y is whether an event happened within "
    "a period, with proportional hazards",
)


def _class_odds(reference: object) -> Ratio:
    """Name the ratio of more than two classes, of which `reference` is the one compared with."""
    return Ratio(
        "odds ratio",
        f"one unit more of the column multiplies the odds of the class named first against {reference!r}, that is the ratio of their "
        "probabilities (Stata's relative risk ratio), by it, the other columns as they are",
    )


def ratio_of(likelihood: Likelihood) -> Ratio | None:
    """Return what the exponential of a coefficient multiplies; None where it multiplies nothing.

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", section 4.3.1.
    Hosmer, Lemeshow and Sturdivant (2013), "Applied Logistic Regression", 3rd edition, section 8.1.
    Prentice and Gloeckler (1978), "Regression analysis of grouped survival data", Biometrics 34(1).
    """
    if likelihood.link == MULTINOMIAL.link:
        return _class_odds(likelihood.classes[0])
    if likelihood.link == "log":
        return _RATE if family_of(likelihood).support == "counts" else _MEAN
    return {"logit": _ODDS, "cloglog": _HAZARD}.get(likelihood.link)


def ratios(result: FitResult, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
    """Return one row a column of X, of more than two classes one a class and column: the exponential of a coefficient and of its interval.

    The p-value is that of the coefficient: the ratio is one where the coefficient is zero. The intercept has no row: its exponential
    is a level, not a ratio.

    Parameters
    ----------
    result : FitResult
        Of a likelihood with the link "logit", "log" or "cloglog", or of more than two classes.
    level : float in (0, 1)
    as_ : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        Columns ``term, ratio, conf_low, conf_high, p_value``, with a leading ``response`` where there are several; of more than two classes it names the
        two that are compared, as in ``versicolor / setosa``. For pandas, ``.attrs["ratio"]`` names it, ``.attrs["meaning"]`` says what it multiplies, ``.attrs["reasons"]`` why a cell is NaN.

    Raises
    ------
    DomainError
        Coefficients of this link multiply nothing, or `level` is outside (0, 1).
    """
    ratio = None if result.likelihood is None else ratio_of(result.likelihood)
    if ratio is None:
        link = "identity" if result.likelihood is None else result.likelihood.link
        raise DomainError(
            f"a coefficient of the {link} link multiplies neither mean nor odds: ratios exist for 'logit', 'log' and 'cloglog'. "
            "Where there is one linear predictor, marginal_effects(X) says how far a column moves the mean"
        )
    table = coefficient_table(result, level)
    predictors, terms = predictor_names(result), plain_names(result)
    several, k, first = len(predictors) > 1, len(terms), len(terms) - len(columns_of(result))
    columns: dict[str, Any] = {"response": np.repeat(predictors, k - first)} if several else {}
    columns["term"] = list(terms[first:]) * len(predictors)

    def slopes(values: FloatArray) -> FloatArray:
        return values.reshape(len(predictors), k)[:, first:].ravel()

    with np.errstate(over="ignore"):  # beyond the range of doubles a ratio is infinite
        columns |= {name: np.exp(slopes(getattr(table, source))) for name, source in _SOURCES.items()}
    columns["p_value"] = slopes(table.p_value)
    named = {source: name for name, source in (*_SOURCES.items(), ("p_value", "p_value"))}
    why: Reasons = {}
    for response, parameter, source, reason in table.reasons():
        place, term = divmod(response * len(table.names) + parameter, k)
        if source in named and term >= first:
            key = (terms[term], named[source])
            why[(predictors[place], *key) if several else key] = reason
    return to_frame(columns, as_, why, {"ratio": ratio.name, "meaning": ratio.meaning})


_SOURCES = {"ratio": "estimate", "conf_low": "conf_low", "conf_high": "conf_high"}
