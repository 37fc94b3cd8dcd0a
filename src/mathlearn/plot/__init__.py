"""Figures: one file each, computed by a function of the fit and its rows, drawn on Matplotlib Axes by another."""

from __future__ import annotations

from mathlearn.plot.class_curves import ClassCurvesDisplay
from mathlearn.plot.class_map import ClassMapDisplay
from mathlearn.plot.class_marginals import ClassMarginalsDisplay
from mathlearn.plot.class_overview import ClassOverviewDisplay
from mathlearn.plot.coefficients import CoefficientDisplay
from mathlearn.plot.diagnostics import DiagnosticsDisplay
from mathlearn.plot.entry import plot_model
from mathlearn.plot.leverage import LeverageDisplay
from mathlearn.plot.marginal import MarginalMeansDisplay
from mathlearn.plot.mean_curve import MeanCurveDisplay
from mathlearn.plot.overview import LikelihoodOverviewDisplay, OverviewDisplay
from mathlearn.plot.partial import PartialRegressionDisplay
from mathlearn.plot.qq import QuantilesDisplay
from mathlearn.plot.regression import RegressionDisplay
from mathlearn.plot.residuals import ResidualsDisplay
from mathlearn.plot.scale_location import ScaleLocationDisplay
from mathlearn.plot.surface import SurfaceDisplay
from mathlearn.plot.svg import save_svg

__all__ = [
    "ClassCurvesDisplay",
    "ClassMapDisplay",
    "ClassMarginalsDisplay",
    "ClassOverviewDisplay",
    "CoefficientDisplay",
    "DiagnosticsDisplay",
    "LeverageDisplay",
    "LikelihoodOverviewDisplay",
    "MarginalMeansDisplay",
    "MeanCurveDisplay",
    "OverviewDisplay",
    "PartialRegressionDisplay",
    "QuantilesDisplay",
    "RegressionDisplay",
    "ResidualsDisplay",
    "ScaleLocationDisplay",
    "SurfaceDisplay",
    "plot_model",
    "save_svg",
]
