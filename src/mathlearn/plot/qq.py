"""Ordered residuals against what normal errors would give, with a simultaneous band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn.plot import style
from mathlearn.plot.artists import VECTOR_POINTS, marker_size
from mathlearn.plot.bands import band, drawn_ranks, expected
from mathlearn.plot.display import Display
from mathlearn.plot.labels import label_rows
from mathlearn.plot.measured import Called, MeasuredRows, column
from mathlearn.plot.row_measures import row_measures
from mathlearn.plot.words import count, grouped, name, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.plot.cloud import Extremes
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["Quantiles", "QuantilesDisplay", "draw_quantiles", "quantiles"]

SAID = {
    "studentised": (
        "Normal Q–Q",
        "Look for points outside the band: errors that are not normal. It matters for small samples and for prediction.",
        "expected of normal errors",
    ),
    "quantile": (
        "Q–Q of quantile residuals",
        "Look for points outside the band: observations that do not follow the law of the family.",
        "expected under the model",
    ),
    "deviance": (
        "Q–Q of deviance residuals",
        "Look for single points far off the line: they are normal only roughly, so that there is no band.",
        "normal quantile",
    ),
}
"""Title, what to look for and the label below, by the kind of residual."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Ordered residuals and where the model would put them: of least squares externally studentised, of a likelihood quantile residuals.

    Attributes
    ----------
    response : str
    n : int
        Residuals in all.
    df : float
        Of Student's t, which a studentised residual follows when errors are normal; infinite of a quantile residual, which is normal.
    level : float
        Probability that the band holds all points together when the model is right; of quantile residuals a lower bound.
    ranks : (m,)
        Those drawn, from 1 to n.
    expected, observed, low, high : (m,)
        Medians, residuals, and the band; NaN where there is no band.
    labelled : (rows, expected, observed)
        The most extreme rows.
    withheld : str or None
        Why there is no picture.
    called : Called
    """

    response: str
    n: int
    df: float
    level: float
    ranks: IntArray
    expected: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    labelled: tuple[IntArray, FloatArray, FloatArray]
    withheld: str | None
    called: Called

    @property
    def outside(self) -> Any:
        """Which of the points drawn leave the band, (m,) bool."""
        return (self.observed < self.low) | (self.observed > self.high)


def quantiles(measures: MeasuredRows, level: float = 0.95) -> Quantiles:
    """Compute the picture.

    Raises
    ------
    DomainError
        `level` is outside (0, 1).
    """
    withheld, called = measures.withheld.quantiles, measures.called
    n, df = measures.order.n, measures.df - 1
    if withheld is None and (df < 1 or n < 3):
        withheld = "too few residual degrees of freedom to studentise residuals"
    nothing = np.empty(0)
    if withheld is not None:
        none = np.empty(0, dtype=np.int64)
        labelled = (none, nothing, nothing)
        empty = (none, nothing, nothing, nothing, nothing)
        return Quantiles(measures.response, n, df, level, *empty, labelled, withheld, called)
    ranks = drawn_ranks(n)
    low, high = band(ranks, n, df, level, independent=called.ordered != "studentised")
    if called.ordered == "deviance":
        low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
    observed = measures.order.at(ranks)
    labelled = _labelled(measures.worst, n, df)
    return Quantiles(
        measures.response, n, df, level, ranks, expected(ranks, n, df), observed, low, high, labelled, None, called
    )


def _labelled(worst: Extremes, n: int, df: float) -> tuple[IntArray, FloatArray, FloatArray]:
    """Place the most extreme rows: from either end they are the first."""
    values = worst.values[:, column("studentised")]
    below, copies = values < 0, worst.values[:, column("copies")]
    before = np.where(below, np.cumsum(copies * below), np.cumsum(copies * ~below)) - copies
    ranks = np.where(below, 1 + before, n - before)
    return worst.rows, expected(ranks, n, df), values


def draw_quantiles(data: Quantiles, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    title, hint, below = SAID[data.called.ordered]
    style.headline(ax, theme, title, hint if data.withheld is None else "")
    if data.withheld is not None:
        style.empty(ax, theme, name(data.withheld, 400))
        return
    ax.fill_between(data.expected, data.low, data.high, color=theme.accent, alpha=0.16, linewidth=0, zorder=1)
    ends = data.expected[[0, -1]]
    ax.plot(ends, ends, color=theme.accent, linewidth=1.2, zorder=1.5)
    out = data.outside
    area, _ = marker_size(len(data.ranks))
    for chosen, colour in ((~out, theme.muted), (out, theme.alarm)):
        ax.scatter(
            data.expected[chosen],
            data.observed[chosen],
            s=area,
            color=colour,
            alpha=0.75,
            linewidths=0,
            zorder=3,
            rasterized=int(chosen.sum()) > VECTOR_POINTS,
        )
    ax.margins(0.06)
    label_rows(ax, theme, *data.labelled, among=(data.expected, data.observed))
    style.axis_labels(ax, theme, below, f"{data.called.ordered} residual")
    style.caption(ax, theme, _caption(data, int(out.sum())))


def _caption(data: Quantiles, out: int) -> str:
    drawn = len(data.ranks)
    of = count(data.n) if drawn == data.n else f"{count(drawn, 'quantile')} of {count(data.n)}"
    if data.called.ordered == "deviance":
        return f"{of}."
    leave = "none leaves" if not out else f"{grouped(str(out))} leave{'s' if out == 1 else ''}"
    least = "at least " if data.called.ordered == "quantile" else ""
    drawn_at = " Each residual is drawn at random within the step of its number." if data.called.drawn else ""
    return f"{of}; {leave} the band, which holds all together with probability {least}{percent(data.level)}.{drawn_at}"


class QuantilesDisplay(Display[Quantiles]):
    """Q-Q plot of the residuals with a simultaneous band.

    Externally studentised residuals stand against the medians of ordered Student t variables, which they follow when errors
    are normal. The band has the same local level at every residual, calibrated so that it holds all of them together
    (see `mathlearn.plot.bands`). Of a fit by likelihood they are quantile residuals, which are normal whatever the family; those of
    whole numbers are drawn at random, the same in each drawing.

    Parameters
    ----------
    data : Quantiles

    References
    ----------
    Aldor-Noiman, Brown, Buja, Rolke and Stine (2013), "The power to see: a new graphical test of normality", Amer. Statist.
    67(4).
    Dunn and Smyth (1996), "Randomized quantile residuals", J. Comput. Graph. Statist. 5(3).

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import QuantilesDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 1))
    >>> y = X[:, 0] + rng.normal(size=60)
    >>> model = LinearRegression().fit(X, y)
    >>> display = QuantilesDisplay.from_estimator(model, X, y)
    >>> int(display.data.outside.sum())
    0
    >>> plt.close(display.figure_)
    """

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        ax: Axes | None = None,
        response: str | int | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw them; parameters and errors as `ResidualsDisplay.from_estimator`.

        Parameters
        ----------
        level : float in (0, 1)
            Probability that the band holds all residuals together when errors are normal.
        """
        measures = row_measures(
            model, X, y, response=response, sample_weight=sample_weight, groups=groups, offset=offset
        )
        return cls(quantiles(measures, level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_quantiles(self.data, ax, theme, repaint=repaint)
        return ax
