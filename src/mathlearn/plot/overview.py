"""The fit of several columns at a glance: coefficients over partial regression panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from mathlearn.plot.coefficients import draw_coefficients, height
from mathlearn.plot.coefficients_record import Coefficients, coefficients, deviations
from mathlearn.plot.display import Display
from mathlearn.plot.features import numeric_features
from mathlearn.plot.marginal import draw_marginal
from mathlearn.plot.marginal import note as marginal_note
from mathlearn.plot.marginal import shape as marginal_shape
from mathlearn.plot.marginal_record import MarginalMeans, marginal_means
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.partial import PartialRegression, draw_panels, note, partial_regression, shape
from mathlearn.plot.reading import Reading
from mathlearn.plot.words import name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray
    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["Overview", "OverviewDisplay", "overview"]


@dataclass(frozen=True, slots=True)
class Overview:
    """Coefficients, per standard deviation where these are known and there are numbers, and partial regressions."""

    coefficients: Coefficients
    partial: PartialRegression


def overview(reading: Reading, *, response: str | int | None = None, level: float = 0.95) -> Overview:
    """Read the rows once and compute both.

    Raises
    ------
    SchemaError
        The response is unknown, there is no row, or these are not the rows of the fit.
    DomainError
        `level` is outside (0, 1).
    """
    known = deviations(reading.result) is not None and bool(numeric_features(reading.design))
    return Overview(
        coefficients(reading.result, response=response, level=level, standardised=known),
        partial_regression(reading, response=response, level=level),
    )


def comparable(reading: Reading, spread: FloatArray | None, level: float) -> Coefficients:
    """Compute the coefficients of a fit by likelihood, per standard deviation (p,) where it is known and there are numbers."""
    known = spread is not None and bool(numeric_features(reading.design))
    return coefficients(reading.result, level=level, standardised=known, spread=spread)


def coefficients_above(
    data: Coefficients, ax: Axes, theme: Theme, heights: tuple[float, float], panels: tuple[int, int], *, repaint: bool
) -> tuple[Axes, list[Axes]]:
    """Draw coefficients in the upper part of an Axes; return that part, and the panels, rows by columns, below it."""
    ((top,), (bottom,)) = divided(ax, 2, 1, heights)
    draw_coefficients(data, top, theme, repaint=repaint)
    return top, [panel for row in divided(bottom, *panels) for panel in row]


class OverviewDisplay(Display[Overview]):
    """Coefficients with their intervals, over partial regression panels of the nine with the largest t.

    Parameters
    ----------
    data : Overview

    Attributes
    ----------
    axes_ : tuple of Axes
        That of the coefficients, then those of the panels.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import OverviewDisplay
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0], [4.0, 3.0]], [1.0, 1.5, 4.0, 8.0, 9.0]
    >>> display = OverviewDisplay.from_estimator(LinearRegression().fit(X, y), X, y)
    >>> list(display.data.coefficients.terms)
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
        response: str | int | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        groups: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw them; parameters and errors as `PartialRegressionDisplay.from_estimator`."""
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups)
        return cls(overview(reading, response=response, level=level)).plot(ax, theme=theme)

    def _heights(self) -> tuple[float, float]:
        panels = 3.2 * shape(self.data.partial)[0] if self.data.partial.withheld is None else 1.0
        return height(self.data.coefficients), panels

    def _size(self) -> tuple[float, float]:
        columns = shape(self.data.partial)[1]
        return max(3.5 * columns, 7.4), sum(self._heights()) + 0.9

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        top, panels = coefficients_above(
            self.data.coefficients, ax, theme, self._heights(), shape(self.data.partial), repaint=repaint
        )
        draw_panels(self.data.partial, panels, theme, repaint=repaint)
        self.axes_ = (top, *panels)
        over_all(ax, theme, f"The fit of {name(self.data.partial.response)}", note(self.data.partial))
        return top


@dataclass(frozen=True, slots=True)
class LikelihoodOverview:
    """Coefficients or ratios, per standard deviation where X is dense and has numbers, and the mean over each column."""

    coefficients: Coefficients
    marginal: MarginalMeans


def likelihood_overview(reading: Reading, *, level: float = 0.95) -> LikelihoodOverview:
    """Read the rows of a fit by likelihood and compute both.

    Raises
    ------
    SchemaError
        There is no row, or these are not the rows of the fit.
    DomainError
        `level` is outside (0, 1).
    """
    marginal = marginal_means(reading, level)
    return LikelihoodOverview(comparable(reading, marginal.spread, level), marginal)


class LikelihoodOverviewDisplay(Display[LikelihoodOverview]):
    """Coefficients, or the ratios that they are the logarithms of, over panels of the mean over each column.

    Parameters
    ----------
    data : LikelihoodOverview

    Attributes
    ----------
    axes_ : tuple of Axes
        That of the coefficients, then those of the panels.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.linear_model import PoissonRegressor
    >>> from mathlearn.plot import LikelihoodOverviewDisplay
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0], [4.0, 3.0]], [1, 1, 4, 8, 9]
    >>> display = LikelihoodOverviewDisplay.from_estimator(PoissonRegressor(alpha=0).fit(X, y), X, y)
    >>> list(display.data.coefficients.terms)
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
        """Read the rows of a fit and draw them; parameters and errors as `MarginalMeansDisplay.from_estimator`."""
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups, offset=offset)
        return cls(likelihood_overview(reading, level=level)).plot(ax, theme=theme)

    def _heights(self) -> tuple[float, float]:
        return height(self.data.coefficients), 2.9 * marginal_shape(self.data.marginal)[0]

    def _size(self) -> tuple[float, float]:
        return max(3.5 * marginal_shape(self.data.marginal)[1], 7.4), sum(self._heights()) + 1.1

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        marginal = self.data.marginal
        top, panels = coefficients_above(
            self.data.coefficients, ax, theme, self._heights(), marginal_shape(marginal), repaint=repaint
        )
        draw_marginal(marginal, panels, theme, repaint=repaint)
        self.axes_ = (top, *panels)
        over_all(ax, theme, f"The fit of {name(marginal.subject.response)}", marginal_note(marginal))
        return top
