"""The probability of each of several classes over one column, with confidence bands, over the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from mathlearn.plot.class_curves_drawing import draw_class_curves
from mathlearn.plot.class_curves_record import ClassCurves
from mathlearn.plot.class_means import chosen_classes, class_means_at, class_subject
from mathlearn.plot.display import Display
from mathlearn.plot.features import choose_feature, held, numeric_features, profile_at
from mathlearn.plot.mean_curve import A_SHARE, FEWEST_SHARES, MOST_SHARES, POINTS
from mathlearn.plot.mean_curve_record import Shares
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression_record import Curve
from mathlearn.plot.same_rows import are_the_same
from mathlearn.plot.seen import Seen, Summed, observation, read
from mathlearn.plot.shares import Sums, wilson
from mathlearn.statistics import reasons
from mathlearn.statistics.class_rows import stack_of_fit
from mathlearn.statistics.likelihood_goodness import likelihood_statistics
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.plot.features import Profile
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.results.fit_result import FitResult

__all__ = ["ClassCurvesDisplay", "class_curves", "curves_at", "curves_over"]


def class_curves(reading: Reading, *, feature: str | int | None = None, level: float = 0.95) -> ClassCurves:
    """Read the rows once and compute the curves, their bands, the rows of each class, and the shares observed in groups.

    Shares in groups are shown where no other column is held, for only then are they of what the curves show.

    Parameters
    ----------
    reading : Reading
        Of a fit of more than two classes.
    feature : str or int, optional
        A numeric column of the input, by name or position among them; None when there is only one.
    level : float in (0, 1)

    Raises
    ------
    SchemaError
        There is no such column, or no row.
    DomainError
        `level` is outside (0, 1).
    """
    require_level(level)
    result, design = reading.result, reading.design
    over = choose_feature(design, feature)
    others = [column for column in numeric_features(design) if column != over]
    shown = profile_at(design, held(reading, others), over, None)
    total, left_out = read(reading, lambda chunk, batch: _seen(result, shown.values(chunk, batch)[0], chunk))
    seen = total.seen
    every = curves_over(result, shown, float(seen.low[0]), float(seen.high[0]), level, POINTS)
    chosen = chosen_classes(np.array([np.nanmax(curve.mean, initial=0.0) for curve in every]))
    values = seen.cloud.values + np.array([float(shown.origin), 0.0])
    return ClassCurves(
        feature=over,
        subject=class_subject(result, chosen),
        level=level,
        x=values[:, 0],
        codes=values[:, 1].astype(np.int64),
        rows=seen.cloud.rows,
        n=seen.cloud.n,
        curves=tuple(every[k] for k in chosen),
        shares=_shares(shown, total.sums, chosen, level),
        formula=None if design.encoding is None else design.encoding.text,
        explained=float(likelihood_statistics(result).deviance_explained[0]),
        held=shown.told,
        withheld=reasons.whole_fit(result) or _gaps(every),
        same_rows=are_the_same(result, seen.tally),
        left_out=left_out,
    )


def _gaps(curves: tuple[Curve, ...]) -> str | None:
    open_ = all(np.isnan(curve.mean).all() for curve in curves)
    return "the data do not determine the probabilities here" if open_ else None


def _seen(result: FitResult, x: FloatArray, chunk: Chunk) -> Summed[Sums]:
    codes = observation(result, chunk)
    each = (codes[:, None] == np.arange(len(stack_of_fit(result).classes))).astype(np.float64)
    w = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    return Summed(
        Seen.of(result, chunk, np.column_stack([x, codes]), 1),
        Sums.of(x, np.column_stack([w, w * x, w[:, None] * each])),
    )


def curves_over(
    result: FitResult, shown: Profile, low: float, high: float, level: float, points: int
) -> tuple[Curve, ...]:
    """Compute the curve of each class over the range of the feature, everything else held."""
    x = np.linspace(low, high, points)
    return curves_at(result, shown.rows(x, np.zeros(points, dtype=np.int64)), x + shown.origin, level)


def curves_at(result: FitResult, rows: Chunk, x: FloatArray, level: float) -> tuple[Curve, ...]:
    """Compute the curve of each class through rows, which stand at x (n,)."""
    means = class_means_at(result, rows, level)
    return tuple(
        Curve(
            label,
            k,
            x,
            means.value[:, k],
            None if means.low is None else means.low[:, k],
            None if means.high is None else means.high[:, k],
        )
        for k, label in enumerate(stack_of_fit(result).classes)
    )


def _shares(shown: Profile, sums: Sums, chosen: tuple[int, ...], level: float) -> tuple[Shares, ...]:
    """Shares of each class shown among the rows in groups, where they are of what the curves show."""
    if not shown.alone:
        return ()
    most = min(MOST_SHARES, int(sums.values[:, 0].sum() / A_SHARE))
    if most < FEWEST_SHARES:
        return ()
    trials, x, *classes = sums.groups(most).T
    found = []
    for k in chosen:
        low, high = wilson(classes[k] / trials, trials, level)
        found.append(Shares(x / trials + shown.origin, classes[k] / trials, low, high, trials))
    return tuple(found)


class ClassCurvesDisplay(Display[ClassCurves]):
    """The probability of each class over one column with its confidence band, above the rows of each class.

    Where nothing else is held, dots are the shares observed in groups of rows. Everything else is held: numbers at their means, categories
    at their reference level. Of more than six classes those that reach the highest probabilities are shown.

    Parameters
    ----------
    data : ClassCurves

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LogisticRegression
    >>> from mathlearn.plot import ClassCurvesDisplay
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]], ["bus", "car", "bus", "tram", "car", "tram"]
    >>> display = ClassCurvesDisplay.from_estimator(LogisticRegression(C=np.inf).fit(X, y), X, y)
    >>> display.data.subject.labels
    ('bus', 'car', 'tram')
    >>> plt.close(display.figure_)
    """

    size: ClassVar[tuple[float, float]] = (7.2, 5.4)

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        ax: Axes | None = None,
        feature: str | int | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw the probabilities.

        Parameters
        ----------
        model : fitted estimator
            Of more than two classes.
        X, y, sample_weight, groups, offset
            As given to ``fit``. Of other rows the caption says that they are not those of the fit.
        ax : Axes, optional
        feature : str or int, optional
            The column to draw over, by name or by position among the numeric columns; needed when there are several.
        level : float in (0, 1)
            Of the bands, each at each place by itself.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or the column is unknown.
        DomainError
            `level` is outside (0, 1), or the fit is of one linear predictor.
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset, classes=True)
        return cls(class_curves(reading, feature=feature, level=level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_class_curves(self.data, ax, theme, repaint=repaint)
        return ax
