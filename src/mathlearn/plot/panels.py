"""Several panels in the place of one Axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _engines
from mathlearn._errors import DomainError
from mathlearn.plot import style
from mathlearn.plot.words import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn.plot.style import Theme

__all__ = ["divided", "over_all"]


def divided(
    ax: Axes, rows: int, columns: int, heights: Sequence[float] | None = None, space: float = 0.06
) -> tuple[tuple[Axes, ...], ...]:
    """Put a grid of Axes in the place of one, which becomes invisible.

    Raises
    ------
    DomainError
        The Axes have no place in a grid that could be divided.
    """
    place = ax.get_subplotspec()
    figure = ax.figure
    if place is None or figure is None:
        raise DomainError(
            "ax was placed by hand and cannot be divided into panels: make it by plt.subplots() or figure.add_subplot()"
        )
    ax.set_axis_off()
    spec = _engines.load("matplotlib.gridspec").GridSpecFromSubplotSpec(
        rows, columns, subplot_spec=place, height_ratios=heights, hspace=space, wspace=space
    )
    return tuple(tuple(figure.add_subplot(spec[i, j]) for j in range(columns)) for i in range(rows))


def over_all(ax: Axes, theme: Theme, title: str, note: str = "") -> None:
    """Write a title over all panels, and a note under them, of a figure that holds nothing else."""
    figure = style.root(ax)
    place = ax.get_subplotspec()
    if figure is None or place is None or (place.get_gridspec().nrows, place.get_gridspec().ncols) != (1, 1):
        return
    figure.suptitle(title, x=0.012, ha="left", fontsize=13, fontweight="bold", color=theme.ink, usetex=False)
    if note:
        fit = int(0.93 * figure.get_size_inches()[0] * 72 / (style.CHARACTER * style.SMALL))
        figure.supxlabel(
            wrapped(note, fit),
            x=0.012,
            ha="left",
            fontsize=style.SMALL,
            color=theme.muted,
            linespacing=style.LINE,
            usetex=False,
        )
