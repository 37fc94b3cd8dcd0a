"""Diagnostics: is the model of these rows the right one, how far is it from it, and what to do.

One file a check; a file's `CHECKS` are registered by being there. To add one: a module here with a `RowCheck` (a statistic with `of`,
`merge` and `finish`) or a function of the fit, and ``CHECKS = (Check(...),)``. A check says to which fits it applies.

The rows are read once, for all checks together. They are read a second time only where autocorrelation is worth a look, for the
HAC intervals that the remedy quotes (`Diagnosis.passes` counts). Memory: O(chunk + p**2), and some numbers more: White's full
form sums at most 101 x 101 products, Shapiro-Wilk keeps 5000 residuals, and at most 500 rows, or 2**20 numbers where rows are few
for their parameters, are kept for the exact Durbin-Watson and for samples of what chance gives (`simulated`).
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mathlearn._config import get_config
from mathlearn.linalg.ladder import block_rows
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.statistics import reasons
from mathlearn.statistics.covariance import estimate
from mathlearn.statistics.diagnostics.case import Case
from mathlearn.statistics.diagnostics.check import Check, RowCheck, not_checked
from mathlearn.statistics.diagnostics.class_case import ClassCase
from mathlearn.statistics.diagnostics.class_measures import rows_at_a_time
from mathlearn.statistics.diagnostics.collinearity import Collinearity, collinearity
from mathlearn.statistics.diagnostics.influence_table import influence
from mathlearn.statistics.diagnostics.one_pass import summarised
from mathlearn.statistics.diagnostics.record import Diagnosis, Effect, Finding, Severity, Test
from mathlearn.statistics.functional import no_curvature
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import CovarianceEstimate, FitResult

__all__ = [
    "CHECKS",
    "Check",
    "Collinearity",
    "Diagnosis",
    "Effect",
    "Finding",
    "RowCheck",
    "Severity",
    "Test",
    "collinearity",
    "diagnose",
    "influence",
]

CHECKS: dict[str, Check] = {
    check.name: check
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__))
    for check in getattr(import_module(f"{__name__}.{module}"), "CHECKS", ())
}


def diagnose(
    result: FitResult,
    rows: Rows | None,
    *,
    level: float = 0.95,
    title: str = "Diagnosis",
    max_rows: int | None = None,
    threads: int | None = None,
) -> Diagnosis:
    """Check the assumptions of a fit against its rows: how far they are from holding, worst first.

    Severity is decided by the size of an effect; a p-value can only make it milder. Nothing fails where a check does not
    apply: it is then "not checked", with the reason.

    Parameters
    ----------
    result : FitResult
    rows : Rows or None
        Those of the fit. Without them only the columns are checked, for collinearity.
    level : float
        Confidence of the intervals quoted, in (0, 1).
    title : str
        Of the diagnosis; the response is added when there is one.
    max_rows, threads : int, optional
        Rows a block, and blocks at work at a time; chosen from the number of columns and the configuration when None.

    Raises
    ------
    SchemaError
        The rows are not those of the fit, or lack y.
    DomainError
        `level` is outside (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0, 10, 300)
    >>> y = 1 + x + 0.2 * x**2 + rng.normal(size=300)
    >>> model = LinearRegression().fit(x[:, None], y)
    >>> found = diagnose(model.result_, model._fit_rows(x[:, None], y))
    >>> found.findings[0].name, found.findings[0].severity.value
    ('linearity', 'serious')
    """
    require_level(level)
    checks, reason = [check for check in CHECKS.values() if check.applies(result)], no_curvature(result)
    noted = [finding for check in checks if check.of_record for finding in check.of_record(result)]
    if reason is not None:
        refused = [_refused(check, reason) for check in checks if check.of_record is None]
        return _record(result, [*noted, *refused], level, title, 0)
    size = result.n * len(result.terms)
    max_rows = max_rows or block_rows(len(result.terms))
    if result.stack is not None:
        max_rows = min(max_rows, rows_at_a_time(result))
    threads = threads or pool_size(size, get_config().threads)
    passes = 0

    @cache  # for all responses at once
    def robust(kind: str) -> CovarianceEstimate:
        nonlocal passes
        passes += 1
        return estimate(kind, result, rows, max_rows=max_rows, threads=threads)

    with single_threaded_blas(size):
        case = Case.of(result, level, robust) if result.stack is None else ClassCase.of(result)
        findings = [finding for check in checks if check.without_rows for finding in check.without_rows(case)]
        of_rows = [check for check in checks if check.prepare is not None]
        if rows is None:
            findings += [_refused(check, "it takes the rows of the fit: give X and y") for check in of_rows]
        elif result.df_resid <= 0:
            findings += [_refused(check, reasons.no_residual_df(result)) for check in of_rows]
        else:
            passes += 1
            findings += _of_rows(of_rows, case, rows, max_rows, threads)
    return _record(result, [*noted, *findings], level, title, passes)


def _of_rows(checks: list[Check], case: Case | ClassCase, rows: Rows, max_rows: int, threads: int) -> Iterator[Finding]:
    """Check the rows; what a check cannot be prepared for is not checked."""
    prepared: list[RowCheck[Any]] = []
    for check in checks:
        if check.prepare is not None:
            made = check.prepare(case)
            if isinstance(made, str):
                yield _refused(check, made)
            else:
                prepared.append(made)
    for row_check, total in zip(
        prepared, summarised(prepared, case, rows, max_rows=max_rows, threads=threads), strict=True
    ):
        yield from row_check.finish(total)


def _refused(check: Check, reason: str) -> Finding:
    return not_checked(check.names[0], reason)


def _record(result: FitResult, findings: list[Finding], level: float, title: str, passes: int) -> Diagnosis:
    def badness(finding: Finding) -> tuple[int, float]:
        return finding.severity.order, -(finding.effect.strength if finding.effect else 0.0)

    subject = "" if len(result.responses) > 1 else f" of {result.responses[0]}"
    return Diagnosis(
        title=f"{title}{subject}",
        responses=result.responses,
        findings=tuple(sorted(findings, key=badness)),
        n=result.n,
        level=level,
        passes=passes,
    )
