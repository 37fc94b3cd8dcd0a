"""The figures of the page, as SVG that follows its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn.plot import (
    ClassCurvesDisplay,
    ClassMapDisplay,
    ClassOverviewDisplay,
    DiagnosticsDisplay,
    LikelihoodOverviewDisplay,
    MeanCurveDisplay,
    OverviewDisplay,
    RegressionDisplay,
    SurfaceDisplay,
)
from mathlearn.plot.class_curves import class_curves
from mathlearn.plot.class_map import class_map
from mathlearn.plot.class_overview import class_overview
from mathlearn.plot.diagnostics import diagnostics
from mathlearn.plot.features import numeric_features
from mathlearn.plot.mean_curve import mean_curve
from mathlearn.plot.overview import likelihood_overview, overview
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression import regression
from mathlearn.plot.row_measures import row_measures
from mathlearn.plot.surface import surface
from mathlearn.report.record import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.plot.display import Display

__all__ = ["figures"]

MOST_RESPONSES = 3
"""Responses that are drawn; the others are in the tables."""


def figures(model: Any, X: Any, y: Any, *, level: float, **given: Any) -> tuple[Figure, ...]:
    """Draw the fit, and the four pictures of what it leaves, for the first few responses; of two columns also the surface.

    Of more than two classes there are no such residuals: the map over two columns, or the curves over one, come with the fit.
    """
    if model.result_.stack is not None:
        reading = Reading.of(model, X, y, classes=True, **given)
        return tuple(_of_classes(reading, model.result_.responses[0], level=level))
    responses = model.result_.responses[:MOST_RESPONSES]
    return tuple(
        figure
        for k, name in enumerate(responses)
        for figure in _figures(model, X, y, k, name, level=level, given=given)
    )


def _figures(model: Any, X: Any, y: Any, k: int, name: str, *, level: float, given: dict[str, Any]) -> Iterator[Figure]:
    reading = Reading.of(model, X, y, **given)
    yield _drawn(_fit(reading, k, level), f"The fit of {name}", f"fit{k}")
    if reading.result.likelihood is not None and len(numeric_features(reading.design)) == 2:
        yield _drawn(
            SurfaceDisplay(surface(reading, level=level)), f"The mean of {name} over two columns", f"surface{k}"
        )
    left = diagnostics(reading.result, row_measures(model, X, y, response=k, **given), level)
    yield _drawn(DiagnosticsDisplay(left), f"The residuals of {name}", f"left{k}")


def _of_classes(reading: Reading, name: str, *, level: float) -> Iterator[Figure]:
    """Choose as for one predictor: curves for one numeric column, else odds over what each column does; of two columns also the map."""
    numbers = len(numeric_features(reading.design))
    if numbers == 1:
        yield _drawn(ClassCurvesDisplay(class_curves(reading, level=level)), f"The fit of {name}", "fit0")
        return
    yield _drawn(ClassOverviewDisplay(class_overview(reading, level=level)), f"The fit of {name}", "fit0")
    if numbers == 2:
        yield _drawn(ClassMapDisplay(class_map(reading, level=level)), f"{name} over two columns", "surface0")


def _fit(reading: Reading, response: int, level: float) -> Display[Any]:
    """Choose as `plot` does: a curve for one numeric column, else coefficients over what each column does."""
    one = len(numeric_features(reading.design)) == 1
    if reading.result.likelihood is not None:
        if one:
            return MeanCurveDisplay(mean_curve(reading, level=level))
        return LikelihoodOverviewDisplay(likelihood_overview(reading, level=level))
    if one:
        return RegressionDisplay(regression(reading, response=response, level=level))
    return OverviewDisplay(overview(reading, response=response, level=level))


def _drawn(display: Display[Any], title: str, prefix: str) -> Figure:
    return Figure(title, display.to_svg(title, prefix=prefix))
