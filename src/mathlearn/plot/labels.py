"""Row numbers beside their points, placed when the figure is drawn: only then is it known how large everything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.plot.style import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.plot.style import Theme

__all__ = ["label_rows"]

MARK = 3.5
"""Half the width of the ring about a labelled point, in typographic points."""

AWAY = (5.0, 13.0, 22.0)
"""Distances of a label from its point, in typographic points; beyond the first, or where another point is as near, a line joins
the two."""

_SIDES = ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1), (1, 0), (-1, 0))
"""Where a label may stand about its point, in the order of preference."""


def label_rows(
    ax: Axes,
    theme: Theme,
    rows: IntArray,
    x: FloatArray,
    y: FloatArray,
    *,
    among: tuple[FloatArray, FloatArray],
) -> None:
    """Mark rows and write their numbers beside them: nearest to their own points, clear of each other and of the other points.

    Parameters
    ----------
    ax : Axes
    theme : Theme
    rows : (m,)
        Numbers of the rows that are labelled; few.
    x, y : (m,)
        Where they are; those that are not finite are left out.
    among : (x, y)
        All points drawn.
    """
    fine = np.isfinite(x) & np.isfinite(y)
    if not fine.any():
        return
    x, y = x[fine], y[fine]
    ax.scatter(x, y, s=34, facecolors="none", edgecolors=theme.alarm, linewidths=1.1, zorder=5)
    line = {"arrowstyle": "-", "color": theme.muted, "linewidth": 0.7, "shrinkA": 1, "shrinkB": MARK}
    labels = [
        ax.annotate(
            str(row),  # without separators: to be copied
            xy=at,
            xytext=(AWAY[0], AWAY[0]),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=SMALL - 0.5,
            color=theme.ink,
            zorder=6,
            annotation_clip=False,
            arrowprops=dict(line),
        )
        for row, at in zip(rows[fine].tolist(), zip(x.tolist(), y.tolist(), strict=True), strict=True)
    ]
    for label in labels:
        label.set_in_layout(False)
    from mathlearn.plot.placing import Placing

    ax.add_artist(Placing(labels, np.column_stack([x, y]), np.column_stack(among)))


def offsets(
    points: FloatArray, sizes: FloatArray, frame: FloatArray, others: FloatArray
) -> list[tuple[float, float, bool]]:
    """Choose where labels stand.

    Parameters
    ----------
    points, sizes : (m, 2)
        Where the labelled points are, and the width and height of each label; all in typographic points.
    frame : (2, 2)
        Lower left and upper right corner of the Axes.
    others : (n, 2)
        All points drawn.

    Returns
    -------
    list of (right, up, far)
        From each point to the centre of its label, and whether a line has to join them.
    """
    taken, chosen = [_box(point, np.full(2, 2 * MARK)) for point in points], []
    for k, (point, size) in enumerate(zip(points, sizes, strict=True)):

        def cost(place: tuple[int, FloatArray]) -> tuple[float, ...]:
            away, box = place[0], _box(point + place[1], size)  # noqa: B023 -- used at once
            bad = sum(_overlap(box, other) for other in taken), not _within(box, frame), _nearest(box, points) != k  # noqa: B023
            return *bad, away + _covered(box, others), away

        away, step = min(_places(size), key=cost)
        taken.append(_box(point + step, size))
        chosen.append((float(step[0]), float(step[1]), away > 0 or _nearest(taken[-1], points) != k))
    return chosen


def _places(size: FloatArray) -> Iterator[tuple[int, FloatArray]]:
    """Yield how far, and the step from a point to the centre of its label, the preferred first."""
    for away, distance in enumerate(AWAY):
        for side in np.array(_SIDES):
            yield away, side * (size / 2 + distance / np.linalg.norm(side))


def _box(centre: FloatArray, size: FloatArray) -> FloatArray:
    return np.array([centre - size / 2, centre + size / 2])


def _overlap(a: FloatArray, b: FloatArray) -> bool:
    return bool((a[0] < b[1]).all() and (b[0] < a[1]).all())


def _within(box: FloatArray, frame: FloatArray) -> bool:
    return bool((frame[0] <= box[0]).all() and (box[1] <= frame[1] + 4).all())


def _nearest(box: FloatArray, points: FloatArray) -> int:
    """Return the point that is nearest to the box, by a clear margin if it is not the only one; else -1."""
    gap = np.maximum(np.maximum(box[0] - points, points - box[1]), 0)
    distance = np.hypot(*gap.T)
    first = int(np.argmin(distance))
    return first if (np.delete(distance, first) > distance[first] + 2).all() else -1


def _covered(box: FloatArray, points: FloatArray) -> int:
    return int(((box[0] < points) & (points < box[1])).all(axis=1).sum())
