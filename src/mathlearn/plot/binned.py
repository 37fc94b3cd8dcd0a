"""Mean residuals of 0 and 1, or of proportions, in groups of rows by their fitted probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot import style
from mathlearn.plot.words import count, grouped, name, percent
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.measured import MeasuredRows
    from mathlearn.plot.style import Theme

__all__ = ["BinnedResiduals", "binned_residuals", "draw_binned"]

HINT = "Look for a run of dots on one side, or more dots outside the band than chance leaves: a curve that the model misses."

MOST = 40

LEAST = 1e-3
"""Residuals to which the picture reaches at least: rounding errors are not worth a look."""


@dataclass(frozen=True, slots=True)
class BinnedResiduals:
    """Mean residuals in groups; arrays (g,).

    Attributes
    ----------
    response : str
    n : int
        Rows.
    level : float
        Probability with which each dot by itself lies in the band, if the model is right.
    fitted : (g,)
        Mean fitted probability.
    residual : (g,)
        Observed less fitted share.
    half : (g,)
        Half the width of the band.
    """

    response: str
    n: int
    level: float
    fitted: FloatArray
    residual: FloatArray
    half: FloatArray

    @property
    def outside(self) -> int:
        """How many dots lie outside the band."""
        return int((np.abs(self.residual) > self.half).sum())


def binned_residuals(measures: MeasuredRows, level: float = 0.95, spread: float = 1.0) -> BinnedResiduals:
    r"""Compute the picture: with trials t, the share of a group varies by :math:`\phi \sum t\mu(1-\mu) / (\sum t)^2`.

    Parameters
    ----------
    measures : MeasuredRows
        Of a fit of probabilities.
    level : float in (0, 1)
    spread : float
        The dispersion.

    References
    ----------
    Gelman and Hill (2006), "Data Analysis Using Regression and Multilevel/Hierarchical Models", section 5.6.
    """
    assert measures.sums is not None
    trials, fitted, seen, variance = measures.sums.groups(_groups(measures.n)).T
    half = t_quantile(level, np.inf) * np.sqrt(spread * variance) / trials
    return BinnedResiduals(measures.response, measures.n, level, fitted / trials, (seen - fitted) / trials, half)


def _groups(n: int) -> int:
    """As many groups as the root of the rows, ten at least where there are rows for them."""
    return max(min(MOST, int(np.sqrt(n))), min(10, n // 2), 1)


def draw_binned(data: BinnedResiduals, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    ax.axhline(0, color=theme.ink, linewidth=0.8, zorder=1.5)
    ax.fill_between(data.fitted, -data.half, data.half, color=theme.accent, alpha=0.16, linewidth=0, zorder=1)
    out = np.abs(data.residual) > data.half
    for chosen, colour in ((~out, theme.muted), (out, theme.alarm)):
        ax.scatter(data.fitted[chosen], data.residual[chosen], s=24, color=colour, linewidths=0, zorder=3)
    ax.margins(0.06)
    reach = max(float(np.abs(np.concatenate([data.residual, data.half])).max(initial=0.0)), LEAST)
    ax.set_ylim(-1.1 * reach, 1.1 * reach)
    style.axis_labels(ax, theme, f"fitted probability of {name(data.response)}", "observed − fitted share")
    style.headline(ax, theme, "Binned residuals", HINT)
    g = len(data.fitted)
    outside = f"{grouped(str(data.outside))} of {count(g, 'group')}" if g else "none"
    style.caption(
        ax,
        theme,
        f"{count(data.n)}; {outside} outside the band, which each leaves with probability {percent(1 - data.level)}.",
    )
