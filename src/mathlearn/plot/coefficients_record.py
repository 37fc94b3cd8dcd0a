"""Coefficients with their intervals: what a forest plot of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.plot.class_means import MOST_CLASSES
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.ratios import ratio_of
from mathlearn.statistics.separation import infinite_signs

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.results.fit_result import CovarianceEstimate, FitResult
    from mathlearn.statistics.coefficients import CoefficientTable
    from mathlearn.statistics.ratios import Ratio

__all__ = ["MOST", "Coefficients", "coefficients", "deviations", "most_important"]

MOST = 30
"""Terms shown at most."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients of one response; arrays (m,), NaN where withheld.

    Attributes
    ----------
    response : str
    level : float
        Of each interval by itself.
    terms : tuple of str
        Those shown, in the order of the model; the intercept only where there is nothing else.
    left_out : int
        Terms not shown because there are too many: those with the smallest t in size.
    estimate, low, high : (m,)
        In the user's units.
    unit : (m,)
        What each is multiplied by, drawn and written: ones, or standard deviations of the columns.
    standardised : bool
    reasons : dict of str to str
        What is written of a term without a finite estimate.
    withheld : str or None
        Why there are no intervals.
    method : str
        How the intervals are made.
    ratio : Ratio or None
        What the exponential of a coefficient is, where it is one: the picture then shows ratios on a logarithmic scale.
    link : str
        The scale of the linear predictor.
    labels : tuple of str
        What stands beside each: the term, of more than two classes the column.
    groups : tuple of str
        Of more than two classes the two that each term compares, as in ``b / a``; else empty.
    series : (m,) int
        Which colour each term has: of more than two classes that of its class.
    """

    response: str
    level: float
    terms: tuple[str, ...]
    left_out: int
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    unit: FloatArray
    standardised: bool
    reasons: dict[str, str]
    withheld: str | None
    method: str
    ratio: Ratio | None
    link: str
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    series: IntArray

    def shown(self, values: FloatArray) -> FloatArray:
        """Put coefficients (m,) on the scale of the picture."""
        if self.ratio is None:
            return values * self.unit
        with np.errstate(over="ignore"):  # beyond the range of doubles a ratio is infinite
            return np.exp(values * self.unit)


def coefficients(
    result: FitResult,
    *,
    response: str | int | None = None,
    level: float = 0.95,
    standardised: bool = False,
    spread: FloatArray | None = None,
    most: int = MOST,
) -> Coefficients:
    """Compute the picture from the fit alone.

    Parameters
    ----------
    result : FitResult
    response : str or int, optional
    level : float in (0, 1)
    standardised : bool
        Show the change of the response for one standard deviation of each column, not for one unit.
    spread : (p,), optional
        These standard deviations, where the fit does not know them.
    most : int
        Terms shown at most.

    Raises
    ------
    SchemaError
        There is no such response.
    DomainError
        `level` is outside (0, 1), or standard deviations are asked for and the fit does not know them.
    """
    i, table = chosen_response(result, response), coefficient_table(result, level)
    skip = _skipped(result)
    shown = most_important(table, i, most, skip)
    unit = np.ones(len(shown))
    if standardised and result.terms:
        every = deviations(result) if spread is None else spread
        if every is None:
            raise DomainError(
                "standardised=True, but this fit does not know the standard deviations of its columns "
                f"(solver: {result.rung}): use standardised=False."
            )
        unit = _per_parameter(result, every)[shown]
    ratio, infinite = _ratio(result), infinite_signs(result) != 0
    why = _reasons(result, "zero" if ratio is not None else "minus infinite")
    covariance = result.covariance
    return Coefficients(
        response=result.responses[i],
        level=level,
        terms=tuple(table.names[j] for j in shown),
        left_out=len(table.names) - int(skip.sum()) - len(shown),
        estimate=np.where(infinite, np.nan, table.estimate[i])[shown],
        low=table.conf_low[i, shown],
        high=table.conf_high[i, shown],
        unit=unit,
        standardised=standardised and bool(result.terms),
        reasons={table.names[j]: why[j] for j in shown.tolist() if j in why},
        withheld=reasons.whole_fit(result),
        method="" if covariance is None else _method(covariance),
        ratio=ratio,
        link="identity" if result.likelihood is None else result.likelihood.link,
        **_grouped(result, table, shown),
    )


def _per_parameter(result: FitResult, each: FloatArray) -> FloatArray:
    """Put numbers (p,) of the columns to their parameters (k,), and ones to intercepts."""
    if result.stack is None:
        return np.concatenate([np.ones(int(result.fit_intercept)), each])
    first = np.ones(int(result.stack.intercept))
    return np.tile(np.concatenate([first, each]), len(result.stack.predictors))


def _grouped(result: FitResult, table: CoefficientTable, shown: IntArray) -> dict[str, Any]:
    """Say beside each term what it is called, and of more than two classes which it compares."""
    stack = result.stack
    if stack is None:
        return {"labels": tuple(table.names[j] for j in shown), "groups": (), "series": np.zeros(len(shown), np.int64)}
    k, j = np.divmod(shown, max(len(stack.terms), 1))
    few = len(stack.classes) <= MOST_CLASSES
    return {
        "labels": tuple(stack.terms[i] for i in j),
        "groups": tuple(stack.predictors[i] for i in k),
        "series": k + 1 if few else np.zeros_like(k),
    }


def _method(covariance: CovarianceEstimate) -> str:
    law = "normal" if np.isinf(covariance.df) else f"t with {covariance.df:g} df"
    return covariance.description if law in covariance.description else f"{law}; {covariance.description}"


def _ratio(result: FitResult) -> Ratio | None:
    """Say what an exponential is; an intercept alone is a level, not a ratio."""
    return ratio_of(result.likelihood) if result.likelihood is not None and result.terms else None


def _skipped(result: FitResult) -> BoolArray:
    """Which parameters (k,) are intercepts and not shown; an intercept alone is."""
    if result.stack is not None and len(result.stack.columns):
        return result.stack.intercepts
    skip = np.zeros(len(result.terms) + result.fit_intercept, dtype=np.bool_)
    skip[: int(result.fit_intercept and len(result.terms) > 0)] = True
    return skip


def _reasons(result: FitResult, lower: str) -> dict[int, str]:
    """Say of each parameter without an estimate why: it is withheld, or at an end of its range, of which `lower` is one."""
    ends = {1.0: "infinite", -1.0: lower}
    infinite = {
        j: f"{ends.get(sign, 'withheld: not determined')}, the rows are separated"
        for j, sign in enumerate(infinite_signs(result).tolist())
        if sign
    }
    return {j: f"withheld: {why}" for j, why in reasons.not_estimable(result).items()} | infinite


def most_important(table: CoefficientTable, response: int, most: int, skip: BoolArray) -> IntArray:
    """Return the positions of the terms with the largest t in size, in the order of the model, without those skipped.

    Without t the size of the estimate decides; terms without an estimate come last.
    """
    kept = np.flatnonzero(~skip)
    t, estimate = np.abs(table.statistic[response, kept]), np.abs(table.estimate[response, kept])
    key = t if np.isfinite(t).any() else estimate
    order = np.argsort(-np.where(np.isnan(key), -1.0, key), kind="stable")[:most]
    shown: IntArray = kept[np.sort(order)]
    return shown


def deviations(result: FitResult) -> FloatArray | None:
    """Return the standard deviation of each column over the rows of the fit (p,), or None where it is not known."""
    if result.statistic is None:
        return None
    p = len(result.terms)
    spread: FloatArray = result.statistic.norms(centred=True)[:p] / np.sqrt(max(result.weight_sum, 1e-300))
    return spread
