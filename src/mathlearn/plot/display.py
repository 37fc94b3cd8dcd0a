"""`Display`: data on one side, Axes on the other; the base of every figure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

from mathlearn import _engines
from mathlearn.plot import style
from mathlearn.plot.svg import save_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["Display"]

D = TypeVar("D")


class Display(ABC, Generic[D]):
    """A figure in scikit-learn's convention: made by ``from_estimator``, drawn by ``plot``, as often as wanted.

    Attributes
    ----------
    data : record
        What was computed; drawing reads nothing else.
    ax_ : Axes
        What was drawn on; of a figure with several panels, the first.
    figure_ : Figure
    """

    size: ClassVar[tuple[float, float]] = (6.4, 4.6)
    data: D
    ax_: Axes
    figure_: Figure | SubFigure

    def __init__(self, data: D) -> None:
        self.data = data

    def plot(self, ax: Axes | None = None, *, theme: ThemeName = "auto") -> Self:
        """Draw the data.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default a new figure. A figure of several panels divides the place of the Axes among them.
        theme : {"auto", "light", "dark"}
            "auto" is dark on a dark background. The other two colour the background too.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            `ax` is no Axes.
        """
        style.require_axes(ax)
        with style.LOCK:  # "auto" reads the settings that another thread changes while it draws
            chosen = style.resolve(theme, ax)
            with style.drawing(chosen):
                place = style.new_axes(self._size()) if ax is None else ax
                self.ax_ = self._draw(place, chosen, repaint=ax is None or theme != "auto")
        self.figure_ = place.figure
        return self

    def to_svg(self, title: str, description: str = "", *, prefix: str = "ml") -> str:
        """Draw on a figure of its own, which nobody else sees, and return it as SVG for a page; see `save_svg`.

        Parameters
        ----------
        title, description : str
            For those who do not see the picture; plain text.
        prefix : str
            Of every ``id``: figures in one page need different ones.
        """
        with style.LOCK:
            figure = _engines.load("matplotlib.figure").Figure(figsize=self._size(), layout="constrained")
            with style.drawing(style.PAGE):
                self._draw(style.axes_of(figure), style.PAGE, repaint=True)
            return save_svg(figure, title, description, prefix=prefix)

    def _size(self) -> tuple[float, float]:
        """Width and height of a new figure, in inches."""
        return self.size

    @abstractmethod
    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        """Draw on these Axes, or in their place; return the first Axes used."""
