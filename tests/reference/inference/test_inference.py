"""Inference against R's lm (and sandwich algebra in base R) and statsmodels, for the stored values of `r.json` and `statsmodels.json`."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from _fits import ArrayRows, fit
from numpy.testing import assert_allclose

from mathlearn import statistics as st
from mathlearn.datasets import load_penguins

HERE = Path(__file__).parent
R = json.loads((HERE / "r.json").read_text())
STATSMODELS = json.loads((HERE / "statsmodels.json").read_text())
RTOL = 1e-10


def penguins():
    table = load_penguins().dropna(subset=["body_mass_g", "flipper_length_mm", "species"])
    flipper = table["flipper_length_mm"].to_numpy(float)
    X = np.column_stack([flipper, table["species"] == "Chinstrap", table["species"] == "Gentoo"]).astype(float)
    groups = np.column_stack([table["bill_length_mm"] // 2, table["bill_depth_mm"] // 1])
    return X, table["body_mass_g"].to_numpy(float), groups, table["bill_depth_mm"].to_numpy(float)


def longley():
    rows = list(csv.reader((HERE / "longley.csv").read_text().splitlines()))
    table = np.array(rows[1:], dtype=float)
    return table[:, :-1], table[:, -1], table


def cases():
    X, y, _, depth = penguins()
    new = np.array([[180, 0, 0], [201.5, 0, 1], [240, 1, 0]])
    yield "penguins", fit(X, y), X, y, None, new
    Z = np.column_stack([X[:, 0], depth])
    yield "penguins_no_intercept", fit(Z, y, intercept=False), Z, y, None, np.array([[180.0, 15], [240, 20]])
    X, y, table = longley()
    new = table[[1, 8, 15], :-1] * 1.01
    yield "longley", fit(X, y), X, y, None, new
    w = np.arange(1, 17) % 5 + 0.5
    yield "longley_weighted", fit(X, y, weight=w), X, y, w, new


@pytest.fixture(params=list(cases()), ids=lambda case: case[0])
def case(request):
    name, result, X, y, w, new = request.param
    return R[name], result, ArrayRows(X, y[:, None], w), new


@pytest.mark.parametrize("column", ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"])
def test_coefficients_are_those_of_r(case, column):
    expected, result, *_ = case
    # A p-value multiplies the relative error of its t by t squared.
    rtol = RTOL * 100 if column == "p_value" else RTOL
    assert_allclose(st.tidy(result)[column], expected[column], rtol=rtol)


def test_the_fit_as_a_whole_is_that_of_r(case):
    expected, result, *_ = case
    table = st.glance(result).iloc[0]
    names = [
        "n",
        "df_resid",
        "r_squared",
        "adj_r_squared",
        "sigma",
        "f_statistic",
        "log_likelihood",
        "aic",
        "bic",
        "rss",
    ]
    assert_allclose([table[name] for name in names], [expected[name] for name in names], rtol=RTOL)
    # From its far tail a p-value multiplies the relative error of F by the residual degrees of freedom.
    assert_allclose(table["f_p_value"], expected["f_p_value"], rtol=RTOL * expected["df_resid"])


def test_rows_are_those_of_r(case):
    expected, result, rows, _ = case
    table = st.augment(result, rows, max_rows=7).head(8)
    for name in ("hat", "std_resid", "loo_sigma", "cooks_d"):
        assert_allclose(table[name], expected[name], rtol=1e-9, err_msg=name)


def test_prediction_intervals_are_those_of_r(case):
    expected, result, _, new = case
    predictions = new @ result.coef[0] + result.intercept[0]
    observation = st.predict_interval(result, new, predictions)
    assert_allclose(observation.lower, expected["observation_low"], rtol=RTOL)
    assert_allclose(observation.upper, expected["observation_high"], rtol=RTOL)
    confidence = st.predict_interval(result, new, predictions, level=0.9, kind="confidence")
    assert_allclose(confidence.lower, expected["confidence_low"], rtol=RTOL)
    assert_allclose(confidence.upper, expected["confidence_high"], rtol=RTOL)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "HAC"])
def test_sandwich_standard_errors_are_those_of_matrix_algebra_in_r(case, kind):
    expected, result, rows, _ = case
    options = {"lags": 3} if kind == "HAC" else {}
    covariance = st.estimate(kind, result, rows, max_rows=5, threads=1, **options)
    std_error = st.tidy(replace(result, covariance=covariance))["std_error"]
    assert_allclose(std_error, expected["HAC3" if kind == "HAC" else kind], rtol=RTOL * 10)


def robust(kind, weight=None, group=None, **options):
    X, y, *_ = penguins()
    result = fit(X, y, weight=weight)
    rows = ArrayRows(X, y[:, None], weight, group)
    return replace(result, covariance=st.estimate(kind, result, rows, max_rows=50, threads=2, **options))


def test_clustered_standard_errors_are_those_of_r():
    *_, groups, _ = penguins()
    expected = R["penguins_more"]
    one, two = robust("cluster", group=groups[:, :1]), robust("cluster", group=groups)
    assert_allclose(st.tidy(one)["std_error"], expected["cluster"], rtol=RTOL)
    assert_allclose(st.tidy(two)["std_error"], expected["two_way"], rtol=RTOL)
    assert_allclose(st.glance(one)["f_statistic"], expected["cluster_f"], rtol=RTOL)


def test_nested_models_compare_as_in_r():
    X, y, *_ = penguins()
    test = st.f_test(fit(X[:, :1], y), fit(X, y))
    assert_allclose(test.statistic, R["penguins_more"]["anova_f"], rtol=RTOL)
    assert_allclose(test.p_value, R["penguins_more"]["anova_p"], rtol=RTOL * 100)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "HAC3", "HAC3_small_sample", "cluster", "two_way"])
def test_robust_standard_errors_are_those_of_statsmodels(kind, weighted):
    _, y, groups, _ = penguins()
    weight = 0.5 + np.arange(len(y)) % 5 if weighted else None
    expected = STATSMODELS["penguins_weighted" if weighted else "penguins"][kind]
    calls = {
        "HAC3": ("HAC", {"lags": 3}),
        "HAC3_small_sample": ("HAC", {"lags": 3, "small_sample": True}),
        "cluster": ("cluster", {"group": groups[:, :1]}),
        "two_way": ("cluster", {"group": groups}),
    }
    name, options = calls.get(kind, (kind, {}))
    assert_allclose(st.tidy(robust(name, weight, **options))["std_error"], expected, rtol=RTOL)


def test_tests_in_a_robust_covariance_are_those_of_statsmodels():
    expected, result = STATSMODELS["penguins"], robust("HC1")
    table, whole = st.tidy(result), st.glance(result)
    assert_allclose(table["p_value"], expected["HC1_p"], rtol=RTOL * 100)
    assert_allclose(table["conf_low"], expected["HC1_conf_low"], rtol=RTOL)
    assert_allclose(whole["f_statistic"], expected["HC1_f"], rtol=RTOL)
    assert_allclose(whole["f_p_value"], expected["HC1_f_p"], rtol=RTOL * 338)
