"""Bias reduction, and a shape estimated with the coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import stats

import mathlearn
from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.bind import bind
from mathlearn.fitting.likelihood_spec import LikelihoodSpec
from mathlearn.fitting.survey import surveyed
from mathlearn.fitting.theta import null_model
from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression
from mathlearn.probability import family_named
from mathlearn.statistics import analysis_of_deviance
from mathlearn.statistics.cells import number
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


# ---------------------------------------------------------------------------------------- negative binomial, theta estimated


def overdispersed(n=300):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    return X, rng.negative_binomial(2, 1 / (1 + 0.5 * np.exp(X @ [0.5, -0.3, 0.0])))


def by_statsmodels(X, y, **given):
    """Fit with its shape by maximum likelihood, and its null model with one of its own."""
    return sm.NegativeBinomial(y, sm.add_constant(X), **given).fit(disp=0, maxiter=500, gtol=1e-9, method="bfgs")


@pytest.fixture(scope="module")
def doctor_visits():
    table = sm.datasets.randhie.load_pandas().data
    columns = ["lncoins", "idp", "lpi", "fmde", "physlm", "disea", "hlthg", "hlthf", "hlthp"]
    return table[columns], table["mdvis"]


def test_the_null_model_has_a_theta_of_its_own(doctor_visits):
    """Of statsmodels 0.15.0, whose NegativeBinomial gives LR 1631.2 and pseudo R squared 0.01845, theta held it would be 1718.5."""
    X, y = doctor_visits
    model = GeneralizedLinearRegressor(family="negative_binomial").fit(X, y)
    other = sm.NegativeBinomial(y, sm.add_constant(X)).fit(disp=0, maxiter=200)
    fit = model.glance().loc[0]
    assert_allclose(fit["null_log_likelihood"], other.llnull, rtol=1e-9)
    assert_allclose(fit["lr_statistic"], other.llr, rtol=1e-6)
    assert_allclose(fit["pseudo_r_squared"], other.prsquared, rtol=1e-6)
    assert_allclose(fit["theta"], 1 / other.params["alpha"], rtol=1e-4)
    assert_allclose(fit["theta_std_error"], other.bse["alpha"] / other.params["alpha"] ** 2, rtol=1e-3)
    assert_allclose(model.theta_, fit["theta"], rtol=0)
    # The deviances are both at the theta of the fit, as in R's glm.nb.
    held = GeneralizedLinearRegressor(family="negative_binomial", theta=model.theta_).fit(X, y).glance().loc[0]
    assert_allclose(
        fit[["deviance", "null_deviance"]].astype(float), held[["deviance", "null_deviance"]].astype(float), rtol=1e-8
    )
    assert held["lr_statistic"] > fit["lr_statistic"] + 80


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weights", [None, "frequency"])
def test_the_null_model_is_the_fit_without_columns(intercept, weights):
    X, y = overdispersed()
    offset, weight = 0.3 * X[:, 2], None if weights is None else np.arange(300) % 3
    options = {"family": "negative_binomial", "fit_intercept": intercept}
    if weights:
        options["weights_type"] = weights
    model = GeneralizedLinearRegressor(**options).fit(X, y, offset=offset, sample_weight=weight)
    likelihood = model.result_.likelihood
    if intercept:
        null = GeneralizedLinearRegressor(formula="y ~ 1", **options).fit(
            pd.DataFrame({"y": y}), offset=offset, sample_weight=weight
        )
        assert_allclose(likelihood.null_log_likelihood, null.result_.likelihood.log_likelihood, rtol=1e-12)
        assert_allclose(dict(likelihood.null_parameters)["theta"], null.theta_, rtol=1e-7)
    else:
        counts = stats.nbinom
        mean = np.exp(offset)

        def value(theta):
            each = counts.logpmf(y, theta, theta / (theta + mean))
            return each.sum() if weight is None else weight @ each

        theta = dict(likelihood.null_parameters)["theta"]
        assert_allclose(likelihood.null_log_likelihood, value(theta), rtol=1e-12)
        assert value(theta) > max(value(0.999 * theta), value(1.001 * theta))
    assert model.verify(X, y, offset=offset, sample_weight=weight).ok


def test_a_record_with_another_null_model_is_found_out():
    X, y = overdispersed()
    model = GeneralizedLinearRegressor(family="negative_binomial").fit(X, y)
    likelihood = model.result_.likelihood
    model.result_ = replace(
        model.result_, likelihood=replace(likelihood, null_log_likelihood=likelihood.null_log_likelihood + 1e-3)
    )
    assert not model.verify(X, y).ok


def test_the_summary_says_at_which_theta_each_number_is():
    model = GeneralizedLinearRegressor(family="negative_binomial").fit(*overdispersed())
    text = " ".join(str(model.summary()).split())
    assert "without columns, both at this theta; explained" in text
    theta = dict(model.result_.likelihood.null_parameters)["theta"]
    assert f"without columns, at theta = {number(theta, 5)} of its own; McFadden's pseudo-R²" in text


def test_where_the_null_model_is_a_poisson_its_theta_is_infinite():
    y = np.tile([3, 4, 3, 2, 3, 3], 20)
    rows = bind(np.zeros((120, 1)), y.astype(float))
    family = family_named("negative_binomial", theta=1.0)
    spec = LikelihoodSpec(family=family, link=family.link(None), estimate=("theta",))
    null = null_model(rows, spec, surveyed(rows, family), 1.0, 1)
    assert null.theta == np.inf
    assert_allclose(null.log_likelihood, stats.poisson.logpmf(y, 3.0).sum(), rtol=1e-7)


@pytest.mark.parametrize("columns", [1, 2])
def test_nested_models_that_each_estimate_theta_are_compared_by_their_likelihoods(columns):
    X, y = overdispersed()
    small = GeneralizedLinearRegressor(family="negative_binomial").fit(X[:, :columns], y)
    large = GeneralizedLinearRegressor(family="negative_binomial").fit(X, y)
    expected = 2 * (by_statsmodels(X, y).llf - by_statsmodels(X[:, :columns], y).llf)
    (test,) = analysis_of_deviance(small, large).tests
    assert_allclose(test.statistic, expected, rtol=1e-6)
    assert_allclose(test.p_value, stats.chi2.sf(expected, 3 - columns), rtol=1e-5)
    assert test.name == "LR test"
    text = str(analysis_of_deviance(small, large))
    assert "log-likelihood" in text
    assert "theta is estimated in each model" in text
    frame = analysis_of_deviance(small, large).to_frame()
    assert_allclose(frame["log_likelihood"].diff()[1] * 2, frame["change"][1], rtol=1e-10)
    comparison = str(mathlearn.compare(small, large))
    assert f"LR test     (2) against (1): chi2({3 - columns})" in comparison


def test_a_theta_given_and_one_estimated_are_not_compared():
    X, y = overdispersed()
    small = GeneralizedLinearRegressor(family="negative_binomial", theta=2.0).fit(X[:, :1], y)
    large = GeneralizedLinearRegressor(family="negative_binomial").fit(X, y)
    with pytest.raises(SchemaError, match="Estimate theta in both models, or fix it in both at one value"):
        analysis_of_deviance(small, large)


def test_estimated_thetas_of_other_rows_are_not_compared():
    X, y = overdispersed()
    small = GeneralizedLinearRegressor(family="negative_binomial").fit(X[:, :1], y)
    large = GeneralizedLinearRegressor(family="negative_binomial").fit(X, np.roll(y, 1) + (np.arange(300) == 5))
    with pytest.raises(SchemaError, match="same rows"):
        analysis_of_deviance(small, large)


def test_all_passes_are_counted(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=20_000)
    k = rng.negative_binomial(2, 2 / (2 + np.exp(0.3 * x)))
    pd.DataFrame({"x": x, "k": k}).to_parquet(tmp_path / "t.parquet")
    ended = []
    with mathlearn.config_context(progress=lambda told: ended.append(told) if told.ended else None):
        model = GeneralizedLinearRegressor(family="negative_binomial", formula="k ~ x").fit(
            mathlearn.scan(tmp_path / "t.parquet")
        )
    assert model.result_.likelihood.passes == len(ended) > 10
