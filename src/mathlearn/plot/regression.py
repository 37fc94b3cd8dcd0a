"""The fitted curve over one column, with its bands, among the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from mathlearn.plot.display import Display
from mathlearn.plot.features import choose_feature, profile
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression_drawing import draw_regression
from mathlearn.plot.regression_record import Curve, Regression
from mathlearn.plot.same_rows import are_the_same
from mathlearn.plot.seen import Seen, read
from mathlearn.plot.words import equation
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_response
from mathlearn.statistics.functional import fitted_values
from mathlearn.statistics.goodness import fit_statistics
from mathlearn.statistics.intervals import predict_interval
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.plot.cloud import Cloud
    from mathlearn.plot.features import Profile
    from mathlearn.plot.style import Theme, ThemeName
    from mathlearn.results.fit_result import FitResult

__all__ = ["RegressionDisplay", "regression"]

POINTS = 200
"""Places at which a curve is computed."""


def regression(
    reading: Reading, *, feature: str | int | None = None, response: str | int | None = None, level: float = 0.95
) -> Regression:
    """Read the rows once and compute curve, bands and points.

    Points are the observations, moved to where the held columns are held: the curve plus each row's residual. With nothing held
    they are the observations themselves. Other rows than those of the fit may be shown: the record says so.

    Parameters
    ----------
    reading : Reading
    feature : str or int, optional
        A numeric column of the input, by name or position among them; None when there is only one.
    response : str or int, optional
    level : float in (0, 1)

    Raises
    ------
    SchemaError
        There is no such column or response, or no row.
    DomainError
        `level` is outside (0, 1).

    References
    ----------
    Breheny and Burchett (2017), "Visualization of regression models using visreg", The R Journal 9(2).
    """
    require_level(level)
    result = reading.result
    i = chosen_response(result, response)
    over = choose_feature(reading.design, feature)
    shown = profile(reading, over)
    seen, left_out = read(reading, lambda chunk, batch: _seen(result, shown, chunk, batch, i))
    curves = _curves(result, shown, seen, i, level)
    return Regression(
        feature=over,
        response=result.responses[i],
        several=len(result.responses) > 1,
        level=level,
        cloud=_shifted(seen.cloud, float(shown.origin)),
        curves=curves,
        by=None if shown.by is None else shown.by.column,
        equation=equation(result, i) or _formula(reading),
        r_squared=float(fit_statistics(result).r_squared[i]),
        held=shown.told,
        withheld=reasons.whole_fit(result) or _gaps(curves),
        weighted=result.weights_type == "precision",
        exact=bool(result.exact[i]),
        same_rows=are_the_same(result, seen.tally),
        left_out=left_out,
    )


def _formula(reading: Reading) -> str | None:
    return None if reading.design.encoding is None else reading.design.encoding.text


def _shifted(cloud: Cloud, origin: float) -> Cloud:
    """Return the cloud with its first column counted from zero."""
    if not origin:
        return cloud
    values = cloud.values.copy()
    values[:, 0] += origin
    return replace(cloud, values=values)


def _gaps(curves: tuple[Curve, ...]) -> str | None:
    missing = [curve for curve in curves if np.isnan(curve.mean).all()]
    return "the data do not determine the prediction here" if missing and len(missing) == len(curves) else None


def _seen(result: FitResult, shown: Profile, chunk: Chunk, batch: Batch | None, i: int) -> Seen:
    assert chunk.y is not None
    x, level = shown.values(chunk, batch)
    y = chunk.y[:, i]
    if not shown.alone:
        residual = y - fitted_values(result, chunk)[:, i]
        y = fitted_values(result, shown.rows(x, level))[:, i] + residual
    return Seen.at_levels(result, chunk, x, y, level, len(shown.levels))


def _curves(result: FitResult, shown: Profile, seen: Seen, i: int, level: float) -> tuple[Curve, ...]:
    names: tuple[str | None, ...] = shown.levels or (None,)
    return tuple(
        _curve(result, shown, np.linspace(seen.low[k], seen.high[k], POINTS), k, i, level, name)
        for k, name in enumerate(names)
        if np.isfinite(seen.low[k])
    )


def _curve(result: FitResult, shown: Profile, x: FloatArray, k: int, i: int, level: float, name: str | None) -> Curve:
    codes: IntArray = np.full(len(x), k, dtype=np.int64)
    rows = shown.rows(x, codes)
    mean = fitted_values(result, rows)
    at = x + shown.origin
    if reasons.whole_fit(result) is not None:
        return Curve(name, k, at, mean[:, i])
    ofmean = predict_interval(result, rows.X, mean, level, "confidence")
    ofone = predict_interval(result, rows.X, mean, level, "observation")
    return Curve(
        name, k, at, ofmean.estimate[:, i], ofmean.lower[:, i], ofmean.upper[:, i], ofone.lower[:, i], ofone.upper[:, i]
    )


class RegressionDisplay(Display[Regression]):
    """The fitted curve over one column, with a confidence band for the mean and a prediction band for one observation.

    A category beside the column gets a line for each of its levels (up to six). Everything else is held: numbers at their means,
    categories at their reference level; the points are then moved to where the others are held, keeping their residuals.

    Parameters
    ----------
    data : Regression

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.datasets import load_penguins
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import RegressionDisplay
    >>> penguins = load_penguins()
    >>> model = LinearRegression(formula="body_mass_g ~ flipper_length_mm", missing="drop").fit(penguins)
    >>> display = RegressionDisplay.from_estimator(model, penguins)
    >>> round(display.data.r_squared, 4)
    0.759
    >>> plt.close(display.figure_)
    """

    size: ClassVar[tuple[float, float]] = (7.0, 5.0)

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        ax: Axes | None = None,
        feature: str | int | None = None,
        response: str | int | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        groups: Any = None,
        theme: ThemeName = "auto",
    ) -> Self:
        """Read the rows of a fit once and draw its curve.

        Parameters
        ----------
        model : fitted estimator
        X, y, sample_weight, groups
            As given to ``fit``. Of other rows the caption says that they are not those of the fit.
        ax : Axes, optional
        feature : str or int, optional
            The column to draw over, by name or by position among the numeric columns; needed when there are several.
        response : str or int, optional
            Of several responses, which; the first by default.
        level : float in (0, 1)
            Of both bands, at each place by itself.
        theme : {"auto", "light", "dark"}

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or the column or response is unknown.
        DomainError
            `level` is outside (0, 1).
        """
        reading = Reading.of(model, X, y, sample_weight=sample_weight, groups=groups)
        return cls(regression(reading, feature=feature, response=response, level=level)).plot(ax, theme=theme)

    def _draw(self, ax: Axes, theme: Theme, *, repaint: bool) -> Axes:
        draw_regression(self.data, ax, theme, repaint=repaint)
        return ax
