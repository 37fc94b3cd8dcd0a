"""Shares that came true against the probabilities that were fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot import style
from mathlearn.plot.shares import wilson
from mathlearn.plot.words import count, name, percent, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.measured import MeasuredRows
    from mathlearn.plot.style import Theme

__all__ = ["CalibrationCurve", "calibration_curve", "draw_calibration"]

HINT = "Look for intervals that miss the diagonal: probabilities that do not come true as often as they say."

MOST = 10


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """Observed against fitted shares in groups by the fitted probability; arrays (g,).

    Attributes
    ----------
    event : str
        What the probability is of.
    n : int
        Rows.
    level : float
        Of the interval of each share.
    fitted, observed, low, high : (g,)
    weight : (g,)
        Share of the trials that the group has.
    """

    event: str
    n: int
    level: float
    fitted: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray

    @property
    def miss(self) -> float:
        """Mean distance of observed from fitted shares."""
        return float(self.weight @ np.abs(self.observed - self.fitted))


def calibration_curve(measures: MeasuredRows, event: str, level: float = 0.95, spread: float = 1.0) -> CalibrationCurve:
    """Compute the picture; intervals are Wilson's, of trials that are worth less by the dispersion.

    Parameters
    ----------
    measures : MeasuredRows
        Of a fit of probabilities.
    event : str
    level : float in (0, 1)
    spread : float
        The dispersion.

    References
    ----------
    Hosmer, Lemeshow and Sturdivant (2013), "Applied Logistic Regression", 3rd edition, section 5.2.
    """
    assert measures.sums is not None
    trials, fitted, seen, _ = measures.sums.groups(min(MOST, max(measures.n // 5, 1))).T
    low, high = wilson(seen / trials, trials / spread, level)
    return CalibrationCurve(event, measures.n, level, fitted / trials, seen / trials, low, high, trials / trials.sum())


def draw_calibration(data: CalibrationCurve, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    ax.plot([0, 1], [0, 1], color=theme.accent, linewidth=1.2, zorder=1.5)
    missed = (data.low > data.fitted) | (data.high < data.fitted)
    for chosen, colour in ((~missed, theme.muted), (missed, theme.alarm)):
        ax.vlines(data.fitted[chosen], data.low[chosen], data.high[chosen], color=colour, linewidth=1.4, zorder=2)
        ax.scatter(data.fitted[chosen], data.observed[chosen], s=30, color=colour, linewidths=0, zorder=3)
    top = float(max(data.high.max(initial=0.0), data.fitted.max(initial=0.0)))
    bottom = float(min(data.low.min(initial=1.0), data.fitted.min(initial=1.0)))
    ax.set(xlim=(bottom - 0.03, top + 0.03), ylim=(bottom - 0.03, top + 0.03))
    style.axis_labels(ax, theme, f"fitted {name(data.event)}", "observed share")
    style.headline(ax, theme, "Calibration", HINT)
    about = (
        f"{count(data.n)} in {count(len(data.fitted), 'group')} of equal size; {percent(data.level)} intervals (Wilson)"
    )
    style.caption(ax, theme, f"{about}. Mean distance from the diagonal: {signed(data.miss, 2)}.")
