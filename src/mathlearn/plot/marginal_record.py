"""What small panels of the mean over each column show, and how it is read from the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot.cloud import Cloud
from mathlearn.plot.features import Held, categories, held, numeric_features, profile_at, seen_rows
from mathlearn.plot.mean_curve import mean_curves
from mathlearn.plot.means import means_at, subject_of
from mathlearn.plot.regression_record import Curve
from mathlearn.plot.same_rows import require_same_rows, tally
from mathlearn.statistics import reasons
from mathlearn.statistics.tails import require_level
from mathlearn.statistics.working import observed

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.data.formula.factors import CategoryFactor
    from mathlearn.plot.means import Subject
    from mathlearn.plot.reading import Reading
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.white import Tally

__all__ = ["MOST", "MOST_LEVELS", "POINTS", "MarginalMeans", "Panel", "marginal_means", "spread_of"]

MOST = 9
"""Panels at most."""

MOST_LEVELS = 12
"""Levels of a category that has a panel."""

POINTS = 80


@dataclass(frozen=True, slots=True)
class Panel:
    """The mean over one column, the others held.

    Attributes
    ----------
    feature : str
    levels : tuple of str
        Of a category, whose means stand at 0, 1, ...; empty of a number.
    curve : Curve
    values : (m,)
        The column at the rows that are kept.
    """

    feature: str
    levels: tuple[str, ...]
    curve: Curve
    values: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalMeans:
    """One panel a column.

    Attributes
    ----------
    subject : Subject
    level : float
        Of the bands.
    panels : tuple of Panel
    left_out : int
        Columns without a panel.
    n : int
        Rows.
    y : (m,)
        Observations of the rows that are kept: all, or a random sample.
    held : dict
        What each column is held at in the panels of the others.
    spread : (p,) or None
        Standard deviations of the columns of X; None where these are sparse.
    lacking : int
        Rows that the fit left out because a value is missing.
    withheld : str or None
        Why there are no bands.
    """

    subject: Subject
    level: float
    panels: tuple[Panel, ...]
    left_out: int
    n: int
    y: FloatArray
    held: dict[str, float | str]
    spread: FloatArray | None
    lacking: int
    withheld: str | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """The mergeable part: kept rows, ranges of the numbers, sums of X about a point near it, whose rows they are."""

    cloud: Cloud
    low: FloatArray
    high: FloatArray
    sums: FloatArray
    tally: Tally

    def merge(self, other: _Seen) -> _Seen:
        return _Seen(
            self.cloud.merge(other.cloud),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.sums + other.sums,
            self.tally.merge(other.tally),
        )


def marginal_means(reading: Reading, level: float = 0.95) -> MarginalMeans:
    """Read the rows (twice, where a column has to be averaged first) and compute the panels.

    Numbers, and an offset that is no part of the formula, are held at their means, categories at their reference level. Of more than
    nine columns those are shown over which the mean goes farthest.

    Raises
    ------
    SchemaError
        There is no row, or these are not the rows of the fit.
    DomainError
        `level` is outside (0, 1).
    """
    require_level(level)
    result, design = reading.result, reading.design
    numbers = numeric_features(design)
    kinds = tuple(factor for factor in categories(design).values() if len(factor.levels) <= MOST_LEVELS)
    at = held(reading, list(numbers))
    seen = _read(reading, numbers, kinds)
    require_same_rows(result, seen.tally)
    every = [
        *(_of_number(result, design, at, column, seen, j, level) for j, column in enumerate(numbers)),
        *(_of_category(result, design, at, factor, seen, len(numbers) + j, level) for j, factor in enumerate(kinds)),
    ]
    return MarginalMeans(
        subject=subject_of(result),
        level=level,
        panels=_farthest(every),
        left_out=len(numbers) + len(categories(design)) - min(len(every), MOST),
        n=seen.cloud.n,
        y=seen.cloud.values[:, -1],
        held=profile_at(design, at, None, None).told,
        spread=spread_of(seen.sums),
        lacking=result.n_dropped,
        withheld=reasons.whole_fit(result),
    )


def _farthest(panels: list[Panel]) -> tuple[Panel, ...]:
    """Keep those over which the mean goes farthest, in their order."""
    reach = np.array([np.ptp(panel.curve.mean) for panel in panels])
    kept = np.sort(np.argsort(-np.where(np.isnan(reach), -1.0, reach), kind="stable")[:MOST])
    return tuple(panels[j] for j in kept)


def spread_of(sums: FloatArray) -> FloatArray | None:
    """Return standard deviations (p,) from the sums (3, p) of weights, and of first and second powers."""
    if not sums.size:
        return None
    mean = sums[1] / sums[0]
    return np.asarray(np.sqrt(np.maximum(sums[2] / sums[0] - mean**2, 0.0)))


def _read(reading: Reading, numbers: tuple[str, ...], kinds: tuple[CategoryFactor, ...]) -> _Seen:
    rows = seen_rows(reading.rows)
    total: _Seen | None = None
    for chunk, batch in rows.pairs():
        part = _seen(reading, chunk, batch, numbers, kinds)
        total = part if total is None else total.merge(part)
    assert total is not None  # the means were taken from the same rows
    return total


def _seen(
    reading: Reading, chunk: Chunk, batch: Batch | None, numbers: tuple[str, ...], kinds: tuple[CategoryFactor, ...]
) -> _Seen:
    result, design = reading.result, reading.design
    nothing = Held({}, None)
    columns = [profile_at(design, nothing, column, None).values(chunk, batch)[0] for column in numbers]
    codes = [profile_at(design, nothing, None, factor).codes(chunk, batch) for factor in kinds]
    values = np.column_stack([*columns, *codes, observed(result, chunk).y])
    m = len(numbers)
    return _Seen(
        Cloud.of(chunk.index, values, ()),
        values[:, :m].min(axis=0),
        values[:, :m].max(axis=0),
        _sums(result, chunk),
        tally(result, chunk),
    )


def _sums(result: FitResult, chunk: Chunk) -> FloatArray:
    """Sum weights and the powers of X (3, p) about the mean of the fit, near which they keep their digits."""
    if not isinstance(chunk.X, np.ndarray):
        return np.empty((3, 0))
    away = chunk.X if result.curvature is None else chunk.X - result.curvature.mean
    w = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    return np.stack([np.full(away.shape[1], w.sum()), w @ away, w @ away**2])


def _of_number(result: FitResult, design: Design, at: Held, column: str, seen: _Seen, j: int, level: float) -> Panel:
    shown = profile_at(design, at, column, None)
    (curve,) = mean_curves(result, shown, seen.low[j : j + 1], seen.high[j : j + 1], level, POINTS)
    return Panel(column, (), curve, seen.cloud.values[:, j] + shown.origin)


def _of_category(
    result: FitResult, design: Design, at: Held, factor: CategoryFactor, seen: _Seen, j: int, level: float
) -> Panel:
    places = np.arange(len(factor.levels))
    rows = profile_at(design, at, None, factor).rows(np.zeros(len(places)), places)
    means = means_at(result, rows, level)
    curve = Curve(None, 0, places.astype(np.float64), means.value, means.low, means.high)
    return Panel(factor.column, factor.levels, curve, seen.cloud.values[:, j])
