"""The fit of more than two classes at a glance: odds ratios by class, over the probabilities over each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mathlearn.plot.class_marginals import draw_class_marginals, note
from mathlearn.plot.class_marginals_record import ClassMarginals, class_marginals
from mathlearn.plot.coefficients import height
from mathlearn.plot.display import Display
from mathlearn.plot.marginal import panel_shape
from mathlearn.plot.overview import coefficients_above, comparable
from mathlearn.plot.panels import over_all
from mathlearn.plot.reading import Reading
from mathlearn.plot.words import name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn.plot.coefficients_record import Coefficients
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["ClassOverview", "ClassOverviewDisplay", "class_overview"]


@dataclass(frozen=True, slots=True)
class ClassOverview:
    """Odds ratios, where there are numbers per standard deviation of each column, and the probabilities over each column."""

    coefficients: Coefficients
    marginals: ClassMarginals


def class_overview(reading: Reading, *, level: float = 0.95) -> ClassOverview:
    """Read the rows of a fit of more than two classes and compute both.

    Raises
    ------
    SchemaError
        There is no row, or these are not the rows of the fit.
    DomainError
        `level` is outside (0, 1).
    """
    marginals = class_marginals(reading, level)
    return ClassOverview(comparable(reading, marginals.spread, level), marginals)


class ClassOverviewDisplay(Display[ClassOverview]):
    """Odds ratios of each class against the first, over panels of the probabilities over each column.

    Parameters
    ----------
    data : ClassOverview

    Attributes
    ----------
    axes_ : tuple of Axes
        That of the ratios, then those of the panels.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LogisticRegression
    >>> from mathlearn.plot import ClassOverviewDisplay
    >>> X = np.random.default_rng(0).normal(size=(80, 2))
    >>> y = np.digitize(X.sum(axis=1) + np.sin(np.arange(80.0)), [-0.5, 0.5])
    >>> display = ClassOverviewDisplay.from_estimator(LogisticRegression(C=np.inf).fit(X, y), X, y)
    >>> [panel.feature for panel in display.data.marginals.panels]
    ['x0', 'x1']
    >>> plt.close(display.figure_)
    """

    axes_: tuple[Axes, ...]

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
        """Read the rows of a fit and draw them; parameters and errors as `ClassMarginalsDisplay.from_estimator`."""
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset, classes=True)
        return cls(class_overview(reading, level=level)).plot(ax, theme=theme)

    def _shape(self) -> tuple[int, int]:
        return panel_shape(len(self.data.marginals.panels))

    def _heights(self) -> tuple[float, float]:
        return height(self.data.coefficients), 3.0 * self._shape()[0]

    def _size(self) -> tuple[float, float]:
        return max(3.5 * self._shape()[1], 7.4), sum(self._heights()) + 1.1

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        marginals = self.data.marginals
        top, panels = coefficients_above(
            self.data.coefficients, ax, theme, self._heights(), self._shape(), repaint=repaint
        )
        draw_class_marginals(marginals, panels, theme, repaint=repaint)
        self.axes_ = (top, *panels)
        over_all(ax, theme, f"The fit of {name(marginals.subject.response)}", note(marginals))
        return top
