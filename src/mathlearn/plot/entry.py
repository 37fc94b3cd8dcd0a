"""`plot_model`: one call, the figure that suits the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from mathlearn._errors import DomainError
from mathlearn.data.schema import did_you_mean
from mathlearn.plot.class_curves import ClassCurvesDisplay
from mathlearn.plot.class_map import ClassMapDisplay
from mathlearn.plot.class_marginals import ClassMarginalsDisplay
from mathlearn.plot.class_overview import ClassOverviewDisplay
from mathlearn.plot.coefficients import CoefficientDisplay
from mathlearn.plot.diagnostics import DiagnosticsDisplay
from mathlearn.plot.features import categories, numeric_features
from mathlearn.plot.marginal import MarginalMeansDisplay
from mathlearn.plot.mean_curve import MeanCurveDisplay
from mathlearn.plot.overview import LikelihoodOverviewDisplay, OverviewDisplay
from mathlearn.plot.partial import PartialRegressionDisplay
from mathlearn.plot.regression import RegressionDisplay
from mathlearn.plot.style import require_axes
from mathlearn.plot.surface import SurfaceDisplay
from mathlearn.results.of_model import result_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mathlearn.data.design import Design
    from mathlearn.plot.display import Display
    from mathlearn.plot.style import ThemeName
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack

__all__ = ["Kind", "plot_model"]

Kind = Literal["auto", "fit", "surface", "means", "partial", "coefficients", "diagnostics"]

_OF_LIKELIHOOD: dict[str, type[Display[Any]]] = {
    "fit": MeanCurveDisplay,
    "surface": SurfaceDisplay,
    "means": MarginalMeansDisplay,
    "auto": LikelihoodOverviewDisplay,
}
_OF_CLASSES: dict[str, type[Display[Any]]] = {
    "fit": ClassCurvesDisplay,
    "surface": ClassMapDisplay,
    "means": ClassMarginalsDisplay,
    "auto": ClassOverviewDisplay,
}
_OF_LEAST_SQUARES: dict[str, type[Display[Any]]] = {"fit": RegressionDisplay, "auto": OverviewDisplay}
_OF_BOTH: dict[str, type[Display[Any]]] = {"partial": PartialRegressionDisplay, "diagnostics": DiagnosticsDisplay}
"""Which figure a kind is."""


def plot_model(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    kind: Kind = "auto",
    ax: Axes | None = None,
    feature: str | int | Sequence[str | int] | None = None,
    response: str | int | None = None,
    level: float = 0.95,
    standardised: bool = False,
    sample_weight: Any = None,
    groups: Any = None,
    offset: Any = None,
    theme: ThemeName = "auto",
) -> Display[Any]:
    """Draw a fitted model with its rows.

    Parameters
    ----------
    model : fitted estimator
    X, y, sample_weight, groups, offset
        As given to ``fit``; ``kind="coefficients"`` needs none of them. "fit" and "surface" draw other rows too and say that they
        are other.
    kind : {"auto", "fit", "surface", "means", "partial", "coefficients", "diagnostics"}
        "fit": the curve over one column with its bands (of a classifier its probability); "partial": what each term adds;
        "coefficients": a forest plot, of odds and rate ratios where the link is the logit or the logarithm; "diagnostics": four
        pictures of the residuals. Of fits by likelihood also "surface": the mean over two columns, with the width of its interval;
        "means": the mean over each column, the others held. "auto" is "fit" for one numeric column, or if `feature` is given, and
        else coefficients over partial regressions (by likelihood: over the means). Of more than two classes the probability of each is
        drawn, "surface" is a map of the most probable class, and "auto" that map for two numeric columns.
    ax : Axes, optional
        Where to draw; a figure of several panels shares their place.
    feature : str or int, or two for "surface", optional
        For "fit" and "surface" only: the column to draw over, by name or by position among the numeric ones.
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
        Another `kind`, one that this fit does not have, an option that the kind does not have, or `level` outside (0, 1).
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
    result = result_of(model, "the model")
    _require_options(kind, feature, standardised=standardised)
    require_axes(ax)
    if kind == "coefficients":
        return CoefficientDisplay.from_estimator(
            model, ax=ax, response=response, level=level, standardised=standardised, theme=theme
        )
    chosen = _chosen(model, kind, feature)
    options: dict[str, Any] = {
        "ax": ax,
        "level": level,
        "groups": groups,
        "sample_weight": sample_weight,
        "theme": theme,
    }
    if result.likelihood is None or chosen in _OF_BOTH:
        options["response"] = response
    if offset is not None:
        _require_likelihood(result)
        options["offset"] = offset
    if chosen in {"fit", "surface"}:
        options["feature"] = feature
    return _figure(result, chosen).from_estimator(model, X, y, **options)  # type: ignore[attr-defined, no-any-return]


def _chosen(model: Any, kind: Kind, feature: Any) -> str:
    """Return the kind that "auto" stands for."""
    if kind == "auto" and feature is None and model.result_.stack is not None and _two_numbers(model.design_):
        return "surface"
    if kind == "auto" and (feature is not None or len(numeric_features(model.design_)) == 1):
        two = isinstance(feature, list | tuple) and model.result_.likelihood is not None
        return "surface" if two else "fit"
    return kind


def _two_numbers(design: Design) -> bool:
    """Whether a fit is over two numeric columns and nothing else."""
    return len(numeric_features(design)) == 2 and not categories(design)


def _figure(result: FitResult, kind: str) -> type[Display[Any]]:
    """Return the figure of a kind for this fit.

    Raises
    ------
    DomainError
        There is none.
    """
    if result.stack is not None:
        return _class_figure(result.stack, kind)
    own = _OF_LEAST_SQUARES if result.likelihood is None else _OF_LIKELIHOOD
    figure = {**own, **_OF_BOTH}.get(kind)
    if figure is None:
        raise DomainError(
            f"kind is {kind!r}, which fits by likelihood have, and this one is by least squares: use 'fit' or 'partial'."
        )
    return figure


def _class_figure(stack: Stack, kind: str) -> type[Display[Any]]:
    """Return the figure of a kind for a fit of more than two classes.

    Raises
    ------
    DomainError
        There is none.
    """
    figure = _OF_CLASSES.get(kind)
    if figure is None:
        raise DomainError(
            f"kind is {kind!r}, which is of the residuals of one linear predictor, and this fit of {len(stack.classes)} classes has "
            f"{len(stack.predictors)}: use one of {', '.join(map(repr, (*_OF_CLASSES, 'coefficients')))}, or diagnose(X, y)."
        )
    return figure


def _require_likelihood(result: FitResult) -> None:
    """Refuse an offset that is no part of the formula of a fit by least squares.

    Raises
    ------
    DomainError
    """
    if result.likelihood is None:
        raise DomainError(
            "offset= is for fits by likelihood: one by least squares has its offset in the formula alone."
        )


def _require_options(kind: Kind, feature: Any, *, standardised: bool) -> None:
    """Refuse an unknown kind, and what a figure of this kind would ignore.

    Raises
    ------
    DomainError
        Another kind, or an option of another kind.
    """
    if kind not in get_args(Kind):
        hint = did_you_mean(str(kind), get_args(Kind))
        raise DomainError(f"kind is {kind!r}: it must be one of {', '.join(map(repr, get_args(Kind)))}.{hint}")
    if feature is not None and kind not in {"auto", "fit", "surface"}:
        raise DomainError(
            f"feature is {feature!r} and kind is {kind!r}: only kind='fit' is drawn over a feature, and 'surface' over two."
        )
    if standardised and kind != "coefficients":
        raise DomainError(
            f"standardised is {standardised!r} and kind is {kind!r}: it is an option of kind='coefficients'."
        )
