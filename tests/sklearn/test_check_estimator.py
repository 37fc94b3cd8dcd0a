"""scikit-learn's estimator checks: no failure, in any mode of the estimators."""

import warnings

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from mathlearn.probability import FAMILIES

LEAST_PASSED = 40


class ZerosAndOnes(GeneralizedLinearRegressor):
    """A model of shares, of which the checks do not know: their y become 0 and 1."""

    def fit(self, X, y=None, sample_weight=None, *, groups=None, offset=None, trials=None):
        return super().fit(X, _above_mean(y), sample_weight, groups=groups, offset=offset, trials=trials)

    def score(self, X, y=None, sample_weight=None, *, offset=None):
        return super().score(X, _above_mean(y), sample_weight, offset=offset)


def _above_mean(y):
    """Make numbers 0 and 1; whatever is not numbers stays what it is, for the estimator to refuse."""
    try:
        numbers = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        return y
    return np.where(numbers > numbers.mean(), 1.0, 0.0) if np.isfinite(numbers).all() else y


def _of_families():
    for name, maker in FAMILIES.items():
        kind = (
            ZerosAndOnes if maker.make(**dict(maker.examples[0])).mean_span.upper == 1.0 else GeneralizedLinearRegressor
        )
        yield name, kind(family=name, **dict(maker.examples[0]))


ESTIMATORS = {
    "linear": LinearRegression(),
    "linear, no intercept": LinearRegression(fit_intercept=False),
    "linear, positive": LinearRegression(positive=True),
    "linear, robust": LinearRegression(covariance="HC3"),
    "linear, frequency": LinearRegression(weights_type="frequency"),
    "linear, drop": LinearRegression(missing="drop"),
    "linear, tol": LinearRegression(tol=1e-9),
    "logistic": LogisticRegression(),
    "logistic, unpenalised": LogisticRegression(C=np.inf),
    "logistic, balanced": LogisticRegression(class_weight="balanced"),
    "logistic, drop": LogisticRegression(missing="drop"),
    "poisson": PoissonRegressor(),
    "poisson, unpenalised": PoissonRegressor(alpha=0),
    "poisson, drop": PoissonRegressor(missing="drop"),
    "gamma": GammaRegressor(),
    **{f"tweedie {power}": TweedieRegressor(power=power) for power in (0, 1, 1.5, 2, 3)},
    **dict(_of_families()),
}

# The only check that is not asked: it predicts the class of rows with gaps, and a label, unlike a mean, cannot be missing.
EXPECTED = {"logistic, drop": {"check_estimators_pickle": "rows with gaps have no label"}}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_no_check_fails(name):
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # checks fit degenerate tables on purpose; what they demand of warnings they check
        results = check_estimator(
            ESTIMATORS[name], on_fail=None, on_skip=None, expected_failed_checks=EXPECTED.get(name)
        )
    failed = [f"{result['check_name']}: {result['exception']!r}" for result in results if result["status"] == "failed"]
    assert not failed, "\n".join(failed)
    assert sum(result["status"] == "passed" for result in results) >= LEAST_PASSED
