"""The stored references of generalised linear models, against statsmodels, scikit-learn and scipy: are they what they say?"""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats

from tests.reference.glm.cases import case, cases, names
from tests.reference.glm.literals import half_unit, parts

REFITTED = (
    "gaussian_longley",
    "binomial_star98",
    "logit_lbw",
    "poisson_cpunish_offset",
    "poisson_cpunish_fweight",
    "poisson_cpunish_aweight",
    "gamma_scotland",
    "gamma_cancer_weights",
    "tweedie_1.5_identity",
    "negative_binomial_committee",
)
OWN_TEST = {
    "firth",
    "firth_separated",
    "logit_ridge",
    "logit_timestamps",  # beyond statsmodels' pseudo-inverse
    "multinomial_baseline",
    "multinomial_symmetric",
    "negative_binomial_ml",
}
PLAIN = sorted(set(names("exact")) - OWN_TEST)
PROFILED = [name for name in PLAIN if "profile_interval" in case("exact", name).expected]
LINKS = {
    "identity": "Identity",
    "log": "Log",
    "logit": "Logit",
    "probit": "Probit",
    "cloglog": "CLogLog",
    "cauchit": "Cauchy",
    "inverse": "InversePower",
    "inverse_squared": "InverseSquared",
}


def design(c):
    return np.column_stack([np.ones(len(c.X)), c.X]) if c.intercept else c.X


def refit(c):
    sm = pytest.importorskip("statsmodels.api")
    link = getattr(sm.families.links, LINKS[c.link])()
    theta = c.parameters.get("theta")
    family = {
        "gaussian": lambda: sm.families.Gaussian(link),
        "binomial": lambda: sm.families.Binomial(link),
        "poisson": lambda: sm.families.Poisson(link),
        "gamma": lambda: sm.families.Gamma(link),
        "inverse_gaussian": lambda: sm.families.InverseGaussian(link),
        "negative_binomial": lambda: sm.families.NegativeBinomial(link, alpha=1 / theta),
        "tweedie": lambda: sm.families.Tweedie(link, var_power=c.parameters["power"]),
    }[c.family]()
    options = {}
    if c.weights is not None:
        w = c.weights * len(c.weights) / c.weights.sum() if c.parameters.get("normalised") else c.weights
        options["freq_weights" if c.weights_type == "frequency" else "var_weights"] = w
    model = sm.GLM(c.y, design(c), family=family, offset=c.offset, **options)
    return model.fit(
        tol=1e-12, tol_criterion="params", maxiter=500, scale="X2" if "dispersion" in c.parameters else None
    )


def test_digits_of_a_literal():
    assert parts("-.02710031") == (7, -8)
    assert parts("-6.04400000e-04") == (4, -7)
    assert parts("185008826") == (9, 0)
    assert half_unit("0.5262") == pytest.approx(5e-5)


@pytest.mark.parametrize("kind", ["published", "exact"])
def test_every_case_is_whole(kind):
    assert len(names(kind)) >= 20
    for c in cases(kind):
        assert c.X.shape == (len(c.y), len(c.names))
        assert len(c.terms) == len(c.names) + c.intercept
        assert np.isfinite(c.X).all()
        assert c.expected.get("params", np.zeros(len(c.terms))).shape[-1] == len(c.terms)
        if kind == "published":
            assert set(c.digits) == set(c.expected)
            for field, known in c.digits.items():
                assert known["agreed"] == "as printed" or known["agreed"] >= 3.5, (c.name, field)
                assert np.isfinite(c.tolerance(field)).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFITTED)
def test_published_against_statsmodels(name):
    c = case("published", name)
    fit = refit(c)
    floor = 1e-6 if name == "gaussian_longley" else 1e-9
    for field, value in {
        "params": fit.params,
        "bse": fit.bse,
        "deviance": fit.deviance,
        "pearson_chi2": fit.pearson_chi2,
        "fitted": fit.fittedvalues,
        "resid_response": fit.resid_response,
    }.items():
        if field in c.expected:
            c.assert_matches(field, value, floor=floor)


def test_a_wrong_answer_is_rejected():
    c = case("published", "poisson_cpunish")
    right = c.expected["params"]
    c.assert_matches("params", right)
    with pytest.raises(AssertionError, match="poisson_cpunish, params"):
        c.assert_matches("params", right * (1 + 1e-5))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PLAIN)
def test_exact_against_statsmodels(name):
    c = case("exact", name)
    fit = refit(c)
    assert_allclose(fit.params, c.expected["params"], rtol=1e-7)
    assert_allclose(fit.bse, c.expected["bse_expected"], rtol=1e-6)
    assert_allclose(fit.deviance, c.expected["deviance"], rtol=1e-10)
    assert_allclose(fit.null_deviance, c.expected["null_deviance"], rtol=1e-7)
    assert_allclose(fit.pearson_chi2, c.expected["pearson_chi2"], rtol=1e-7)
    observed = np.linalg.inv(-fit.model.hessian(fit.params, observed=True, scale=fit.scale))
    assert_allclose(np.sqrt(np.diag(observed)), c.expected["bse_observed"], rtol=1e-6)


def log_likelihood(c, beta):
    eta = design(c) @ beta + (0 if c.offset is None else c.offset)
    if c.family == "binomial":
        return stats.bernoulli.logpmf(c.y.astype(int), special.expit(eta)).sum()
    if c.family == "poisson":
        return stats.poisson.logpmf(c.y, np.exp(eta)).sum()
    theta = c.parameters["theta"]
    return stats.nbinom.logpmf(c.y, theta, theta / (theta + np.exp(eta))).sum()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROFILED)
def test_profile_intervals(name):
    """Held at an end of its interval, the coefficient costs 3.84 of twice the log-likelihood."""
    c = case("exact", name)
    sm = pytest.importorskip("statsmodels.api")
    (column,), (ends,) = c.expected["profile_columns"].astype(int), c.expected["profile_interval"]
    X = design(c)
    theta = c.parameters.get("theta", 1)
    family = {
        "binomial": sm.families.Binomial,
        "poisson": sm.families.Poisson,
        "negative_binomial": lambda: sm.families.NegativeBinomial(alpha=1 / theta),
    }[c.family]()
    assert log_likelihood(c, c.expected["params"]) == pytest.approx(c.expected["log_likelihood"], rel=1e-12)
    for end in ends:
        offset = end * X[:, column] + (0 if c.offset is None else c.offset)
        rest = sm.GLM(c.y, np.delete(X, column, axis=1), family=family, offset=offset).fit(tol=1e-13).params
        held = log_likelihood(c, np.insert(rest, column, end))
        assert 2 * (c.expected["log_likelihood"] - held) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-9)


@pytest.mark.parametrize("name", ["firth", "firth_separated"])
def test_firth(name):
    c = case("exact", name)
    X, beta = design(c), c.expected["params"]

    def penalised(b):
        mu = special.expit(X @ b)
        value = stats.bernoulli.logpmf(c.y.astype(int), mu).sum()
        return value + np.linalg.slogdet((X.T * (mu * (1 - mu))) @ X)[1] / 2

    best = penalised(beta)
    assert best == pytest.approx(c.expected["penalised_log_likelihood"], rel=1e-12)
    for step in np.vstack([np.eye(3), -np.eye(3)]) * 1e-4:
        assert penalised(beta + step) < best
    gradient = [(penalised(beta + s) - penalised(beta - s)) / 2e-4 for s in np.eye(3) * 1e-4]
    assert_allclose(gradient, 0, atol=1e-6)
    for column, ends in zip(c.expected["profile_columns"].astype(int), c.expected["profile_interval"], strict=True):
        assert ends[0] < beta[column] < ends[1]


def test_ridge_is_stationary():
    c = case("exact", "logit_ridge")
    X, beta = design(c), c.expected["params"]
    assert_allclose(X.T @ (c.y - special.expit(X @ beta)), [0, *beta[1:]], atol=1e-13)


def test_timestamps_are_stationary():
    c = case("exact", "logit_timestamps")
    gradient = (c.y - c.expected["fitted"]) @ np.column_stack([np.ones(30), c.X - c.X.mean(axis=0)])
    assert_allclose(gradient, 0, atol=1e-12)


def test_multinomial():
    sm = pytest.importorskip("statsmodels.api")
    c = case("exact", "multinomial_baseline")
    fit = sm.MNLogit(c.y, design(c)).fit(method="newton", disp=0, tol=1e-13)
    assert_allclose(fit.params.T, c.expected["params"][1:], rtol=1e-9)
    assert_allclose(fit.bse.T, c.expected["bse_expected"], rtol=1e-9)
    linear_model = pytest.importorskip("sklearn.linear_model")
    c = case("exact", "multinomial_symmetric")
    model = linear_model.LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(c.X, c.y)
    assert_allclose(model.coef_, c.expected["params"][:, 1:], atol=1e-7)
    assert_allclose(model.intercept_, c.expected["params"][:, 0], atol=1e-7)


@pytest.mark.filterwarnings("ignore")
def test_negative_binomial_with_its_theta():
    sm = pytest.importorskip("statsmodels.api")
    c = case("exact", "negative_binomial_ml")
    stored = np.append(c.expected["params"], c.expected["alpha"])
    fit = sm.NegativeBinomial(c.y, design(c)).fit(start_params=stored, disp=0)
    assert fit.llf == pytest.approx(c.expected["log_likelihood"], rel=1e-12)
    assert_allclose(fit.params, stored, rtol=1e-6)
    assert_allclose(fit.model.score(stored), 0, atol=1e-8)
    assert_allclose(fit.bse, np.append(c.expected["bse_observed"], c.expected["alpha_se_observed"]), rtol=1e-4)
