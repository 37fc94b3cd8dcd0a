"""The coefficient table as arrays: the one computation behind `tidy`, `conf_int` and `summary`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics import reasons
from mathlearn.statistics.functional import (
    dispersion_known,
    parameter_coordinates,
    parameter_names,
    parameters,
    standard_errors,
    without_error,
)
from mathlearn.statistics.separation import infinite_signs, with_ends
from mathlearn.statistics.tails import letter, t_quantile, t_two_sided

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["COLUMNS", "CoefficientTable", "Withheld", "coefficient_table", "t_tests"]

COLUMNS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True)
class Withheld:
    """Cells that are NaN, and why.

    Attributes
    ----------
    cells : (m, 2) int
        Pairs (response, parameter).
    columns : names of the columns concerned
    reason : str
    """

    cells: IntArray
    columns: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class CoefficientTable:
    """Estimates with their uncertainty; all arrays (q, k), NaN where withheld.

    Attributes
    ----------
    names : the k parameters, intercept first
    df : degrees of freedom of the t distribution; infinite where it is the normal one
    withheld : why cells are NaN; the first that covers a cell is its reason
    """

    names: tuple[str, ...]
    level: float
    df: float
    estimate: FloatArray
    std_error: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    withheld: tuple[Withheld, ...]

    @property
    def letter(self) -> str:
        """What the statistic is called: z where it is referred to the normal law, else t."""
        return letter(self.df)

    def reasons(self) -> Iterator[tuple[int, int, str, str]]:
        """Yield (response, parameter, column, reason) of every withheld cell."""
        seen = set()
        for rule in self.withheld:
            for response, parameter in rule.cells.tolist():
                for column in rule.columns:
                    key = (response, parameter, column)
                    if key not in seen:
                        seen.add(key)
                        yield (*key, rule.reason)


def coefficient_table(result: FitResult, level: float = 0.95) -> CoefficientTable:
    """Compute estimates, standard errors, tests of zero, and intervals, by the t law or, with a known dispersion, the normal.

    Parameters
    ----------
    result : FitResult
    level : float
        Confidence of the intervals, in (0, 1).
    """
    estimate = parameters(result).copy()
    estimate[:, ~result.estimable] = np.nan
    estimate = with_ends(estimate, infinite_signs(result))
    undefined = reasons.whole_fit(result)
    df = _reference_df(result)
    if undefined is None:
        std_error = standard_errors(result, parameter_coordinates(result))
        std_error[:, ~result.estimable] = np.nan
    else:
        std_error = np.full_like(estimate, np.nan)
    return CoefficientTable(
        names=parameter_names(result),
        level=level,
        df=float(df),
        **t_tests(estimate, std_error, df, level),
        withheld=tuple(_withheld(result, std_error, undefined)),
    )


def _reference_df(result: FitResult) -> float:
    """Degrees of freedom of the law of the statistics; known of a fixed dispersion even where they are withheld."""
    if result.covariance is not None:
        return result.covariance.df
    return np.inf if dispersion_known(result) else np.nan


def t_tests(
    estimate: FloatArray, std_error: FloatArray, df: float, level: float, hypothesis: FloatArray | float = 0.0
) -> dict[str, FloatArray]:
    """Return `COLUMNS` by name: tests of a hypothesised value, and intervals; of the normal law where `df` is infinite.

    The statistic is NaN where the standard error is zero: that of an exact fit does not exist.
    """
    away, width = estimate - hypothesis, t_quantile(level, df) * std_error
    statistic = np.divide(away, std_error, out=np.full_like(away, np.nan), where=std_error > 0)
    found = (estimate, std_error, statistic, t_two_sided(statistic, df), estimate - width, estimate + width)
    return dict(zip(COLUMNS, found, strict=True))


def _withheld(result: FitResult, std_error: FloatArray, undefined: str | None) -> Iterator[Withheld]:
    """Yield the rules, the strongest first."""
    q, k = std_error.shape
    why = reasons.not_estimable(result)
    signs, dependent = infinite_signs(result), reasons.aliased(result)
    independent = np.array([j not in dependent for j in range(k)], dtype=np.bool_)
    for columns, reason, concerned in (
        (COLUMNS, reasons.OPEN, np.isnan(signs) & independent),
        (COLUMNS[1:], reasons.INFINITE, np.isfinite(signs) & (signs != 0.0)),
    ):
        endless = np.flatnonzero(concerned).tolist()
        if endless:
            yield Withheld(np.array([[i, j] for j in endless for i in range(q)]), columns, reason)
        why = {j: text for j, text in why.items() if j not in endless}
    yield from _rules(COLUMNS, [(np.array([[i, j] for i in range(q)]), text) for j, text in why.items()])
    if undefined is not None:
        yield Withheld(np.argwhere(np.ones((q, k))), COLUMNS[1:], undefined)
        return
    no_error = without_error(result)
    exact = np.flatnonzero(no_error).tolist()
    yield from _rules(COLUMNS[2:4], [(np.array([[i, j] for j in range(k)]), reasons.exact(result, i)) for i in exact])
    zero = (std_error == 0) & ~no_error[:, None]
    if zero.any():
        yield Withheld(np.argwhere(zero), COLUMNS[2:4], "the standard error is zero under this covariance")


def _rules(columns: tuple[str, ...], cells: list[tuple[IntArray, str]]) -> Iterator[Withheld]:
    """Make one rule for each reason."""
    groups: dict[str, list[IntArray]] = {}
    for pairs, reason in cells:
        groups.setdefault(reason, []).append(pairs)
    for reason, parts in groups.items():
        yield Withheld(np.concatenate(parts), columns, reason)
