"""Residuals, leverages and distances of every row, read once and kept in bounded memory: what all diagnostic figures draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.plot.cloud import Cloud, Extremes, Order
from mathlearn.plot.likelihood_measures import called_by_likelihood, likelihood_rows, withheld_by_likelihood
from mathlearn.plot.measured import COLUMNS, PAIRS, Called, MeasuredRows, Withheld, column
from mathlearn.plot.reading import Reading, read
from mathlearn.plot.same_rows import require_same_rows, tally
from mathlearn.plot.shares import Sums
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.diagnostics.measures import RowMeasures, saturated
from mathlearn.statistics.functional import dispersion_known, fitted_values
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["COLUMNS", "MeasuredRows", "column", "row_measures"]


@dataclass(frozen=True, slots=True)
class _Sums:
    """The mergeable part."""

    cloud: Cloud
    worst: Extremes
    influential: Extremes
    order: Order
    saturated: int
    tally: Tally
    repeated: bool
    sums: Sums

    def merge(self, other: _Sums) -> _Sums:
        return _Sums(
            self.cloud.merge(other.cloud),
            self.worst.merge(other.worst),
            self.influential.merge(other.influential),
            self.order.merge(other.order),
            self.saturated + other.saturated,
            self.tally.merge(other.tally),
            self.repeated or other.repeated,
            self.sums.merge(other.sums),
        )


def row_measures(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    response: str | int | None = None,
    sample_weight: Any = None,
    groups: Any = None,
    offset: Any = None,
) -> MeasuredRows:
    """Read the rows of a fit once.

    Raises
    ------
    NotFittedError
    SchemaError, NonFiniteInputError
        The rows do not fit what was learned or are not those of the fit, or the response is unknown.
    DomainError
        The fit has more than one linear predictor.
    """
    reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset)
    result = reading.result
    i = chosen_response(result, response)
    refusal = refused(result, i)

    def of(chunk: Chunk) -> _Sums:
        return _sums(result, chunk, i, measured=refusal is None)

    sums = read(reading.rows, of, _Sums.merge)
    require_same_rows(result, sums.tally)
    of_likelihood = result.likelihood is not None
    return MeasuredRows(
        response=result.responses[i],
        several=len(result.responses) > 1,
        called=called_by_likelihood(result) if of_likelihood else _called(result.responses[i]),
        cloud=sums.cloud,
        worst=sums.worst,
        influential=sums.influential,
        order=sums.order,
        n=sums.cloud.n,
        lacking=result.n_dropped,
        df=np.inf if of_likelihood else float(result.df_resid),
        parameters=result.rank + result.fit_intercept,
        saturated=sums.saturated,
        withheld=_withheld(result, refusal, repeated=sums.repeated),
        exact=bool(result.exact[i]) and not dispersion_known(result),
        support=law_of(result)[0].support if of_likelihood else "",
        sums=sums.sums if of_likelihood else None,
    )


def _withheld(result: FitResult, refusal: str | None, *, repeated: bool) -> Withheld:
    if result.likelihood is not None:
        return withheld_by_likelihood(result, refusal, repeated=repeated)
    return Withheld(refusal, refusal, refusal)


def _called(response: str) -> Called:
    return Called(f"fitted {response}", "residual", "standardised residual", "studentised")


def refused(result: FitResult, response: int) -> str | None:
    """Say why rows of this fit have no standardised residual, or return None."""
    refusal = reasons.no_measures(result)
    if refusal is not None or dispersion_known(result):
        return refusal
    return f"{reasons.exact(result, response)}: the residuals are rounding errors" if result.exact[response] else None


def _sums(result: FitResult, chunk: Chunk, i: int, *, measured: bool) -> _Sums:
    assert chunk.y is not None
    white = WhiteRows.of(result, chunk) if measured else None
    total = tally(result, chunk) if white is None else Tally.of(white)
    if result.likelihood is not None:
        values, sums = likelihood_rows(result, chunk, white)
        return _kept(chunk.index, values, np.abs(values[:, column("resid")]), total, sums)
    values = np.full((chunk.n, len(COLUMNS)), np.nan)
    if white is None:
        values[:, column("copies")] = 1.0
        values[:, column("fitted")] = fitted_values(result, chunk)[:, i]
        values[:, column("resid")] = chunk.y[:, i] - values[:, column("fitted")]
        return _kept(chunk.index, values, np.abs(values[:, column("resid")]), total)
    found, e = RowMeasures.of(result, white), white.residual[:, i]
    standard = found.standard[:, i]
    known = (
        chunk.y[:, i] - e,
        e,
        found.hat,
        standard,
        np.sqrt(np.abs(standard)),
        found.student[:, i],
        found.cooks[:, i],
        white.copies,
    )
    np.stack(known, axis=1, out=values[:, : len(known)])
    return _kept(white.index, values, np.abs(standard), total)


def _kept(rows: IntArray, values: FloatArray, size: FloatArray, total: Tally, sums: Sums | None = None) -> _Sums:
    copies = values[:, column("copies")]
    repeated = bool((copies != 1).any())
    return _Sums(
        Cloud.of(rows, values, PAIRS),
        Extremes.of(rows, size, values),
        Extremes.of(rows, values[:, column("cooks_d")], values),
        Order.of(values[:, column("studentised")], np.round(copies).astype(np.int64) if repeated else None),
        int(saturated(values[:, column("hat")]).sum()),
        total,
        repeated,
        Sums(None, np.empty((0, 0))) if sums is None else sums,
    )
