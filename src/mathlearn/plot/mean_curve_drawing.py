"""Drawing a fitted mean with its band among the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn.plot import style
from mathlearn.plot.artists import draw_cloud, points, rows_shown
from mathlearn.plot.cloud import uniform
from mathlearn.plot.regression_drawing import emptiest, held_text
from mathlearn.plot.words import lacking, name, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.mean_curve_record import MeanCurve, Shares
    from mathlearn.plot.regression_record import Curve
    from mathlearn.plot.style import Theme

__all__ = ["draw_curve", "draw_mean_curve", "strips"]

NEAR, FAR = 0.03, 0.11
"""Where the strips of rows begin and end beyond 0 and 1."""

LOOK_SHARES = "Look for observed shares whose intervals miss the band: a curve that the model does not have."
LOOK_CLASSES = "Look for rows of one class where the curve is sure of the other."
LOOK_POINTS = "Look for points that run away from the band: a curve that the model does not have."

_MOVED = {
    "": "rows as observed",
    "ratios": "points keep their ratio to the mean",
    "residuals": "points keep their residuals",
}


def draw_mean_curve(data: MeanCurve, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw curve, band and rows."""
    style.dress(ax, theme, repaint=repaint)
    subject = data.subject
    _draw_rows(ax, theme, data)
    for curve in data.curves:
        draw_curve(ax, curve, theme.series[curve.code])
    if data.shares is not None:
        _draw_shares(ax, theme, data.shares)
    style.axis_labels(ax, theme, name(data.feature), name(subject.mean))
    style.headline(ax, theme, f"{name(subject.mean)} by {name(data.feature)}", _subtitle(data))
    _legend(ax, theme, data)
    style.caption(ax, theme, _caption(data))


def draw_curve(ax: Axes, curve: Curve, colour: str, line: Any = "-") -> None:
    """Draw a mean with its band."""
    if curve.low is not None and curve.high is not None:
        ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.26, linewidth=0, zorder=3)
    ax.plot(curve.x, curve.mean, color=colour, linestyle=line, zorder=4)


def strips(y: FloatArray, rows: Any) -> FloatArray:
    """Spread rows of 0 and 1 over strips beyond them; the same row always stands in the same place."""
    away = NEAR + (FAR - NEAR) * uniform(rows)
    return np.where(y > 0.5, 1 + away, -away)


def _draw_rows(ax: Axes, theme: Theme, data: MeanCurve) -> None:
    x, y, code = data.cloud.values.T
    if data.subject.classes:
        y = strips(y, data.cloud.rows)
        class_lines(ax, theme, data.subject.classes)
    elif data.by is None:
        draw_cloud(ax, theme, data.cloud, 0)
        return
    for curve in data.curves:
        here = code == curve.code
        colour = theme.muted if data.by is None else theme.series[curve.code]
        points(ax, x[here], y[here], colour, style.MARKERS[curve.code], n=len(x))


def class_lines(ax: Axes, theme: Theme, classes: tuple[str, ...]) -> None:
    """Draw lines at 0 and 1, and write beside the strips which class stands there."""
    ax.set_ylim(-FAR - NEAR, 1 + FAR + NEAR)
    for place, label in zip((0.0, 1.0), classes, strict=True):
        ax.axhline(place, color=theme.grid, linewidth=0.8, zorder=1)
        middle = place + (0.5 * (NEAR + FAR) if place else -0.5 * (NEAR + FAR))
        ax.annotate(
            name(label, 16),
            xy=(1, middle),
            xycoords=ax.get_yaxis_transform(),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=theme.muted,
            annotation_clip=False,
            usetex=False,
        )
    ax.set_yticks(np.linspace(0, 1, 6))


def _draw_shares(ax: Axes, theme: Theme, shares: Shares) -> None:
    ax.vlines(shares.x, shares.low, shares.high, color=theme.ink, linewidth=1.1, zorder=5)
    ax.scatter(shares.x, shares.share, s=26, color=theme.ink, edgecolors=theme.background, linewidths=0.8, zorder=6)


def _subtitle(data: MeanCurve) -> str:
    parts = [] if data.equation is None else [name(data.equation, 160)]
    if not np.isnan(data.explained):
        parts.append(f"deviance explained = {data.explained:.4f}")
    look = LOOK_POINTS if not data.subject.classes else LOOK_CLASSES if data.shares is None else LOOK_SHARES
    return "\n".join(["\u2003\u2003".join(parts), look] if parts else [look])


def _caption(data: MeanCurve) -> str:
    sampled = bool(data.subject.classes) or data.by is not None or data.cloud.grid(0) is None
    spread = ", spread for sight beyond 0 and 1" if data.subject.classes else ""
    parts = [f"{rows_shown(data.cloud, sampled=sampled)}{spread}{'' if data.same_rows else ', not those of the fit'}."]
    parts += lacking(data.left_out)
    if data.held:
        parts.append(f"Held: {name(held_text(data.held), 300)}; {_MOVED[data.moved]}.")
    if data.withheld is not None:
        parts.append(f"No band: {name(data.withheld, 300)}.")
    elif data.by is not None:
        parts.append(f"Bands: {percent(data.level)} confidence for the mean.")
    if data.shares is not None:
        share = (
            f"Dots: share observed in {len(data.shares.x)} groups of equal size, with {percent(data.level)} intervals"
        )
        parts.append(f"{share} (Wilson).")
    return " ".join(parts)


def _legend(ax: Axes, theme: Theme, data: MeanCurve) -> None:
    """Name the band, or the levels, in the emptiest corner."""
    lines, patches = _engines.load("matplotlib.lines"), _engines.load("matplotlib.patches")
    handles = []
    if data.by is not None:
        for curve in data.curves:
            colour, marker = theme.series[curve.code], style.MARKERS[curve.code]
            label = name(curve.level or "")
            handles.append(lines.Line2D([], [], color=colour, marker=marker, markersize=4.5, label=label or " "))
    elif data.withheld is None:
        what = "fitted probability" if data.subject.probability else "fitted mean"
        handles = [
            lines.Line2D([], [], color=theme.accent, label=what),
            patches.Patch(color=theme.accent, alpha=0.34, linewidth=0, label=f"{percent(data.level)} confidence"),
        ]
    if not handles:
        return
    strip = bool(data.subject.classes)  # of rows beyond 0 and 1: the legend stands between them
    share = (NEAR + FAR) / (1 + 2 * (NEAR + FAR)) if strip else 0.0
    legend = ax.legend(
        handles=handles,
        loc=emptiest([] if strip else [data.cloud.values[:, :2]], data.curves),
        bbox_to_anchor=(0, share, 1, 1 - 2 * share),
        fontsize=style.SMALL,
        labelcolor=theme.ink,
        handlelength=1.6,
        frameon=True,
    )
    legend.get_frame().set(facecolor=theme.background, alpha=0.8, linewidth=0)
    legend.set_zorder(7)
