"""Ratios, marginal effects, tests of terms and profile intervals: reference values, and what is withheld or refused."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import statsmodels.api as sm
from scipy import optimize, stats

from mathlearn import scan
from mathlearn._errors import DomainError, SchemaError
from mathlearn.linear_model import GammaRegressor, GeneralizedLinearRegressor, LogisticRegression, PoissonRegressor
from tests.reference.glm.cases import case

SPECTOR = "logit_spector"


def fitted(c):
    parameters = {name: c.parameters[name] for name in ("theta", "power") if name in c.parameters}
    model = GeneralizedLinearRegressor(family=c.family, link=c.link, **parameters)
    return model.fit(named(c), c.y, offset=c.offset, sample_weight=c.weights)


def named(c):
    return pd.DataFrame(c.X, columns=list(c.names))


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(7)
    X = np.column_stack([rng.normal(size=(120, 2)), rng.random(120) < 0.4])
    return X, rng.poisson(np.exp(0.3 + X @ [0.5, -0.4, 0.3])) * 1.0


@pytest.fixture(scope="module")
def separated():
    """All rows of a level have the same label."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(60, 2)), rng.random(60) < 0.3])
    y = (rng.random(60) < 1 / (1 + np.exp(-X[:, 0]))) * 1
    y[X[:, 2] == 1] = 1
    with pytest.warns(UserWarning, match="separated"):
        return X, y, LogisticRegression(C=np.inf).fit(X, y)


# ---------------------------------------------------------------------------------------------------------------- ratios
@pytest.mark.parametrize(
    ("family", "link", "ratio"),
    [
        ("binomial", "logit", "odds ratio"),
        ("binomial", "cloglog", "hazard ratio"),
        ("poisson", "log", "rate ratio"),
        ("quasipoisson", "log", "rate ratio"),
        ("gamma", "log", "mean ratio"),
    ],
)
def test_ratios_are_exponentials_of_the_table(counts, family, link, ratio):
    X, y = counts
    y = {"binomial": (y > 1) * 1.0, "gamma": y + 0.5}.get(family, y)
    model = GeneralizedLinearRegressor(family=family, link=link).fit(X, y)
    table, found = model.tidy(0.9).iloc[1:], model.ratios(0.9)
    assert found.columns.tolist() == ["term", "ratio", "conf_low", "conf_high", "p_value"]
    assert found["term"].tolist() == ["x0", "x1", "x2"]
    assert found.attrs["ratio"] == ratio
    assert "multiplies" in found.attrs["meaning"]
    for name, source in (("ratio", "estimate"), ("conf_low", "conf_low"), ("conf_high", "conf_high")):
        np.testing.assert_allclose(found[name], np.exp(table[source]), rtol=1e-15)
    np.testing.assert_array_equal(found["p_value"], table["p_value"])


def test_ratios_are_refused_where_coefficients_add(counts):
    X, y = counts
    with pytest.raises(DomainError, match=r"of the identity link multiplies neither .* marginal_effects"):
        GeneralizedLinearRegressor().fit(X, y).ratios()
    with pytest.raises(DomainError, match="of the probit link"):
        GeneralizedLinearRegressor(family="binomial", link="probit").fit(X, y > 1).ratios()


def test_ratios_of_a_penalised_fit_have_no_interval(counts):
    found = PoissonRegressor(alpha=1.0).fit(*counts).ratios()
    assert np.isfinite(found["ratio"]).all()
    assert found[["conf_low", "conf_high", "p_value"]].isna().all(axis=None)
    assert found.attrs["reasons"]["x0", "conf_low"].startswith("penalised")
    assert isinstance(PoissonRegressor(alpha=0.0).fit(*counts).ratios(as_="polars"), pl.DataFrame)


def test_ratios_do_not_depend_on_the_place_of_the_intercept(counts):
    X, y = counts
    without = PoissonRegressor(alpha=0.0, fit_intercept=False).fit(np.column_stack([np.ones(len(y)), X]), y).ratios()
    np.testing.assert_allclose(
        without.iloc[1:, 1:], PoissonRegressor(alpha=0.0).fit(X, y).ratios().iloc[:, 1:], rtol=1e-9
    )


# ------------------------------------------------------------------------------------------------------ marginal effects
@pytest.mark.parametrize("name", [SPECTOR, "poisson_margins", "poisson_randhie"])
@pytest.mark.parametrize("at", ["average", "mean"])
@pytest.mark.parametrize("discrete", [False, True])
def test_published_margins(name, at, discrete):
    c = case("published", name)
    field = "margins_dydx" + "_discrete" * discrete + "_at_mean" * (at == "mean")
    if field not in c.expected:
        return
    model = fitted(c)
    found = model.marginal_effects(named(c), offset=c.offset, at=at, discrete=discrete)
    c.assert_matches(field, found["estimate"])
    c.assert_matches(f"{field}_se", found["std_error"])


LAWS = {
    ("binomial", "logit"): sm.families.Binomial(),
    ("binomial", "probit"): sm.families.Binomial(sm.families.links.Probit()),
    ("binomial", "cloglog"): sm.families.Binomial(sm.families.links.CLogLog()),
    ("binomial", "cauchit"): sm.families.Binomial(sm.families.links.Cauchy()),
    ("poisson", "log"): sm.families.Poisson(),
    ("gamma", "log"): sm.families.Gamma(sm.families.links.Log()),
    ("gaussian", "identity"): sm.families.Gaussian(),
}


@pytest.mark.parametrize("law", LAWS, ids="-".join)
@pytest.mark.parametrize(("at", "theirs"), [("average", "overall"), ("mean", "mean")])
def test_marginal_effects_are_those_of_statsmodels(counts, law, at, theirs):
    X, y = counts
    y = {"binomial": (y > 1) * 1.0, "gamma": y + 0.5}.get(law[0], y)
    model = GeneralizedLinearRegressor(family=law[0], link=law[1]).fit(X, y)
    start = np.concatenate([[model.intercept_], model.coef_])  # their stopping rule leaves 7 digits of some links
    reference = sm.GLM(y, sm.add_constant(X), LAWS[law]).fit(start_params=start, tol=1e-14, maxiter=200)
    margins, found = reference.get_margeff(at=theirs), model.marginal_effects(X, at=at)
    np.testing.assert_allclose(found["estimate"], margins.margeff, rtol=1e-8)
    if np.isinf(model.result_.covariance.df):
        np.testing.assert_allclose(found[["conf_low", "conf_high"]], margins.conf_int(), rtol=1e-8)
    np.testing.assert_allclose(found["std_error"], margins.margeff_se, rtol=1e-8)


def test_effects_of_a_sparse_matrix_a_stream_and_a_robust_fit(counts, tmp_path):
    X, y = counts
    dense = PoissonRegressor(alpha=0.0, covariance="HC0").fit(X, y)
    found = dense.marginal_effects(X).iloc[:, 2:]
    sparse = sp.csr_array(X)
    np.testing.assert_allclose(dense.marginal_effects(sparse).iloc[:, 2:], found, rtol=1e-12)
    reference = sm.GLM(y, sm.add_constant(X), LAWS["poisson", "log"]).fit(cov_type="HC0", tol=1e-14)
    np.testing.assert_allclose(found["std_error"], reference.get_margeff().margeff_se, rtol=1e-8)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    named = PoissonRegressor(alpha=0.0, covariance="HC0").fit(frame, y)
    np.testing.assert_allclose(named.marginal_effects(scan(path)).iloc[:, 2:], found, rtol=1e-12)
    assert named.marginal_effects(frame, columns=["c", "a"])["term"].tolist() == ["c", "a"]


def test_effects_at_the_mean_are_of_the_mean_design():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"x": rng.uniform(1, 4, 90), "g": rng.choice(list("uvw"), 90)})
    frame["y"] = (rng.random(90) < 0.5) * 1.0
    model = GeneralizedLinearRegressor(family="binomial", formula="y ~ log(x) + g").fit(frame)
    found = model.marginal_effects(frame, at="mean")
    b = model.coef_
    level = model.intercept_ + b[0] * np.log(frame["x"]).mean()
    shares = b[1:] * [(frame["g"] == name).mean() for name in "vw"]
    middle = level + shares.sum()
    p = 1 / (1 + np.exp(-np.array([middle, level + b[1], level + b[2], level])))
    expected = [b[0] * (1 / frame["x"]).mean() * p[0] * (1 - p[0]), p[1] - p[3], p[2] - p[3]]
    np.testing.assert_allclose(found["estimate"], expected, rtol=1e-10)


def test_effects_name_what_is_asked_and_refuse_the_rest(counts):
    X, y = counts
    model = PoissonRegressor(alpha=0.0).fit(X, y)
    with pytest.raises(SchemaError, match="there is no term 'x9'"):
        model.marginal_effects(X, columns=["x9"])
    with pytest.raises(DomainError, match="at is 'median'"):
        model.marginal_effects(X, at="median")
    with pytest.raises(DomainError, match="level is 95"):
        model.marginal_effects(X, level=95)
    penalised = PoissonRegressor(alpha=1.0).fit(X, y).marginal_effects(X)
    assert np.isfinite(penalised["estimate"]).all()
    assert penalised["std_error"].isna().all()
    assert penalised.attrs["reasons"]["x0", "dmu/dx", "std_error"].startswith("penalised")


def test_effects_that_the_data_do_not_determine_are_withheld(counts):
    X, y = counts
    with pytest.warns(UserWarning, match="linearly dependent"):
        model = PoissonRegressor(alpha=0.0).fit(np.column_stack([X, X[:, 0] + X[:, 1]]), y)
    found = model.marginal_effects(np.column_stack([X, X[:, 0] + X[:, 1]])).set_index("term")
    alone = PoissonRegressor(alpha=0.0).fit(X, y).marginal_effects(X).set_index("term")
    np.testing.assert_allclose(
        found.loc["x2"].iloc[1:].astype(float), alone.loc["x2"].iloc[1:].astype(float), rtol=1e-8
    )
    assert found.loc[["x0", "x1", "x3"], "estimate"].isna().all()
    assert "x3 = x0 + x1" in found.attrs["reasons"]["x0", "dmu/dx", "estimate"]


# ----------------------------------------------------------------------------------------------------------------- tests
@pytest.mark.parametrize("name", ["logit", "poisson_log_offset"])
@pytest.mark.parametrize(
    ("kind", "field"), [("lr", "likelihood_ratio_test"), ("score", "score_test"), ("wald", "wald_test")]
)
def test_exact_tests(name, kind, field):
    c = case("exact", name)
    found = fitted(c).test_terms(
        named(c), c.y, kind=kind, offset=c.offset, terms=[c.terms[int(c.expected["tested_column"])]]
    )
    np.testing.assert_allclose(found.statistic[0], c.expected[field], rtol=1e-9)
    if f"{field}_p" in c.expected:
        np.testing.assert_allclose(found.p_value[0], c.expected[f"{field}_p"], rtol=1e-8)


def test_a_factor_is_tested_whole_and_an_intercept_when_asked():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"x": rng.normal(size=200), "g": rng.choice(list("uvw"), 200), "h": rng.choice(list("ab"), 200)}
    )
    frame["y"] = rng.poisson(np.exp(0.3 * frame["x"] + (frame["g"] == "v")))
    model = GeneralizedLinearRegressor(family="poisson", formula="y ~ x + C(g) * h").fit(frame)
    found = model.test_terms(frame)
    assert (found.terms, found.df.tolist()) == (("x", "C(g)", "h", "C(g):h"), [1, 2, 1, 2])
    assert found.notes[-1].startswith("part of an interaction that stays in the model: C(g), h.")
    rest = GeneralizedLinearRegressor(family="poisson", formula="y ~ x + C(g) + h").fit(frame)
    np.testing.assert_allclose(found.statistic[3], rest.result_.deviance[0] - model.result_.deviance[0], rtol=1e-9)
    np.testing.assert_allclose(found.p_value[3], stats.chi2.sf(found.statistic[3], 2), rtol=1e-9)
    asked = model.test_terms(frame, kind="wald", terms=["(Intercept)", "C(g)[T.v]"])
    np.testing.assert_allclose(np.sqrt(asked.statistic), np.abs(model.tidy()["statistic"].iloc[[0, 2]]), rtol=1e-9)
    assert "C(g):h" in str(found)
    assert found.to_frame().columns.tolist() == ["term", "statistic", "df", "df_den", "p_value"]


def test_estimated_dispersions_give_f_and_robust_fits_say_so(counts):
    X, y = counts
    model = GammaRegressor(alpha=0.0, covariance="HC0").fit(X, y + 0.5)
    found = model.test_terms(X, y + 0.5)
    assert found.df_den == len(y) - 4
    assert "HC0" in found.notes[0]
    assert "F" in str(found).splitlines()[1]


def test_an_estimated_shape_is_held(counts):
    X, y = counts
    y = y**2  # more dispersed than a Poisson
    model = GeneralizedLinearRegressor(family="negative_binomial").fit(X, y)
    theta = dict(model.result_.likelihood.parameters)["theta"]
    rest = GeneralizedLinearRegressor(family="negative_binomial", theta=theta).fit(X[:, 1:], y).result_
    found = model.test_terms(X, y, terms=["x0"])
    np.testing.assert_allclose(found.statistic[0], rest.deviance[0] - model.result_.deviance[0], rtol=1e-8)
    assert found.notes == ("theta held at the estimate of the whole fit",)


# --------------------------------------------------------------------------------------------------------------- profile
@pytest.mark.parametrize("name", ["logit", "poisson_log_offset", "negative_binomial_theta_2"])
def test_exact_profile_intervals(name):
    c = case("exact", name)
    columns = np.atleast_1d(c.expected["profile_columns"]).astype(int)
    terms = [c.terms[j] for j in columns]
    found = fitted(c).profile_intervals(named(c), c.y, offset=c.offset, terms=terms)
    np.testing.assert_allclose(found[["conf_low", "conf_high"]], c.expected["profile_interval"], rtol=1e-8)


def test_a_profile_beside_dependent_columns_is_that_without_them(counts):
    X, y = counts
    more = np.column_stack([X * [1e3, -1.0, 1.0], 2.0 * X[:, 2], np.zeros(len(X))])
    with pytest.warns(UserWarning, match="x3 = 2·x2"):
        found = PoissonRegressor(alpha=0.0).fit(more, y).profile_intervals(more, y).set_index("term")
    alone = PoissonRegressor(alpha=0.0).fit(more[:, :3], y).profile_intervals(more[:, :3], y).set_index("term")
    known = ["(Intercept)", "x0", "x1"]
    np.testing.assert_allclose(found.loc[known], alone.loc[known], rtol=1e-7)
    assert found.loc[["x2", "x3", "x4"]].isna().all(axis=None)


def test_a_profile_of_a_separated_coefficient_has_one_end(separated):
    X, y, model = separated
    found = model.profile_intervals(X, y).set_index("term")
    assert found.loc["x2", ["estimate", "conf_high"]].tolist() == [np.inf, np.inf]
    assert "never falls so far" in found.attrs["reasons"]["x2", "conf_high"]
    A = np.column_stack([np.ones(60), X])
    rest = sm.Logit(y[X[:, 2] == 0], A[X[:, 2] == 0, :3]).fit(disp=0)  # what the separated rows leave

    def rise(held, at):
        free = np.delete(A, held, axis=1)

        def loss(b):
            eta = free @ b + A[:, held] * at
            return np.logaddexp(0, eta).sum() - y @ eta

        def slope(b):
            return free.T @ (1 / (1 + np.exp(-(free @ b + A[:, held] * at))) - y)

        best = optimize.minimize(loss, np.zeros(3), jac=slope, method="BFGS", options={"gtol": 1e-9})
        return 2 * (best.fun + rest.llf) - stats.chi2.isf(0.05, 1)

    low = optimize.brentq(lambda at: rise(3, at), -5, 8, xtol=1e-12)
    ends = [optimize.brentq(lambda at: rise(1, at), *bounds, xtol=1e-12) for bounds in ((-3, 1.3), (1.4, 5))]
    np.testing.assert_allclose(found.loc["x2", "conf_low"], low, rtol=1e-6)
    np.testing.assert_allclose(found.loc["x0", ["conf_low", "conf_high"]].astype(float), ends, rtol=1e-6)


def test_a_separated_term_has_a_likelihood_ratio_but_no_wald_test(separated):
    X, y, model = separated
    found, wald = model.test_terms(X, y), model.test_terms(X, y, kind="wald")
    null = LogisticRegression(C=np.inf).fit(X[:, :2], y).result_.deviance[0]
    np.testing.assert_allclose(found.statistic[2], null - model.result_.deviance[0], rtol=1e-8)
    assert np.isnan(wald.statistic[2])
    assert np.isfinite(wald.statistic[:2]).all()
    assert "infinite" in wald.reasons["x2"]
    effects = model.marginal_effects(X).set_index("term")
    assert np.isfinite(effects.loc["x0", "estimate"])
    assert np.isnan(effects.loc["x2", "estimate"])
    assert "infinite" in effects.attrs["reasons"]["x2", "dmu/dx", "estimate"]
    near = LogisticRegression(C=1e8).fit(X, y)
    np.testing.assert_allclose(effects.loc["x0", "estimate"], near.marginal_effects(X)["estimate"].iloc[0], rtol=1e-4)


def test_a_profile_of_complete_separation():
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    with pytest.warns(UserWarning, match="separated"):
        model = LogisticRegression(C=np.inf).fit(X, y)
    found = model.profile_intervals(X, y, level=0.9).set_index("term")

    def rise(at):
        best = optimize.minimize_scalar(lambda a: np.logaddexp(0, a + X[:, 0] * at).sum() - y @ (a + X[:, 0] * at))
        return 2 * best.fun - stats.chi2.isf(0.1, 1)

    np.testing.assert_allclose(found.loc["x0", "conf_low"], optimize.brentq(rise, 0, 3), rtol=1e-6)
    assert found.loc["x0", "conf_high"] == np.inf
    assert found.loc["(Intercept)", "conf_low"] == -np.inf
    np.testing.assert_allclose(model.test_terms(X, y).statistic, 8 * np.log(2), rtol=1e-9)


def test_an_end_beyond_the_range_of_the_means_is_withheld():
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 3, 40)
    y = 1 / (rng.poisson(0.05 + x) + 1.0)
    model = GeneralizedLinearRegressor(family="inverse_gaussian", link="inverse_squared").fit(x[:, None], y)
    found = model.profile_intervals(x[:, None], y)
    assert np.isfinite(found["conf_high"].iloc[0])
    assert np.isnan(found["conf_low"].iloc[0])
    assert "the end lies beyond" in found.attrs["reasons"]["(Intercept)", "conf_low"]


# ------------------------------------------------------------------------------------------------------------------ rows
def test_other_rows_are_refused(counts):
    X, y = counts
    model = PoissonRegressor(alpha=0.0).fit(X, y)
    with pytest.raises(SchemaError, match="used 120 rows and 119 were given"):
        model.test_terms(X[:-1], y[:-1])
    with pytest.raises(SchemaError, match=r"deviance of the fit is .* they are other rows"):
        model.profile_intervals(X, y[::-1])
    with pytest.raises(SchemaError, match="deviance"):
        model.test_terms(X, y, sample_weight=np.full(120, 2.0))
    with pytest.raises(SchemaError, match="there is no term 'x7'"):
        model.test_terms(X, y, terms=["x7"])
    with pytest.raises(DomainError, match="kind is 'f'"):
        model.test_terms(X, y, kind="f")


def test_penalised_fits_have_neither_tests_nor_profiles(counts):
    model = PoissonRegressor(alpha=1.0).fit(*counts)
    for question in (model.test_terms, model.profile_intervals):
        with pytest.raises(DomainError, match="penalised"):
            question(*counts)


def test_weights_trials_offsets_and_sparse_rows_are_those_of_the_fit(counts):
    X, y = counts
    rng = np.random.default_rng(1)
    w, o = rng.integers(1, 4, 120), rng.normal(size=120) * 0.1
    frequency = PoissonRegressor(alpha=0.0, weights_type="frequency").fit(X, y, sample_weight=w, offset=o)
    again = np.repeat(np.arange(120), w)
    repeated = PoissonRegressor(alpha=0.0).fit(X[again], y[again], offset=o[again])
    np.testing.assert_allclose(
        frequency.profile_intervals(X, y, sample_weight=w, offset=o).iloc[:, 1:],
        repeated.profile_intervals(X[again], y[again], offset=o[again]).iloc[:, 1:],
        rtol=1e-7,
    )
    trials = rng.integers(1, 9, 120)
    died = rng.binomial(trials, 0.4)
    both = np.column_stack([died, trials - died])
    grouped = GeneralizedLinearRegressor(family="binomial").fit(X, both)
    rows = np.concatenate([np.repeat(np.arange(120), died), np.repeat(np.arange(120), trials - died)])
    labels = np.repeat([1, 0], [died.sum(), (trials - died).sum()])
    single = LogisticRegression(C=np.inf).fit(X[rows], labels)
    np.testing.assert_allclose(
        grouped.profile_intervals(X, both).iloc[:, 1:], single.profile_intervals(X[rows], labels).iloc[:, 1:], rtol=1e-7
    )
    np.testing.assert_allclose(
        grouped.test_terms(sp.csr_array(X), both).statistic,
        single.test_terms(X[rows], labels).statistic,
        rtol=1e-7,
        atol=1e-10,
    )


def test_huge_whole_numbers_keep_their_digits(counts):
    _, y = counts
    small = np.random.default_rng(4).integers(0, 1000, (120, 1))
    near, far = (PoissonRegressor(alpha=0.0).fit(x, y) for x in (small, small + 2**60))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = far.profile_intervals(small + 2**60, y, terms=["x0"])
    np.testing.assert_allclose(found.iloc[:, 1:], near.profile_intervals(small, y, terms=["x0"]).iloc[:, 1:], rtol=1e-7)
    np.testing.assert_allclose(
        far.marginal_effects(small + 2**60).iloc[:, 2:], near.marginal_effects(small).iloc[:, 2:], rtol=1e-8
    )
