"""Linear models, under scikit-learn's names."""

from __future__ import annotations

from typing import Any

from mathlearn.linear_model._gamma_regressor import GammaRegressor
from mathlearn.linear_model._generalized_linear_regressor import GeneralizedLinearRegressor
from mathlearn.linear_model._linear_regression import LinearRegression
from mathlearn.linear_model._logistic_regression import LogisticRegression
from mathlearn.linear_model._poisson_regressor import PoissonRegressor
from mathlearn.linear_model._tweedie_regressor import TweedieRegressor

__all__ = [
    "GammaRegressor",
    "GeneralizedLinearRegressor",
    "LinearRegression",
    "LogisticRegression",
    "PoissonRegressor",
    "TweedieRegressor",
]


def __getattr__(name: str) -> Any:
    # Class names are capitalised; anything else is somebody probing the module.
    if not name[:1].isupper():
        raise AttributeError(f"module 'mathlearn.linear_model' has no attribute {name!r}")
    raise ImportError(
        f"mathlearn.linear_model has no {name!r}; it has {', '.join(__all__)}. "
        f"scikit-learn's own may serve: from sklearn.linear_model import {name}"
    )
