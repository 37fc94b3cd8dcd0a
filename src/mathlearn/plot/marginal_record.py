"""What small panels of the mean over each column show, and how it is read from the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot.features import profile_at
from mathlearn.plot.marginal_rows import POINTS, farthest, marginal_rows
from mathlearn.plot.mean_curve import mean_curves
from mathlearn.plot.means import means_at, subject_of
from mathlearn.plot.regression_record import Curve
from mathlearn.statistics import reasons
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.plot.marginal_rows import MarginalRows
    from mathlearn.plot.means import Subject
    from mathlearn.plot.reading import Reading

__all__ = ["MarginalMeans", "Panel", "marginal_means"]


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
    result, rows = reading.result, marginal_rows(reading)
    every = [
        *(_of_number(reading, rows, j, level) for j in range(len(rows.numbers))),
        *(_of_category(reading, rows, j, level) for j in range(len(rows.kinds))),
    ]
    panels = tuple(every[j] for j in farthest(np.array([np.ptp(panel.curve.mean) for panel in every])))
    return MarginalMeans(
        subject=subject_of(result),
        level=level,
        panels=panels,
        left_out=rows.columns - len(panels),
        n=rows.seen.cloud.n,
        y=rows.seen.cloud.values[:, -1],
        held=profile_at(reading.design, rows.at, None, None).told,
        spread=rows.spread,
        lacking=result.n_dropped,
        withheld=reasons.whole_fit(result),
    )


def _of_number(reading: Reading, rows: MarginalRows, j: int, level: float) -> Panel:
    column, seen = rows.numbers[j], rows.seen
    shown = profile_at(reading.design, rows.at, column, None)
    (curve,) = mean_curves(reading.result, shown, seen.low[j : j + 1], seen.high[j : j + 1], level, POINTS)
    return Panel(column, (), curve, seen.cloud.values[:, j] + shown.origin)


def _of_category(reading: Reading, rows: MarginalRows, j: int, level: float) -> Panel:
    factor = rows.kinds[j]
    places = np.arange(len(factor.levels))
    at = profile_at(reading.design, rows.at, None, factor).rows(np.zeros(len(places)), places)
    means = means_at(reading.result, at, level)
    curve = Curve(None, 0, places.astype(np.float64), means.value, means.low, means.high)
    return Panel(factor.column, factor.levels, curve, rows.seen.cloud.values[:, len(rows.numbers) + j])
