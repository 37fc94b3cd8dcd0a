"""Residuals, leverages and distances of every row, read once and kept in bounded memory: what all diagnostic figures draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.plot.cloud import Cloud, Extremes, Order
from mathlearn.plot.reading import Reading, read, response_index
from mathlearn.statistics import reasons
from mathlearn.statistics.covariance.hc import LEVERAGE_GAP
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.functional import fitted_values, sigma

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["COLUMNS", "RowMeasures", "column", "row_measures"]

COLUMNS = ("fitted", "resid", "hat", "std_resid", "root", "studentised", "cooks_d")
"""What is known of a row: as `augment` calls it, with ``root = sqrt(abs(std_resid))`` and the externally studentised residual."""

_RAW = ("fitted", "resid")
_SPREAD, _SCALE, _LEVERAGE = range(3)


def column(name: str) -> int:
    """Return the position of a measure in the values of a cloud."""
    return COLUMNS.index(name)


PAIRS = ((column("fitted"), column("resid")), (column("fitted"), column("root")), (column("hat"), column("std_resid")))


@dataclass(frozen=True, slots=True)
class RowMeasures:
    """The rows of a fit as its diagnostics see them.

    Attributes
    ----------
    response : str
    several : bool
        Whether the fit has other responses too.
    cloud : Cloud
        With the columns of `COLUMNS`; its pairs are residual and root against fitted, and std_resid against hat.
    worst, influential : Extremes
        The rows with the largest standardised residual in size (raw, where there is none) and the largest Cook's distance.
    order : Order
        The externally studentised residuals in order.
    n : int
    df : float
        Residual degrees of freedom.
    parameters : int
        k, by which Cook's distance is divided.
    saturated : int
        Rows of leverage 1, through which the fit passes: they have no standardised residual.
    withheld : str or None
        Why there is no measure but the residual itself.
    exact : bool
        Whether residuals are rounding errors.
    """

    response: str
    several: bool
    cloud: Cloud
    worst: Extremes
    influential: Extremes
    order: Order
    n: int
    df: float
    parameters: int
    saturated: int
    withheld: str | None
    exact: bool


@dataclass(frozen=True, slots=True)
class _Sums:
    """The mergeable part."""

    cloud: Cloud
    worst: Extremes
    influential: Extremes
    order: Order
    saturated: int
    tally: Tally | None

    def merge(self, other: _Sums) -> _Sums:
        tally = None if self.tally is None or other.tally is None else self.tally.merge(other.tally)
        return _Sums(
            self.cloud.merge(other.cloud),
            self.worst.merge(other.worst),
            self.influential.merge(other.influential),
            self.order.merge(other.order),
            self.saturated + other.saturated,
            tally,
        )


def row_measures(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    response: str | int | None = None,
    sample_weight: Any = None,
    groups: Any = None,
) -> RowMeasures:
    """Read the rows of a fit once.

    Raises
    ------
    NotFittedError
    SchemaError, NonFiniteInputError
        The rows do not fit what was learned, or the response is unknown.
    """
    reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups)
    result = reading.result
    i = response_index(result, response)
    refusal = refused(result, i)

    def of(chunk: Chunk) -> _Sums:
        return _sums(result, chunk, i, measured=refusal is None)

    sums = read(reading.rows, of, _Sums.merge)
    return RowMeasures(
        response=result.responses[i],
        several=len(result.responses) > 1,
        cloud=sums.cloud,
        worst=sums.worst,
        influential=sums.influential,
        order=sums.order,
        n=sums.cloud.n,
        df=float(result.df_resid),
        parameters=result.rank + result.fit_intercept,
        saturated=sums.saturated,
        withheld=refusal or _foreign(result, sums.tally),
        exact=bool(result.exact[i]),
    )


def refused(result: FitResult, response: int) -> str | None:
    """Say why rows of this fit have no standardised residual, or return None."""
    if result.withheld is not None or result.curvature is None:
        return result.withheld or "this fit carries no curvature"
    if result.df_resid <= 0:
        return reasons.no_residual_df(result)
    return f"{reasons.exact(result, response)}: the residuals are rounding errors" if result.exact[response] else None


def _foreign(result: FitResult, tally: Tally | None) -> str | None:
    if tally is None:
        return None
    try:
        tally.require_same_rows(result)
    except SchemaError as error:
        return f"these are not the rows of the fit: {error}"
    return None


def _sums(result: FitResult, chunk: Chunk, i: int, *, measured: bool) -> _Sums:
    rows = np.arange(chunk.start, chunk.start + chunk.n) if chunk.rows is None else chunk.rows
    if not measured:
        fit = fitted_values(result, chunk)[:, i]
        assert chunk.y is not None
        values = np.full((chunk.n, len(COLUMNS)), np.nan)
        values[:, 0], values[:, 1] = fit, chunk.y[:, i] - fit
        return _kept(rows, values, np.abs(values[:, 1]), 0, None)
    white = WhiteRows.of(result, chunk)
    assert chunk.y is not None
    values, saturated = _measures(result, white, chunk.y[:, i], i)
    return _kept(rows, values, np.abs(values[:, column("std_resid")]), saturated, Tally.of(white))


def _measures(result: FitResult, white: WhiteRows, y: FloatArray, i: int) -> tuple[FloatArray, int]:
    """Values (n, 7) in the order of `COLUMNS`, and how many rows have leverage 1."""
    e, hat, s, df = white.residual[:, i], white.leverage, float(sigma(result)[i]), result.df_resid
    weighted = e if white.weight is None or white.counts else e * np.sqrt(white.weight)
    full = hat >= 1 - LEVERAGE_GAP
    gap = np.where(full, np.nan, 1 - hat)
    std = weighted / (s * np.sqrt(gap))
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (df - std**2) / (df - 1) if df > 1 else np.full_like(std, np.nan)
        studentised = std / np.sqrt(left)
    parameters = result.rank + result.fit_intercept
    cooks = std**2 * hat / (gap * parameters)
    columns = (y - e, e, hat, std, np.sqrt(np.abs(std)), studentised, cooks)
    return np.column_stack(columns), int(full.sum())


def _kept(rows: IntArray, values: FloatArray, size: FloatArray, saturated: int, tally: Tally | None) -> _Sums:
    return _Sums(
        Cloud.of(rows, values, PAIRS),
        Extremes.of(rows, size, values),
        Extremes.of(rows, values[:, column("cooks_d")], values),
        Order.of(values[:, column("studentised")]),
        saturated,
        tally,
    )
