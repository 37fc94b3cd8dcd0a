"""Residuals against fitted values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn.plot import style
from mathlearn.plot.artists import draw_cloud, draw_trend, rows_shown, trend_note
from mathlearn.plot.display import Display
from mathlearn.plot.labels import label_rows
from mathlearn.plot.measured import Called, MeasuredRows, column
from mathlearn.plot.row_measures import row_measures
from mathlearn.plot.trend import trend
from mathlearn.plot.words import name, percent
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn.plot.cloud import Cloud, Extremes
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.plot.trend import Trend

__all__ = ["Residuals", "ResidualsDisplay", "draw_residuals", "residuals"]

HINT = "Look for a trend that bends away from zero: a curve that the model misses."

USUAL = 0.95
"""Share of the residuals that the shaded band holds if the model is right."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals against fitted values.

    Attributes
    ----------
    response : str
    cloud : Cloud
        Pair 0 is (fitted, resid).
    curve : Trend or None
        Of the rows that the cloud keeps.
    worst : Extremes
    exact : bool
        Whether residuals are rounding errors.
    called : Called
    usual : float
        How far out from zero lie 95 % of the residuals if the model is right; NaN where that is not known.
    """

    response: str
    cloud: Cloud
    curve: Trend | None
    worst: Extremes
    exact: bool
    called: Called
    usual: float


def residuals(measures: MeasuredRows) -> Residuals:
    """Compute the picture."""
    curve = None if measures.exact else trend(*measures.cloud.pair(0))
    known = measures.called.ordered == "quantile"
    usual = float(t_quantile(USUAL, np.inf)) if known else float("nan")
    return Residuals(measures.response, measures.cloud, curve, measures.worst, measures.exact, measures.called, usual)


def draw_residuals(data: Residuals, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    draw_cloud(ax, theme, data.cloud, 0)
    ax.axhline(0, color=theme.ink, linewidth=0.8, zorder=1.5)
    if data.usual > 0:
        ax.axhspan(-data.usual, data.usual, color=theme.muted, alpha=0.09, linewidth=0, zorder=0.5)
    ax.margins(0.06)
    draw_trend(ax, theme, data.curve)
    values = data.worst.values
    if not data.exact:
        at = values[:, column("fitted")], values[:, column("resid")]
        label_rows(ax, theme, data.worst.rows, *at, among=data.cloud.pair(0))
    style.axis_labels(ax, theme, name(data.called.across, 60), data.called.residual)
    against = "fitted values" if data.called.ordered == "studentised" else "predictor"
    style.headline(ax, theme, f"Residuals and {against}", HINT)
    style.caption(ax, theme, _caption(data))


def _caption(data: Residuals) -> str:
    line = " Exact fit: these are rounding errors." if data.exact else trend_note(data.cloud, data.curve)
    band = f" Shaded: {percent(USUAL)} of all, if the model is right." if data.usual > 0 else ""
    return f"{rows_shown(data.cloud)}.{band}{line}"


class ResidualsDisplay(Display[Residuals]):
    """Residuals against fitted values, with a smooth trend and the three most extreme rows.

    Parameters
    ----------
    data : Residuals

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import ResidualsDisplay
    >>> x = np.arange(20.0)
    >>> model = LinearRegression().fit(x[:, None], x + np.cos(x))
    >>> display = ResidualsDisplay.from_estimator(model, x[:, None], x + np.cos(x))
    >>> display.ax_.get_xlabel(), display.data.worst.rows.tolist()
    ('fitted y', [3, 16, 0])
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
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw them.

        Parameters
        ----------
        model : fitted estimator
        X, y, sample_weight, groups, offset
            As given to ``fit``.
        ax : Axes, optional
        response : str or int, optional
            Of several responses, which; the first by default.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned or are not those of the fit, or the response is unknown.
        """
        measures = row_measures(
            model, X, y, response=response, sample_weight=sample_weight, groups=groups, offset=offset
        )
        return cls(residuals(measures)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_residuals(self.data, ax, theme, repaint=repaint)
        return ax
