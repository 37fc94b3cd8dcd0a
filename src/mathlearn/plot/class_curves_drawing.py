"""Drawing the probabilities of several classes over one column, above the rows of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn.plot import style
from mathlearn.plot.artists import points
from mathlearn.plot.cloud import uniform
from mathlearn.plot.mean_curve_drawing import draw_curve
from mathlearn.plot.regression_drawing import held_text
from mathlearn.plot.words import count, grouped, lacking, name, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.class_curves_record import ClassCurves
    from mathlearn.plot.class_means import ClassSubject
    from mathlearn.plot.regression_record import Curve
    from mathlearn.plot.style import Theme

__all__ = ["NO_INTERVAL", "band_words", "draw_class_curves", "label_curves", "left_out_words"]

STRIP, GAP = 0.055, 0.03
"""Height of the strip in which the rows of a class stand, and how far below zero the first begins."""

NAME_WIDE, NAME_HIGH = 0.25, 0.06
"""How far apart two names have to stand at least, one way or the other, as shares of the picture."""

NEAR_EDGE = 0.12
"""Share of the range near a side, where a label turns away from it."""

BESIDE = 0.005
"""How far the shares of two classes in one group stand apart, as a share of the range."""

NO_INTERVAL = "there is no interval where separation makes the class certain, or the data do not determine it"

LOOK_SHARES = (
    "Look for observed shares whose intervals miss the band of their class: a curve that the model does not have."
)
LOOK_ROWS = "Look for rows of one class where the curves are sure of another."


def draw_class_curves(data: ClassCurves, ax: Axes, theme: Theme, *, repaint: bool = False) -> None:
    """Draw curves and bands, and below them a strip of rows for each class."""
    style.dress(ax, theme, repaint=repaint)
    for place, curve in enumerate(data.curves):
        draw_curve(ax, curve, theme.series[place], style.LINES[place])
    for place, shares in enumerate(data.shares):
        x = shares.x + _beside(data, place)
        ax.vlines(x, shares.low, shares.high, color=theme.series[place], linewidth=0.9, alpha=0.8, zorder=5)
        ax.scatter(
            x,
            shares.share,
            s=24,
            marker=style.MARKERS[place],
            color=theme.series[place],
            edgecolors=theme.background,
            linewidths=0.8,
            zorder=6,
        )
    _draw_rows(ax, theme, data)
    ax.set_ylim(-GAP - STRIP * len(data.subject.shown) - 0.01, 1.02)
    ax.set_yticks(np.linspace(0, 1, 6))
    ax.axhline(0, color=theme.grid, linewidth=0.8, zorder=1)
    label_curves(ax, theme, data.curves)
    style.axis_labels(ax, theme, name(data.feature), f"probability of each {name(data.subject.response)}")
    style.headline(ax, theme, f"{name(data.subject.response)} by {name(data.feature)}", _subtitle(data))
    style.caption(ax, theme, _caption(data))


def _beside(data: ClassCurves, place: int) -> float:
    """Move the shares of one group, which belong to one place, beside each other."""
    return float(np.ptp(data.curves[0].x)) * BESIDE * (place - (len(data.shares) - 1) / 2)


def _draw_rows(ax: Axes, theme: Theme, data: ClassCurves) -> None:
    """Put the rows of each class into a strip of its own, spread for sight; the same row always stands in the same place."""
    spread = uniform(data.rows)
    for place, (code, label) in enumerate(zip(data.subject.shown, data.subject.labels, strict=True)):
        here = data.codes == code
        top = -GAP - STRIP * place
        y = top - STRIP * (0.15 + 0.7 * spread[here])
        points(ax, data.x[here], y, theme.series[place], style.MARKERS[place], n=2 * len(data.x))
        ax.annotate(
            name(label, 16),
            xy=(1, top - 0.5 * STRIP),
            xycoords=ax.get_yaxis_transform(),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=theme.series[place],
            annotation_clip=False,
            usetex=False,
        )


def label_curves(ax: Axes, theme: Theme, curves: Sequence[Curve], limit: int = 16) -> None:
    """Write the name of each class where its curve is highest and no other name stands."""
    if not curves:
        return
    left, right = float(curves[0].x[0]), float(curves[0].x[-1])
    taken: list[tuple[float, float]] = []
    for place, curve in enumerate(curves):
        if np.isnan(curve.mean).all():
            continue
        shares = (curve.x - left) / ((right - left) or 1.0)
        at = _free(shares, curve.mean, taken)
        share = float(shares[at])
        taken.append((share, float(curve.mean[at])))
        side = "left" if share < NEAR_EDGE else "right" if share > 1 - NEAR_EDGE else "center"
        ax.annotate(
            name(curve.level or "", limit),
            xy=(float(curve.x[at]), float(curve.mean[at])),
            xytext=(0, -5 if curve.mean[at] > 0.9 else 5),
            textcoords="offset points",
            va="top" if curve.mean[at] > 0.9 else "bottom",
            ha=side,
            fontsize=style.SMALL,
            fontweight="bold",
            color=theme.series[place],
            path_effects=halo(theme),
            usetex=False,
            zorder=8,
        )


def _free(shares: FloatArray, mean: FloatArray, taken: Sequence[tuple[float, float]]) -> int:
    """Return where a curve is highest of the places at which no name stands, or of all where there is none."""
    free = np.isfinite(mean)
    for share, height in taken:
        free &= (np.abs(shares - share) > NAME_WIDE) | (np.abs(mean - height) > NAME_HIGH)
    return int(np.nanargmax(np.where(free, mean, np.nan) if free.any() else mean))


def halo(theme: Theme) -> list[Any]:
    """Let text stand out against the lines behind it."""
    return [_engines.load("matplotlib.patheffects").withStroke(linewidth=2.5, foreground=theme.background)]


def _subtitle(data: ClassCurves) -> str:
    parts = [] if data.formula is None else [name(data.formula, 160)]
    if not np.isnan(data.explained):
        parts.append(f"deviance explained = {data.explained:.4f}")
    look = LOOK_SHARES if data.shares else LOOK_ROWS
    return "\n".join(["\u2003\u2003".join(parts), look] if parts else [look])


def left_out_words(subject: ClassSubject) -> list[str]:
    """Say in a sentence, if any, how many classes are not shown."""
    few = subject.left_out == 1
    return (
        [f"{subject.left_out} {'class' if few else 'classes'} with lower probabilities left out."]
        if subject.left_out
        else []
    )


def band_words(curves: Sequence[Curve], withheld: str | None, level: float) -> str:
    """Say in a sentence what the bands of the curves drawn are, and why there are none, or none in places."""
    known = [np.isfinite(curve.low) for curve in curves if curve.low is not None]
    if withheld is not None or not any(map(np.any, known)):
        return f"No bands: {name(withheld or NO_INTERVAL, 300)}."
    gaps = "" if all(map(np.all, known)) else f"; {NO_INTERVAL}"
    return f"Bands: {percent(level)} confidence, each by itself{gaps}."


def _caption(data: ClassCurves) -> str:
    drawn = (
        count(data.n)
        if len(data.x) == data.n
        else f"{grouped(str(len(data.x)))} of {count(data.n)} shown, drawn at random"
    )
    parts = [f"{drawn}, spread for sight below 0{'' if data.same_rows else ', not those of the fit'}."]
    parts += left_out_words(data.subject) + lacking(data.left_out)
    if data.held:
        parts.append(f"Held: {name(held_text(data.held), 300)}.")
    parts.append(band_words(data.curves, data.withheld, data.level))
    if data.shares:
        groups = len(data.shares[0].x)
        parts.append(
            f"Marks with lines: share observed in {groups} groups of equal size, with {percent(data.level)} intervals (Wilson)."
        )
    return " ".join(parts)
