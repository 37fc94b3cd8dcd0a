"""The figures of the page, as SVG that follows its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn.plot import DiagnosticsDisplay, OverviewDisplay, RegressionDisplay
from mathlearn.plot.diagnostics import diagnostics
from mathlearn.plot.features import numeric_features
from mathlearn.plot.overview import overview
from mathlearn.plot.reading import Reading
from mathlearn.plot.regression import regression
from mathlearn.plot.row_measures import row_measures
from mathlearn.report.record import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.plot.display import Display

__all__ = ["figures"]

MOST_RESPONSES = 3
"""Responses that are drawn; the others are in the tables."""


def figures(model: Any, X: Any, y: Any, *, level: float, **given: Any) -> tuple[Figure, ...]:
    """Draw the fit, and the four pictures of what it leaves, for the first few responses."""
    responses = model.result_.responses[:MOST_RESPONSES]
    return tuple(
        figure
        for k, name in enumerate(responses)
        for figure in _figures(model, X, y, k, name, level=level, given=given)
    )


def _figures(model: Any, X: Any, y: Any, k: int, name: str, *, level: float, given: dict[str, Any]) -> Iterator[Figure]:
    reading = Reading.of(model, X, y, **given)
    yield _drawn(_fit(reading, k, level), f"The fit of {name}", f"fit{k}")
    left = diagnostics(row_measures(model, X, y, response=k, **given), level)
    yield _drawn(DiagnosticsDisplay(left), f"The residuals of {name}", f"left{k}")


def _fit(reading: Reading, response: int, level: float) -> Display[Any]:
    """Choose as `plot` does: a curve for one numeric column, else coefficients over partial regressions."""
    if len(numeric_features(reading.design)) == 1:
        return RegressionDisplay(regression(reading, response=response, level=level))
    return OverviewDisplay(overview(reading, response=response, level=level))


def _drawn(display: Display[Any], title: str, prefix: str) -> Figure:
    return Figure(title, display.to_svg(title, prefix=prefix))
