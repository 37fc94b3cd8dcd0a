"""Drawing a fitted curve with its bands among the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.plot import style
from mathlearn.plot.artists import draw_cloud, points, rows_shown
from mathlearn.plot.words import lacking, name, percent, short, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.regression_record import Curve, Regression
    from mathlearn.plot.style import Theme

__all__ = ["draw_regression", "emptiest", "held_text"]

NARROW = 290.0
"""Width in points below which bands are named under the figure, not in it."""


def draw_regression(data: Regression, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw curve, bands and rows."""
    style.dress(ax, theme, repaint=repaint)
    if data.by is None:
        draw_cloud(ax, theme, data.cloud, 0)
    else:
        _draw_levels(ax, theme, data)
    for curve in data.curves:
        _draw_curve(ax, theme, curve)
    style.axis_labels(ax, theme, name(data.feature), name(data.response))
    style.headline(ax, theme, f"{name(data.response)} by {name(data.feature)}", _subtitle(data))
    _legend(ax, theme, data)
    style.caption(ax, theme, _caption(data, legend=_roomy(ax)))


def _draw_levels(ax: Axes, theme: Theme, data: Regression) -> None:
    x, y, code = data.cloud.values.T
    for curve in data.curves:
        here = code == curve.code
        points(ax, x[here], y[here], theme.series[curve.code], style.MARKERS[curve.code], n=len(x))


def _draw_curve(ax: Axes, theme: Theme, curve: Curve) -> None:
    colour = theme.series[curve.code]
    alone = curve.level is None
    if alone and curve.one_low is not None and curve.one_high is not None:
        ax.fill_between(curve.x, curve.one_low, curve.one_high, color=colour, alpha=0.10, linewidth=0, zorder=1)
        for edge in (curve.one_low, curve.one_high):
            ax.plot(curve.x, edge, color=colour, alpha=0.45, linewidth=0.7, zorder=1)
    if curve.low is not None and curve.high is not None:
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.28, linewidth=0, zorder=3)
    ax.plot(curve.x, curve.mean, color=colour, zorder=4)


def _subtitle(data: Regression) -> str:
    parts = [] if data.equation is None else [name(data.equation, 160)]
    if not np.isnan(data.r_squared):
        parts.append(f"R² = {data.r_squared:.4f}")
    return "\u2003\u2003".join(parts)


def _roomy(ax: Axes) -> bool:
    """Whether there is room for a legend that names the bands."""
    return style.room(ax) > NARROW


def _caption(data: Regression, *, legend: bool) -> str:
    sampled = data.by is not None or data.cloud.grid(0) is None
    parts = [f"{rows_shown(data.cloud, sampled=sampled)}{'' if data.same_rows else ', not those of the fit'}."]
    parts += lacking(data.left_out)
    if data.held:
        parts.append(f"Held: {name(held_text(data.held), 300)}; points keep their residuals.")
    if data.withheld is not None:
        parts.append(f"No bands: {name(data.withheld, 300)}.")
    elif data.exact:
        parts.append("Exact fit: bands have no width.")
    elif data.by is not None:
        parts.append(f"Bands: {percent(data.level)} confidence for the mean.")
    elif not legend:
        parts.append(f"Bands, {percent(data.level)}: dark for the mean, light for {_one(data)}.")
    return " ".join(parts)


def _one(data: Regression) -> str:
    return "one observation" + " of weight 1" * data.weighted


def held_text(held: dict[str, float | str]) -> str:
    """Say what the first few columns are held at, not escaped."""
    told = [
        f"{short(column, 24)} = {value if isinstance(value, str) else signed(value)}"
        for column, value in list(held.items())[:4]
    ]
    more = len(held) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _legend(ax: Axes, theme: Theme, data: Regression) -> None:
    """Name the bands, or the levels, in the emptiest corner."""
    from mathlearn import _engines

    lines, patches = _engines.load("matplotlib.lines"), _engines.load("matplotlib.patches")
    handles = []
    if data.by is not None:
        for curve in data.curves:
            colour, marker = theme.series[curve.code], style.MARKERS[curve.code]
            label = name(curve.level or "")
            handles.append(lines.Line2D([], [], color=colour, marker=marker, markersize=4.5, label=label or " "))
    elif data.withheld is None and not data.exact and _roomy(ax):
        share = percent(data.level)
        colour = theme.accent
        handles = [
            lines.Line2D([], [], color=colour, label="fitted mean"),
            patches.Patch(color=colour, alpha=0.38, linewidth=0, label=f"{share} confidence, mean"),
            patches.Patch(color=colour, alpha=0.14, linewidth=0, label=f"{share} prediction, {_one(data)}"),
        ]
    if handles:
        legend = ax.legend(
            handles=handles,
            loc=emptiest([data.cloud.values[:, :2]], data.curves),
            fontsize=style.SMALL,
            labelcolor=theme.ink,
            handlelength=1.6,
            frameon=True,
        )
        legend.get_frame().set(facecolor=theme.background, alpha=0.8, linewidth=0)
        legend.set_zorder(6)


def emptiest(clouds: Sequence[FloatArray], curves: Sequence[Curve]) -> Any:
    """Return the corner with the fewest points (n, 2) and the least of curves and bands in it."""
    xs, ys = [cloud[:, 0] for cloud in clouds], [cloud[:, 1] for cloud in clouds]
    n = sum(map(len, xs))
    for curve in curves:
        for edge in (curve.mean, curve.one_low, curve.one_high) if curve.level is None else (curve.mean,):
            if edge is not None:
                # A band counts as much as the points do.
                repeat = max(1, n // (2 * len(edge)))
                xs.append(np.repeat(curve.x, repeat))
                ys.append(np.repeat(edge, repeat))
    x, y = np.concatenate(xs), np.concatenate(ys)
    right, top = _share(x), _share(y)
    corners = {
        "upper left": (right < 0.5) & (top > 0.7),
        "lower right": (right > 0.5) & (top < 0.3),
        "upper right": (right > 0.5) & (top > 0.7),
        "lower left": (right < 0.5) & (top < 0.3),
    }
    return min(corners, key=lambda corner: int(corners[corner].sum()))


def _share(values: FloatArray) -> FloatArray:
    low, high = np.nanmin(values), np.nanmax(values)
    share: FloatArray = (values - low) / (high - low if high > low else 1.0)
    return share
