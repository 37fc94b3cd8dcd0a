"""Bias reduction, and a shape estimated with the coefficients."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mathlearn._errors import DomainError
from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression
from tests.reference.glm.cases import case


@pytest.mark.parametrize("name", ["firth", "firth_separated"])
def test_firth_agrees_with_the_maximum_in_50_digits(name):
    exact = case("exact", name)
    model = GeneralizedLinearRegressor(family="binomial", bias_reduction="firth").fit(exact.X, exact.y)
    assert_allclose(np.append(model.intercept_, model.coef_), exact.expected["params"], rtol=1e-10)
    assert_allclose(model.tidy()["std_error"], exact.expected["bse_expected"], rtol=1e-8)
    assert model.certificate_.ok
    assert model.verify(exact.X, exact.y).ok


def test_firth_of_counts_in_a_table_adds_half_to_each_cell():
    """Of a Poisson with one parameter for each of two cells, Jeffreys' prior adds 1/2 to each count."""
    X, y = np.array([[0.0], [1.0]]), np.array([3.0, 0.0])
    model = GeneralizedLinearRegressor(family="poisson", bias_reduction="firth").fit(X, y)
    assert_allclose(model.predict(X), y + 0.5, rtol=1e-10)


def test_firth_survives_complete_separation_of_many_rows():
    X = np.random.default_rng(0).normal(size=(400, 2))
    model = LogisticRegression(C=np.inf, bias_reduction="firth").fit(X, X[:, 0] > 0)
    assert model.certificate_.ok
    assert len(model.result_.likelihood.iterations) < 40


@pytest.mark.parametrize(
    "parameters",
    [{"family": "gamma"}, {"family": "binomial", "link": "probit"}, {"family": "binomial", "alpha": 1.0}],
)
def test_firth_is_refused_where_it_is_something_else(parameters):
    model = GeneralizedLinearRegressor(bias_reduction="firth", **parameters)
    with pytest.raises(DomainError, match="firth"):
        model.fit([[0.0], [1.0], [2.0], [3.0]], [1, 0, 1, 1] if model.family == "binomial" else [1, 2, 1, 1])


def test_theta_agrees_with_the_maximum_in_50_digits():
    exact = case("exact", "negative_binomial_ml")
    model = GeneralizedLinearRegressor(family="negative_binomial").fit(exact.X, exact.y, offset=exact.offset)
    likelihood = model.result_.likelihood
    assert_allclose(dict(likelihood.parameters)["theta"], exact.expected["theta"], rtol=1e-7)
    assert_allclose(likelihood.estimated_errors[0], exact.expected["theta_se_given_params"], rtol=1e-6)
    assert_allclose(np.append(model.intercept_, model.coef_), exact.expected["params"], rtol=1e-8)
    assert_allclose(likelihood.log_likelihood, exact.expected["log_likelihood"], rtol=1e-12)
    assert model.certificate_.ok
    assert model.verify(exact.X, exact.y, offset=exact.offset).ok


def test_counts_without_overdispersion_have_no_theta():
    X = np.arange(40.0)[:, None]
    with pytest.raises(DomainError, match="no more than a Poisson"):
        GeneralizedLinearRegressor(family="negative_binomial").fit(X, np.tile([2, 3, 2, 3], 10))
