"""The four diagnostic figures of the residuals in one panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from mathlearn.plot.display import Display
from mathlearn.plot.leverage import Leverage, draw_leverage, leverage
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.qq import Quantiles, draw_quantiles, quantiles
from mathlearn.plot.residuals import Residuals, draw_residuals, residuals
from mathlearn.plot.row_measures import MeasuredRows, row_measures
from mathlearn.plot.scale_location import ScaleLocation, draw_scale_location, scale_location
from mathlearn.plot.words import lacking, name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn.plot.style import Theme, ThemeName

__all__ = ["Diagnostics", "DiagnosticsDisplay", "diagnostics"]


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The data of the four figures, from one reading of the rows."""

    response: str
    residuals: Residuals
    quantiles: Quantiles
    scale_location: ScaleLocation
    leverage: Leverage
    lacking: int


def diagnostics(measures: MeasuredRows, level: float = 0.95) -> Diagnostics:
    """Compute the four pictures.

    Raises
    ------
    DomainError
        `level` is outside (0, 1).
    """
    return Diagnostics(
        measures.response,
        residuals(measures),
        quantiles(measures, level),
        scale_location(measures),
        leverage(measures),
        measures.lacking,
    )


class DiagnosticsDisplay(Display[Diagnostics]):
    """Residuals against fitted values, normal Q-Q, size of residuals, and leverage, each with what to look for.

    Parameters
    ----------
    data : Diagnostics

    Attributes
    ----------
    axes_ : (2, 2) tuple of tuples of Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import DiagnosticsDisplay
    >>> x = np.arange(20.0)
    >>> model = LinearRegression().fit(x[:, None], x + np.cos(x))
    >>> display = DiagnosticsDisplay.from_estimator(model, x[:, None], x + np.cos(x))
    >>> [ax.get_title(loc="left") for row in display.axes_ for ax in row][1]
    'Normal Q–Q'
    >>> plt.close(display.figure_)
    """

    size: ClassVar[tuple[float, float]] = (10.4, 8.8)
    axes_: tuple[tuple[Axes, ...], ...]

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
        """Read the rows of a fit once and draw the four figures.

        Parameters
        ----------
        model : fitted estimator
        X, y, sample_weight, groups
            As given to ``fit``.
        ax : Axes, optional
            Whose place the four share.
        response : str or int, optional
            Of several responses, which; the first by default.
        level : float in (0, 1)
            Of the band of the Q-Q plot, for all residuals together.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned or are not those of the fit, or the response is unknown.
        """
        measures = row_measures(model, X, y, response=response, sample_weight=sample_weight, groups=groups)
        return cls(diagnostics(measures, level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        data = self.data
        (first, second), (third, fourth) = self.axes_ = divided(ax, 2, 2)
        draw_residuals(data.residuals, first, theme, repaint=repaint)
        draw_quantiles(data.quantiles, second, theme, repaint=repaint)
        draw_scale_location(data.scale_location, third, theme, repaint=repaint)
        draw_leverage(data.leverage, fourth, theme, repaint=repaint)
        over_all(ax, theme, f"Diagnostics of {name(data.response)}", " ".join(lacking(data.lacking)))
        return first
