"""The one place for how figures look: colours, sizes, fonts, headlines, captions.

Series colours are those of Okabe and Ito, darkened or lightened where they would not stand out against the background.

References
----------
Okabe and Ito (2008), "Color Universal Design: how to make figures and presentations that are friendly to colorblind people".
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _engines
from mathlearn._errors import DomainError
from mathlearn.plot.words import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "DARK",
    "LIGHT",
    "LINES",
    "LOCK",
    "MARKERS",
    "PAGE",
    "Theme",
    "ThemeName",
    "caption",
    "drawing",
    "dress",
    "headline",
    "require_axes",
    "resolve",
]

ThemeName = Literal["auto", "light", "dark"]

LOCK = threading.RLock()
"""Held while a figure is drawn, laid out or written: Matplotlib's settings are those of the process, not of a thread."""

SIZE = 9.5
SMALL = 8.5
TITLE = 11.0
LINE = 1.28
"""Height of a line of text in units of its size."""
CHARACTER = 0.54
BOLD = 0.64
"""Mean width of a character, plain and bold, in units of its size."""
BESIDE = 55.0
"""Width, in points, of tick labels and label left of the axes."""
BELOW = 34.0
"""Height, in points, of tick labels and label below the axes."""

MARKERS = ("o", "s", "^", "D", "v", "P")

LINES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.3, 1.3)),
    (0, (6, 1.5, 1.3, 1.5)),
    (0, (9, 2.2)),
    (0, (6, 1.3, 1.3, 1.3, 1.3, 1.3)),
)
"""Of curves that stand for classes, so that they are told apart without colours."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a figure.

    Attributes
    ----------
    background, ink, muted, grid : colour
        Of the paper, of text, of points and secondary text, of rules.
    series : tuple of colour
        In the order in which they are used.
    """

    background: str
    ink: str
    muted: str
    grid: str
    series: tuple[str, ...]

    @property
    def accent(self) -> str:
        """The colour of the fit."""
        return self.series[0]

    @property
    def alarm(self) -> str:
        """The colour of what stands out."""
        return self.series[1]


LIGHT = Theme(
    "#ffffff", "#1f2328", "#59636e", "#d5dae0", ("#0072b2", "#d55e00", "#008a64", "#b0549a", "#a87900", "#3f9fd8")
)
DARK = Theme(
    "#0d1117", "#e6edf3", "#9aa4af", "#323a45", ("#56b4e9", "#ff8a4a", "#2fc79a", "#e59cc9", "#e8b73a", "#9fd4f5")
)
PAGE = replace(LIGHT, muted="#6e7781")
"""For pages that may be light or dark: layers kept as pictures, which cannot change with the page, are legible on both."""

_THEMES = {"light": LIGHT, "dark": DARK}


def resolve(theme: ThemeName, ax: Axes | None = None) -> Theme:
    """Return the colours of a theme; "auto" is dark on a dark background, that of the axes or of the user's settings.

    Raises
    ------
    DomainError
        There is no theme of that name.
    """
    if theme in _THEMES:
        return _THEMES[theme]
    if theme != "auto":
        raise DomainError(f"theme is {theme!r}: it must be 'auto', 'light' or 'dark'")
    matplotlib = _engines.load("matplotlib")
    paper = matplotlib.rcParams["figure.facecolor"] if ax is None else _paper(ax)
    red, green, blue, opacity = _engines.load("matplotlib.colors").to_rgba(paper)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return DARK if opacity > 0.5 and light < 0.4 else LIGHT


def require_axes(ax: Any) -> None:
    """Refuse what is given in place of Axes.

    Raises
    ------
    TypeError
        It is none.
    """
    if ax is not None and not isinstance(ax, _engines.load("matplotlib.axes").Axes):
        raise TypeError(
            f"ax is of type {type(ax).__name__}: it must be Matplotlib Axes, one of those that plt.subplots() or "
            "figure.add_subplot() makes."
        )


def root(ax: Axes) -> Figure | None:
    """Return the figure that holds the axes, not a part of one (for every Matplotlib since 3.8)."""
    figure: Any = ax.figure
    return None if figure is None else figure.figure


def _paper(ax: Axes) -> Any:
    """Return what is behind the axes."""
    figure = root(ax)
    solid = ax.patch.get_visible() and _engines.load("matplotlib.colors").to_rgba(ax.get_facecolor())[3] > 0.5
    return ax.get_facecolor() if figure is None or solid else figure.get_facecolor()


@contextmanager
def drawing(theme: Theme) -> Iterator[None]:
    """Draw in this style, one thread at a time; the user's settings come back afterwards. Text is never given to LaTeX."""
    settings = {
        "text.usetex": False,
        "font.size": SIZE,
        "text.color": theme.ink,
        "figure.facecolor": theme.background,
        "figure.edgecolor": theme.background,
        "savefig.facecolor": "auto",
        "axes.facecolor": theme.background,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.unicode_minus": True,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
    }
    with LOCK, _engines.load("matplotlib").rc_context(settings):
        yield


def new_axes(size: tuple[float, float]) -> Axes:
    """Make a figure of this size, in inches, with one Axes."""
    return axes_of(_engines.load("matplotlib.pyplot").figure(figsize=size, layout="constrained"))


def axes_of(figure: Any) -> Axes:
    """Put one Axes in a figure with a constrained layout."""
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    return figure.subplots()  # type: ignore[no-any-return]


def dress(ax: Axes, theme: Theme, *, repaint: bool) -> None:
    """Give Axes thin spines, quiet ticks and separated thousands; `repaint` colours the paper too."""
    from mathlearn.plot.ticks import Thousands

    if repaint:
        ax.set_facecolor(theme.background)
        figure = root(ax)
        if figure is not None:
            figure.set_facecolor(theme.background)
    for side, spine in ax.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(theme.grid)
        spine.set_linewidth(0.8)
    ax.tick_params(
        colors=theme.muted, labelcolor=theme.muted, labelsize=SMALL, color=theme.grid, length=3, width=0.8, which="both"
    )
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(Thousands())
        axis.get_offset_text().set(color=theme.muted, fontsize=SMALL)
    ax.locator_params(axis="x", nbins=6)
    ax.locator_params(axis="y", nbins=6)
    ax.grid(visible=False)


def room(ax: Axes, beside: float = BESIDE) -> float:
    """Estimate the width, in points, that text starting at the left edge of the axes has; `beside` is taken by what is left of it."""
    figure = root(ax)
    if figure is None:
        return 400.0
    width = float(ax.get_position().width * figure.get_size_inches()[0] * 72)
    # Before a layout is computed, axes are as wide as Matplotlib's plain default, which leaves so much of their place.
    return width if figure.get_layout_engine() is None else 0.97 * width / 0.775 - beside


def _fitting(text: str, width: float, size: float, character: float = CHARACTER) -> str:
    """Break text into lines of at most this width in points."""
    return wrapped(text, int(width / (character * size)))


def headline(ax: Axes, theme: Theme, title: str, hint: str = "", *, beside: float = BESIDE) -> None:
    """Write a title, and under it a sentence in small type, both escaped already."""
    width = room(ax, beside)
    gap = 7.0
    if hint:
        hint = _fitting(hint, width, SMALL)
        ax.annotate(
            hint,
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(0, gap),
            textcoords="offset points",
            va="bottom",
            fontsize=SMALL,
            color=theme.muted,
            linespacing=LINE,
            usetex=False,
        )
        gap += SMALL * LINE * (hint.count("\n") + 1) + 3.5
    title = _fitting(title, width, TITLE, BOLD)
    ax.set_title(title, loc="left", pad=gap, fontsize=TITLE, fontweight="bold", color=theme.ink)


def caption(ax: Axes, theme: Theme, text: str, *, beside: float = BESIDE) -> None:
    """Write a note below the label of the x axis, escaped already."""
    ax.annotate(
        _fitting(text, room(ax, beside), SMALL),
        xy=(0, 0),
        xycoords="axes fraction",
        xytext=(0, -BELOW),
        textcoords="offset points",
        va="top",
        fontsize=SMALL,
        color=theme.muted,
        linespacing=LINE,
        usetex=False,
    )


def axis_labels(ax: Axes, theme: Theme, x: str, y: str) -> None:
    """Label both axes, escaped already."""
    ax.set_xlabel(x, color=theme.ink, fontsize=SIZE, usetex=False)
    ax.set_ylabel(y, color=theme.ink, fontsize=SIZE, usetex=False)


def empty(ax: Axes, theme: Theme, reason: str) -> None:
    """Say in place of a picture why there is none."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.text(
        0.0,
        0.92,
        _fitting(f"Not shown: {reason}.", room(ax), SIZE),
        transform=ax.transAxes,
        va="top",
        color=theme.muted,
        fontsize=SIZE,
        usetex=False,
    )
