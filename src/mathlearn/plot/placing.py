"""An artist that shows nothing and puts labels in their places. Importing this module imports matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines
from mathlearn.plot.labels import offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.text import Annotation

    from mathlearn._typing import FloatArray

__all__ = ["Placing"]

_Artist: Any = _engines.load("matplotlib.artist").Artist
_Text: Any = _engines.load("matplotlib.text").Text


class Placing(_Artist):  # type: ignore[misc]
    """Moves labels where there is room for them, each time before they are drawn.

    Parameters
    ----------
    labels : sequence of Annotation
    points : (m, 2)
        What they belong to, in the coordinates of the data.
    others : (n, 2)
        All points drawn.
    """

    zorder = 5.5

    def __init__(self, labels: Sequence[Annotation], points: FloatArray, others: FloatArray) -> None:
        super().__init__()
        self._labels, self._points = list(labels), points
        self._others = others[np.isfinite(others).all(axis=1)]
        self.set_in_layout(False)

    def draw(self, renderer: Any) -> None:
        """Place the labels by the sizes that the renderer has."""
        axes, unit = self.axes, 72 / self.figure.dpi
        points, others = (axes.transData.transform(values) * unit for values in (self._points, self._others))
        extents = [_Text.get_window_extent(label, renderer) for label in self._labels]
        sizes = np.array([[extent.width, extent.height] for extent in extents]) * unit
        places = offsets(points, sizes, axes.get_window_extent(renderer).get_points() * unit, others)
        for label, (right, up, far) in zip(self._labels, places, strict=True):
            label.xyann = (right, up)
            if label.arrow_patch is not None:
                label.arrow_patch.set_visible(far)
        self.stale = False
