"""Size of residuals against fitted values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mathlearn.plot import style
from mathlearn.plot.artists import draw_cloud, draw_trend, rows_shown, trend_note
from mathlearn.plot.display import Display
from mathlearn.plot.labels import label_rows
from mathlearn.plot.measured import Called, MeasuredRows, column
from mathlearn.plot.row_measures import row_measures
from mathlearn.plot.trend import trend
from mathlearn.plot.words import name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn.plot.cloud import Cloud, Extremes
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.plot.trend import Trend

__all__ = ["ScaleLocation", "ScaleLocationDisplay", "draw_scale_location", "scale_location"]

HINT = "Look for a trend that rises or falls: errors whose spread is not constant."
OF_LIKELIHOOD = "Look for a trend that rises or falls: a spread that does not follow the mean as the family says."


@dataclass(frozen=True, slots=True)
class ScaleLocation:
    """Square roots of the size of standardised residuals against fitted values.

    Attributes
    ----------
    response : str
    cloud : Cloud
        Pair 1 is (fitted, root).
    curve : Trend or None
    worst : Extremes
    withheld : str or None
        Why there is no picture.
    called : Called
    """

    response: str
    cloud: Cloud
    curve: Trend | None
    worst: Extremes
    withheld: str | None
    called: Called


def scale_location(measures: MeasuredRows) -> ScaleLocation:
    """Compute the picture."""
    withheld = measures.withheld.size
    curve = None if withheld else trend(*measures.cloud.pair(1))
    return ScaleLocation(measures.response, measures.cloud, curve, measures.worst, withheld, measures.called)


def draw_scale_location(data: ScaleLocation, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    least_squares = data.called.ordered == "studentised"
    hint = HINT if least_squares else OF_LIKELIHOOD
    style.headline(ax, theme, "Size of residuals", hint if data.withheld is None else "")
    if data.withheld is not None:
        style.empty(ax, theme, name(data.withheld, 400))
        return
    draw_cloud(ax, theme, data.cloud, 1)
    ax.margins(0.06)
    ax.set_ylim(bottom=0)
    draw_trend(ax, theme, data.curve)
    values = data.worst.values
    at = values[:, column("fitted")], values[:, column("root")]
    label_rows(ax, theme, data.worst.rows, *at, among=data.cloud.pair(1))
    residual = data.called.standard if least_squares else data.called.residual
    style.axis_labels(ax, theme, name(data.called.across, 60), f"√ |{residual}|")
    line = trend_note(data.cloud, data.curve)
    style.caption(ax, theme, f"{rows_shown(data.cloud)}.{line}")


class ScaleLocationDisplay(Display[ScaleLocation]):
    """Size of standardised residuals against fitted values, with a smooth trend.

    Parameters
    ----------
    data : ScaleLocation

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import ScaleLocationDisplay
    >>> x = np.arange(20.0)
    >>> model = LinearRegression().fit(x[:, None], x + np.cos(x))
    >>> display = ScaleLocationDisplay.from_estimator(model, x[:, None], x + np.cos(x))
    >>> display.ax_.get_ylabel()
    '√ |standardised residual|'
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
        """Read the rows of a fit once and draw them; parameters and errors as `ResidualsDisplay.from_estimator`."""
        measures = row_measures(
            model, X, y, response=response, sample_weight=sample_weight, groups=groups, offset=offset
        )
        return cls(scale_location(measures)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_scale_location(self.data, ax, theme, repaint=repaint)
        return ax
