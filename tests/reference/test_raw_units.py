"""Designs on raw units: timestamps, lines far from zero, scales 24 decades apart, powers up to the fourth."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from mathlearn.linear_model import LinearRegression
from tests.data import raw_units
from tests.reference.accuracy import assert_accurate, assert_honest, fitted
from tests.reference.designs import LINE_MEANS, raw_unit_problems
from tests.reference.exact_least_squares import least_digits
from tests.reference.stored import expected

EXACT_FIT = ("scales", *(f"line, mean {mean}" for mean in LINE_MEANS))


def _truth(name):
    return expected("raw_units.json", name, raw_unit_problems()[name])


@pytest.mark.parametrize("name", raw_unit_problems())
def test_coefficients_and_standard_errors(name):
    assert_accurate(fitted(raw_unit_problems()[name]), _truth(name), exact_fit=name in EXACT_FIT)


@pytest.mark.parametrize("name", raw_unit_problems())
def test_the_certificate_claims_no_more_digits_than_there_are(name):
    assert_honest(fitted(raw_unit_problems()[name]), _truth(name))


def test_a_flag_beside_a_timestamp_keeps_its_coefficient():
    X, y, _, beta = raw_units.timestamps()
    model = LinearRegression().fit(X, y)
    assert model.coef_ == pytest.approx(beta, rel=0.01)
    assert model.score(X, y) > 0.97


def test_the_columns_of_polynomial_features():
    problem = raw_unit_problems()["polynomial of degree 4 on [0, 100]"]
    model = make_pipeline(PolynomialFeatures(4, include_bias=False), LinearRegression())
    model.fit(problem.X[:, :1], problem.y)
    assert np.array_equal(model[0].transform(problem.X[:, :1]), problem.X)
    truth = _truth("polynomial of degree 4 on [0, 100]")
    assert least_digits(model[-1].coef_, truth["coefficients"][1:]) >= 14.7


def test_the_bias_column_of_polynomial_features_is_reported_not_refused():
    problem = raw_unit_problems()["polynomial of degree 4 on [0, 100]"]
    features = PolynomialFeatures(4).fit_transform(problem.X[:, :1])
    with pytest.warns(match="x0"):
        model = LinearRegression().fit(features, problem.y)
    truth = _truth("polynomial of degree 4 on [0, 100]")
    assert model.coef_[0] == 0.0
    assert least_digits(model.coef_[1:], truth["coefficients"][1:]) >= 14.7
