"""Families beside those of statsmodels, row by row."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.genmod.families import links as sm_links

from mathlearn.probability import family_named

RNG = np.random.default_rng(4)
N = 40
MEANS = RNG.uniform(0.2, 6.0, N)
SHARES = RNG.uniform(0.05, 0.95, N)
WEIGHTS = RNG.uniform(0.5, 3.0, N)
COUNTS = RNG.poisson(MEANS).astype(float)
AMOUNTS = RNG.gamma(2.0, MEANS / 2.0)
ZEROS = np.where(RNG.uniform(size=N) < 0.3, 0.0, AMOUNTS)
BINARY = (RNG.uniform(size=N) < SHARES).astype(float)
FAMILIES = sm.families

PEERS = {
    "gaussian": (family_named("gaussian"), FAMILIES.Gaussian(), RNG.normal(MEANS), MEANS),
    "binomial": (family_named("binomial"), FAMILIES.Binomial(), BINARY, SHARES),
    "poisson": (family_named("poisson"), FAMILIES.Poisson(), COUNTS, MEANS),
    "negative_binomial": (
        family_named("negative_binomial", theta=2.5),
        FAMILIES.NegativeBinomial(alpha=0.4),
        COUNTS,
        MEANS,
    ),
    "gamma": (family_named("gamma"), FAMILIES.Gamma(), AMOUNTS, MEANS),
    "inverse_gaussian": (family_named("inverse_gaussian"), FAMILIES.InverseGaussian(), AMOUNTS, MEANS),
    "tweedie": (family_named("tweedie", power=1.4), FAMILIES.Tweedie(var_power=1.4), ZEROS, MEANS),
}
with_peers = pytest.mark.parametrize(("ours", "theirs", "y", "mu"), PEERS.values(), ids=PEERS)


@with_peers
def test_variances_and_deviances_agree(ours, theirs, y, mu):
    np.testing.assert_allclose(ours.variance(mu), theirs.variance(mu), rtol=1e-12)
    deviance = theirs.deviance(y, mu, var_weights=WEIGHTS)
    np.testing.assert_allclose(np.sum(WEIGHTS * ours.deviance(y, mu)), deviance, rtol=1e-10)
    residuals = theirs.resid_dev(y, mu)
    np.testing.assert_allclose(np.sign(y - mu) * np.sqrt(ours.deviance(y, mu)), residuals, rtol=1e-8, atol=1e-12)


@with_peers
def test_log_likelihoods_agree(ours, theirs, y, mu):
    if ours.name == "tweedie":  # statsmodels 0.15 sums its own series
        got, want = ours.log_density(y, mu, 0.8), theirs.loglike_obs(y, mu, scale=0.8)
        np.testing.assert_allclose(got, want, rtol=1e-8)
        return
    scale = 1.0 if ours.fixed_dispersion else 0.8
    weights = np.ones(N) if ours.name == "binomial" else WEIGHTS  # there var_weights are taken otherwise
    theirs.n = np.ones(N)
    want = theirs.loglike_obs(y, mu, var_weights=weights, scale=scale)
    np.testing.assert_allclose(ours.log_density(y, mu, scale, weights), want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("logit", sm_links.Logit()),
        ("probit", sm_links.Probit()),
        ("cloglog", sm_links.CLogLog()),
        ("cauchit", sm_links.Cauchy()),
        ("log", sm_links.Log()),
        ("identity", sm_links.Identity()),
        ("inverse", sm_links.InversePower()),
        ("inverse_squared", sm_links.InverseSquared()),
        ("sqrt", sm_links.Sqrt()),
    ],
)
def test_links_agree(name, theirs):
    from mathlearn.probability import link_named

    ours = link_named(name)
    np.testing.assert_allclose(ours.eta(SHARES), theirs(SHARES), rtol=1e-10, atol=1e-13)
    etas = theirs(SHARES)
    np.testing.assert_allclose(ours.mu(etas), theirs.inverse(etas), rtol=1e-10)
    np.testing.assert_allclose(ours.dmu(etas), theirs.inverse_deriv(etas), rtol=1e-9)


def test_a_binomial_of_trials_agrees():
    trials = RNG.integers(1, 30, N).astype(float)
    successes = RNG.binomial(trials.astype(int), SHARES)
    theirs = FAMILIES.Binomial()
    theirs.n = trials
    ours = family_named("binomial").log_density(successes / trials, SHARES, trials=trials)
    np.testing.assert_allclose(ours, theirs.loglike_obs(successes / trials, SHARES), rtol=1e-10, atol=1e-12)
