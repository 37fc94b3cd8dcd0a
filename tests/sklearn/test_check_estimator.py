"""scikit-learn's estimator checks: no failure, in any mode of the estimator."""

import warnings

import pytest
from sklearn.utils.estimator_checks import check_estimator

from mathlearn.linear_model import LinearRegression

MODES = {
    "default": {},
    "no intercept": {"fit_intercept": False},
    "positive": {"positive": True},
    "robust": {"covariance": "HC3"},
    "frequency": {"weights_type": "frequency"},
    "drop": {"missing": "drop"},
    "tol": {"tol": 1e-9},
}


@pytest.mark.parametrize("parameters", MODES.values(), ids=MODES.keys())
def test_no_check_fails(parameters):
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # checks fit degenerate tables on purpose; what they demand of warnings they check
        results = check_estimator(LinearRegression(**parameters), on_fail=None, on_skip=None)
    failed = [f"{result['check_name']}: {result['exception']!r}" for result in results if result["status"] == "failed"]
    assert not failed, "\n".join(failed)
    assert sum(result["status"] == "passed" for result in results) >= 40
