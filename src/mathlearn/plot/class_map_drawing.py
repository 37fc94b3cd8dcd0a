"""Drawing a map of the most probable class, and the width of the interval of its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn.plot import style
from mathlearn.plot.artists import VECTOR_POINTS, marker_size
from mathlearn.plot.class_curves_drawing import NO_INTERVAL, left_out_words
from mathlearn.plot.regression_drawing import held_text
from mathlearn.plot.surface import MOST_ROWS, draw_field, edges
from mathlearn.plot.words import count, lacking, name, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.class_map_record import ClassMap
    from mathlearn.plot.style import Theme

__all__ = ["draw_class_map"]

PALEST, DENSEST = 0.04, 0.5
"""Opacity of a class where it is as probable as any, and where it is certain."""

CONTOURS = (0.5, 0.7, 0.9, 0.99)

HINT = "Look for marks of one class deep in the colour of another, and for borders in places without rows."
WIDE = "Look for places where the interval is wide: there the map beside is a guess."


def draw_class_map(data: ClassMap, left: Axes, right: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw the map on one Axes, and the width of the interval on the other."""
    for ax in (left, right):
        style.dress(ax, theme, repaint=repaint)
    labels = (name(data.features[0]), name(data.features[1]))
    _draw_classes(data, left, theme)
    _draw_rows(data, left, theme)
    _legend(data, left, theme)
    style.axis_labels(left, theme, *labels)
    style.headline(left, theme, f"Most probable {name(data.subject.response)}", HINT)
    style.caption(left, theme, _caption(data))
    title = f"Width of the {percent(data.level)} interval of its probability"
    known = np.isfinite(data.width)
    if data.withheld is not None or not known.any():
        style.headline(right, theme, title)
        style.empty(right, theme, name(data.withheld or NO_INTERVAL, 400))
        return
    draw_field(right, theme, (data.x, data.y), data.width, theme.ink)
    style.axis_labels(right, theme, *labels)
    style.headline(right, theme, title, WIDE)
    if not known.all():
        style.caption(right, theme, f"Left blank: {NO_INTERVAL}.")


def _draw_classes(data: ClassMap, ax: Axes, theme: Theme) -> None:
    """Shade each place in the colour of its most probable class, from as probable as all to certain; draw contours and borders."""
    colors = _engines.load("matplotlib.colors")
    least = 1.0 / len(data.subject.classes)
    share = np.clip((np.nan_to_num(data.mean, nan=least) - least) / (1.0 - least), 0.0, 1.0)
    picture = np.zeros((*data.top.shape, 4))
    for place, code in enumerate(data.subject.shown):
        picture[data.top == code, :3] = colors.to_rgb(theme.series[place])
    known = np.isin(data.top, data.subject.shown) & np.isfinite(data.mean)
    picture[..., 3] = np.where(known, PALEST + (DENSEST - PALEST) * share, 0.0)
    across, up = edges(data.x), edges(data.y)
    ax.imshow(picture, extent=(*across, *up), origin="lower", aspect="auto", interpolation="nearest", zorder=0.5)
    ax.set(xlim=data.x[[0, -1]], ylim=data.y[[0, -1]])
    _draw_lines(data, ax, theme)


def _draw_lines(data: ClassMap, ax: Axes, theme: Theme) -> None:
    """Draw contours of the probability of each class where it is the most probable, and the borders between classes."""
    for place, code in enumerate(data.subject.shown):
        here: FloatArray = np.where(data.top == code, data.mean, np.nan)
        if not np.isfinite(here).any():
            continue
        levels = [level for level in CONTOURS if np.nanmin(here) < level < np.nanmax(here)]
        if levels:
            lines = ax.contour(
                data.x, data.y, np.ma.masked_invalid(here), levels=levels, colors=theme.series[place], linewidths=0.9
            )
            ax.clabel(lines, fontsize=style.SMALL - 0.5, fmt=lambda value: f"{value:g}")
        lead = data.lead[place]
        if lead.min() < 0.0 < lead.max():
            ax.contour(data.x, data.y, lead, levels=[0.0], colors=theme.ink, linewidths=1.1)


def _draw_rows(data: ClassMap, ax: Axes, theme: Theme) -> None:
    stride = max(1, len(data.codes) // MOST_ROWS)
    (x, y), codes = data.values[::stride].T, data.codes[::stride]
    area, opacity = marker_size(2 * len(x))
    for place, code in enumerate(data.subject.shown):
        here = codes == code
        ax.scatter(
            x[here],
            y[here],
            s=area + 6,
            marker=style.MARKERS[place],
            color=theme.series[place],
            edgecolors=theme.ink,
            linewidths=0.5,
            alpha=max(opacity, 0.6),
            zorder=3,
            rasterized=len(x) > VECTOR_POINTS,
        )


def _legend(data: ClassMap, ax: Axes, theme: Theme) -> None:
    """Name the classes above the corner with the fewest rows."""
    lines = _engines.load("matplotlib.lines")
    handles = [
        lines.Line2D(
            [], [], linestyle="none", marker=style.MARKERS[k], color=theme.series[k], label=name(label, 16) or " "
        )
        for k, label in enumerate(data.subject.labels)
    ]
    legend = ax.legend(
        handles=handles, loc=_emptiest(data), fontsize=style.SMALL, labelcolor=theme.ink, handlelength=1.0, frameon=True
    )
    legend.get_frame().set(facecolor=theme.background, alpha=0.8, linewidth=0)
    legend.set_zorder(7)


def _emptiest(data: ClassMap) -> Any:
    """Return the corner with the fewest rows in it."""
    right = data.values[:, 0] > 0.5 * (data.x[0] + data.x[-1])
    upper = data.values[:, 1] > 0.5 * (data.y[0] + data.y[-1])
    corners = {
        "upper right": right & upper,
        "upper left": ~right & upper,
        "lower right": right & ~upper,
        "lower left": ~right & ~upper,
    }
    return min(corners, key=lambda corner: int(corners[corner].sum()))


def _caption(data: ClassMap) -> str:
    some = len(data.codes[:: max(1, len(data.codes) // MOST_ROWS)])
    drawn = count(data.n) if some == data.n else f"{some} of {count(data.n)} shown"
    parts = [
        f"{drawn}{'' if data.same_rows else ', not those of the fit'}.",
        "Lines: probability of the most probable class.",
    ]
    parts += left_out_words(data.subject) + lacking(data.left_out)
    if data.held:
        parts.append(f"Held: {name(held_text(data.held), 300)}.")
    return " ".join(parts)
