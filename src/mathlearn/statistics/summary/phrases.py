"""The sentences that summaries of all fits share: verdict, evidence, rank, conditioning, rows."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from mathlearn.results.certificate_text import GRADES, digest
from mathlearn.results.fit_result import Status
from mathlearn.statistics.cells import number
from mathlearn.statistics.words import rough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult

__all__ = ["collinearity", "conditioning", "evidence", "notes", "rank", "rows", "verdict"]

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


def rank(result: FitResult) -> tuple[str, str]:
    """Say how many directions of the columns the data determine; of stacked predictors, how many parameters."""
    p = len(result.terms)
    what = "column" if result.stack is None else "parameter"
    return "Rank", f"{result.rank} of {p} {what}{'s' if p != 1 else ''}"


def rows(result: FitResult, more: str = "") -> str:
    """Count rows, those dropped, and degrees of freedom."""
    dropped = f" ({result.n_dropped} dropped)" if result.n_dropped else ""
    return f"n = {result.n}{more}{dropped}, {result.df_resid} residual df"


def notes(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield facts about the problem, with what to do about them."""
    for message in (*(defect.message for defect in result.defects), *result.certificate.notes):
        yield "Note", message


def conditioning(raw: float, scaled: float, *, centred: bool = True) -> str:
    """Tell apart a large condition number that comes from units and offsets from one that comes from collinearity."""
    if isnan(raw) or isnan(scaled):
        return "condition number not computed by this solver"
    after = "centring and scaling" if centred else "scaling"
    numbers = f"{rough(raw)} in your units, {rough(scaled)} after {after}: "
    if scaled < MODERATE and raw >= ALARMING:
        return numbers + "units and offsets, not collinearity; harmless here"
    return numbers + collinearity(scaled)


def collinearity(scaled: float) -> str:
    """Judge the condition number of centred, scaled columns."""
    if scaled < MODERATE:
        return "no collinearity to speak of"
    degree, less = ("strong", "far less") if scaled >= STRONG else ("moderate", "less")
    return f"{degree} collinearity: coefficients of the columns involved are {less} certain than the number of rows suggests"
