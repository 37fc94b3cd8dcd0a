"""Residuals, leverages and distances of every row, read once and kept in bounded memory: what all diagnostic figures draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.plot.cloud import Cloud, Extremes, Order
from mathlearn.plot.reading import Reading, read
from mathlearn.plot.same_rows import require_same_rows, tally
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.diagnostics.measures import RowMeasures, saturated
from mathlearn.statistics.functional import fitted_values

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["COLUMNS", "MeasuredRows", "column", "row_measures"]

COLUMNS = ("fitted", "resid", "hat", "std_resid", "root", "studentised", "cooks_d", "copies")
"""What is known of a row: as `augment` calls it, with ``root = sqrt(abs(std_resid))``, the externally studentised residual, and how
many rows it stands for."""

_RAW = ("fitted", "resid")
_SPREAD, _SCALE, _LEVERAGE = range(3)


def column(name: str) -> int:
    """Return the position of a measure in the values of a cloud."""
    return COLUMNS.index(name)


PAIRS = ((column("fitted"), column("resid")), (column("fitted"), column("root")), (column("hat"), column("std_resid")))


@dataclass(frozen=True, slots=True)
class MeasuredRows:
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
    lacking : int
        Rows that the fit left out because a value is missing.
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
    lacking: int
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
    tally: Tally

    def merge(self, other: _Sums) -> _Sums:
        return _Sums(
            self.cloud.merge(other.cloud),
            self.worst.merge(other.worst),
            self.influential.merge(other.influential),
            self.order.merge(other.order),
            self.saturated + other.saturated,
            self.tally.merge(other.tally),
        )


def row_measures(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    response: str | int | None = None,
    sample_weight: Any = None,
    groups: Any = None,
) -> MeasuredRows:
    """Read the rows of a fit once.

    Raises
    ------
    NotFittedError
    SchemaError, NonFiniteInputError
        The rows do not fit what was learned or are not those of the fit, or the response is unknown.
    """
    reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups)
    result = reading.result
    i = chosen_response(result, response)
    refusal = refused(result, i)

    def of(chunk: Chunk) -> _Sums:
        return _sums(result, chunk, i, measured=refusal is None)

    sums = read(reading.rows, of, _Sums.merge)
    require_same_rows(result, sums.tally)
    return MeasuredRows(
        response=result.responses[i],
        several=len(result.responses) > 1,
        cloud=sums.cloud,
        worst=sums.worst,
        influential=sums.influential,
        order=sums.order,
        n=sums.cloud.n,
        lacking=result.n_dropped,
        df=float(result.df_resid),
        parameters=result.rank + result.fit_intercept,
        saturated=sums.saturated,
        withheld=refusal,
        exact=bool(result.exact[i]),
    )


def refused(result: FitResult, response: int) -> str | None:
    """Say why rows of this fit have no standardised residual, or return None."""
    refusal = reasons.no_measures(result)
    if refusal is not None:
        return refusal
    return f"{reasons.exact(result, response)}: the residuals are rounding errors" if result.exact[response] else None


def _sums(result: FitResult, chunk: Chunk, i: int, *, measured: bool) -> _Sums:
    assert chunk.y is not None
    values = np.full((chunk.n, len(COLUMNS)), np.nan)
    if not measured:
        values[:, column("copies")] = 1.0
        values[:, column("fitted")] = fitted_values(result, chunk)[:, i]
        values[:, column("resid")] = chunk.y[:, i] - values[:, column("fitted")]
        return _kept(chunk.index, values, np.abs(values[:, column("resid")]), 0, tally(result, chunk))
    white = WhiteRows.of(result, chunk)
    found, e = RowMeasures.of(result, white), white.residual[:, i]
    standard = found.standard[:, i]
    copies = white.weight if white.counts and white.weight is not None else np.ones(chunk.n)
    known = (
        chunk.y[:, i] - e,
        e,
        found.hat,
        standard,
        np.sqrt(np.abs(standard)),
        found.student[:, i],
        found.cooks[:, i],
    )
    np.stack((*known, copies), axis=1, out=values)
    return _kept(white.index, values, np.abs(standard), int(saturated(found.hat).sum()), Tally.of(white))


def _kept(rows: IntArray, values: FloatArray, size: FloatArray, saturated: int, total: Tally) -> _Sums:
    return _Sums(
        Cloud.of(rows, values, PAIRS),
        Extremes.of(rows, size, values),
        Extremes.of(rows, values[:, column("cooks_d")], values),
        Order.of(values[:, column("studentised")], _copies(values[:, column("copies")])),
        saturated,
        total,
    )


def _copies(counts: FloatArray) -> IntArray | None:
    """Whole numbers, or None where all are one."""
    return None if (counts == 1).all() else np.round(counts).astype(np.int64)
