"""`summarise`: a fit in words and numbers, verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import Cells, estimate_cells
from mathlearn.statistics.coefficients import COLUMNS, coefficient_table
from mathlearn.statistics.labels import plain_names, predictor_names
from mathlearn.statistics.overall import overall
from mathlearn.statistics.summary import phrases
from mathlearn.statistics.summary.record import Block, Summary
from mathlearn.statistics.summary.wording import wording
from mathlearn.statistics.words import first_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.coefficients import CoefficientTable, Withheld
    from mathlearn.statistics.overall import Overall
    from mathlearn.statistics.summary.wording import Sentences

__all__ = ["Block", "Summary", "summarise"]

NAMED_TERMS = 8
TOLD_REASONS = 8


def summarise(result: FitResult, level: float = 0.95, title: str | None = None) -> Summary:
    """Put a fit in words and numbers: verdict, rank and conditioning first, then the numbers that rest on them.

    Parameters
    ----------
    result : FitResult
    level : float
        Confidence of the intervals, in (0, 1).
    title : str, optional
        By default the model is named.

    Raises
    ------
    DomainError
        `level` is outside (0, 1).

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import summarise
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> summary = summarise(model.result_, title="Growth")
    >>> print(str(summary).splitlines()[0])
    Growth: certified
    >>> dict(summary.head)["Rank"]
    '1 of 1 column'
    """
    table, fit = coefficient_table(result, level), overall(result)
    words = wording(fit, result)
    return Summary(
        title=words.title if title is None else title,
        verdict=phrases.verdict(result),
        ok=result.certificate.ok,
        head=(*words.first, *phrases.evidence(result), *words.design, *phrases.notes(result)),
        blocks=tuple(_blocks(result, table, words.lines)),
        foot=tuple(_foot(result, table, fit)),
    )


def _blocks(result: FitResult, table: CoefficientTable, lines: tuple[Sentences, ...]) -> Iterator[Block]:
    """Yield a block for each response; where one has several linear predictors, its numbers first, then the table of each."""
    predictors, terms = predictor_names(result), plain_names(result)
    several = len(predictors) > 1
    if len(lines) < len(predictors):
        yield Block("", lines[0], Cells((), ()))
        lines = ((),) * len(predictors)
    columns = [getattr(table, name).reshape(len(predictors), -1) for name in COLUMNS]
    for i, (name, said) in enumerate(zip(predictors, lines, strict=True)):
        numbers = [column[i].tolist() for column in columns]
        cells = estimate_cells("term", terms, numbers, table.level, table.letter)
        yield Block(name if several else "", said, cells)


def _foot(result: FitResult, table: CoefficientTable, fit: Overall) -> Iterator[tuple[str, str]]:
    if result.covariance is not None and result.withheld is None:
        yield "Covariance", result.covariance.description
        yield from (("Note", note) for note in result.covariance.notes)
    for rule in table.withheld[:TOLD_REASONS]:
        yield "Withheld", f"{_who(result, table, rule)}: {rule.reason}"
    if len(table.withheld) > TOLD_REASONS:
        yield "Withheld", f"for {len(table.withheld) - TOLD_REASONS} more reasons: tidy().attrs['reasons'] has them all"
    for (reason, responses), columns in _by_reason(result, fit).items():
        yield "Withheld", f"{first_of(columns, NAMED_TERMS)}{responses}: {reason}"


_TERM_COLUMNS = {
    COLUMNS: "",
    COLUMNS[1:]: "standard errors, tests and intervals of ",
    COLUMNS[2:4]: "{letter} and p of ",
}


def _who(result: FitResult, table: CoefficientTable, rule: Withheld) -> str:
    """Say which cells of the coefficient table a rule withholds."""
    terms = [table.names[j] for j in np.unique(rule.cells[:, 1])]
    who = "all terms" if len(terms) == len(table.names) else first_of(terms, NAMED_TERMS)
    cells = _TERM_COLUMNS[rule.columns].format(letter=table.letter)
    return f"{cells}{who}{_of(result, np.unique(rule.cells[:, 0]).tolist())}"


def _by_reason(result: FitResult, fit: Overall) -> dict[tuple[str, str], list[str]]:
    """Group the withheld statistics of the fit by reason and responses."""
    rows: dict[tuple[str, str], list[int]] = {}
    for (i, column), reason in fit.reasons.items():
        rows.setdefault((column, reason), []).append(i)
    groups: dict[tuple[str, str], list[str]] = {}
    for (column, reason), responses in rows.items():
        if column in fit.labels:
            groups.setdefault((reason, _of(result, responses)), []).append(fit.labels[column])
    return groups


def _of(result: FitResult, responses: list[int]) -> str:
    """Name the responses concerned, unless all are."""
    if len(responses) == len(result.responses):
        return ""
    return f" (of {first_of([result.responses[i] for i in responses], NAMED_TERMS)})"
