"""Standardised residuals against leverage, with contours of Cook's distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn.plot import style
from mathlearn.plot.artists import draw_cloud, rows_shown
from mathlearn.plot.display import Display
from mathlearn.plot.labels import label_rows
from mathlearn.plot.measured import Called, MeasuredRows, column
from mathlearn.plot.row_measures import row_measures
from mathlearn.plot.words import count, name, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.cloud import Cloud, Extremes
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["Leverage", "LeverageDisplay", "cook_contour", "draw_leverage", "leverage"]

HINT = "Look for rows beyond a dashed contour: rows that alone move the coefficients."
FAR = "No row shown reaches Cook's distance 0.5: none alone moves the coefficients much."
"""Said instead where no contour is in view."""

DISTANCES = (0.5, 1.0)
"""Cook's distances drawn as contours: customary for "worth a look" and "influential"."""


@dataclass(frozen=True, slots=True)
class Leverage:
    """Standardised residuals against leverage.

    Attributes
    ----------
    response : str
    cloud : Cloud
        Pair 2 is (hat, std_resid).
    influential : Extremes
        The rows with the largest Cook's distance, its value as score.
    parameters : int
        k in Cook's distance ``std_resid**2 hat / ((1 - hat) k)``.
    saturated : int
        Rows of leverage 1, which have no standardised residual.
    withheld : str or None
        Why there is no picture.
    called : Called
    """

    response: str
    cloud: Cloud
    influential: Extremes
    parameters: int
    saturated: int
    withheld: str | None
    called: Called


def leverage(measures: MeasuredRows) -> Leverage:
    """Compute the picture."""
    return Leverage(
        measures.response,
        measures.cloud,
        measures.influential,
        measures.parameters,
        measures.saturated,
        measures.withheld.leverage
        or (None if measures.parameters else "this fit has no coefficient that a row could move"),
        measures.called,
    )


def cook_contour(hat: FloatArray, distance: float, parameters: int) -> FloatArray:
    """Return the size of the standardised residual with which a row of this leverage has this Cook's distance.

    References
    ----------
    Cook and Weisberg (1982), "Residuals and Influence in Regression", section 3.5.
    """
    return np.sqrt(distance * parameters * (1 - hat) / hat)


def draw_leverage(data: Leverage, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    title = "Leverage and Cook's distance"
    if data.withheld is not None:
        style.headline(ax, theme, title)
        style.empty(ax, theme, name(data.withheld, 400))
        return
    draw_cloud(ax, theme, data.cloud, 2)
    ax.axhline(0, color=theme.ink, linewidth=0.8, zorder=1.5)
    ax.margins(0.08)
    ax.set_xlim(left=0)
    ax.set(xlim=(0, ax.get_xlim()[1]), ylim=ax.get_ylim())
    shown = [_contour(ax, theme, distance, data.parameters) for distance in DISTANCES]
    style.headline(ax, theme, title, HINT if any(shown) else FAR)
    values = data.influential.values
    at = values[:, column("hat")], values[:, column("std_resid")]
    label_rows(ax, theme, data.influential.rows, *at, among=data.cloud.pair(2))
    style.axis_labels(ax, theme, "leverage", data.called.standard)
    style.caption(ax, theme, _caption(data, any(shown)))


def _contour(ax: Axes, theme: Theme, distance: float, parameters: int) -> bool:
    """Draw the contours of one distance where they are in view; return whether they are."""
    right, (bottom, top) = ax.get_xlim()[1], ax.get_ylim()
    hat = np.linspace(min(right, 0.999) / 400, min(right, 0.999), 400)
    size = cook_contour(hat, distance, parameters)
    shown = False
    for side in (1, -1):
        inside = (side * size <= top) & (side * size >= bottom)
        if not inside.any():
            continue
        shown = True
        ax.plot(hat[inside], side * size[inside], color=theme.alarm, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1.8)
        at = int(np.flatnonzero(inside)[-1])
        ax.annotate(
            f"{distance:g}",
            xy=(hat[at], side * size[at]),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL - 0.5,
            color=theme.alarm,
            annotation_clip=False,
        )
    return shown


def _caption(data: Leverage, contours: bool) -> str:
    parts = [f"{rows_shown(data.cloud)}."]
    if len(data.influential.rows):
        row, largest = data.influential.rows[0], data.influential.score[0]
        parts.append(f"Largest Cook's distance: {signed(float(largest), 2)} (row {row})")
        parts[-1] += "; dashed: 0.5 and 1." if contours else "; the contours 0.5 and 1 lie outside."
    if data.saturated:
        parts.append(f"{count(data.saturated)} of leverage 1 not shown: the fit passes through.")
    return " ".join(parts)


class LeverageDisplay(Display[Leverage]):
    """Standardised residuals against leverage, with contours of Cook's distance and the three most influential rows.

    Parameters
    ----------
    data : Leverage

    References
    ----------
    Cook and Weisberg (1982), "Residuals and Influence in Regression", chapter 3.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import LeverageDisplay
    >>> x = np.append(np.arange(20.0), 60.0)
    >>> model = LinearRegression().fit(x[:, None], np.sin(x))
    >>> display = LeverageDisplay.from_estimator(model, x[:, None], np.sin(x))
    >>> int(display.data.influential.rows[0])
    20
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
        return cls(leverage(measures)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_leverage(self.data, ax, theme, repaint=repaint)
        return ax
