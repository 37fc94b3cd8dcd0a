"""`summarise`: a fit in words and numbers, verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import estimate_cells
from mathlearn.statistics.coefficients import COLUMNS, coefficient_table
from mathlearn.statistics.goodness import fit_statistics
from mathlearn.statistics.summary import phrases
from mathlearn.statistics.summary.record import Block, Summary
from mathlearn.statistics.words import first_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.coefficients import CoefficientTable, Withheld
    from mathlearn.statistics.goodness import Goodness

__all__ = ["Block", "Summary", "summarise"]

NAMED_TERMS = 8
TOLD_REASONS = 8


def summarise(result: FitResult, level: float = 0.95, title: str = "Linear regression") -> Summary:
    """Put a fit in words and numbers: verdict, rank and conditioning first, then the numbers that rest on them.

    Parameters
    ----------
    result : FitResult
    level : float
        Confidence of the intervals, in (0, 1).
    title : str

    Raises
    ------
    DomainError
        `level` is outside (0, 1).
    """
    table, fit = coefficient_table(result, level), fit_statistics(result)
    several = len(result.responses) > 1
    subject = "" if several else f" of {result.responses[0]}"
    return Summary(
        title=f"{title}{subject}",
        verdict=phrases.verdict(result),
        ok=result.certificate.ok,
        head=(*phrases.evidence(result), *phrases.design(result), *phrases.offset(result), *phrases.notes(result)),
        blocks=tuple(_block(result, table, fit, i, several=several) for i in range(len(result.responses))),
        foot=tuple(_foot(result, table, fit)),
    )


def _block(result: FitResult, table: CoefficientTable, fit: Goodness, i: int, *, several: bool) -> Block:
    cells = estimate_cells("term", table.names, [getattr(table, name)[i].tolist() for name in COLUMNS], table.level)
    return Block(result.responses[i] if several else "", tuple(phrases.fit_lines(result, fit, i)), cells)


def _foot(result: FitResult, table: CoefficientTable, fit: Goodness) -> Iterator[tuple[str, str]]:
    if result.covariance is not None and result.withheld is None:
        yield "Covariance", result.covariance.description
        yield from (("Note", note) for note in result.covariance.notes)
    for rule in table.withheld[:TOLD_REASONS]:
        yield "Withheld", f"{_who(result, table, rule)}: {rule.reason}"
    if len(table.withheld) > TOLD_REASONS:
        yield "Withheld", f"for {len(table.withheld) - TOLD_REASONS} more reasons: tidy().attrs['reasons'] has them all"
    for (reason, responses), columns in _by_reason(result, fit).items():
        yield "Withheld", f"{first_of(columns, NAMED_TERMS)}{responses}: {reason}"


_TERM_COLUMNS = {COLUMNS: "", COLUMNS[1:]: "standard errors, tests and intervals of ", COLUMNS[2:4]: "t and p of "}
_FIT_COLUMNS = {
    "r_squared": "R²",
    "adj_r_squared": "adjusted R²",
    "sigma": "sigma",
    "f_statistic": "F",
    "log_likelihood": "log-likelihood",
    "aic": "AIC",
    "bic": "BIC",
}


def _who(result: FitResult, table: CoefficientTable, rule: Withheld) -> str:
    """Say which cells of the coefficient table a rule withholds."""
    terms = [table.names[j] for j in np.unique(rule.cells[:, 1])]
    who = "all terms" if len(terms) == len(table.names) else first_of(terms, NAMED_TERMS)
    return f"{_TERM_COLUMNS[rule.columns]}{who}{_of(result, np.unique(rule.cells[:, 0]).tolist())}"


def _by_reason(result: FitResult, fit: Goodness) -> dict[tuple[str, str], list[str]]:
    """Group the withheld statistics of the fit by reason and responses."""
    rows: dict[tuple[str, str], list[int]] = {}
    for (i, column), reason in fit.reasons.items():
        rows.setdefault((column, reason), []).append(i)
    groups: dict[tuple[str, str], list[str]] = {}
    for (column, reason), responses in rows.items():
        if column in _FIT_COLUMNS:
            groups.setdefault((reason, _of(result, responses)), []).append(_FIT_COLUMNS[column])
    return groups


def _of(result: FitResult, responses: list[int]) -> str:
    """Name the responses concerned, unless all are."""
    if len(responses) == len(result.responses):
        return ""
    return f" (of {first_of([result.responses[i] for i in responses], NAMED_TERMS)})"
