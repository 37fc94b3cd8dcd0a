"""Inference: pure functions of a `FitResult`, and of row chunks where rows are needed.

`covariance` holds one file a kind; `tables`, `augment` and `summary` show; `contrast`, `nested`, `deviance` and `intervals` answer questions.
"""

from __future__ import annotations

from mathlearn.statistics.augment import augment
from mathlearn.statistics.contrast import Contrast, contrast
from mathlearn.statistics.covariance import KINDS, estimate
from mathlearn.statistics.deviance import DevianceAnalysis, DevianceTest, analysis_of_deviance, deviance_test
from mathlearn.statistics.diagnostics import Diagnosis, Severity, diagnose, influence
from mathlearn.statistics.functional import INTERCEPT, covariance_matrix
from mathlearn.statistics.intervals import Interval, predict_interval
from mathlearn.statistics.nested import NestedTest, f_test
from mathlearn.statistics.row_file import RowFile
from mathlearn.statistics.summary import Summary, summarise
from mathlearn.statistics.tables import conf_int, glance, tidy
from mathlearn.statistics.wald import WaldTest

__all__ = [
    "INTERCEPT",
    "KINDS",
    "Contrast",
    "DevianceAnalysis",
    "DevianceTest",
    "Diagnosis",
    "Interval",
    "NestedTest",
    "RowFile",
    "Severity",
    "Summary",
    "WaldTest",
    "analysis_of_deviance",
    "augment",
    "conf_int",
    "contrast",
    "covariance_matrix",
    "deviance_test",
    "diagnose",
    "estimate",
    "f_test",
    "glance",
    "influence",
    "predict_interval",
    "summarise",
    "tidy",
]
