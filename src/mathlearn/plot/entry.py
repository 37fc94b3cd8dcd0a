"""`plot_model`: one call, the figure that suits the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from mathlearn._errors import DomainError
from mathlearn.data.schema import did_you_mean
from mathlearn.plot.coefficients import CoefficientDisplay
from mathlearn.plot.diagnostics import DiagnosticsDisplay
from mathlearn.plot.features import numeric_features
from mathlearn.plot.overview import OverviewDisplay
from mathlearn.plot.partial import PartialRegressionDisplay
from mathlearn.plot.regression import RegressionDisplay
from mathlearn.plot.style import require_axes
from mathlearn.results.of_model import result_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mathlearn.plot.display import Display
    from mathlearn.plot.style import ThemeName

__all__ = ["Kind", "plot_model"]

Kind = Literal["auto", "fit", "partial", "coefficients", "diagnostics"]


def plot_model(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    kind: Kind = "auto",
    ax: Axes | None = None,
    feature: str | int | None = None,
    response: str | int | None = None,
    level: float = 0.95,
    standardised: bool = False,
    sample_weight: Any = None,
    groups: Any = None,
    theme: ThemeName = "auto",
) -> Display[Any]:
    """Draw a fitted model with its rows.

    Parameters
    ----------
    model : fitted estimator
    X, y, sample_weight, groups
        As given to ``fit``; ``kind="coefficients"`` needs none of them. "fit" draws other rows too and says that they are other.
    kind : {"auto", "fit", "partial", "coefficients", "diagnostics"}
        "fit": the curve over one column with its bands; "partial": what each term adds; "coefficients": a forest plot;
        "diagnostics": four pictures of the residuals. "auto" is "fit" for one numeric column, or if `feature` is given, and else
        coefficients over partial regressions.
    ax : Axes, optional
        Where to draw; a figure of several panels shares their place.
    feature : str or int, optional
        For "fit" only: the column to draw over, by name or by position among the numeric ones.
    response : str or int, optional
        Of several responses, which; the first by default.
    level : float in (0, 1)
        Of bands and intervals.
    standardised : bool
        For "coefficients" only: the change of the response for one standard deviation of each column, not for one unit.
    theme : {"auto", "light", "dark"}

    Returns
    -------
    Display
        With ``data``, ``ax_`` and ``figure_``.

    Raises
    ------
    NotFittedError
    TypeError
        There are no rows, `ax` is no Axes, or `model` none of ours.
    DomainError
        Another `kind`, an option that it does not have, or `level` outside (0, 1).
    SchemaError, NonFiniteInputError
        The rows do not fit what was learned or are not those of the fit, or a column or response is unknown.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import plot_model
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> display = plot_model(LinearRegression().fit(X, y), X, y)
    >>> display.ax_.get_title(loc="left")
    'y by x0'
    >>> plt.close(display.figure_)
    """
    result_of(model, "the model")
    if kind not in get_args(Kind):
        hint = did_you_mean(str(kind), get_args(Kind))
        raise DomainError(f"kind is {kind!r}: it must be one of {', '.join(map(repr, get_args(Kind)))}.{hint}")
    _require_options(kind, feature, standardised=standardised)
    require_axes(ax)
    if kind == "coefficients":
        return CoefficientDisplay.from_estimator(
            model, ax=ax, response=response, level=level, standardised=standardised, theme=theme
        )
    shared: dict[str, Any] = {
        "ax": ax,
        "response": response,
        "level": level,
        "sample_weight": sample_weight,
        "groups": groups,
        "theme": theme,
    }
    if kind == "diagnostics":
        return DiagnosticsDisplay.from_estimator(model, X, y, **shared)
    if kind == "partial":
        return PartialRegressionDisplay.from_estimator(model, X, y, **shared)
    if kind == "fit" or feature is not None or len(numeric_features(model.design_)) == 1:
        return RegressionDisplay.from_estimator(model, X, y, feature=feature, **shared)
    return OverviewDisplay.from_estimator(model, X, y, **shared)


def _require_options(kind: Kind, feature: str | int | None, *, standardised: bool) -> None:
    """Refuse what a figure of this kind would ignore.

    Raises
    ------
    DomainError
        An option of another kind.
    """
    if feature is not None and kind not in {"auto", "fit"}:
        raise DomainError(f"feature is {feature!r} and kind is {kind!r}: only kind='fit' is drawn over a feature.")
    if standardised and kind != "coefficients":
        raise DomainError(
            f"standardised is {standardised!r} and kind is {kind!r}: it is an option of kind='coefficients'."
        )
