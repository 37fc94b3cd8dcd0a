"""Quantile residuals are the normal scores of the distribution function, from whichever tail has the digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mathlearn.data.chunk import Chunk
from mathlearn.linear_model import GeneralizedLinearRegressor
from mathlearn.statistics.quantile_residuals import quantile_residuals
from mathlearn.statistics.working import working

X = np.linspace(-1, 1, 40)[:, None]
RNG = np.random.default_rng(0)
MEAN = np.exp(0.5 + X[:, 0])
Y = {
    "gaussian": MEAN + RNG.normal(size=40),
    "poisson": RNG.poisson(MEAN).astype(float),
    "negative_binomial": RNG.negative_binomial(2, 2 / (2 + MEAN)).astype(float),
    "gamma": RNG.gamma(3, MEAN / 3),
    "inverse_gaussian": RNG.wald(MEAN, 4.0),
    "binomial": RNG.integers(0, 2, 40).astype(float),
}
PARAMETERS = {"negative_binomial": {"theta": 2.0}}
FITS = {
    family: GeneralizedLinearRegressor(family=family, **PARAMETERS.get(family, {})).fit(X, y).result_
    for family, y in Y.items()
}


def residuals(family, y, eta, share, weight=None):
    """Residuals of observations at given linear predictors, under the law of a fit."""
    y, eta, share = (np.atleast_1d(np.asarray(each, dtype=float)) for each in (y, eta, share))
    chunk = Chunk(np.zeros((len(y), 1)), y[:, None], weight)
    return quantile_residuals(FITS[family], chunk, working(FITS[family], chunk, eta), share)


def reference(family, mean):
    """The law of an observation, by SciPy."""
    phi = FITS[family].likelihood.dispersion
    return {
        "gaussian": lambda: stats.norm(mean, np.sqrt(phi)),
        "poisson": lambda: stats.poisson(mean),
        "negative_binomial": lambda: stats.nbinom(2, 2 / (2 + mean)),
        "gamma": lambda: stats.gamma(1 / phi, scale=mean * phi),
        "inverse_gaussian": lambda: stats.invgauss(mean * phi, scale=1 / phi),
        "binomial": lambda: stats.bernoulli(mean),
    }[family]()


@pytest.mark.parametrize("family", Y)
def test_they_are_normal_scores_of_the_law(family):
    result, y = FITS[family], Y[family]
    eta = result.centre[0] + (X[:, 0] - result.curvature.mean[0]) * result.coef[0, 0]
    share = np.random.default_rng(1).random(40)
    seen = working(result, Chunk(X, y[:, None]), eta)
    law = reference(family, seen.mu)
    below = law.cdf(y)
    before = law.cdf(y - 1) if seen.family.distribution.whole else below
    expected = stats.norm.ppf(before + share * (below - before))
    np.testing.assert_allclose(residuals(family, y, eta, share), expected, rtol=1e-7, atol=1e-7)


@given(
    st.integers(0, 60),
    st.floats(-3, 3),
    st.floats(1e-3, 1 - 1e-3),
    st.floats(1e-3, 1 - 1e-3),
    st.sampled_from(["poisson", "negative_binomial"]),
)
@settings(max_examples=150, deadline=None)
def test_they_rise_with_the_count_and_within_its_step(y, eta, first, second, family):
    low, high = sorted((first, second))
    below, here, above = residuals(family, [y, y, y + 1], [eta] * 3, [low, high, low])
    assert np.isfinite([below, here, above]).all()
    assert below <= here
    assert here <= above + 1e-9


@pytest.mark.parametrize(("y", "eta"), [(40.0, 0.0), (0.0, 6.0), (200.0, 1.0)])
def test_both_tails_have_their_digits(y, eta):
    with mpmath.workdps(400):
        mean = mpmath.exp(eta)
        upper = mpmath.gammainc(y, 0, mean, regularized=True) if y > 0 else mpmath.mpf(1)  # P(Y >= y)
        beyond = mpmath.gammainc(y + 1, 0, mean, regularized=True)  # P(Y > y)
        tail = beyond + (upper - beyond) / 2
        sign, small = (1, tail) if tail < 0.5 else (-1, 1 - tail)
        score = sign * mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * small)
    assert residuals("poisson", y, eta, 0.5)[0] == pytest.approx(float(score), rel=1e-11)


@pytest.mark.parametrize(("y", "eta"), [(0.0, 60.0), (1.0, -60.0)])
def test_a_trial_that_was_sure_to_come_out_otherwise_has_a_finite_residual(y, eta):
    # One minus the mean is zero in doubles; the link knows it to be exp(-60).
    (found,) = residuals("binomial", y, eta, 0.5)
    assert found == pytest.approx(np.sign(y - 0.5) * -stats.norm.ppf(0.5 * np.exp(-60.0)), rel=1e-12)


@given(st.lists(st.floats(0.01, 0.99), min_size=20, max_size=20), st.floats(-4, 4))
@settings(max_examples=50, deadline=None)
def test_a_trial_has_a_residual_on_its_side_of_the_threshold(shares, eta):
    threshold = stats.norm.ppf(stats.logistic.cdf(-eta))
    share = np.asarray(shares)
    zeros, ones = (residuals("binomial", np.full(20, y), np.full(20, eta), share) for y in (0.0, 1.0))
    assert (zeros <= threshold + 1e-9).all()
    assert (ones >= threshold - 1e-9).all()


def test_precision_weights_divide_the_dispersion():
    weight = np.array([4.0])
    phi = FITS["gamma"].likelihood.dispersion / 4
    law = stats.gamma(1 / phi, scale=2.0 * phi)
    found = residuals("gamma", 3.0, FITS["gamma"].likelihood.link and np.log(2.0), 0.5, weight)
    assert found[0] == pytest.approx(stats.norm.ppf(law.cdf(3.0)), rel=1e-9)


def test_under_the_model_they_are_normal():
    rng = np.random.default_rng(5)
    eta = rng.normal(size=20_000)
    y = rng.poisson(np.exp(eta)).astype(float)
    assert stats.kstest(residuals("poisson", y, eta, rng.random(20_000)), "norm").pvalue > 1e-3
    z = (rng.random(20_000) < stats.logistic.cdf(eta)).astype(float)
    assert stats.kstest(residuals("binomial", z, eta, rng.random(20_000)), "norm").pvalue > 1e-3


def test_a_quasi_likelihood_has_none():
    fit = GeneralizedLinearRegressor(family="quasipoisson").fit(X, Y["poisson"]).result_
    chunk = Chunk(X, Y["poisson"][:, None])
    assert quantile_residuals(fit, chunk, working(fit, chunk, np.zeros(40)), np.full(40, 0.5)) is None
