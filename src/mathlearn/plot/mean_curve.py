"""The fitted mean over one column, with its confidence band, among the rows: the first figure of a fit by likelihood."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.plot.display import Display
from mathlearn.plot.features import choose_feature, profile
from mathlearn.plot.mean_curve_drawing import draw_mean_curve
from mathlearn.plot.mean_curve_record import MeanCurve, Shares
from mathlearn.plot.means import means_at, subject_of
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression_record import Curve
from mathlearn.plot.same_rows import are_the_same
from mathlearn.plot.seen import Seen, Summed, read
from mathlearn.plot.shares import Sums, wilson
from mathlearn.plot.words import equation
from mathlearn.statistics import reasons
from mathlearn.statistics.functional import sigma
from mathlearn.statistics.likelihood_goodness import likelihood_statistics
from mathlearn.statistics.separation import predictors
from mathlearn.statistics.tails import require_level
from mathlearn.statistics.working import law_of, working

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.plot.cloud import Cloud
    from mathlearn.plot.features import Profile
    from mathlearn.plot.mean_curve_record import Moved
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.results.fit_result import FitResult

__all__ = ["MeanCurveDisplay", "mean_curve", "mean_curves"]

POINTS = 200
"""Places at which a curve is computed."""

MOST_SHARES, FEWEST_SHARES = 12, 4
A_SHARE = 25.0
"""Groups of rows with an observed share of their own, and the trials that each needs."""


def mean_curve(reading: Reading, *, feature: str | int | None = None, level: float = 0.95) -> MeanCurve:
    """Read the rows once and compute curve, band, points, and the shares observed in groups.

    Where other columns are held, points keep their ratio to the mean (logarithmic link) or their residual (identity), so that they
    stand where the others are held; with any other link they are as observed. Shares in groups are shown where nothing is held.

    Parameters
    ----------
    reading : Reading
        Of a fit by likelihood.
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
    result = reading.result
    over = choose_feature(reading.design, feature)
    shown = profile(reading, over)
    moved = "" if shown.alone else _kept(result)
    total, left_out = read(reading, lambda chunk, batch: _seen(result, shown, chunk, batch, moved))
    seen = total.seen
    curves = _curves(result, shown, seen, level)
    return MeanCurve(
        feature=over,
        subject=subject_of(result),
        level=level,
        cloud=_shifted(seen.cloud, float(shown.origin)),
        curves=curves,
        by=None if shown.by is None else shown.by.column,
        shares=_shares(result, shown, total.sums, level),
        equation=equation(result, 0) or (None if reading.design.encoding is None else reading.design.encoding.text),
        explained=float(likelihood_statistics(result).deviance_explained[0]),
        held=shown.told,
        moved=moved,
        withheld=reasons.whole_fit(result) or _gaps(curves),
        same_rows=are_the_same(result, seen.tally),
        left_out=left_out,
    )


def _kept(result: FitResult) -> Moved:
    kept: dict[str, Moved] = {"log": "ratios", "identity": "residuals"}
    return kept.get(law_of(result)[1].name, "")


def _shifted(cloud: Cloud, origin: float) -> Cloud:
    """Return the cloud with its first column counted from zero."""
    if not origin:
        return cloud
    values = cloud.values.copy()
    values[:, 0] += origin
    return replace(cloud, values=values)


def _gaps(curves: tuple[Curve, ...]) -> str | None:
    return "the data do not determine the mean here" if all(np.isnan(curve.mean).all() for curve in curves) else None


def _seen(result: FitResult, shown: Profile, chunk: Chunk, batch: Batch | None, moved: Moved) -> Summed[Sums]:
    x, level = shown.values(chunk, batch)
    seen = working(result, chunk, predictors(result, chunk))
    y = seen.y
    if moved:
        there = means_of(result, shown, x, level)
        y = y - seen.mu + there if moved == "residuals" else y / seen.mu * there
    trials = seen.weight if seen.count is None else seen.weight * seen.count
    return Summed(
        Seen.at_levels(result, chunk, x, y, level, len(shown.levels)),
        Sums.of(x, np.column_stack([trials, trials * x, trials * seen.y])),
    )


def means_of(result: FitResult, shown: Profile, x: FloatArray, level: IntArray) -> FloatArray:
    """Means (n,) at values of the feature and levels of the category, everything else held."""
    return law_of(result)[1].mu(predictors(result, shown.rows(x, level)))


def _curves(result: FitResult, shown: Profile, seen: Seen, level: float) -> tuple[Curve, ...]:
    return mean_curves(result, shown, seen.low, seen.high, level)


def mean_curves(
    result: FitResult, shown: Profile, low: FloatArray, high: FloatArray, level: float, points: int = POINTS
) -> tuple[Curve, ...]:
    """Compute a curve for each level that has rows, over the range of the feature there."""
    names: tuple[str | None, ...] = shown.levels or (None,)
    curves = []
    for k, name in enumerate(names):
        if np.isfinite(low[k]):
            x = np.linspace(low[k], high[k], points)
            means = means_at(result, shown.rows(x, np.full(points, k, dtype=np.int64)), level)
            curves.append(Curve(name, k, x + shown.origin, means.value, means.low, means.high))
    return tuple(curves)


def _shares(result: FitResult, shown: Profile, sums: Sums, level: float) -> Shares | None:
    """Shares of rows in groups, where they are of what the curve shows; trials are worth less by the dispersion."""
    if not subject_of(result).probability or not shown.alone or shown.by is not None:
        return None
    most = min(MOST_SHARES, int(sums.values[:, 0].sum() / A_SHARE))
    if most < FEWEST_SHARES:
        return None
    trials, x, successes = sums.groups(most).T
    share, spread = successes / trials, float(sigma(result)[0]) ** 2
    low, high = wilson(share, trials / (spread if spread > 0 else 1.0), level)
    return Shares(x / trials + shown.origin, share, low, high, trials)


class MeanCurveDisplay(Display[MeanCurve]):
    """The fitted mean over one column with its confidence band: a probability curve, or the mean of counts and amounts.

    Rows of two classes stand in strips beyond 0 and 1, spread for sight, with the shares observed in groups of them where nothing is
    held. A category beside the column gets a curve for each of its levels (up to six). Everything else is held: numbers, and an offset
    that is no part of the formula, at their means, categories at their reference level.

    Parameters
    ----------
    data : MeanCurve

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LogisticRegression
    >>> from mathlearn.plot import MeanCurveDisplay
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], ["no", "no", "yes", "no", "yes"]
    >>> model = LogisticRegression(C=np.inf).fit(X, y)
    >>> display = MeanCurveDisplay.from_estimator(model, X, y)
    >>> display.ax_.get_ylabel()
    "P(y = 'yes')"
    >>> plt.close(display.figure_)
    """

    size: ClassVar[tuple[float, float]] = (7.0, 5.2)

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
        """Read the rows of a fit once and draw the mean.

        Parameters
        ----------
        model : fitted estimator
        X, y, sample_weight, groups, offset
            As given to ``fit``. Of other rows the caption says that they are not those of the fit.
        ax : Axes, optional
        feature : str or int, optional
            The column to draw over, by name or by position among the numeric columns; needed when there are several.
        level : float in (0, 1)
            Of the band, at each place by itself, and of the interval of each share.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or the column is unknown.
        DomainError
            `level` is outside (0, 1), or the fit is by least squares or has more than one linear predictor.
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset)
        if reading.result.likelihood is None:
            raise DomainError("this fit is by least squares: RegressionDisplay draws it.")
        return cls(mean_curve(reading, feature=feature, level=level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_mean_curve(self.data, ax, theme, repaint=repaint)
        return ax
