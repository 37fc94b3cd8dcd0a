"""Diagnostics against R (base, lmtest, car) and statsmodels, for the stored values of `r.json` and `statsmodels.json`."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from _fits import ArrayRows, fit
from numpy.testing import assert_allclose

from mathlearn.datasets import load_penguins
from mathlearn.statistics.covariance import estimate
from mathlearn.statistics.diagnostics import collinearity, diagnose, influence
from mathlearn.statistics.diagnostics.autocorrelation import Autocorrelation
from mathlearn.statistics.diagnostics.case import Block, Case
from mathlearn.statistics.diagnostics.durbin_watson import Differences, beta_tails, moments

HERE = Path(__file__).parent
R = json.loads((HERE / "r.json").read_text())
STATSMODELS = json.loads((HERE / "statsmodels.json").read_text())


def penguins():
    return load_penguins().dropna(subset=["body_mass_g", "flipper_length_mm", "species"])


def design(*bills):
    table = penguins()
    flipper, mass = table["flipper_length_mm"].to_numpy(float), table["body_mass_g"].to_numpy(float)
    if bills:
        return np.column_stack([flipper, *(table[name].to_numpy(float) for name in bills)]), mass
    return np.column_stack([flipper, table["species"] == "Chinstrap", table["species"] == "Gentoo"]).astype(float), mass


def longley():
    rows = list(csv.reader((HERE / "longley.csv").read_text().splitlines()))
    table = np.array(rows[1:], dtype=float)
    return table[:, :-1], table[:, -1]


def cases():
    X, y = design()
    yield "penguins", fit(X, y), X, y, None, 5
    w = np.arange(1, len(y) + 1) % 5 + 0.5
    yield "penguins_weighted", fit(X, y, weight=w), X, y, w, 5
    Z, _ = design("bill_depth_mm")
    yield "penguins_no_intercept", fit(Z, y, intercept=False), Z, y, None, 5
    yield "penguins_40", fit(Z[:40], y[:40]), Z[:40], y[:40], None, 2
    X, y = longley()
    yield "longley", fit(X, y), X, y, None, 1


@pytest.fixture(params=list(cases()), ids=lambda case: case[0])
def case(request):
    name, result, X, y, w, lags = request.param
    return R[name], result, ArrayRows(X, y[:, None], w), lags


def by_method(diagnosis):
    return {test.method: test for finding in diagnosis.findings for test in finding.tests}


def assert_test(found, expected, rtol=1e-9):
    """Compare (statistic, df..., p); the p-value of a far tail multiplies the error of its statistic."""
    assert_allclose(found.statistic, expected[0], rtol=rtol)
    assert_allclose(found.p_value, expected[-1], rtol=100 * rtol)
    assert list(found.df) == expected[1:-1]


def test_the_tests_are_those_of_r(case):
    expected, result, rows, lags = case
    found = by_method(diagnose(result, rows, max_rows=37, threads=1))
    assert_test(found["RESET (powers 2 and 3)"], expected["reset"])
    assert_test(found["Breusch-Pagan, studentised"], expected["koenker"])
    assert_test(found["Breusch-Pagan, original"], expected["breusch_pagan"])
    assert_test(found["Shapiro-Wilk"], expected["shapiro"], rtol=1e-7)
    own = found["Durbin-Watson, two-sided, exact"]
    assert_allclose(own.statistic, expected["durbin_watson"][0], rtol=1e-10)
    if result.n < 100:
        # Pan's algorithm in lmtest has six digits or so.
        assert_allclose(own.p_value, expected["durbin_watson"][-1], rtol=1e-5)
    statistic, total = lagged(result, rows, lags)
    assert_test(next(statistic._godfrey(total.lagged, 0)), expected["breusch_godfrey"])


def lagged(result, rows, lags):
    case = Case.of(result, 0.95, None)
    statistic = Autocorrelation(case, lags)
    blocks = [Block.of(case, chunk) for chunk in rows.chunks(13)]
    total = statistic.of(blocks[0])
    for block in blocks[1:]:
        total = statistic.merge(total, statistic.of(block))
    return statistic, total


@pytest.mark.parametrize("name", ["penguins", "longley"])
def test_the_packages_of_r_say_the_same(name):
    _, result, X, y, _, _ = next(case for case in cases() if case[0] == name)
    expected, found = R[f"{name}_packages"], by_method(diagnose(result, ArrayRows(X, y[:, None])))
    assert_test(found["RESET (powers 2 and 3)"], expected["resettest"])
    assert_test(found["Breusch-Pagan, studentised"], expected["bptest"])
    assert_test(found["Breusch-Pagan, original"], expected["bptest_original"])
    assert_allclose(collinearity(result).vif, expected["vif"], rtol=1e-8)


def test_influence_is_that_of_r(case):
    expected, result, rows, _ = case
    table = influence(result, rows, max_rows=50)
    for name in ("hat", "std_resid", "student_resid", "cooks_d", "dffits"):
        assert_allclose(table[name], expected[name], rtol=1e-7, atol=1e-10)
    changes = table.filter(like="dfbetas_").to_numpy()
    assert_allclose(changes, np.reshape(expected["dfbetas"], changes.shape), rtol=1e-7, atol=1e-10)


def test_condition_indices_and_variance_proportions(case):
    expected, result, _, _ = case
    if result.weights_type == "none":
        found = collinearity(result)
        assert_allclose(found.indices, expected["condition_index"], rtol=1e-7)
        assert_allclose(found.proportions.ravel(), expected["proportions"], rtol=1e-6, atol=1e-9)


def test_moments_and_the_outlier_are_those_of_r(case):
    expected, result, rows, _ = case
    found = diagnose(result, rows, max_rows=29)
    (shape,), (far,) = found.named("normality"), found.named("outliers")
    assert_allclose(shape.effect.value, expected["skewness"], rtol=1e-8)
    assert_allclose(far.statistic, expected["outlier"][0], rtol=1e-8)
    assert_allclose(far.p_value, min(expected["outlier"][2], 1.0), rtol=1e-6)
    assert f"Row {expected['outlier_row']:.0f} lies" in far.effect.sentence


def test_the_two_moments_of_durbin_watson_are_those_of_lmtest():
    _, result, X, y, _, _ = next(cases())
    white = Block.of(Case.of(result, 0.95, None), next(ArrayRows(X, y[:, None]).chunks(999)))
    mean, variance = moments(result.n, Differences.of(white.basis))
    d, normal = R["penguins"]["durbin_watson_normal"][0], R["penguins"]["durbin_watson"][-1]
    from scipy.special import ndtr

    assert_allclose(2 * ndtr(-abs(d - mean) / np.sqrt(variance)), normal, rtol=1e-9)
    # The beta law with these moments is nearer to the exact tail, 2.54e-7, than the normal law, 4.14e-7.
    exact = by_method(diagnose(result, ArrayRows(X, y[:, None])))["Durbin-Watson, two-sided, exact"].p_value
    assert_allclose(beta_tails(d, mean, variance).two_sided, exact, rtol=0.02)
    assert abs(normal / exact - 1) > 0.5


@pytest.mark.parametrize("name", ["penguins", "penguins_bills"])
def test_the_tests_are_those_of_statsmodels(name):
    X, y = design() if name == "penguins" else design("bill_length_mm", "bill_depth_mm")
    expected, result, rows = STATSMODELS[name], fit(X, y), ArrayRows(X, y[:, None])
    diagnosis = diagnose(result, rows, max_rows=50)
    found = by_method(diagnosis)
    pairs = {
        "White": "white",
        "Breusch-Pagan, studentised": "koenker",
        "Breusch-Pagan, original": "breusch_pagan",
        "Jarque-Bera": "jarque_bera",
        "Breusch-Godfrey, 5 lags": "breusch_godfrey",
    }
    for method, key in pairs.items():
        assert_allclose([found[method].statistic, found[method].p_value], expected[key][:2], rtol=1e-7)
    assert_allclose(found["RESET (powers 2 and 3)"].statistic, expected["reset"][0], rtol=1e-5)
    assert_allclose(collinearity(result).vif, expected["vif"], rtol=1e-9)
    ratio = np.array(expected["hc3_ratio"])[1:]
    (spread,) = diagnosis.named("heteroscedasticity")
    assert_allclose(spread.effect.value, ratio[np.abs(np.log(ratio)).argmax()], rtol=1e-9)
    case = Case.of(result, 0.95, None)
    hac = estimate("HAC", result, rows, max_rows=99, threads=1, lags=5)
    assert_allclose(case.standard_errors(hac)[0], expected["hac"], rtol=1e-8)


def test_the_longley_columns_inflate_as_statsmodels_says():
    assert_allclose(collinearity(fit(*longley())).vif, STATSMODELS["longley_vif"], rtol=1e-8)
