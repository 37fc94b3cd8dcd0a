"""Artists that several figures share: a cloud of rows, a trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn.plot.words import count, grouped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.cells import Grid
    from mathlearn.plot.cloud import Cloud
    from mathlearn.plot.style import Theme
    from mathlearn.plot.trend import Trend

__all__ = ["draw_cloud", "draw_trend", "marker_size", "points", "rows_shown"]

VECTOR_POINTS = 1_200
"""Above so many points they are drawn as one picture, not one by one."""


def rows_shown(cloud: Cloud, *, sampled: bool = False) -> str:
    """Say which rows are shown and how, in a few words."""
    if cloud.complete:
        return count(cloud.n)
    if sampled:
        return f"{grouped(str(len(cloud.rows)))} of {count(cloud.n)} shown, drawn at random"
    return f"{count(cloud.n)}, shaded by their number (log scale)"


def marker_size(n: int) -> tuple[float, float]:
    """Return area and opacity of markers when there are so many."""
    area = float(np.interp(np.log10(max(n, 1)), [1.0, 2.0, 3.0, 3.7], [34, 20, 9, 5]))
    opacity = float(np.interp(np.log10(max(n, 1)), [1.0, 2.0, 3.0, 3.7], [0.85, 0.7, 0.5, 0.35]))
    return area, opacity


def draw_cloud(ax: Axes, theme: Theme, cloud: Cloud, pair: int) -> None:
    """Draw every row as a point, or the number of rows in each cell as a shade of grey."""
    ax.use_sticky_edges = False
    grid = cloud.grid(pair)
    if grid is not None:
        shade(ax, theme, grid)
        return
    x, y = cloud.pair(pair)
    points(ax, x, y, theme.muted)


def points(ax: Axes, x: FloatArray, y: FloatArray, colour: str, marker: str = "o", *, n: int | None = None) -> Any:
    """Draw points whose size and opacity suit the number drawn in all, `n`."""
    area, opacity = marker_size(len(x) if n is None else n)
    return ax.scatter(
        x,
        y,
        s=area,
        color=colour,
        alpha=opacity,
        marker=marker,
        linewidths=0,
        zorder=2,
        rasterized=len(x) > VECTOR_POINTS,
    )


def shade(ax: Axes, theme: Theme, grid: Grid) -> None:
    """Draw counts as shades from transparent to full, by their logarithm."""
    colors = _engines.load("matplotlib.colors")
    red, green, blue = colors.to_rgb(theme.muted)
    steps = np.linspace(0, 1, 256)
    ramp = np.column_stack([np.full(256, red), np.full(256, green), np.full(256, blue), 0.2 + 0.75 * steps])
    counts = np.ma.masked_equal(grid.counts.T, 0)
    largest = max(int(grid.counts.max()), 2)
    ax.pcolormesh(
        grid.x.edges,
        grid.y.edges,
        counts,
        cmap=colors.ListedColormap(ramp),
        norm=colors.LogNorm(1, largest),
        zorder=2,
        rasterized=True,
        linewidth=0,
    )


def draw_trend(ax: Axes, theme: Theme, curve: Trend | None) -> None:
    """Draw a trend with a band of two standard errors about it; the rows, drawn before, say how high the axes are."""
    if curve is None:
        return
    ax.set_ylim(ax.get_ylim())
    ax.fill_between(
        curve.x,
        curve.y - 2 * curve.error,
        curve.y + 2 * curve.error,
        color=theme.accent,
        alpha=0.2,
        linewidth=0,
        zorder=3,
    )
    ax.plot(curve.x, curve.y, color=theme.accent, zorder=4)


def trend_note(cloud: Cloud, curve: Trend | None) -> str:
    """Say in a caption what the line is, with a space before; nothing where there is none."""
    of = "" if cloud.complete else " of a random sample"
    return f" Line: smooth trend{of}, ± 2 standard errors." if curve is not None else ""
