"""`summarise`: a fit in words and numbers, verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import estimate_cells
from mathlearn.statistics.coefficients import COLUMNS, coefficient_table
from mathlearn.statistics.goodness import fit_statistics
from mathlearn.statistics.summary import phrases
from mathlearn.statistics.summary.record import Block, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.coefficients import CoefficientTable
    from mathlearn.statistics.goodness import Goodness

__all__ = ["Block", "Summary", "summarise"]

NAMED_TERMS = 8


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
        head=(*phrases.evidence(result), *phrases.design(result)),
        blocks=tuple(_block(result, table, fit, i, several=several) for i in range(len(result.responses))),
        foot=tuple(_foot(result, table, fit)),
    )


def _block(result: FitResult, table: CoefficientTable, fit: Goodness, i: int, *, several: bool) -> Block:
    cells = estimate_cells("term", table.names, [getattr(table, name)[i].tolist() for name in COLUMNS], table.level)
    return Block(result.responses[i] if several else "", (("Fit", phrases.fit_line(result, fit, i)),), cells)


def _foot(result: FitResult, table: CoefficientTable, fit: Goodness) -> Iterator[tuple[str, str]]:
    if result.covariance is not None and result.withheld is None:
        yield "Covariance", result.covariance.description
        yield from (("Note", note) for note in result.covariance.notes)
    several = len(result.responses) > 1
    for rule in table.withheld:
        terms = [table.names[j] for j in np.flatnonzero(rule.cells.any(axis=0))]
        who = "all terms" if len(terms) == len(table.names) else _list(terms)
        if several and not rule.cells.any(axis=1).all():
            who += f" (of {_list([result.responses[i] for i in np.flatnonzero(rule.cells.any(axis=1))])})"
        yield "Withheld", f"{who}: {rule.reason}"
    for reason, columns in _by_reason(fit).items():
        yield "Withheld", f"{_list(columns)}: {reason}"


def _by_reason(fit: Goodness) -> dict[str, list[str]]:
    """Group the withheld statistics of the fit by reason."""
    groups: dict[str, list[str]] = {}
    for (_, column), reason in fit.reasons.items():
        columns = groups.setdefault(reason, [])
        if column not in columns:
            columns.append(column)
    return groups


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED_TERMS])
    return shown + (f" and {len(names) - NAMED_TERMS} more" if len(names) > NAMED_TERMS else "")
