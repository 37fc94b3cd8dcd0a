"""The only place that uses what scikit-learn does not document as public."""

from __future__ import annotations

from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils._param_validation import Interval, StrOptions

__all__ = [
    "BaseEstimator",
    "ConvergenceWarning",
    "Interval",
    "MultiOutputMixin",
    "NotFittedError",
    "RegressorMixin",
    "StrOptions",
    "check_parameters",
    "is_fitted",
]


def check_parameters(estimator: BaseEstimator) -> None:
    """Check constructor parameters against ``_parameter_constraints``, as scikit-learn's own fits do.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        A ValueError naming the parameter, what it got and what is allowed.
    """
    estimator._validate_params()  # noqa: SLF001 - inherited, for estimators to call


def is_fitted(estimator: BaseEstimator) -> bool:
    """Whether the estimator holds a fit."""
    return "result_" in vars(estimator)
