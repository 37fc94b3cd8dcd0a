"""Artists that several figures share: a cloud of rows, labels of rows, a trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn.plot.style import SMALL, root
from mathlearn.plot.words import count, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.plot.cells import Grid
    from mathlearn.plot.cloud import Cloud
    from mathlearn.plot.style import Theme
    from mathlearn.plot.trend import Trend

__all__ = ["draw_cloud", "draw_trend", "label_rows", "marker_size", "rows_shown"]

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


_LOW = tuple((9, -7 - 9 * step, "left") for step in range(5))
_HIGH = tuple((-9, -1 + 9 * step, "right") for step in range(5))
_PLACES = ((6, 4, "left"), (-6, 4, "right"), (6, -11, "left"), (-6, -11, "right"), (0, 9, "center"), (0, -16, "center"))


def label_rows(ax: Axes, theme: Theme, rows: IntArray, x: FloatArray, y: FloatArray, *, rising: bool = False) -> None:
    """Mark rows and write their numbers beside them, clear of each other and of the borders where that can be.

    Beside a rising row of points labels stand at the lower right of what is low and at the upper left of what is high.
    """
    fine = np.isfinite(x) & np.isfinite(y)
    if not fine.any():
        return
    rows, x, y = rows[fine], x[fine], y[fine]
    ax.scatter(x, y, s=34, facecolors="none", edgecolors=theme.alarm, linewidths=1.1, zorder=5)
    figure = root(ax)
    scale = 72 / (figure.dpi if figure is not None else 100)
    where = ax.transData.transform(np.column_stack([x, y])) * scale
    frame = ax.get_window_extent().get_points() * scale
    taken = [(u - 4, v - 4, u + 4, v + 4) for u, v in where.tolist()]
    for row, at, place in zip(rows.tolist(), zip(x, y, strict=True), where, strict=True):
        text = grouped(str(row))
        order = _PLACES if not rising else _LOW if at[1] < 0 else _HIGH
        dx, dy, side, box = _free(place, len(text), frame, taken, order)
        taken.append(box)
        ax.annotate(
            text,
            xy=at,
            xytext=(dx, dy),
            textcoords="offset points",
            ha=side,
            fontsize=SMALL - 0.5,
            color=theme.ink,
            zorder=6,
            annotation_clip=False,
        )


def _free(
    place: FloatArray,
    characters: int,
    frame: FloatArray,
    taken: Sequence[tuple[float, float, float, float]],
    order: Sequence[tuple[float, float, str]],
) -> tuple[float, float, str, tuple[float, float, float, float]]:
    """Choose the first place about a point, in typographic points, where a label of so many characters is free."""
    width, height = 5.2 * characters, 10.0
    options = []
    for dx, dy, side in order:
        left = place[0] + dx - (width if side == "right" else width / 2 if side == "center" else 0)
        box = (left, place[1] + dy, left + width, place[1] + dy + height)
        inside = (
            frame[0, 0] <= box[0] and box[2] <= frame[1, 0] + 4 and frame[0, 1] <= box[1] and box[3] <= frame[1, 1] + 4
        )
        clear = not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)
        options.append((-(2 * clear + inside), dx, dy, side, box))
    best = min(options, key=lambda option: option[0])
    return best[1], best[2], best[3], best[4]
