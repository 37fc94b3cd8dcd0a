"""The probability of each of several classes over each column by itself, the others held: small panels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn import _engines
from mathlearn.plot import style
from mathlearn.plot.class_curves_drawing import band_words, left_out_words
from mathlearn.plot.class_marginals_record import ClassMarginals, class_marginals
from mathlearn.plot.display import Display
from mathlearn.plot.marginal import RUG, panel_shape
from mathlearn.plot.mean_curve_drawing import draw_curve
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression_drawing import held_text
from mathlearn.plot.words import count, lacking, name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn.plot.class_marginals_record import ClassPanel
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["ClassMarginalsDisplay", "draw_class_marginals", "note"]

RUG_HEIGHT = 0.028
"""Height of the marks of one class, below zero."""

HANDLE = 5.0
"""Width of a line and the gaps beside it in a legend, in units of the size of its text."""

HINT = "Look for columns over which no probability moves, and for curves beyond most of the rows."


def draw_class_marginals(data: ClassMarginals, panels: Sequence[Axes], theme: Theme, *, repaint: bool = False) -> None:
    """Draw each panel on its Axes; Axes that are left over become invisible."""
    for k, ax in enumerate(panels):
        if k < len(data.panels):
            _draw_panel(data, data.panels[k], ax, theme, repaint=repaint)
            if k == 0:
                _legend(data, ax, theme)
        elif k == 0:
            style.dress(ax, theme, repaint=repaint)
            style.empty(ax, theme, "this fit has no column to draw probabilities over")
        else:
            ax.set_axis_off()


def _draw_panel(data: ClassMarginals, panel: ClassPanel, ax: Axes, theme: Theme, *, repaint: bool) -> None:
    style.dress(ax, theme, repaint=repaint)
    s = len(data.subject.shown)
    for place, code in enumerate(data.subject.shown):
        curve, colour = panel.curves[code], theme.series[place]
        if panel.levels:
            x = curve.x + 0.5 * (place - (s - 1) / 2) / max(s, 1)
            if curve.low is not None and curve.high is not None:
                ax.vlines(x, curve.low, curve.high, color=colour, linewidth=2.0, alpha=0.7, zorder=3)
            ax.scatter(
                x, curve.mean, s=28, marker=style.MARKERS[place], color=colour, edgecolors=theme.background, linewidths=0.7,
                zorder=4,
            )  # fmt: skip
        else:
            draw_curve(ax, curve, colour, style.LINES[place])
    if panel.levels:
        few = max(6, 30 // len(panel.levels))
        ax.set_xticks(np.arange(len(panel.levels)), [name(level, few) for level in panel.levels])
        ax.set_xlim(-0.6, len(panel.levels) - 0.4)
    else:
        ax.margins(x=0.03)
        ax.locator_params(axis="x", nbins=5)
        _draw_rug(data, panel, ax, theme)
    ax.set_ylim(-RUG_HEIGHT * (s + 1) - 0.02, 1.03)
    ax.set_yticks(np.linspace(0, 1, 6))
    style.axis_labels(ax, theme, name(panel.feature), name(data.subject.mean, 24))


def _draw_rug(data: ClassMarginals, panel: ClassPanel, ax: Axes, theme: Theme) -> None:
    """Mark where the rows of each class are, a line of marks a class."""
    some = slice(None, None, max(1, math.ceil(len(panel.values) / RUG)))
    x, codes = panel.values[some], data.codes[some]
    for place, code in enumerate(data.subject.shown):
        top = -RUG_HEIGHT * (place + 0.6)
        here = x[codes == code]
        ax.vlines(here, top - 0.8 * RUG_HEIGHT, top, color=theme.series[place], alpha=0.5, linewidth=0.7, zorder=2)


def _legend(data: ClassMarginals, ax: Axes, theme: Theme) -> None:
    """Name the classes above the first row of panels, in as many lines as it takes."""
    lines = _engines.load("matplotlib.lines")
    numbers = any(not panel.levels for panel in data.panels)
    handles = [
        lines.Line2D(
            [], [], color=theme.series[place], linestyle=style.LINES[place] if numbers else "none", marker=style.MARKERS[place], markersize=4.5,
            label=name(label, 16) or " ",
        )
        for place, label in enumerate(data.subject.labels)
    ]  # fmt: skip
    entry = HANDLE + max(len(handle.get_label()) for handle in handles) * style.CHARACTER
    columns = int(panel_shape(len(data.panels))[1] * style.room(ax) / (entry * style.SMALL))
    columns = min(max(columns, 1), len(handles))
    # The legend may reach over other panels, which are not to make room for it; an empty title keeps its height.
    ax.set_title("\n".join([" "] * math.ceil(len(handles) / columns)), fontsize=style.SMALL, linespacing=1.6)
    legend = ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=columns,
        fontsize=style.SMALL,
        labelcolor=theme.ink,
        handlelength=2.6,
        columnspacing=1.2,
        borderaxespad=0.2,
        frameon=False,
    )
    legend.set_in_layout(False)


def note(data: ClassMarginals) -> str:
    """Return the sentence under all panels, escaped."""
    parts = ["Probabilities over each column, the others held: " + f"{name(held_text(data.held), 300)}. {HINT}"]
    shown = "rows" if len(data.codes) == data.n and data.n <= RUG else f"some of {count(data.n)}"
    parts.append(f"Marks below 0: {shown}, by class.")
    parts += left_out_words(data.subject) + lacking(data.lacking)
    drawn = [panel.curves[code] for panel in data.panels for code in data.subject.shown]
    parts += [band_words(drawn, data.withheld, data.level)] if drawn else []
    if data.left_out:
        parts.append(f"{count(data.left_out, 'column')} left out: probabilities go less far, or too many levels.")
    return " ".join(parts)


class ClassMarginalsDisplay(Display[ClassMarginals]):
    """The probability of each class over each column with its band, the others held at their means or reference levels.

    Parameters
    ----------
    data : ClassMarginals

    Attributes
    ----------
    axes_ : tuple of tuples of Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LogisticRegression
    >>> from mathlearn.plot import ClassMarginalsDisplay
    >>> X = np.random.default_rng(0).normal(size=(80, 2))
    >>> y = np.digitize(X.sum(axis=1) + np.sin(np.arange(80.0)), [-0.5, 0.5])
    >>> display = ClassMarginalsDisplay.from_estimator(LogisticRegression(C=np.inf).fit(X, y), X, y)
    >>> [panel.feature for panel in display.data.panels]
    ['x0', 'x1']
    >>> plt.close(display.figure_)
    """

    axes_: tuple[tuple[Axes, ...], ...]

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        ax: Axes | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit and draw a panel for each column, nine at most.

        Parameters
        ----------
        model : fitted estimator
            Of more than two classes.
        X, y, sample_weight, groups, offset
            As given to ``fit``.
        ax : Axes, optional
            Whose place the panels share.
        level : float in (0, 1)
            Of the bands.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned or are not those of the fit.
        DomainError
            `level` is outside (0, 1), or the fit is of one linear predictor.
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset, classes=True)
        return cls(class_marginals(reading, level)).plot(ax, theme=theme)

    def _size(self) -> tuple[float, float]:
        rows, columns = panel_shape(len(self.data.panels))
        return max(3.5 * columns, 5.0), 3.0 * rows + 1.1

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        self.axes_ = divided(ax, *panel_shape(len(self.data.panels)))
        draw_class_marginals(self.data, [panel for row in self.axes_ for panel in row], theme, repaint=repaint)
        over_all(ax, theme, f"{name(self.data.subject.response)} over each column", note(self.data))
        return self.axes_[0][0]
