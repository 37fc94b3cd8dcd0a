"""The sentences of a summary: verdict, rank, conditioning, fit, covariance."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from mathlearn.results.certificate_text import GRADES, digest
from mathlearn.results.fit_result import Status
from mathlearn.statistics.cells import number, p_statement
from mathlearn.statistics.words import rough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.goodness import Goodness

__all__ = ["conditioning", "design", "evidence", "fit_lines", "notes", "offset", "verdict"]

# For centred columns of equal length. Two such columns of correlation r have the condition number sqrt((1 + r) / (1 - r)): 5 is
# r = 0.92, which multiplies the variance of each coefficient by 6.8, and 30 is r = 0.998, by 225. (The 30 of Belsley, Kuh and
# Welsch (1980), "Regression Diagnostics", section 3.2, is for columns that are not centred, whose condition number is larger.)
MODERATE, STRONG = 5.0, 30.0
# From here on the condition number in the user's units looks alarming to who knows what it means.
ALARMING = 1e3


def verdict(result: FitResult) -> str:
    """Return the verdict as a headline."""
    text = result.certificate.verdict
    return text if result.certificate.ok else text.upper()


def evidence(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield what the certificate found: its digest, and what failed."""
    certificate = result.certificate
    yield "Evidence", f"{digest(certificate)} ({GRADES[certificate.grade]})"
    if result.status is not Status.OPTIMAL:
        yield "Status", result.status.value
    for check in certificate.checks:
        if not check.passed:
            yield (
                "Failed",
                f"{check.name} = {number(check.value, 3)}, allowed {number(check.threshold, 3)}: {check.meaning}",
            )


def design(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield rank and conditioning."""
    p = len(result.terms)
    yield "Rank", f"{result.rank} of {p} column{'s' if p != 1 else ''}"
    if result.rank < p and not isnan(result.condition_scaled):
        scaled = rough(result.condition_scaled)
        yield (
            "Condition",
            f"infinite in your units; {scaled} after centring and scaling, once dependent columns are set aside",
        )
    else:
        yield "Condition", conditioning(result.condition_raw, result.condition_scaled)


def offset(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield what was subtracted from the response, and what that means for the numbers shown."""
    if result.offset is not None:
        y = result.responses[0] if len(result.responses) == 1 else "each response"
        yield "Offset", f"{result.offset} is added to every prediction; R² is of {y} less it"


def notes(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield facts about the problem, with what to do about them."""
    for message in (*(defect.message for defect in result.defects), *result.certificate.notes):
        yield "Note", message


def conditioning(raw: float, scaled: float) -> str:
    """Tell apart a large condition number that comes from units and offsets from one that comes from collinearity."""
    if isnan(raw) or isnan(scaled):
        return "condition number not computed by this solver"
    numbers = f"{rough(raw)} in your units, {rough(scaled)} after centring and scaling: "
    if scaled < MODERATE:
        if raw < ALARMING:
            return numbers + "no collinearity to speak of"
        return numbers + "units and offsets, not collinearity; harmless here"
    degree, less = ("strong", "far less") if scaled >= STRONG else ("moderate", "less")
    return (
        numbers
        + f"{degree} collinearity: coefficients of the columns involved are {less} certain than the number of rows suggests"
    )


def fit_lines(result: FitResult, fit: Goodness, response: int) -> Iterator[tuple[str, str]]:
    """Yield the numbers about the fit of one response."""
    i = response
    dropped = f" ({result.n_dropped} dropped)" if result.n_dropped else ""
    spread = "" if isnan(fit.sigma[i]) else f"; sigma = {number(float(fit.sigma[i]), 4)}"
    yield "Fit", f"n = {result.n}{dropped}, {result.df_resid} residual df{spread}"
    parts = []
    if not isnan(fit.r_squared[i]):
        about = "" if result.fit_intercept else " about zero"
        adjusted = "" if isnan(fit.adj_r_squared[i]) else f" (adjusted {fit.adj_r_squared[i]:.4f})"
        parts.append(f"R²{about} = {fit.r_squared[i]:.4f}{adjusted}")
    if not isnan(fit.f_statistic[i]):
        test = f"F({fit.f_df[0]:g}, {fit.f_df[1]:g}) = {number(float(fit.f_statistic[i]), 4)}"
        parts.append(f"{test}, {p_statement(float(fit.f_p_value[i]))}")
    if parts:
        yield "Explained", "; ".join(parts)
