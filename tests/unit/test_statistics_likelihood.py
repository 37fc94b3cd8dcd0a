"""Tables, summary and tests of fits by likelihood: statsmodels' numbers, R's conventions, and words that fit the model."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy import stats as laws

import mathlearn
from mathlearn import statistics as st
from mathlearn.errors import SchemaError
from mathlearn.linear_model import (
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
)
from mathlearn.results.certificate import Check
from mathlearn.results.fit_result import CovarianceEstimate, Status
from mathlearn.statistics.joint_law import JointLaw

# Family, link, parameters, statsmodels' family. The kinds of numbers differ: counts, shares, positive numbers.
FAMILIES = {
    "gaussian": ("identity", {}, sm.families.Gaussian),
    "binomial": ("logit", {}, sm.families.Binomial),
    "binomial probit": ("probit", {}, lambda: sm.families.Binomial(sm.families.links.Probit())),
    "binomial cloglog": ("cloglog", {}, lambda: sm.families.Binomial(sm.families.links.CLogLog())),
    "poisson": ("log", {}, sm.families.Poisson),
    "negative_binomial": ("log", {"theta": 1.5}, lambda: sm.families.NegativeBinomial(alpha=1 / 1.5)),
    "gamma": ("log", {}, lambda: sm.families.Gamma(sm.families.links.Log())),
    "inverse_gaussian": ("log", {}, lambda: sm.families.InverseGaussian(sm.families.links.Log())),
    "tweedie": ("log", {"power": 1.5}, lambda: sm.families.Tweedie(var_power=1.5, eql=False)),
    "quasipoisson": ("log", {}, sm.families.Poisson),
    "quasibinomial": ("logit", {}, sm.families.Binomial),
}
FIXED = ("binomial", "binomial probit", "binomial cloglog", "poisson", "negative_binomial")
QUASI = ("quasipoisson", "quasibinomial")
DISCRETE = FIXED


@cache
def rows(name):
    rng = np.random.default_rng(11)
    X = rng.normal(size=(80, 3))
    eta = 0.2 + X @ [0.5, -0.3, 0.1]
    mu = np.exp(eta)
    y = {
        "gaussian": lambda: eta + rng.normal(size=80),
        "poisson": lambda: rng.poisson(mu).astype(float),
        "negative": lambda: rng.negative_binomial(1.5, 1.5 / (1.5 + mu)).astype(float),
        "gamma": lambda: rng.gamma(2.0, mu / 2.0),
        "inverse": lambda: rng.wald(mu, 3.0),
        "tweedie": lambda: np.where(rng.random(80) < 0.3, 0.0, rng.gamma(2.0, mu)),
    }
    kind = name.split("_")[0].split()[0].removeprefix("quasi")
    return X, y.get(kind, lambda: (rng.random(80) < 1 / (1 + np.exp(-eta))).astype(float))()


@cache
def model(name, columns=3, **parameters):
    link, given, _ = FAMILIES[name]
    X, y = rows(name)
    return GeneralizedLinearRegressor(family=name.split()[0], link=link, **given, **parameters).fit(X[:, :columns], y)


@cache
def theirs(name, columns=3):
    """Fit by statsmodels, tightly; a quasi family is the family with Pearson's dispersion."""
    X, y = rows(name)
    glm = sm.GLM(y, sm.add_constant(X[:, :columns]), family=FAMILIES[name][2]())
    return glm.fit(tol=1e-12, tol_criterion="params", maxiter=200, scale="X2" if name in QUASI else None)


def glance(name, columns=3):
    return model(name, columns).glance().loc[0]


def words(summary):
    return " ".join(str(summary).split())


# --------------------------------------------------------------------------------------------------------- the numbers


@pytest.mark.parametrize("name", FAMILIES)
def test_the_table_of_coefficients_is_statsmodels(name):
    table, other = model(name).tidy(), theirs(name)
    assert_allclose(table["estimate"], other.params, rtol=1e-8, atol=1e-10)
    assert_allclose(table["std_error"], other.bse, rtol=1e-7)
    assert_allclose(table["statistic"], other.tvalues, rtol=1e-6, atol=1e-8)
    # statsmodels refers all to the normal law; here that is so where the dispersion is known, else t as in R.
    law = laws.norm if name in FIXED else laws.t(76)
    assert_allclose(table["p_value"], 2 * law.sf(np.abs(other.tvalues)), rtol=1e-5)
    half = law.isf(0.025) * other.bse
    assert_allclose(table["conf_low"], other.params - half, rtol=1e-6, atol=1e-8)
    assert_allclose(table["conf_high"], other.params + half, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", FAMILIES)
def test_glance_has_the_deviances_and_the_dispersion_of_statsmodels(name):
    fit, other = glance(name), theirs(name)
    assert_allclose(fit["deviance"], other.deviance, rtol=1e-9)
    assert_allclose(fit["null_deviance"], other.null_deviance, rtol=1e-8)
    assert_allclose(fit["pearson"], other.pearson_chi2, rtol=1e-7)
    assert_allclose(fit["dispersion"], 1.0 if name in FIXED else other.scale, rtol=1e-7)
    assert_allclose(fit["deviance_explained"], 1 - other.deviance / other.null_deviance, rtol=1e-7)
    assert (fit["df_resid"], fit["df_null"], fit["df_model"]) == (76, 79, 3)
    assert fit["dispersion_from"] == ("fixed" if name in FIXED else "pearson")


@pytest.mark.parametrize("name", FIXED)
def test_with_a_known_dispersion_the_criteria_are_statsmodels(name):
    fit, other = glance(name), theirs(name)
    assert_allclose(fit["log_likelihood"], other.llf, rtol=1e-9)
    assert_allclose(fit["null_log_likelihood"], other.llnull, rtol=1e-8)
    assert_allclose(fit["aic"], other.aic, rtol=1e-9)
    assert_allclose(fit["bic"], other.bic_llf, rtol=1e-9)
    assert_allclose(fit["pseudo_r_squared"], other.pseudo_rsquared(kind="mcf"), rtol=1e-7)


@pytest.mark.parametrize("name", ["gaussian", "gamma", "inverse_gaussian"])
def test_an_estimated_dispersion_enters_as_in_r(name):
    """R puts the deviance over n into the log-likelihood and counts it; statsmodels does neither but for the Gaussian."""
    fit, other = glance(name), theirs(name)
    top = other.llf_scaled if name != "gaussian" else other.model.family.loglike
    y, mu = rows(name)[1], np.asarray(other.fittedvalues)
    expected = top(scale=other.deviance / 80) if name != "gaussian" else top(y, mu, scale=other.deviance / 80)
    assert_allclose(fit["log_likelihood"], expected, rtol=1e-9)
    assert_allclose(fit["aic"], -2 * expected + 2 * 5, rtol=1e-9)
    assert_allclose(fit["bic"], -2 * expected + math.log(80) * 5, rtol=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_test_against_the_null_model_is_the_difference_of_the_deviances(name):
    fit, other = glance(name), theirs(name)
    gain = other.null_deviance - other.deviance
    law, statistic = (laws.chi2(3), gain) if name in FIXED else (laws.f(3, 76), gain / 3 / other.scale)
    assert_allclose(fit["lr_statistic"], statistic, rtol=1e-6)
    assert_allclose(fit["lr_p_value"], law.sf(statistic), rtol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_joint_wald_tests_are_statsmodels(name):
    other, slopes = theirs(name), np.eye(4)[1:]
    known = name in FIXED
    expected = other.wald_test(slopes, use_f=not known, scalar=True)
    joint = model(name).contrast(slopes).joint
    for statistic, p in (
        (joint.statistic, joint.p_value),
        tuple(glance(name)[["wald_statistic", "wald_p_value"]]),
    ):
        assert_allclose(statistic, expected.statistic, rtol=1e-6)
        assert_allclose(p, expected.pvalue, rtol=1e-5)
    assert str(joint.law) == ("chi2(3)" if known else "F(3, 76)")


@pytest.mark.parametrize("name", QUASI)
def test_a_quasi_likelihood_has_no_likelihood_and_says_so(name):
    fit = model(name).glance()
    absent = ["log_likelihood", "null_log_likelihood", "aic", "bic", "pseudo_r_squared"]
    assert fit.loc[0, absent].isna().all()
    reasons = fit.attrs["reasons"]
    assert all("has no density" in reasons[column] for column in absent)
    assert np.isfinite(fit.loc[0, "lr_p_value"])


@pytest.mark.parametrize("name", FAMILIES)
def test_every_number_that_is_missing_has_a_reason_and_no_other_has(name):
    for frame in (model(name).glance(), model(name, alpha=0.5).glance()):
        missing = {column for column in frame if pd.isna(frame.loc[0, column])}
        assert set(frame.attrs["reasons"]) == missing


def test_mcfadden_is_for_probabilities_only():
    for name in FAMILIES:
        assert (not math.isnan(glance(name)["pseudo_r_squared"])) == (name in DISCRETE)
    # The share of the deviance explained does not change with the units of y; the ratio of log-likelihoods does.
    X, y = rows("gamma")
    scaled = GeneralizedLinearRegressor(family="gamma").fit(X, 1000 * y)
    assert_allclose(scaled.glance().loc[0, "deviance_explained"], glance("gamma")["deviance_explained"], rtol=1e-10)
    ratio = [
        1 - fit.result_.likelihood.log_likelihood / fit.result_.likelihood.null_log_likelihood
        for fit in (scaled, model("gamma"))
    ]
    assert abs(ratio[0] - ratio[1]) > 0.05


def test_trials_are_counted_and_rows_are_n():
    X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    y = np.array([[2, 8], [5, 5], [9, 3], [7, 1], [6, 0]])
    fit = GeneralizedLinearRegressor(family="binomial").fit(X, y)
    other = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial()).fit(tol=1e-12, tol_criterion="params")
    assert_allclose(
        fit.glance().loc[0, ["log_likelihood", "aic", "deviance"]].astype(float),
        [other.llf, other.aic, other.deviance],
        rtol=1e-9,
    )
    assert_allclose(fit.glance().loc[0, "bic"], -2 * other.llf + 2 * math.log(5), rtol=1e-9)
    assert "n = 5 rows with 46 trials, 3 residual df; dispersion fixed at 1" in words(fit.summary())


def test_without_residual_degrees_of_freedom_a_known_dispersion_keeps_its_inference():
    saturated = replace(model("poisson").result_, df_resid=0)
    assert_allclose(st.tidy(saturated)["std_error"], model("poisson").tidy()["std_error"], rtol=0)
    assert np.isfinite(st.tidy(saturated)["p_value"]).all()
    assert math.isfinite(st.glance(saturated).loc[0, "lr_p_value"])
    unknown = replace(model("gamma").result_, df_resid=0)
    assert st.tidy(unknown)["std_error"].isna().all()
    assert "no residual degrees of freedom" in st.glance(unknown).attrs["reasons"]["dispersion"]


def test_estimated_parameters_are_counted():
    result = model("negative_binomial").result_
    estimated = replace(result, likelihood=replace(result.likelihood, estimated=("theta",), estimated_errors=(0.2,)))
    one, other = st.glance(result).loc[0], st.glance(estimated).loc[0]
    assert_allclose([other["aic"] - one["aic"], other["bic"] - one["bic"]], [2.0, math.log(80)], rtol=1e-9)
    assert "Negative binomial regression (theta = 1.5, estimated) of y" in str(st.summarise(estimated))


def test_under_a_robust_covariance_only_the_wald_test_holds():
    result = model("poisson").result_
    r = result.rank
    meat = np.eye(r + 1)[None] * 4.0
    robust = replace(result, covariance=CovarianceEstimate("HC0", meat, math.inf, "HC0: for this test"))
    frame = st.glance(robust)
    assert math.isnan(frame.loc[0, "lr_statistic"])
    assert "HC0" in frame.attrs["reasons"]["lr_statistic"]
    assert_allclose(frame.loc[0, "wald_statistic"], st.glance(result).loc[0, "wald_statistic"] / 4, rtol=1e-10)
    assert "Wald chi2(3)" in words(st.summarise(robust))


def test_a_null_model_without_a_deviance_is_told():
    X = np.array([[1.0], [2.0], [3.0], [4.0]])
    fit = GeneralizedLinearRegressor(family="poisson", link="identity", fit_intercept=False).fit(
        X, [1.0, 3.0, 2.0, 5.0]
    )
    frame = fit.glance()
    assert not math.isfinite(frame.loc[0, "null_deviance"])
    assert "no finite deviance" in frame.attrs["reasons"]["deviance_explained"]
    assert np.isfinite(frame.loc[0, "wald_p_value"])


# ------------------------------------------------------------------------------------------------------------- summary

TITLES = {
    "gaussian": "Gaussian regression of y",
    "binomial": "Logistic regression of y",
    "binomial probit": "Probit regression of y",
    "binomial cloglog": "Binomial regression (cloglog link) of y",
    "poisson": "Poisson regression of y",
    "negative_binomial": "Negative binomial regression (theta = 1.5) of y",
    "gamma": "Gamma regression (log link) of y",
    "inverse_gaussian": "Inverse Gaussian regression (log link) of y",
    "tweedie": "Tweedie regression (log link, power = 1.5) of y",
    "quasipoisson": "Quasi-Poisson regression of y",
    "quasibinomial": "Quasi-binomial regression of y",
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_heading_names_the_model(name):
    text = str(model(name).summary())
    assert text.splitlines()[0] == f"{TITLES[name]}: certified"


@pytest.mark.parametrize("name", FAMILIES)
def test_the_summary_speaks_of_the_likelihood_and_not_of_squares(name):
    summary = model(name).summary()
    text = words(summary)
    for nonsense in ("Linear regression", "sigma", "inf)", "R² ="):
        assert nonsense not in text.replace("pseudo-R² =", "")
    letter, other = ("z", "t") if name in FIXED else ("t", "z")
    assert letter in summary.blocks[0].cells.header
    assert other not in summary.blocks[0].cells.header
    assert ("likelihood ratio chi2(3) =" if name in FIXED else "deviance F(3, 76) =") in text
    assert ("dispersion fixed at 1" if name in FIXED else "Pearson's statistic over its df") in text
    assert ("AIC" in dict(summary.blocks[0].lines).get("Likelihood", "")) == (name not in QUASI)
    assert "on 76 df" in text
    assert "on 79 df without columns" in text


def test_all_formats_carry_the_same_sentences():
    summary = model("gamma").summary()
    lines = dict(summary.blocks[0].lines)
    assert lines["Deviance"] in words(summary)
    assert lines["Solver"] in summary.to_html()
    assert "Gamma regression (log link) of y" in summary.to_html()
    assert r"\textbf{Gamma regression (log link) of y: certified}" in summary.to_latex()


@pytest.mark.parametrize(
    ("labels", "against"),
    [(["no", "yes"], "('yes' against 'no')"), ([False, True], "(True against False)"), ([1, 2], "(2 against 1)")],
)
def test_a_classifier_names_its_classes_and_what_a_coefficient_is(labels, against):
    X, y = rows("binomial")
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(survived=np.array(labels)[y.astype(int)])
    fit = LogisticRegression(C=np.inf).fit(frame, "survived")
    text = words(fit.summary())
    assert text.startswith(f"Logistic regression of survived {against}: certified")
    event = repr(labels[1])
    assert (
        f"for one unit more the log odds of {event} change by the coefficient; exp(coefficient) is an odds ratio"
        in text
    )


def test_log_links_are_ratios_of_means():
    assert "the mean of y is multiplied by exp(coefficient), a ratio of means" in words(model("poisson").summary())
    assert "exp(coefficient)" not in words(model("gaussian").summary())


def test_a_penalised_fit_says_at_the_top_that_there_is_no_inference():
    fit = model("poisson", alpha=2.0)
    lines = str(fit.summary()).splitlines()
    assert lines[1].startswith("Inference   penalised: Wald inference withheld (half of 2.000 times the sum of")
    assert fit.tidy()["std_error"].isna().all()
    assert "z" in fit.summary().blocks[0].cells.header
    # What does not rest on the law of the estimates is kept.
    frame = fit.glance()
    assert frame.loc[0, ["deviance", "log_likelihood", "deviance_explained"]].notna().all()
    assert frame.loc[0, ["aic", "bic", "lr_statistic", "wald_statistic"]].isna().all()


def test_a_condition_number_is_told_only_where_it_is_known():
    result = model("poisson").result_
    assert "of the weighted, centred, scaled columns: no collinearity to speak of" in words(st.summarise(result))
    assert "Condition" not in str(st.summarise(replace(result, condition_scaled=math.nan)))


def test_an_offset_is_in_the_null_model_too():
    X, y = rows("poisson")
    fit = PoissonRegressor(alpha=0).fit(X, y, offset=np.full(80, 0.5))
    text = words(fit.summary())
    assert "is added to every linear predictor, that of the null model included" in text
    assert_allclose(fit.glance().loc[0, "null_deviance"], glance("poisson")["null_deviance"], rtol=1e-8)


def test_a_fit_that_is_not_certified_says_so_first():
    result = model("poisson").result_
    failed = replace(result.certificate, checks=(Check("newton_decrement", 3.0, 1e-6, "distance to the optimum"),))
    text = str(st.summarise(replace(result, certificate=failed, status=Status.MAX_ITER)))
    assert text.splitlines()[0] == "Poisson regression of y: NOT CERTIFIED"


def test_a_contrast_of_a_known_dispersion_is_chi_squared():
    text = str(model("poisson").contrast(["x0 = 0", "x1 = x2"]))
    assert "joint chi2(2) = " in text
    assert "  z  " in text
    assert "joint F(2, 76) = " in str(model("gamma").contrast(["x0 = 0", "x1 = x2"]))


def test_the_law_of_a_joint_test():
    chi, f = JointLaw(3, math.inf), JointLaw(3, 20)
    assert (str(chi), str(f)) == ("chi2(3)", "F(3, 20)")
    assert_allclose(chi.tail(chi.statistic(60.0)), laws.chi2(3).sf(60.0), rtol=1e-12)
    assert_allclose(f.tail(f.statistic(60.0)), laws.f(3, 20).sf(20.0), rtol=1e-12)
    assert_allclose(JointLaw(2, math.inf).tail(1400.0), math.exp(-700), rtol=1e-12)


# ------------------------------------------------------------------------------------------------- analysis of deviance


@pytest.mark.parametrize("name", FAMILIES)
def test_the_analysis_of_deviance_is_that_of_three_fits(name):
    table = st.analysis_of_deviance(*(model(name, columns) for columns in (1, 2, 3))).to_frame()
    others = [theirs(name, columns) for columns in (1, 2, 3)]
    assert table["df_resid"].tolist() == [78, 77, 76]
    assert_allclose(table["deviance"], [other.deviance for other in others], rtol=1e-9)
    change = -np.diff([other.deviance for other in others])
    assert_allclose(table["change"][1:], change, rtol=1e-5, atol=1e-9)
    # Where it is estimated, the dispersion is that of the largest model in every row, as in R.
    law, statistic = (laws.chi2(1), change) if name in FIXED else (laws.f(1, 76), change / others[-1].scale)
    assert_allclose(table["statistic"][1:], statistic, rtol=1e-5, atol=1e-9)
    assert_allclose(table["p_value"][1:], law.sf(statistic), rtol=1e-4)
    assert table.loc[0, ["df", "change", "statistic", "p_value"]].isna().all()
    assert table.attrs["reasons"][0, "p_value"] == "there is no model before the first"


def test_the_gaussian_analysis_is_the_f_test_of_least_squares():
    X, y = rows("gaussian")
    f = st.f_test(LinearRegression().fit(X[:, :1], y), LinearRegression().fit(X, y))
    test = st.deviance_test(model("gaussian", 1), model("gaussian"))
    assert_allclose([test.statistic, test.p_value], [f.statistic, f.p_value], rtol=1e-9)
    assert (test.df_num, test.df_den) == (f.df_num, f.df_den)


def test_the_test_against_a_constant_is_that_of_glance():
    X, y = rows("poisson")
    frame = pd.DataFrame(X, columns=list("abc")).assign(y=y)
    constant, full = (
        GeneralizedLinearRegressor(family="poisson", formula=f"y ~ {terms}").fit(frame) for terms in ("1", "a + b + c")
    )
    test = st.deviance_test(constant, full)
    assert_allclose(
        [test.statistic[0], test.p_value[0]], glance("poisson")[["lr_statistic", "lr_p_value"]].astype(float), rtol=1e-9
    )
    empty = constant.glance()
    assert_allclose(
        empty.loc[0, ["deviance", "deviance_explained"]].astype(float),
        [full.glance().loc[0, "null_deviance"], 0.0],
        atol=1e-12,
        rtol=1e-9,
    )
    assert empty.attrs["reasons"]["wald_p_value"] == "there are no slopes to test"


def refused(message, *models):
    with pytest.raises(SchemaError, match=message):
        st.analysis_of_deviance(*models)


def test_models_that_do_not_compare_are_refused_with_the_reason():
    X, y = rows("poisson")
    small, large = model("poisson", 1), model("poisson")
    refused("smaller model first", large, small)
    refused("least squares: f_test", LinearRegression().fit(X[:, :1], y), large)
    refused("penalised", model("poisson", 1, alpha=1.0), large)
    nb = GeneralizedLinearRegressor(family="negative_binomial", theta=2.0).fit(X, y)
    refused("different laws.*AIC compares them", small, nb)
    refused("different laws", GeneralizedLinearRegressor(family="negative_binomial", theta=1.0).fit(X[:, :1], y), nb)
    refused("differ in link", small, GeneralizedLinearRegressor(family="poisson", link="sqrt").fit(X, y))
    offset = PoissonRegressor(alpha=0).fit(X, y, offset=np.linspace(0, 1, 80))
    refused(r"different offsets \(no offset and offset\(offset\)\)", small, offset)
    refused("differ in n", PoissonRegressor(alpha=0).fit(X[1:, :1], y[1:]), large)
    refused("observations alone", PoissonRegressor(alpha=0).fit(X[:, :1], y[::-1] + (np.arange(80) == 3)), large)
    refused("differ in weights_type", PoissonRegressor(alpha=0).fit(X[:, :1], y, sample_weight=np.ones(80)), large)
    other = np.linspace(1, 2, 80)
    weighted = [PoissonRegressor(alpha=0).fit(X[:, :k], y, sample_weight=w) for k, w in ((1, other), (3, other[::-1]))]
    refused("observations alone", *weighted)
    with pytest.raises(SchemaError, match="analysis_of_deviance"):
        st.f_test(small, large)
    with pytest.raises(TypeError, match="at least two"):
        st.analysis_of_deviance(large)
    with pytest.raises(TypeError, match="model 2"):
        st.analysis_of_deviance(small, "large")


def test_without_intercept_the_larger_model_may_have_one():
    X, y = rows("poisson")
    through_zero = PoissonRegressor(alpha=0, fit_intercept=False).fit(X, y)
    test = st.deviance_test(through_zero, model("poisson"))
    assert test.df_num == 1
    other = sm.GLM(y, X, family=sm.families.Poisson()).fit(tol=1e-12, tol_criterion="params")
    assert_allclose(test.change, other.deviance - theirs("poisson").deviance, rtol=1e-8)
    # The observations are compared even where the null models differ.
    foreign = PoissonRegressor(alpha=0, fit_intercept=False).fit(X, np.where(np.arange(80) == 5, y + 1, y))
    with pytest.raises(SchemaError, match="observations alone"):
        st.deviance_test(foreign, model("poisson"))


def test_the_notes_tell_what_is_taken_for_granted():
    X, y = rows("poisson")
    renamed = PoissonRegressor(alpha=0).fit(pd.DataFrame(X, columns=list("abc")), pd.Series(y, name="y"))
    test = st.deviance_test(model("poisson", 2), renamed)
    assert "not among the terms of the larger model: x0, x1" in str(test)
    robust = replace(
        model("poisson").result_, covariance=CovarianceEstimate("HC0", np.eye(4)[None], math.inf, "HC0: for this test")
    )
    assert "HC0 covariance, this test does not" in str(st.deviance_test(model("poisson", 1), robust))
    failed = replace(robust.certificate, checks=(Check("newton_decrement", 3.0, 1e-6, "distance to the optimum"),))
    assert "not certified" in str(st.deviance_test(model("poisson", 1), replace(robust, certificate=failed)))


def test_an_exact_fit_of_an_estimated_dispersion_withholds_f():
    small, large = model("gamma", 1).result_, model("gamma").result_
    exact = replace(large, exact=np.array([True]))
    analysis = st.analysis_of_deviance(small, exact)
    assert math.isnan(analysis.tests[0].statistic[0])
    assert analysis.to_frame().attrs["reasons"][1, "p_value"] == "exact fit"
    assert "exact fit" in str(analysis)


@pytest.mark.parametrize("as_", ["polars", "arrow"])
def test_other_frames_hold_the_same(as_):
    analysis = st.analysis_of_deviance(model("poisson", 1), model("poisson"))
    frame = analysis.to_frame(as_)
    values = frame["deviance"].to_list() if as_ == "polars" else frame["deviance"].to_pylist()
    assert values == analysis.to_frame()["deviance"].tolist()
    assert len(st.glance(model("poisson").result_, as_)) == 1


@pytest.mark.parametrize("name", ["poisson", "quasipoisson", "gamma"])
def test_a_test_is_called_by_the_law_that_it_is_referred_to(name):
    """F, where the dispersion is estimated, is no likelihood ratio."""
    X, y = rows(name)
    fit, by_f = model(name), name not in FIXED
    text = str(fit.test_terms(X, y))
    assert text.startswith(
        "F tests of terms, by differences of deviances" if by_f else "likelihood ratio tests of terms"
    )
    assert ("deviance F(3, 76)" if by_f else "likelihood ratio chi2(3)") in words(fit.summary())
    test = st.deviance_test(model(name, 1), fit)
    assert test.name == ("F test" if by_f else "LR test")
    told = {label for label, _ in mathlearn.compare(model(name, 1), fit).sheet().notes}
    assert told & {"F test", "LR test"} == {test.name}
    robust = model(name).infer(X, y, covariance="HC0")
    called = "F test of the deviances" if by_f else "likelihood-ratio test"
    assert f"Withheld {called}: under the HC0 covariance" in words(robust.summary())


# ---------------------------------------------------------------------------------------------- few columns, and offsets


@pytest.mark.parametrize("formula", ["y ~ 1", "y ~ 1 + offset(o)", "y ~ 0 + offset(o)"])
@pytest.mark.parametrize("family", ["poisson", "gamma", "negative_binomial"])
def test_a_summary_without_columns_says_nothing_of_columns(formula, family):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"y": 1.0 + rng.negative_binomial(1, 0.3, 50), "o": 0.2 * rng.normal(size=50)})
    fit = GeneralizedLinearRegressor(family=family, link="log", formula=formula).fit(frame)
    text = words(fit.summary())
    for word in ("Condition", "Meaning", "All slopes", "without columns", "explained", "= -0"):
        assert word not in text
    assert "there are no slopes to test" in text
    assert ("offset" in formula) == ("o is added to every linear predictor" in text)
    assert abs(fit.glance().loc[0, "deviance_explained"]) < 1e-12
    assert fit.verify(frame).ok


def test_columns_that_are_not_centred_are_not_said_to_be():
    X, y = rows("poisson")
    alone = GeneralizedLinearRegressor(family="poisson", fit_intercept=False).fit(X[:, :1], y)
    assert "Rank 1 of 1 column Condition 1 of the weighted, scaled columns" in words(alone.summary())
    assert "of the weighted, centred, scaled columns" in words(model("poisson", 1).summary())
    assert "after scaling:" in words(LinearRegression(fit_intercept=False).fit(X, y).summary())
    assert "after centring and scaling:" in words(LinearRegression().fit(X, y).summary())


@pytest.mark.parametrize("name", ["poisson", "gamma", "binomial probit"])
def test_with_an_offset_the_score_is_the_deviance_explained(name):
    link, given, _ = FAMILIES[name]
    X, y = rows(name)
    offset = 0.7 * X[:, 2]
    fit = GeneralizedLinearRegressor(family=name.split()[0], link=link, **given).fit(X[:, :2], y, offset=offset)
    assert_allclose(fit.score(X[:, :2], y, offset=offset), fit.glance().loc[0, "deviance_explained"], rtol=1e-9)
    assert_allclose(fit.score(X[:, :2], y, offset=np.zeros(80)), 1 - _share_left(fit, X[:, :2], y), rtol=1e-12)


def _share_left(fit, X, y):
    """Deviance of predictions without an offset, over that of the mean."""
    family = fit._fitted_law()[0]
    left = family.deviance(y, fit.predict(X, offset=np.zeros(len(y)))).sum()
    return left / family.deviance(y, np.full(len(y), y.mean())).sum()


def test_the_score_of_new_rows_is_against_their_own_level_beside_the_offset():
    X, y = rows("poisson")
    offset = 0.7 * X[:, 2]
    fit = GeneralizedLinearRegressor(family="poisson").fit(X[:50, :2], y[:50], offset=offset[:50])
    level = y[50:].sum() / np.exp(offset[50:]).sum()  # of a Poisson with the logarithm, in closed form

    def deviance(mean):
        return 2 * np.sum(np.where(y[50:] > 0, y[50:] * np.log(np.maximum(y[50:], 1) / mean), 0.0) - y[50:] + mean)

    expected = 1 - deviance(fit.predict(X[50:, :2], offset=offset[50:])) / deviance(level * np.exp(offset[50:]))
    assert_allclose(fit.score(X[50:, :2], y[50:], offset=offset[50:]), expected, rtol=1e-10)


def test_hc1_has_the_factor_that_statsmodels_leaves_out_of_a_glm():
    """Of statsmodels 0.15.0, whose GLM gives HC0 whichever of HC0 to HC3 is asked for."""
    X, y = rows("poisson")
    plain = sm.GLM(y, sm.add_constant(X), family=sm.families.Poisson())
    ours = {kind: model("poisson").infer(X, y, covariance=kind) for kind in ("HC0", "HC1")}
    for kind, factor in (("HC0", 1.0), ("HC1", math.sqrt(80 / 76))):
        other = plain.fit(cov_type=kind, tol=1e-13)
        assert_allclose(ours[kind].tidy()["std_error"], factor * other.bse, rtol=1e-8)
        assert_allclose(
            ours[kind].tidy()["p_value"], 2 * laws.norm.sf(np.abs(other.params / (factor * other.bse))), rtol=1e-6
        )
