"""What small panels of class probabilities over each column show, and how it is read from the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot.class_curves import curves_at, curves_over
from mathlearn.plot.class_means import chosen_classes, class_subject
from mathlearn.plot.features import profile_at
from mathlearn.plot.marginal_rows import POINTS, farthest, marginal_rows
from mathlearn.statistics import reasons
from mathlearn.statistics.class_rows import stack_of_fit
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.plot.class_means import ClassSubject
    from mathlearn.plot.marginal_rows import MarginalRows
    from mathlearn.plot.reading import Reading
    from mathlearn.plot.regression_record import Curve

__all__ = ["ClassMarginals", "ClassPanel", "class_marginals"]


@dataclass(frozen=True, slots=True)
class ClassPanel:
    """The probabilities over one column, the others held.

    Attributes
    ----------
    feature : str
    levels : tuple of str
        Of a category, whose probabilities stand at 0, 1, ...; empty of a number.
    curves : tuple of Curve
        Of every class.
    values : (m,)
        The column at the rows that are kept.
    """

    feature: str
    levels: tuple[str, ...]
    curves: tuple[Curve, ...]
    values: FloatArray

    @property
    def reach(self) -> float:
        """How far the probability goes that goes farthest."""
        each = [float(np.ptp(curve.mean)) for curve in self.curves]
        return max((far for far in each if not np.isnan(far)), default=-1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMarginals:
    """One panel a column.

    Attributes
    ----------
    subject : ClassSubject
    level : float
        Of the bands.
    panels : tuple of ClassPanel
    left_out : int
        Columns without a panel.
    n : int
        Rows.
    codes : (m,) int
        Classes of the rows that are kept: all, or a random sample.
    held : dict
        What each column is held at in the panels of the others.
    spread : (p,) or None
        Standard deviations of the columns of X, None without any.
    lacking : int
        Rows that the fit left out because a value is missing.
    withheld : str or None
        Why there are no bands.
    """

    subject: ClassSubject
    level: float
    panels: tuple[ClassPanel, ...]
    left_out: int
    n: int
    codes: IntArray
    held: dict[str, float | str]
    spread: FloatArray | None
    lacking: int
    withheld: str | None


def class_marginals(reading: Reading, level: float = 0.95) -> ClassMarginals:
    """Read the rows (twice, where a column has to be averaged first) and compute the panels.

    Numbers are held at their means, categories at their reference level. Of more than nine columns those are shown over which a probability
    goes farthest.

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
    panels = tuple(every[j] for j in farthest(np.array([panel.reach for panel in every])))
    return ClassMarginals(
        subject=class_subject(result, chosen_classes(_highest(panels, len(stack_of_fit(result).classes)))),
        level=level,
        panels=panels,
        left_out=rows.columns - len(panels),
        n=rows.seen.cloud.n,
        codes=rows.seen.cloud.values[:, -1].astype(np.int64),
        held=profile_at(reading.design, rows.at, None, None).told,
        spread=rows.spread,
        lacking=result.n_dropped,
        withheld=reasons.whole_fit(result),
    )


def _highest(panels: tuple[ClassPanel, ...], classes: int) -> FloatArray:
    """Return the highest probability (K,) that each class reaches in any panel."""
    reach = np.zeros(classes)
    for panel in panels:
        reach = np.fmax(reach, [np.nanmax(curve.mean, initial=0.0) for curve in panel.curves])
    return reach


def _of_number(reading: Reading, rows: MarginalRows, j: int, level: float) -> ClassPanel:
    column, seen = rows.numbers[j], rows.seen
    shown = profile_at(reading.design, rows.at, column, None)
    curves = curves_over(reading.result, shown, float(seen.low[j]), float(seen.high[j]), level, POINTS)
    return ClassPanel(column, (), curves, seen.cloud.values[:, j] + shown.origin)


def _of_category(reading: Reading, rows: MarginalRows, j: int, level: float) -> ClassPanel:
    factor = rows.kinds[j]
    places = np.arange(len(factor.levels))
    at = profile_at(reading.design, rows.at, None, factor).rows(np.zeros(len(places)), places)
    curves = curves_at(reading.result, at, places.astype(np.float64), level)
    return ClassPanel(factor.column, factor.levels, curves, rows.seen.cloud.values[:, len(rows.numbers) + j])
