"""What the pass over the rows says of deviances, of rows far out and of exact fits, against long-double arithmetic."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mathlearn.certify import likelihood_rows
from mathlearn.certify.gradient_terms import GradientTerms, far_out, pearson_shares
from mathlearn.certify.likelihood_rows import Deviances, LikelihoodRows
from mathlearn.certify.shown_columns import Shown
from mathlearn.data.chunk import Chunk
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from mathlearn.probability import family_named

N = 30_000  # so many that deviances are differences of losses


def quiet(model, X, y, **roles):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y, **roles)


def perturbed(model, **changes):
    other = copy(model)
    other.result_ = replace(model.result_, **changes)
    return other


def counts(size, seed=0):
    """Return a column, counts of about `size`, and the offset of their true means."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 1))
    return X, rng.poisson(size * np.exp(0.3 * X[:, 0])).astype(float)


def poisson_deviance(y, eta):
    """``2 (y log(y / mu) - y + mu)`` in long double, by its series where the two are close."""
    mu = np.exp(eta)
    x = (y - mu) / mu
    series = x * x * (1 - x / 3 + x * x / 6 - x**3 / 10 + x**4 / 15)  # of 2 ((1 + x) log(1 + x) - x)
    full = 2 * np.where(y > 0, np.where(y > 0, y, 1) * np.log(np.where(y > 0, y, 1) / mu) - (y - mu), mu)
    return float(np.where(np.abs(x) < 1e-3, mu * series, full).sum())


def predictors(model, X):
    """Linear predictors of the numbers shown in long double."""
    result = model.result_
    away = X.astype(np.longdouble) - result.curvature.mean
    return away @ result.coef[0].astype(np.longdouble) + np.longdouble(result.centre[0])


# ----------------------------------------------------------------------------------------------- differences of losses
def sums(size):
    """Look at counts with numbers that are nearly right, once."""
    X, y = counts(size)
    family = family_named("poisson")
    shown = Shown(
        family=family,
        link=family.link("log"),
        coef=np.array([0.3]),
        mean=np.zeros(1),
        centre=np.log(size),
        intercept=True,
        null_eta=np.log(y.mean()),
        scale=np.full(1, 128.0),
        careful=False,
        near=True,
    )
    chunk = Chunk(X, y[:, None])
    eta = np.longdouble(shown.centre) + X[:, 0].astype(np.longdouble) * shown.coef[0]
    return LikelihoodRows.of(chunk, shown), Deviances.of(chunk, shown), poisson_deviance(y, eta)


@pytest.mark.parametrize(("size", "cancelled"), [(1.0, False), (1e2, False), (1e4, True), (1e8, True), (1e12, True)])
def test_digits_lost_in_a_deviance_are_noticed(size, cancelled):
    found, exact, true = sums(size)
    assert found.cancelled == cancelled
    lost = 16.0 * float(np.finfo(np.float64).eps) * found.least
    assert abs(found.deviance - true) <= lost + 1e-13 * true
    assert_allclose(
        exact.fit, true, rtol=1e-9 if size > 1e10 else 1e-12
    )  # a rounding of 1e12 is some of its standard deviation
    assert exact.least == 0.0


def test_a_deviance_that_is_lost_altogether_is_noticed():
    """Rounding may even leave it below zero."""
    found, _, _ = sums(1.0)
    assert not found.cancelled
    assert found._replace(deviance=np.nan).cancelled
    for deviance in (0.0, -3.0):
        assert found._replace(deviance=deviance).cancelled
        assert found._replace(null_deviance=deviance).cancelled
    assert not found._replace(least=0.0).cancelled


@pytest.mark.parametrize("size", [1.0, 1e4, 1e8, 1e12])
def test_deviances_of_large_counts_have_their_digits_or_are_not_certified(size):
    X, y = counts(size, seed=1)
    model = quiet(PoissonRegressor(alpha=0), X, y)
    true = poisson_deviance(y, predictors(model, X))
    assert_allclose(model.result_.deviance, true, rtol=1e-10)
    null = np.full(N, np.log(np.longdouble(y.mean())))
    assert_allclose(model.result_.null_deviance, poisson_deviance(y, null), rtol=1e-10)
    assert model.certificate_.ok == (size < 1e12)


def test_one_look_serves_where_no_digits_are_lost(monkeypatch):
    X, y = counts(1.0)
    monkeypatch.setattr(likelihood_rows.Deviances, "of", None)
    assert PoissonRegressor(alpha=0).fit(X, y).certificate_.ok


# --------------------------------------------------------------------------------------------------------- rows far out
@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("n", [400, 60_000])
@pytest.mark.parametrize("classes", [2, 3])
def test_one_row_far_out_takes_no_digits_from_the_others(label, n, classes):
    """A failure whose chance of success is 1 - 1e-100 has a squared Pearson residual of 1e100, and a gradient of 1."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(n, 2))
    y = np.floor((1 - 1e-12) * classes / (1.0 + np.exp(-X @ [0.8, -0.5] - rng.logistic(size=n))))
    X[0], y[0] = [300.0, -300.0], label
    model = LogisticRegression(C=np.inf).fit(X, y)
    assert model.certificate_.ok
    assert model.verify(X, y).ok
    coef = model.result_.coef.copy()
    coef[0, -1] += 1e-4 * float(model.tidy().std_error.iloc[-1])
    assert not perturbed(model, coef=coef).verify(X, y).ok


def test_terms_are_bounded_by_those_of_the_usual_rows_and_of_those_far_out():
    share = np.array([1.0, 2.0, 0.5, 1e9, np.inf, 3.0])
    assert far_out(share).tolist() == [False, False, False, True, True, False]
    assert not far_out(1e30 * share[:3]).any()  # no other unit of y makes rows unusual
    assert not far_out(share[:0]).any()
    terms = GradientTerms(4.0, np.array([1.0, 0.0])).merge(GradientTerms(5.0, np.array([1.0, 2.0])))
    assert_allclose(terms.bound(np.array([10.0, 1.0])), [32.0, 5.0])


def test_a_pearson_residual_beyond_numbers_is_infinite_and_not_nothing():
    family = family_named("binomial")
    link, y, eta = family.link("logit"), np.array([1.0, 0.0, 1.0, 0.0]), np.array([-800.0, -800.0, 800.0, 0.0])
    with np.errstate(divide="ignore"):
        share = pearson_shares(y, eta, family, link, family.kernels(y, eta, link))
    assert_allclose(share, [np.inf, 0.0, 0.0, 1.0])


# ------------------------------------------------------------------------------------------------------------ exact fits
UNITS = [1e-100, 1e-30, 1e-15, 1e-8, 1.0, 1e8, 1e30, 1e100]
FAMILIES = {
    "gaussian": GeneralizedLinearRegressor(),
    "gaussian, log": GeneralizedLinearRegressor(family="gaussian", link="log"),
    "poisson": PoissonRegressor(alpha=0),
    "gamma": GammaRegressor(alpha=0),
    "inverse Gaussian": GeneralizedLinearRegressor(family="inverse_gaussian", link="log"),
    "tweedie": TweedieRegressor(power=1.5, alpha=0),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", FAMILIES)
def test_whether_a_fit_is_exact_does_not_depend_on_the_unit(name, unit):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 2))
    mean = 3.0 + X @ [0.4, -0.3] if name == "gaussian" else np.exp(0.3 + X @ [0.4, -0.3])
    around = mean * (1.0 + 0.01 * rng.uniform(-1.0, 1.0, 60))
    model = FAMILIES[name]
    if name == "poisson":  # whose observations have a unit of their own
        unit = max(unit, 1.0)
    if name != "poisson" or unit == 1.0:
        noisy = quiet(model, X, around * unit)
        assert not noisy.result_.exact[0]
        assert (noisy.tidy().std_error > 0.0).all()
    assert quiet(model, X, mean * unit).result_.exact[0]


# ---------------------------------------------------------------------------------------------- the model without columns
@pytest.mark.parametrize("away", [-1e5, -100.0, 0.0, 100.0, 1e5])
@pytest.mark.parametrize("n", [300, N])
def test_the_model_without_columns_is_found_however_far_the_offset_lies(away, n):
    rng = np.random.default_rng(4)
    X, offset = rng.normal(size=(n, 2)), rng.normal(size=n)
    y = rng.poisson(np.exp(0.3 * X[:, 0])).astype(float)
    model = PoissonRegressor(alpha=0).fit(X, y, offset=offset + away)
    level = np.log(y.sum() / np.exp(offset).sum())  # in closed form for this link
    assert_allclose(model.result_.null_deviance, poisson_deviance(y, (level + offset).astype(np.longdouble)), rtol=1e-9)
    assert model.certificate_.ok


# ------------------------------------------------------------------------------------- numbers of any size are looked at
@pytest.mark.parametrize("unit", [1e-40, 1e-6, 1.0, 1e6, 1e40])
@pytest.mark.parametrize("number", ["deviance", "null_deviance"])
def test_a_wrong_deviance_is_told_in_any_unit(number, unit):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(50, 2))
    y = unit * (X @ [0.4, -0.3] + rng.normal(size=50))
    model = GeneralizedLinearRegressor().fit(X, y)
    assert model.verify(X, y).ok
    assert not perturbed(model, **{number: 1.0001 * getattr(model.result_, number)}).verify(X, y).ok


@pytest.mark.parametrize("size", [1e-150, 1e-100, 1.0, 1e100, 1e150])
@pytest.mark.parametrize("name", ["inverse Gaussian", "tweedie", "gaussian, log"])
def test_curvatures_beyond_single_precision_are_looked_at_all_the_same(name, size):
    """Of a link that is not canonical the second derivatives of the rows are summed in single precision."""
    rng = np.random.default_rng(6)
    X = rng.normal(size=(200, 2))
    y = size * rng.gamma(3.0, np.exp(0.3 + X @ [0.4, -0.3]) / 3.0)
    model = quiet(FAMILIES[name], X, y)
    assert model.certificate_.ok
    curvature = {check.name: check.value for check in model.certificate_.checks}["curvature"]
    assert_allclose(
        curvature,
        {check.name: check.value for check in quiet(FAMILIES[name], X, y / size).certificate_.checks}["curvature"],
        rtol=1e-3,
    )
