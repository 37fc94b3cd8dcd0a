"""The four diagnostic figures of the residuals in one panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from mathlearn.plot.binned import BinnedResiduals, binned_residuals, draw_binned
from mathlearn.plot.calibration import CalibrationCurve, calibration_curve, draw_calibration
from mathlearn.plot.display import Display
from mathlearn.plot.leverage import Leverage, draw_leverage, leverage
from mathlearn.plot.means import subject_of
from mathlearn.plot.panels import divided, over_all
from mathlearn.plot.qq import Quantiles, draw_quantiles, quantiles
from mathlearn.plot.residuals import Residuals, draw_residuals, residuals
from mathlearn.plot.rootogram import Rootogram, draw_rootogram, rootogram
from mathlearn.plot.row_measures import row_measures
from mathlearn.plot.scale_location import ScaleLocation, draw_scale_location, scale_location
from mathlearn.plot.words import lacking, name
from mathlearn.results.of_model import result_of
from mathlearn.statistics.functional import sigma
from mathlearn.statistics.tails import require_level
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from mathlearn.plot.measured import MeasuredRows
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.results.fit_result import FitResult

__all__ = ["Diagnostics", "DiagnosticsDisplay", "diagnostics"]


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The data of the four figures, from one reading of the rows.

    Attributes
    ----------
    response : str
    residuals : Residuals or BinnedResiduals
        Binned where the mean is a probability: residuals of 0 and 1 lie on two lines.
    quantiles : Quantiles
    third : ScaleLocation, CalibrationCurve or Rootogram
        The size of residuals; of a probability whether it comes true; of counts how often each is seen.
    leverage : Leverage
    lacking : int
        Rows that the fit left out because a value is missing.
    """

    response: str
    residuals: Residuals | BinnedResiduals
    quantiles: Quantiles
    third: ScaleLocation | CalibrationCurve | Rootogram
    leverage: Leverage
    lacking: int


def diagnostics(result: FitResult, measures: MeasuredRows, level: float = 0.95) -> Diagnostics:
    """Compute the four pictures.

    Raises
    ------
    DomainError
        `level` is outside (0, 1).
    """
    require_level(level)
    first, third = _pictures(result, measures, level)
    return Diagnostics(
        measures.response, first, quantiles(measures, level), third, leverage(measures), measures.lacking
    )


def _pictures(
    result: FitResult, measures: MeasuredRows, level: float
) -> tuple[Residuals | BinnedResiduals, ScaleLocation | CalibrationCurve | Rootogram]:
    """Choose by where the observations lie, and compute, the first and the third picture."""
    if result.likelihood is None:
        return residuals(measures), scale_location(measures)
    family, link = law_of(result)
    if link.odds is not None:
        spread = float(sigma(result)[0]) ** 2
        spread = spread if spread > 0 and np.isfinite(spread) else 1.0
        event = subject_of(result).mean
        return binned_residuals(measures, level, spread), calibration_curve(measures, event, level, spread)
    if family.distribution is not None and measures.support == "counts":
        return residuals(measures), rootogram(measures, family.distribution)
    return residuals(measures), scale_location(measures)


_DRAW: dict[type, Callable[..., None]] = {
    Residuals: draw_residuals,
    BinnedResiduals: draw_binned,
    Quantiles: draw_quantiles,
    ScaleLocation: draw_scale_location,
    CalibrationCurve: draw_calibration,
    Rootogram: draw_rootogram,
    Leverage: draw_leverage,
}


class DiagnosticsDisplay(Display[Diagnostics]):
    """Residuals against fitted values, Q-Q, size of residuals, and leverage, each with what to look for.

    Of a fit by likelihood: binned residuals of probabilities, or quantile residuals against the predictor; Q-Q of quantile residuals;
    calibration of probabilities, a rootogram of counts, or the size of residuals; leverage with Cook's distance.

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
        offset: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw the four figures.

        Parameters
        ----------
        model : fitted estimator
        X, y, sample_weight, groups, offset
            As given to ``fit``.
        ax : Axes, optional
            Whose place the four share.
        response : str or int, optional
            Of several responses, which; the first by default.
        level : float in (0, 1)
            Of the band of the Q-Q plot, for all residuals together, and of the intervals of the other pictures.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned or are not those of the fit, or the response is unknown.
        """
        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
        measures = row_measures(model, X, y, response=response, **roles)
        return cls(diagnostics(result_of(model, "the model"), measures, level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        data = self.data
        self.axes_ = divided(ax, 2, 2)
        pictures = (data.residuals, data.quantiles, data.third, data.leverage)
        for place, picture in zip((*self.axes_[0], *self.axes_[1]), pictures, strict=True):
            _DRAW[type(picture)](picture, place, theme, repaint=repaint)
        over_all(ax, theme, f"Diagnostics of {name(data.response)}", " ".join(lacking(data.lacking)))
        return self.axes_[0][0]
