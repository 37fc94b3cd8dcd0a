"""Residuals against fitted values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mathlearn.plot import style
from mathlearn.plot.artists import draw_cloud, draw_trend, rows_shown, trend_note
from mathlearn.plot.display import Display
from mathlearn.plot.labels import label_rows
from mathlearn.plot.row_measures import MeasuredRows, column, row_measures
from mathlearn.plot.trend import trend
from mathlearn.plot.words import name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn.plot.cloud import Cloud, Extremes
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.plot.trend import Trend

__all__ = ["Residuals", "ResidualsDisplay", "draw_residuals", "residuals"]

HINT = "Look for a trend that bends away from zero: a curve that the model misses."


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
    """

    response: str
    cloud: Cloud
    curve: Trend | None
    worst: Extremes
    exact: bool


def residuals(measures: MeasuredRows) -> Residuals:
    """Compute the picture."""
    curve = None if measures.exact else trend(*measures.cloud.pair(0))
    return Residuals(measures.response, measures.cloud, curve, measures.worst, measures.exact)


def draw_residuals(data: Residuals, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    draw_cloud(ax, theme, data.cloud, 0)
    ax.axhline(0, color=theme.ink, linewidth=0.8, zorder=1.5)
    ax.margins(0.06)
    draw_trend(ax, theme, data.curve)
    values = data.worst.values
    if not data.exact:
        at = values[:, column("fitted")], values[:, column("resid")]
        label_rows(ax, theme, data.worst.rows, *at, among=data.cloud.pair(0))
    style.axis_labels(ax, theme, f"fitted {name(data.response)}", "residual")
    style.headline(ax, theme, "Residuals and fitted values", HINT)
    line = trend_note(data.cloud, data.curve)
    line = " Exact fit: these are rounding errors." if data.exact else line
    style.caption(ax, theme, f"{rows_shown(data.cloud)}.{line}")


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
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw them.

        Parameters
        ----------
        model : fitted estimator
        X, y, sample_weight, groups
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
        measures = row_measures(model, X, y, response=response, sample_weight=sample_weight, groups=groups)
        return cls(residuals(measures)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_residuals(self.data, ax, theme, repaint=repaint)
        return ax
