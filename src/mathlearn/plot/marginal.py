"""The mean over each column by itself, the others held: small panels of a fit by likelihood."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.plot import style
from mathlearn.plot.display import Display
from mathlearn.plot.marginal_record import MarginalMeans, marginal_means
from mathlearn.plot.mean_curve_drawing import draw_curve
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression_drawing import held_text
from mathlearn.plot.words import count, lacking, name, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.marginal_record import Panel
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["RUG", "MarginalMeansDisplay", "draw_marginal", "note", "panel_shape", "shape"]

ACROSS = 3
"""Panels beside each other at most."""

RUG = 400
"""Rows whose places are marked, at most."""

HINT = "Look for columns over which the mean hardly moves, and for curves beyond most of the rows."


_ENDS = ", and none where separated rows take the mean to the end of its range"


def _at_an_end(panel: Panel) -> bool:
    """Whether a mean is known without an interval."""
    low = panel.curve.low
    return low is not None and bool((np.isfinite(panel.curve.mean) & np.isnan(low)).any())


def draw_marginal(data: MarginalMeans, panels: Sequence[Axes], theme: Theme, *, repaint: bool = False) -> None:
    """Draw each panel on its Axes, all to one scale; Axes that are left over become invisible."""
    limits = _limits(data)
    for k, ax in enumerate(panels):
        if k < len(data.panels):
            _draw_panel(data, data.panels[k], ax, theme, limits, repaint=repaint)
        elif k == 0:
            style.dress(ax, theme, repaint=repaint)
            style.empty(ax, theme, "this fit has no column to draw the mean over")
        else:
            ax.set_axis_off()


def _limits(data: MarginalMeans) -> tuple[float, float] | None:
    edges = [edge for panel in data.panels for edge in (panel.curve.mean, panel.curve.low, panel.curve.high)]
    known = np.concatenate([edge for edge in edges if edge is not None] or [np.empty(0)])
    known = known[np.isfinite(known)]
    if not known.size:
        return None
    away = 0.1 * (float(np.ptp(known)) or 1.0)
    return float(known.min()) - away, float(known.max()) + away


def _draw_panel(
    data: MarginalMeans, panel: Panel, ax: Axes, theme: Theme, limits: tuple[float, float] | None, *, repaint: bool
) -> None:
    style.dress(ax, theme, repaint=repaint)
    curve = panel.curve
    if panel.levels:
        if curve.low is not None and curve.high is not None:
            ax.vlines(curve.x, curve.low, curve.high, color=theme.accent, linewidth=2.4, alpha=0.7, zorder=3)
        ax.scatter(curve.x, curve.mean, s=34, color=theme.accent, edgecolors=theme.background, linewidths=0.8, zorder=4)
        few = max(6, 30 // len(panel.levels))
        ax.set_xticks(curve.x, [name(level, few) for level in panel.levels])
        ax.set_xlim(-0.6, len(panel.levels) - 0.4)
    else:
        draw_curve(ax, curve, theme.accent)
        ax.margins(x=0.03)
        ax.locator_params(axis="x", nbins=5)
        _draw_rug(ax, theme, panel.values, data.y, two=bool(data.subject.classes))
    if limits is not None:
        ax.set_ylim(*limits)
    style.axis_labels(ax, theme, name(panel.feature), name(data.subject.mean, 24))


def _draw_rug(ax: Axes, theme: Theme, x: FloatArray, y: FloatArray, *, two: bool) -> None:
    """Mark where rows are: those of the second of two classes above, all others below."""
    some = slice(None, None, max(1, math.ceil(len(x) / RUG)))
    x, up = x[some], (y[some] > 0.5) & two
    for chosen, (low, high) in ((~up, (0.0, 0.035)), (up, (0.965, 1.0))):
        ax.vlines(
            x[chosen],
            low,
            high,
            transform=ax.get_xaxis_transform(),
            color=theme.muted,
            alpha=0.35,
            linewidth=0.6,
            zorder=2,
        )


def note(data: MarginalMeans) -> str:
    """Return the sentence under all panels, escaped."""
    parts = ["Mean over each column, the others held: " + f"{name(held_text(data.held), 300)}. {HINT}"]
    classes = data.subject.classes
    ends = f" ({name(classes[1], 16)} above, {name(classes[0], 16)} below)" if classes else ""
    shown = "Marks: rows" if len(data.y) == data.n and data.n <= RUG else f"Marks: some of {count(data.n)}"
    if not all(panel.levels for panel in data.panels):
        parts.append(f"{shown}{ends}.")
    parts += lacking(data.lacking)
    if data.withheld is None:
        parts.append(f"Bands: {percent(data.level)} confidence{_ENDS if any(map(_at_an_end, data.panels)) else ''}.")
    else:
        parts.append(f"No bands: {name(data.withheld, 300)}.")
    if data.left_out:
        parts.append(f"{count(data.left_out, 'column')} left out: the mean goes less far, or too many levels.")
    return " ".join(parts)


def shape(data: MarginalMeans) -> tuple[int, int]:
    """Rows and columns of panels."""
    return panel_shape(len(data.panels))


def panel_shape(panels: int) -> tuple[int, int]:
    """Return in how many rows and columns so many panels stand."""
    m = max(panels, 1)
    across = {1: 1, 2: 2, 4: 2}.get(m, ACROSS)
    return math.ceil(m / across), across


class MarginalMeansDisplay(Display[MarginalMeans]):
    """The mean over each column with its confidence band, the others held at their means or reference levels.

    Parameters
    ----------
    data : MarginalMeans

    Attributes
    ----------
    axes_ : tuple of tuples of Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.linear_model import PoissonRegressor
    >>> from mathlearn.plot import MarginalMeansDisplay
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0], [4.0, 3.0]], [1, 1, 4, 8, 9]
    >>> display = MarginalMeansDisplay.from_estimator(PoissonRegressor(alpha=0).fit(X, y), X, y)
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
            By likelihood.
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
            `level` is outside (0, 1), or the fit is by least squares or has more than one linear predictor.
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset)
        if reading.result.likelihood is None:
            raise DomainError("this fit is by least squares: PartialRegressionDisplay shows its columns one by one.")
        return cls(marginal_means(reading, level)).plot(ax, theme=theme)

    def _size(self) -> tuple[float, float]:
        rows, columns = shape(self.data)
        return max(3.5 * columns, 5.0), 2.9 * rows + 1.1

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        self.axes_ = divided(ax, *shape(self.data))
        draw_marginal(self.data, [panel for row in self.axes_ for panel in row], theme, repaint=repaint)
        over_all(ax, theme, f"{name(self.data.subject.mean)} over each column", note(self.data))
        return self.axes_[0][0]
