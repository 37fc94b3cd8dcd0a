"""What small panels of class probabilities over each column show, and how it is read from the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.plot.class_curves import curves_over
from mathlearn.plot.class_means import chosen_classes, class_means_at, class_subject, indicators
from mathlearn.plot.cloud import Cloud
from mathlearn.plot.features import Held, categories, held, numeric_features, profile_at, seen_rows
from mathlearn.plot.marginal_record import MOST, MOST_LEVELS, POINTS, spread_of
from mathlearn.plot.regression_record import Curve
from mathlearn.plot.same_rows import require_same_rows, tally
from mathlearn.statistics import reasons
from mathlearn.statistics.class_rows import dense_rows, stack_of_fit
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.data.formula.factors import CategoryFactor
    from mathlearn.plot.class_means import ClassSubject
    from mathlearn.plot.reading import Reading
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.white import Tally

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
        Standard deviations of the columns of X; None where these are sparse.
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
    kept = np.sort(np.argsort([-panel.reach for panel in every], kind="stable")[:MOST])
    panels = tuple(every[j] for j in kept)
    return ClassMarginals(
        subject=class_subject(result, chosen_classes(_highest(panels, len(stack_of_fit(result).classes)))),
        level=level,
        panels=panels,
        left_out=len(numbers) + len(categories(design)) - len(panels),
        n=seen.cloud.n,
        codes=seen.cloud.values[:, -1].astype(np.int64),
        held=profile_at(design, at, None, None).told,
        spread=spread_of(seen.sums),
        lacking=result.n_dropped,
        withheld=reasons.whole_fit(result),
    )


def _highest(panels: tuple[ClassPanel, ...], classes: int) -> FloatArray:
    """Return the highest probability (K,) that each class reaches in any panel."""
    reach = np.zeros(classes)
    for panel in panels:
        reach = np.fmax(reach, [np.nanmax(curve.mean, initial=0.0) for curve in panel.curves])
    return reach


def _read(reading: Reading, numbers: tuple[str, ...], kinds: tuple[CategoryFactor, ...]) -> _Seen:
    rows = seen_rows(reading.rows)
    total: _Seen | None = None
    for chunk, batch in rows.pairs():
        part = _seen(reading, chunk, batch, numbers, kinds)
        total = part if total is None else total.merge(part)
    if total is None:
        raise SchemaError("there is no row to draw: each lacks a value in a column that is used, or has weight zero.")
    return total


def _seen(
    reading: Reading, chunk: Chunk, batch: Batch | None, numbers: tuple[str, ...], kinds: tuple[CategoryFactor, ...]
) -> _Seen:
    result, design, nothing = reading.result, reading.design, Held({}, None)
    if chunk.y is None:
        raise SchemaError("these rows carry no y: give the X and y of the fit")
    columns = [profile_at(design, nothing, column, None).values(chunk, batch)[0] for column in numbers]
    levels = [profile_at(design, nothing, None, factor).codes(chunk, batch) for factor in kinds]
    codes, _ = indicators(chunk, len(stack_of_fit(result).classes))
    values = np.column_stack([*columns, *levels, codes])
    m = len(numbers)
    return _Seen(
        Cloud.of(chunk.index, values, ()),
        values[:, :m].min(axis=0),
        values[:, :m].max(axis=0),
        _sums(result, chunk),
        tally(result, chunk),
    )


def _sums(result: FitResult, chunk: Chunk) -> FloatArray:
    """Sum weights and the powers of X (3, p) about a point amid the rows, near which they keep their digits."""
    away = dense_rows(chunk.X) - stack_of_fit(result).mean
    w = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    return np.stack([np.full(away.shape[1], w.sum()), w @ away, w @ away**2])


def _of_number(
    result: FitResult, design: Design, at: Held, column: str, seen: _Seen, j: int, level: float
) -> ClassPanel:
    shown = profile_at(design, at, column, None)
    curves = curves_over(result, shown, float(seen.low[j]), float(seen.high[j]), level, POINTS)
    return ClassPanel(column, (), curves, seen.cloud.values[:, j] + shown.origin)


def _of_category(
    result: FitResult, design: Design, at: Held, factor: CategoryFactor, seen: _Seen, j: int, level: float
) -> ClassPanel:
    places = np.arange(len(factor.levels))
    rows = profile_at(design, at, None, factor).rows(np.zeros(len(places)), places)
    means = class_means_at(result, rows, level)
    curves = tuple(
        Curve(
            label,
            k,
            places.astype(np.float64),
            means.value[:, k],
            None if means.low is None else means.low[:, k],
            None if means.high is None else means.high[:, k],
        )
        for k, label in enumerate(stack_of_fit(result).classes)
    )
    return ClassPanel(factor.column, factor.levels, curves, seen.cloud.values[:, j])
