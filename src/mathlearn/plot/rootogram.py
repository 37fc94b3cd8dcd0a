"""Hanging rootogram: how often each count was seen, hung from how often the model expects it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot import style
from mathlearn.plot.measured import column
from mathlearn.plot.words import count, grouped, name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.measured import MeasuredRows
    from mathlearn.plot.style import Theme
    from mathlearn.probability.distribution import Distribution

__all__ = ["Rootogram", "draw_rootogram", "rootogram"]

HINT = "Look for bars that end far from zero: below it a count is more frequent than expected, above it rarer."

MOST = 40
"""Bars at most: large counts share one."""


@dataclass(frozen=True, slots=True)
class Rootogram:
    """Observed and expected frequencies of counts; arrays (b,).

    Attributes
    ----------
    response : str
    n : int
        Rows in all.
    shown : int
        Rows that the frequencies are of: a random sample where there are many.
    first, last : (b,)
        Counts that share a bar, both included; the last bar has everything from its first count on.
    observed, expected : (b,)
    """

    response: str
    n: int
    shown: int
    first: FloatArray
    last: FloatArray
    observed: FloatArray
    expected: FloatArray


def rootogram(measures: MeasuredRows, law: Distribution) -> Rootogram:
    """Compute the picture of the rows that are kept, each as often as it occurs.

    Parameters
    ----------
    measures : MeasuredRows
        Of a fit of counts.
    law : Distribution
        Of a whole number with dispersion 1.

    References
    ----------
    Kleiber and Zeileis (2016), "Visualizing count data regressions using rootograms", The American Statistician 70(3).
    """
    values = measures.cloud.values
    y, mean, copies = (values[:, column(each)] for each in ("y", "mean", "copies"))
    edges = _edges(y)
    observed = np.histogram(y, bins=np.append(edges, np.inf), weights=copies)[0]
    expected = np.array(
        [copies @ _between(law, low, high, mean) for low, high in zip(edges, [*edges[1:], np.inf], strict=True)]
    )
    last = np.append(edges[1:] - 1, max(float(y.max(initial=0.0)), edges[-1]))
    return Rootogram(measures.response, measures.n, len(y), edges, last, observed, expected)


def _edges(y: FloatArray) -> FloatArray:
    """First counts of the bars: each count its own where they are few, else as wide as it takes; the last holds what is beyond."""
    top = float(y.max(initial=0.0))
    if top < MOST:
        return np.arange(top + 2)
    ends = float(np.quantile(y, 0.995))
    width = max(np.ceil((ends + 1) / (MOST - 1)), 1.0)
    return np.arange(0.0, ends + width + 1, width)


def _between(law: Distribution, low: float, high: float, mean: FloatArray) -> FloatArray:
    """Probabilities of a count from `low` to `high - 1`, by the tail in which they have their digits."""
    if np.isinf(high):
        return law.above(low - 1, mean)
    left, right = law.below(high - 1, mean), law.above(low - 1, mean)
    return np.where(left <= right, left - law.below(low - 1, mean), right - law.above(high - 1, mean))


def draw_rootogram(data: Rootogram, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the picture."""
    style.dress(ax, theme, repaint=repaint)
    seen, due = np.sqrt(data.observed), np.sqrt(data.expected)
    centre, width = 0.5 * (data.first + np.maximum(data.last, data.first)), data.last - data.first + 1
    width[-1] = width[:-1].max(initial=1.0)
    centre[-1] = data.first[-1] + 0.5 * (width[-1] - 1)
    ax.bar(centre, seen, width=0.82 * width, bottom=due - seen, color=theme.muted, alpha=0.45, linewidth=0, zorder=2)
    ax.plot(centre, due, color=theme.accent, marker="o", markersize=3.5, zorder=3)
    ax.axhline(0, color=theme.ink, linewidth=0.9, zorder=4)
    ax.margins(x=0.02, y=0.06)
    style.axis_labels(ax, theme, name(data.response), "√ frequency")
    style.headline(ax, theme, "Hanging rootogram", HINT)
    of = count(data.n) if data.shown == data.n else f"{grouped(str(data.shown))} of {count(data.n)}, drawn at random"
    style.caption(
        ax, theme, f"{of}. Line: expected by the model; bars: observed, hung from it; the last has all beyond."
    )
