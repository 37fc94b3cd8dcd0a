"""Diagnosis of fits by likelihood: each check finds its fault, keeps quiet without it, and is its definition."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from mathlearn.linear_model import GammaRegressor, GeneralizedLinearRegressor, LinearRegression, LogisticRegression
from mathlearn.statistics.diagnostics import diagnose
from mathlearn.statistics.diagnostics.calibration import grouped, roc_area
from mathlearn.statistics.diagnostics.far_out import FarOut


def columns(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) * [1, 30] + [0, 500]
    return X, 0.4 + 0.5 * X[:, 0] + 0.01 * (X[:, 1] - 500), rng


def counts(n=400, seed=0, extra=0.0):
    X, eta, rng = columns(n, seed)
    mean = np.exp(eta) * (rng.gamma(1 / extra, extra, n) if extra else 1.0)
    return X, rng.poisson(mean).astype(float)


def finding(model, X, y, name, **roles):
    (found,) = model.diagnose(X, y, **roles).named(name)
    return found


def poisson(X, y, **roles):
    return GeneralizedLinearRegressor(family="poisson").fit(X, y, **roles)


# -------------------------------------------------------------------------------------------------- what is looked at
def test_only_checks_that_apply_are_named():
    X, y = counts()
    least = {f.name for f in LinearRegression().fit(X, y).diagnose(X, y).findings}
    assert least == {
        "autocorrelation",
        "collinearity",
        "heteroscedasticity",
        "influence",
        "leverage",
        "linearity",
        "normality",
        "outliers",
    }
    common = {"collinearity", "influence", "leverage", "linearity", "link", "outliers"}
    by_counts = {f.name for f in poisson(X, y).diagnose(X, y).findings}
    assert by_counts == common | {"dispersion", "zero_inflation"}
    binary = LogisticRegression(C=np.inf).fit(X, y > 1)
    assert {f.name for f in binary.diagnose(X, y > 1).findings} == common | {"calibration"}
    assert {f.name for f in GammaRegressor(alpha=0).fit(X, y + 0.5).diagnose(X, y + 0.5).findings} == common


def test_a_penalised_fit_says_why_nothing_is_checked():
    X, y = counts()
    found = LogisticRegression().fit(X, y > 1).diagnose(X, y > 1)
    assert {f.severity.value for f in found.findings} == {"not checked"}
    assert all("penalised" in f.reason for f in found.findings)


def test_rows_that_meet_every_assumption_are_fine():
    X, y = counts(2000, seed=2)
    assert {f.severity.value for f in poisson(X, y).diagnose(X, y).findings} == {"fine"}


def test_other_rows_are_refused():
    X, y = counts()
    with pytest.raises(ValueError, match="of the fit"):
        poisson(X, y).diagnose(X, np.roll(y, 1))


@pytest.mark.parametrize("size", [17, 100, 399])
def test_chunks_do_not_matter(size):
    X, y = counts(extra=0.5)
    for model in (poisson(X, y), LogisticRegression(C=np.inf).fit(X, y > 1)):
        response = y if model.result_.likelihood.family == "poisson" else y > 1
        rows = model._fit_rows(X, response)
        whole = diagnose(model.result_, rows, max_rows=1000, threads=1)
        parts = diagnose(model.result_, rows, max_rows=size, threads=2)
        assert str(parts) == str(whole)
        assert parts.passes == 1


def test_frequencies_are_repeated_rows():
    X, y = counts(120, extra=0.5)
    count = np.random.default_rng(5).integers(1, 4, 120)
    model = GeneralizedLinearRegressor(family="poisson", weights_type="frequency").fit(X, y, sample_weight=count)
    weighted = model.diagnose(X, y, sample_weight=count)
    Xr, yr = np.repeat(X, count, axis=0), np.repeat(y, count)
    repeated = poisson(Xr, yr).diagnose(Xr, yr)
    for name in ("dispersion", "zero_inflation", "link", "linearity"):
        (one,), (other,) = weighted.named(name), repeated.named(name)
        assert_allclose(
            [one.effect.value, one.statistic, one.p_value],
            [other.effect.value, other.statistic, other.p_value],
            rtol=1e-6,
        )


# ---------------------------------------------------------------------------------------------------------- dispersion
def test_overdispersion_is_found_with_its_size_and_remedy():
    X, y = counts(extra=0.5)
    model = poisson(X, y)
    found = finding(model, X, y, "dispersion")
    assert found.severity.value == "serious"
    assert_allclose(found.effect.value, model.result_.likelihood.pearson / model.result_.df_resid, rtol=1e-9)
    assert "quasipoisson" in found.remedy
    assert found.p_value < 1e-6
    robust = GeneralizedLinearRegressor(family="poisson", covariance="HC1").fit(X, y)
    allowed = finding(robust, X, y, "dispersion")
    assert allowed.severity.value == "worth a look"
    assert "HC1" in allowed.remedy


def test_the_negative_binomial_takes_up_its_own_dispersion():
    X, y = counts(1000, seed=3, extra=0.5)
    model = GeneralizedLinearRegressor(family="negative_binomial", theta=2.0).fit(X, y)
    assert finding(model, X, y, "dispersion").severity.value == "fine"


@pytest.mark.parametrize(
    ("law", "says", "not_says"),
    [
        ({"family": "poisson"}, "family='quasipoisson'", "negative_binomial"),
        (
            {"family": "negative_binomial", "theta": 5.0},
            "family='poisson' or, for less variation still, 'quasipoisson'",
            "leave",
        ),
    ],
    ids=["poisson", "negative binomial"],
)
def test_the_remedy_against_too_little_variation_is_no_law_with_more(law, says, not_says):
    X, _, rng = columns(300)
    y = rng.binomial(10, 0.5, 300).astype(float)
    found = finding(GeneralizedLinearRegressor(**law).fit(X, y), X, y, "dispersion")
    assert found.effect.value < 0.6
    assert says in found.remedy
    assert not_says not in found.remedy


def test_an_estimated_shape_is_not_to_be_estimated():
    X, y = counts(400, seed=3, extra=0.5)
    y[np.argsort(y)[-6:]] *= 12.0  # more in the tail than any shape allows
    found = finding(GeneralizedLinearRegressor(family="negative_binomial").fit(X, y), X, y, "dispersion")
    assert found.effect.value > 1.2
    assert found.remedy == "covariance='HC1', which takes standard errors from the rows"


def test_one_trial_a_row_cannot_be_overdispersed():
    X, eta, rng = columns(200)
    trials = np.where(np.arange(200) == 0, 2, 1)
    made = rng.binomial(trials, 1 / (1 + np.exp(-eta)))
    once = np.column_stack([made, trials - made])[1:]
    model = GeneralizedLinearRegressor(family="binomial").fit(X[1:], once)
    assert not model.diagnose(X[1:], once).named("dispersion")


STANDARD = {
    "poisson": {"family": "poisson"},
    "negative_binomial": {"family": "negative_binomial", "theta": 1.5},
    "binomial": {"family": "binomial", "link": "cloglog"},
}


@pytest.mark.parametrize("family", STANDARD)
def test_standardised_statistics_are_standard_normal_where_the_family_is_right(family):
    """Over R samples the mean of z lies within 4 / sqrt(R) of 0, and its variance within 4 sqrt(2 / R) of 1, but for terms in 1 / n."""
    samples, found = 150, {"dispersion": [], "zero_inflation": []}
    for seed in range(samples):
        X, eta, rng = columns(300, seed)
        mean = np.exp(eta)
        if family == "binomial":
            trials = rng.integers(2, 6, 300)
            made = rng.binomial(trials, -np.expm1(-np.exp(eta - 0.5)))
            y = np.column_stack([made, trials - made])
        else:
            y = rng.poisson(mean * (rng.gamma(1.5, 1 / 1.5, 300) if family == "negative_binomial" else 1.0))
        diagnosis = GeneralizedLinearRegressor(**STANDARD[family]).fit(X, y).diagnose(X, y)
        for name, values in found.items():
            values.extend(each.statistic for each in diagnosis.named(name))
    for name, values in found.items():
        if values:
            z = np.array(values)
            assert abs(z.mean()) < 4 / np.sqrt(samples) + 0.1, name
            assert abs(z.var() - 1) < 4 * np.sqrt(2 / samples) + 0.1, name
    assert len(found["dispersion"]) == samples


# --------------------------------------------------------------------------------------------------------------- zeros
def test_too_many_zeros_are_found():
    X, y = counts(1000, seed=1)
    some = np.where(np.random.default_rng(9).random(1000) < 0.3, 0.0, y)
    model = poisson(X, some)
    found = finding(model, X, some, "zero_inflation")
    mean = model.predict(X)
    assert_allclose(found.effect.value, np.mean(some == 0) - np.exp(-mean).mean(), rtol=1e-8)
    assert found.severity.value == "serious"
    assert "LogisticRegression" in found.remedy
    few = finding(poisson(X[y > 0], y[y > 0]), X[y > 0], y[y > 0], "zero_inflation")
    assert few.effect.value < 0
    assert "recorded at all" in few.remedy


# ------------------------------------------------------------------------------------------------------------- linearity
def score_of_added(model, X, y, added):
    """Score statistic of one more column, from plain formulas."""
    Z = np.column_stack([np.ones(len(X)), X])
    family, link = model._fitted_law()
    eta = Z @ [model.intercept_, *model.coef_.ravel()]
    mu, slope = link.mu(eta), link.dmu(eta)
    c, s = slope**2 / family.variance(mu), (y - mu) * slope / family.variance(mu)
    left = added - Z @ np.linalg.solve((Z * c[:, None]).T @ Z, (Z * c[:, None]).T @ added)
    return (s @ added) ** 2 / ((c * left) @ added)


@pytest.mark.parametrize("link", ["log", "sqrt"])
def test_link_and_linearity_are_score_tests(link):
    X, y = counts(300, seed=5, extra=0.3)
    model = GeneralizedLinearRegressor(family="poisson", link=link).fit(X, y)
    eta = X @ model.coef_
    found = finding(model, X, y, "link")
    assert_allclose(found.statistic, score_of_added(model, X, y, eta**2), rtol=1e-6)
    assert_allclose(found.p_value, stats.chi2.sf(found.statistic, 1), rtol=1e-9)
    assert_allclose(found.effect.value, found.statistic / model.result_.likelihood.pearson, rtol=1e-9)
    square = finding(model, X, y, "linearity")
    each = [score_of_added(model, X, y, X[:, j] ** 2) for j in (0, 1)]
    assert_allclose(square.statistic, max(each), rtol=1e-6)
    assert_allclose(
        [value for _, value in square.details], np.array(each) / model.result_.likelihood.pearson, rtol=1e-6
    )
    assert_allclose(square.p_value, min(1.0, 2 * stats.chi2.sf(max(each), 1)), rtol=1e-6)


def test_an_estimated_dispersion_is_estimated_again_with_the_square():
    X, eta, rng = columns(200)
    y = rng.gamma(2.0, np.exp(eta))
    model = GeneralizedLinearRegressor(family="gamma", link="log").fit(X, y)
    found = finding(model, X, y, "link")
    phi, df = model.result_.likelihood.dispersion, model.result_.df_resid
    score = score_of_added(model, X, y, (X @ model.coef_) ** 2) / phi
    assert_allclose(found.statistic, score / ((df - score) / (df - 1)), rtol=1e-6)
    assert found.df == (1.0, df - 1.0)
    assert_allclose(found.p_value, stats.f.sf(found.statistic, 1, df - 1), rtol=1e-9)


def test_a_column_that_bends_is_named():
    X, eta, rng = columns(800)
    y = (rng.random(800) < 1 / (1 + np.exp(-eta - X[:, 0] ** 2))).astype(int)
    found = finding(LogisticRegression(C=np.inf).fit(X, y), X, y, "linearity")
    assert (found.severity.value, found.subject) == ("serious", ("x0",))
    assert "poly(x0, 2)" in found.remedy


def test_the_wrong_link_is_found():
    X, _eta, rng = columns(3000)
    y = rng.poisson((5.0 + X[:, 0] - 0.02 * (X[:, 1] - 500)) ** 2)
    assert finding(poisson(X, y), X, y, "link").severity.value != "fine"
    right = GeneralizedLinearRegressor(family="poisson", link="sqrt").fit(X, y)
    assert finding(right, X, y, "link").severity.value == "fine"


# ----------------------------------------------------------------------------------------------------------- calibration
def test_calibration_is_hosmer_and_lemeshows_over_equal_groups():
    X, eta, rng = columns(500)
    y = (rng.random(500) < 1 / (1 + np.exp(-eta))).astype(int)
    model = LogisticRegression(C=np.inf).fit(X, y)
    found = finding(model, X, y, "calibration")
    p = model.predict_proba(X)[:, 1]
    order = np.argsort(p).reshape(10, 50)
    E, O = p[order].sum(axis=1), y[order].sum(axis=1)
    assert_allclose(found.statistic, np.sum((O - E) ** 2 / (E * (1 - E / 50))), rtol=1e-9)
    assert_allclose(found.p_value, stats.chi2.sf(found.statistic, 8), rtol=1e-9)
    assert_allclose(found.effect.value, np.abs(O - E).mean() / 50, rtol=1e-9)
    area = stats.mannwhitneyu(p[y == 1], p[y == 0]).statistic / (y.sum() * (1 - y).sum())
    details = dict(found.details)
    assert_allclose(details["area under the ROC curve"], area, atol=1e-3)
    assert_allclose(details["Brier score"], np.mean((y - p) ** 2), rtol=1e-9)


def test_groups_of_tied_predictions_stay_together():
    bins = np.array([[40.0, 10.0, 10.0], [0.0, 0.0, 0.0], [10.0, 5.0, 5.0], [50.0, 30.0, 30.0]])
    groups = grouped(bins)
    assert_allclose(groups.trials, [40, 10, 50])
    assert groups.statistic == 0
    assert_allclose(roc_area(bins), (10 * 15 + 5 * 32.5 + 30 * 45) / (45 * 55))


def test_probabilities_that_are_wrong_at_the_ends_are_found():
    X, _eta, rng = columns(5000)
    y = (rng.random(5000) < 0.5 + 0.45 * np.sin(2 * X[:, 0])).astype(int)
    assert finding(LogisticRegression(C=np.inf).fit(X, y), X, y, "calibration").severity.value == "serious"


# -------------------------------------------------------------------------------------------------------------- outliers
def test_a_row_far_out_is_named_and_its_bound_is_chernoffs():
    X, y = counts(300)
    y[7] = 60.0
    model = poisson(X, y)
    found = finding(model, X, y, "outliers")
    assert found.effect.sentence.startswith("Row 7 ")
    assert_allclose(found.p_value, min(1.0, 300 * 2 * np.exp(-(found.statistic**2) / 2)), rtol=1e-9)
    assert found.severity.value == "serious"


@pytest.mark.parametrize("mean", [0.02, 0.7, 5.0, 80.0])
def test_chernoffs_bound_holds_for_counts_and_proportions(mean):
    for family, law, values in (
        ("poisson", stats.poisson(mean), np.arange(0.0, 400.0)),
        ("binomial", stats.bernoulli(min(mean, 0.95)), np.array([0.0, 1.0])),
    ):
        at = min(mean, 0.95) if family == "binomial" else mean
        deviance = GeneralizedLinearRegressor(family=family)._law()[0].deviance(values, np.full(values.size, at))
        bound = np.exp(-deviance / 2)
        up, down = values >= at, values <= at
        assert (law.sf(values[up] - 1) <= bound[up] * (1 + 1e-9)).all()
        assert (law.cdf(values[down]) <= bound[down] * (1 + 1e-9)).all()
    far = FarOut(None, 100, "", "", "")
    assert_allclose(far.chance(far.bound), 0.05, rtol=1e-9)


# ------------------------------------------------------------------------------------------------------------ separation
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("complete", [False, True])
def test_separation_comes_first(complete):
    rng = np.random.default_rng(1)
    x, level = rng.normal(size=80), np.arange(80) % 4 == 0
    y = x > 0 if complete else np.where(level, False, rng.random(80) < 1 / (1 + np.exp(-x)))
    X = np.column_stack([x, level])
    model = LogisticRegression(C=np.inf).fit(X, y)
    found = model.diagnose(X, y).findings[0]
    assert (found.name, found.severity.value) == ("separation", "serious")
    assert "x1" in found.subject
    assert "firth" in found.remedy
    assert found.effect.value == model.result_.likelihood.separation.separated / 80


def test_collinearity_is_that_of_the_working_weights():
    X, y = counts(300)
    X = np.column_stack([X, X[:, 0] + 0.05 * np.random.default_rng(2).normal(size=300)])
    model = poisson(X, y)
    (found,) = model.diagnose().named("collinearity")
    mu = model.predict(X)
    centred = (X - np.average(X, axis=0, weights=mu)) * np.sqrt(mu)[:, None]
    gram = centred.T @ centred
    assert_allclose([vif for _, vif in found.details], np.diag(gram) * np.diag(np.linalg.inv(gram)), rtol=1e-6)
    assert "chi2(" in found.remedy
