"""What a summary says of a fit by least squares: title, rank and conditioning, explained variance."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from mathlearn.statistics.cells import number, p_statement
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.summary.phrases import conditioning, rank, rows
from mathlearn.statistics.words import rough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.goodness import Goodness

__all__ = ["design", "fit_lines", "offset", "title"]


def title(result: FitResult) -> str:
    """Name the model, and its response if it has one."""
    return "Linear regression" + (f" of {result.responses[0]}" if len(result.responses) == 1 else "")


def design(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield rank, and conditioning where there are columns."""
    yield rank(result)
    if not result.terms:
        return
    if result.rank < len(result.terms) and not isnan(result.condition_scaled):
        scaled = rough(result.condition_scaled)
        after = "centring and scaling" if result.fit_intercept else "scaling"
        yield "Condition", f"infinite in your units; {scaled} after {after}, once dependent columns are set aside"
    else:
        raw, scaled_one = result.condition_raw, result.condition_scaled
        yield "Condition", conditioning(raw, scaled_one, centred=result.fit_intercept)


def offset(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield what was subtracted from the response, and what that means for the numbers shown."""
    if result.offset is not None:
        y = result.responses[0] if len(result.responses) == 1 else "each response"
        yield "Offset", f"{result.offset} is added to every prediction; R² is of {y} less it"


def fit_lines(result: FitResult, fit: Goodness, response: int) -> Iterator[tuple[str, str]]:
    """Yield the numbers about the fit of one response."""
    i = response
    spread = "" if isnan(fit.sigma[i]) else f"; sigma = {number(float(fit.sigma[i]), 4)}"
    yield "Fit", f"{rows(result)}{spread}"
    parts = []
    if not isnan(fit.r_squared[i]):
        about = "" if result.fit_intercept else " about zero"
        adjusted = "" if isnan(fit.adj_r_squared[i]) else f" (adjusted {fit.adj_r_squared[i]:.4f})"
        parts.append(f"R²{about} = {fit.r_squared[i]:.4f}{adjusted}")
    if not isnan(fit.f_statistic[i]):
        test = f"{JointLaw(*fit.f_df)} = {number(float(fit.f_statistic[i]), 4)}"
        parts.append(f"{test}, {p_statement(float(fit.f_p_value[i]))}")
    if parts:
        yield "Explained", "; ".join(parts)
