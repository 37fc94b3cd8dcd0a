"""Multinomial logistic regression against 30 known digits, against Stata's printed ones, and against other packages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mathlearn.linear_model import LogisticRegression
from mathlearn.statistics.functional import model_errors
from tests.reference.glm.cases import case

EXACT = 1e-12
"""Relative error that is let pass: of a coefficient, of its size or of its standard error if that is larger."""


def fit(c, **options):
    return LogisticRegression(**options).fit(c.X, c.y.astype(int))


def stacked(model, terms):
    return model.result_.coef[0].reshape(-1, terms)


def errors(model, terms):
    return model_errors(replace(model.result_, withheld=None))[0].reshape(-1, terms)


@pytest.fixture(scope="module")
def baseline():
    c = case("exact", "multinomial_baseline")
    return c, fit(c, C=np.inf)


@pytest.fixture(scope="module")
def symmetric():
    c = case("exact", "multinomial_symmetric")
    return c, fit(c, C=1.0)


@pytest.fixture(scope="module")
def anes96():
    c = case("published", "multinomial_anes96")
    return c, fit(c, C=np.inf)


# --------------------------------------------------------------------------------------------------------------- 30 digits


def test_coefficients_and_standard_errors(baseline):
    c, model = baseline
    true, se = c.expected["params"][1:], c.expected["bse_expected"]
    assert (np.abs(stacked(model, 3) - true) <= EXACT * np.maximum(np.abs(true), se)).all()
    assert_allclose(errors(model, 3), se, rtol=EXACT)
    assert_allclose(model.tidy().std_error, se.ravel(), rtol=EXACT)


def test_coefficients_of_the_symmetric_model(symmetric):
    c, model = symmetric
    true, se = c.expected["params"], errors(model, 3).max()
    found = np.column_stack([model.intercept_, model.coef_])
    assert (np.abs(found - true) <= EXACT * np.maximum(np.abs(true), se)).all()
    assert_allclose(found.sum(axis=0), 0.0, atol=1e-15)


@pytest.mark.parametrize("which", ["baseline", "symmetric"])
def test_likelihood_and_probabilities(which, request):
    c, model = request.getfixturevalue(which)
    assert_allclose(model.result_.likelihood.log_likelihood, c.expected["log_likelihood"], rtol=EXACT)
    assert_allclose(model.predict_proba(c.X), c.expected["fitted"], rtol=EXACT)
    assert_allclose(model.predict_log_proba(c.X), np.log(c.expected["fitted"]), rtol=EXACT)


@pytest.mark.parametrize("which", ["baseline", "symmetric"])
def test_the_certificate_promises_no_more_than_there_is(which, request):
    c, model = request.getfixturevalue(which)
    assert model.certificate_.verdict == "certified"
    true = c.expected["params"][1:] - c.expected["params"][0]
    away, se = np.abs(stacked(model, 3) - true), errors(model, 3)
    rounding = 2 * np.finfo(float).eps * np.abs(true)
    assert (away <= model.certificate_.error_in_se * se + rounding).all()
    assert (away <= 10.0**-model.certificate_.digits * np.maximum(np.abs(true), se) + rounding).all()


def test_the_objective_of_the_symmetric_model(symmetric):
    c, model = symmetric
    found = 0.5 * float((model.coef_**2).sum()) - model.result_.likelihood.log_likelihood
    assert_allclose(found, c.expected["objective"], rtol=EXACT)


# ------------------------------------------------------------------------------------------------------------------- Stata


@pytest.mark.parametrize(
    ("field", "column"), [("params", "estimate"), ("bse", "std_error"), ("z", "statistic"), ("p_values", "p_value")]
)
def test_table_of_anes96(anes96, field, column):
    c, model = anes96
    c.assert_matches(field, model.tidy()[column].to_numpy().reshape(6, 6))


def test_intervals_of_anes96(anes96):
    c, model = anes96
    table = model.conf_int()
    c.assert_matches("conf_int", np.stack([table.conf_low, table.conf_high], axis=1).reshape(6, 6, 2))


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("log_likelihood", "log_likelihood"),
        ("null_log_likelihood", "null_log_likelihood"),
        ("lr_chi2", "lr_statistic"),
        ("lr_p", "lr_p_value"),
        ("mcfadden_r2", "pseudo_r_squared"),
        ("aic", "aic"),
        ("bic", "bic"),
    ],
)
def test_numbers_of_anes96(anes96, field, column):
    c, model = anes96
    c.assert_matches(field, model.glance()[column].item())


# ---------------------------------------------------------------------------------------------------------- other packages


@pytest.mark.parametrize("table", ["iris", "wine"])
@pytest.mark.parametrize("intercept", [True, False])
def test_penalised_as_scikit_learn(table, intercept):
    """Its Newton solvers reach the last digits on columns of one size; its default, L-BFGS, stops at 1e-6 on iris."""
    datasets = pytest.importorskip("sklearn.datasets")
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = getattr(datasets, f"load_{table}")(return_X_y=True)
    X = X / X.std(axis=0)
    theirs = linear_model.LogisticRegression(fit_intercept=intercept, solver="newton-cg", tol=1e-13, max_iter=10_000)
    theirs.fit(X, y)
    ours = LogisticRegression(fit_intercept=intercept).fit(X, y)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-9)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-9)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-8)
    assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-8, atol=1e-9)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-8)
    assert (ours.predict(X) == theirs.predict(X)).all()
    assert ours.score(X, y) == theirs.score(X, y)


def test_unpenalised_as_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    c = case("published", "multinomial_anes96")
    X = c.X / c.X.std(axis=0)
    theirs = linear_model.LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-8, max_iter=10_000).fit(X, c.y)
    ours = LogisticRegression(C=np.inf).fit(X, c.y.astype(int))
    # It stops at a mean gradient of 1e-8, which over 944 rows and a least curvature of 0.4 lets it be off by 2e-5.
    assert_allclose(ours.coef_, theirs.coef_, atol=2e-5)
    assert_allclose(ours.intercept_, theirs.intercept_, atol=2e-5)


@pytest.mark.parametrize("weights", ["class_weight", "sample_weight"])
def test_weights_as_scikit_learn(weights):
    datasets = pytest.importorskip("sklearn.datasets")
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = datasets.load_iris(return_X_y=True)
    options = {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}} if weights == "class_weight" else {}
    w = None if options else np.random.default_rng(0).uniform(0.2, 2.0, len(y))
    theirs = linear_model.LogisticRegression(C=0.3, solver="newton-cholesky", tol=1e-13, max_iter=1000, **options)
    theirs.fit(X, y, sample_weight=w)
    ours = LogisticRegression(C=0.3, **options).fit(X, y, sample_weight=w)
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-9)


def test_inference_as_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(7)
    X = rng.normal(size=(300, 3)) * [1.0, 10.0, 0.1] + [0.0, 50.0, 1.0]
    y = rng.integers(0, 4, 300)
    theirs = sm.MNLogit(y, sm.add_constant(X)).fit(method="newton", disp=0, tol=1e-13, maxiter=100)
    ours = LogisticRegression(C=np.inf).fit(X, y)
    table, numbers = ours.tidy(), ours.glance().iloc[0]
    assert_allclose(table.estimate, theirs.params.T.ravel(), rtol=1e-8, atol=1e-10)
    assert_allclose(table.std_error, theirs.bse.T.ravel(), rtol=1e-8)
    assert_allclose(table.p_value, theirs.pvalues.T.ravel(), rtol=1e-7)
    for name, value in (("log_likelihood", theirs.llf), ("aic", theirs.aic), ("bic", theirs.bic)):
        assert_allclose(numbers[name], value, rtol=1e-10)
    assert_allclose(numbers["lr_p_value"], theirs.llr_pvalue, rtol=1e-8)
    slopes = np.eye(12)[[j for j in range(12) if j % 4]]
    wald = theirs.wald_test(slopes, scalar=True)
    assert_allclose(numbers["wald_statistic"], float(wald.statistic), rtol=1e-8)
    assert_allclose(numbers["wald_p_value"], float(wald.pvalue), rtol=1e-7)
    between = np.zeros(12)
    between[[1, 5]] = 1.0, -1.0
    found = ours.contrast({"1: x0": 1.0, "2: x0": -1.0})
    one = theirs.t_test(between)
    assert_allclose([found.estimate.item(), found.std_error.item()], [one.effect.item(), one.sd.item()], rtol=1e-8)
