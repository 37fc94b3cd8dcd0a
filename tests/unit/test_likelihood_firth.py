"""Inference by the penalised likelihood of fits with a reduced bias: closed forms, laws, references, and what is withheld."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, special, stats

from mathlearn._errors import DomainError, ResourceError, SchemaError
from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.jeffreys import jeffreys_at
from mathlearn.calculus.objective import Objective
from mathlearn.data.bind import bind
from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression
from mathlearn.probability import family_named
from mathlearn.statistics import analysis_of_deviance
from mathlearn.statistics.cells import number
from tests.reference.glm.cases import case

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=20)
cells = st.integers(0, 40)
LAWS = ("binomial", "poisson")
with_laws = pytest.mark.parametrize("law", LAWS)
SLOPES = ["x0", "x1"]


def fitted(law, X, y, offset=None, weight=None, **more):
    model = GeneralizedLinearRegressor(family=law, bias_reduction="firth", **more)
    return model.fit(X, y, offset=offset, sample_weight=weight)


def problem(law, seed, n=40, slope=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) * 2.0 ** rng.integers(-6, 7, 2)
    offset = rng.normal(size=n) * 0.3
    eta = 0.2 + offset + X @ (slope * rng.normal(size=2) / np.std(X, axis=0))
    y = rng.random(n) < special.expit(eta) if law == "binomial" else rng.poisson(np.exp(np.minimum(eta, 5.0)))
    assume(y.sum() > 0 and (law == "poisson" or y.sum() < n))
    return X, y * 1.0, offset


def penalised(law, X, y, offset, theta):
    """Log-likelihood up to a constant, with half the log-determinant of the information about all parameters."""
    A = np.column_stack([np.ones(len(y)), X])
    eta = A @ theta + offset
    mean = special.expit(eta) if law == "binomial" else np.exp(eta)
    top = -np.logaddexp(0.0, np.where(y > 0, -eta, eta)) if law == "binomial" else y * eta - mean
    weight = mean * special.expit(-eta) if law == "binomial" else mean
    return top.sum() + np.linalg.slogdet((A.T * weight) @ A)[1] / 2


def largest(law, X, y, offset, start, held=None, value=0.0):
    """Maximise it by a search that knows no derivative of it, with a parameter held."""
    free = np.delete(np.arange(X.shape[1] + 1), [] if held is None else held)
    unit = np.concatenate([[1.0], 1.0 / np.std(X, axis=0)])[free]

    def loss(u):
        theta = np.full(X.shape[1] + 1, value)
        theta[free] = start[free] + unit * u
        return -penalised(law, X, y, offset, theta)

    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000}
    first = optimize.minimize(loss, np.zeros(free.size), method="Nelder-Mead", options=options)
    return -optimize.minimize(loss, first.x, method="Nelder-Mead", options=options).fun


def estimates(model):
    return np.append(model.intercept_, model.coef_)


# ---------------------------------------------------------------------------------------------------------- closed forms
@given(cells, cells, cells, cells)
def test_a_table_of_two_by_two_has_a_closed_form(a, b, c, d):
    """Jeffreys' prior of all parameters is half an observation in each cell, and stays so under the null hypothesis."""
    assume(a + b and c + d and a + c and b + d)
    X = np.array([[0.0], [1.0]])
    counts = np.array([[a, b], [c, d]], dtype=float)
    model = fitted("binomial", X, counts)
    more = counts + 0.5
    each, pooled = more / more.sum(axis=1, keepdims=True), more.sum(axis=0) / more.sum()
    statistic = 2 * (more * np.log(each / pooled)).sum()
    tests = model.test_terms(X, counts)
    assert_allclose(tests.statistic, statistic, rtol=1e-8, atol=1e-10)
    assert_allclose(tests.p_value, stats.chi2.sf(tests.statistic, 1), rtol=1e-12)
    assert_allclose(model.coef_[0], np.log(more[1, 0] / more[1, 1]) - np.log(more[0, 0] / more[0, 1]), atol=1e-9)


@given(cells, cells, st.floats(0.5, 0.999))
def test_a_profile_of_two_counts_has_a_closed_form(a, b, level):
    """Of two Poisson counts, given their ratio exp(t), half an observation more in each leaves a maximum in closed form."""
    assume(a + b)
    X, y = np.array([[0.0], [1.0]]), np.array([a, b], dtype=float)
    low, high = fitted("poisson", X, y).profile_intervals(X, y, level=level, terms=["x0"]).iloc[0, 2:]
    more = y + 0.5
    for end in (low, high):
        share = special.expit(end)
        drop = (special.xlogy(more, more / more.sum()) - more * np.log([1 - share, share])).sum()
        assert_allclose(np.sqrt(2 * drop), stats.norm.isf((1 - level) / 2), rtol=1e-7)
    assert low < np.log(more[1] / more[0]) < high


# ------------------------------------------------------------------------------------------------------------ references
@pytest.mark.parametrize("name", ["firth", "firth_separated"])
def test_profiles_and_penalised_likelihood_agree_with_30_digits(name):
    exact = case("exact", name)
    model = fitted("binomial", exact.X, exact.y)
    columns = exact.expected["profile_columns"].astype(int)
    found = model.profile_intervals(exact.X, exact.y)
    assert_allclose(found.iloc[columns, 2:], exact.expected["profile_interval"], rtol=1e-10)
    assert found.attrs["method"] == "profile penalised likelihood; normal"
    assert np.isfinite(found.iloc[:, 1:]).all(axis=None)
    likelihood = model.result_.likelihood
    assert likelihood.bias_reduction == "firth"
    assert_allclose(likelihood.penalised_log_likelihood, exact.expected["penalised_log_likelihood"], rtol=1e-12)


def test_the_classifier_has_the_same_interval_and_test():
    exact = case("exact", "firth_separated")
    labels = np.where(exact.y == 1, "yes", "no")
    model = LogisticRegression(C=np.inf, bias_reduction="firth").fit(exact.X, labels)
    columns = exact.expected["profile_columns"].astype(int)
    found = model.profile_intervals(exact.X, labels).iloc[columns, 2:]
    assert_allclose(found, exact.expected["profile_interval"], rtol=1e-10)
    tests = model.test_terms(exact.X, labels)
    assert_array_equal(tests.p_value < 0.05, [low > 0 or high < 0 for low, high in found.to_numpy()])


# ------------------------------------------------------------------------------------------------------------------ laws
@with_laws
@few
@given(seeds)
def test_ratios_are_of_maxima_found_without_derivatives(law, seed):
    X, y, offset = problem(law, seed)
    model = fitted(law, X, y, offset)
    assume(model.certificate_.ok)
    at = estimates(model)
    top = penalised(law, X, y, offset, at)
    assert largest(law, X, y, offset, at) <= top + 1e-9
    tests = model.test_terms(X, y, offset=offset)
    for j in (1, 2):
        drop = top - largest(law, X, y, offset, at, held=j)
        assert_allclose(tests.statistic[j - 1], 2 * drop, rtol=1e-6, atol=1e-8)


@with_laws
@few
@given(seeds, st.floats(0.5, 0.999))
def test_at_the_ends_of_a_profile_the_penalised_likelihood_has_fallen_as_far_as_the_level_says(law, seed, level):
    X, y, offset = problem(law, seed)
    model = fitted(law, X, y, offset)
    assume(model.certificate_.ok)
    at = estimates(model)
    found = model.profile_intervals(X, y, offset=offset, level=level, terms=["x1"]).iloc[0]
    top = penalised(law, X, y, offset, at)
    for end in found.iloc[2:]:
        drop = top - largest(law, X, y, offset, at, held=2, value=end)
        assert_allclose(np.sqrt(2 * drop), stats.norm.isf((1 - level) / 2), rtol=1e-6)
    assert found["conf_low"] < found["estimate"] < found["conf_high"]


@with_laws
@few
@given(seeds)
def test_intervals_follow_units_and_origin_and_no_order_of_rows(law, seed):
    X, y, offset = problem(law, seed)
    X = np.round(X / np.std(X, axis=0) * 2.0**12)
    order = np.random.default_rng(seed).permutation(len(y))
    unit = np.array([2.0**20, -0.5])
    moved = (X * unit + np.array([0.0, 2.0**30]))[order]
    one, other = fitted(law, X, y, offset), fitted(law, moved, y[order], offset[order])
    near = one.profile_intervals(X, y, offset=offset, terms=SLOPES).iloc[:, 2:].to_numpy() / unit[:, None]
    far = other.profile_intervals(moved, y[order], offset=offset[order], terms=SLOPES).iloc[:, 2:].to_numpy()
    near[1] = near[1][::-1]
    width = np.abs(near[:, 1] - near[:, 0])[:, None]
    assert (np.abs(far - near) <= 1e-8 * width).all()
    assert_allclose(
        other.test_terms(moved, y[order], offset=offset[order]).statistic,
        one.test_terms(X, y, offset=offset).statistic,
        rtol=1e-8,
        atol=1e-9,
    )
    shift = np.log(np.abs(unit)).sum()  # the determinant is that of the user's units
    one_top, other_top = (m.result_.likelihood.penalised_log_likelihood for m in (one, other))
    assert_allclose(other_top, one_top + shift, rtol=1e-9)


@with_laws
@settings(max_examples=8)
@given(seeds)
def test_frequencies_are_repeated_rows_and_weights_of_one_are_none(law, seed):
    X, y, offset = problem(law, seed)
    times = np.random.default_rng(seed).integers(1, 4, len(y))
    again = np.repeat(np.arange(len(y)), times)
    weighted = fitted(law, X, y, offset, times, weights_type="frequency")
    repeated = fitted(law, X[again], y[again], offset[again])
    assert_allclose(
        weighted.profile_intervals(X, y, offset=offset, sample_weight=times).iloc[:, 1:],
        repeated.profile_intervals(X[again], y[again], offset=offset[again]).iloc[:, 1:],
        rtol=1e-7,
        atol=1e-9,
    )
    assert_allclose(
        weighted.test_terms(X, y, offset=offset, sample_weight=times).statistic,
        repeated.test_terms(X[again], y[again], offset=offset[again]).statistic,
        rtol=1e-7,
        atol=1e-9,
    )
    assert_allclose(
        weighted.result_.likelihood.penalised_log_likelihood,
        repeated.result_.likelihood.penalised_log_likelihood,
        rtol=1e-10,
    )
    plain, one = fitted(law, X, y, offset), fitted(law, X, y, offset, np.ones(len(y)))
    assert_allclose(
        one.profile_intervals(X, y, offset=offset, sample_weight=np.ones(len(y))).iloc[:, 1:],
        plain.profile_intervals(X, y, offset=offset).iloc[:, 1:],
        rtol=1e-10,
    )


@few
@given(seeds, st.floats(0.8, 0.9999))
def test_separated_rows_have_finite_intervals_about_the_estimate(seed, level):
    """However strong: the prior falls for ever in every direction, so that no end is infinite."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(24, 2))
    y = (X @ rng.normal(size=2) > 0) * 1
    assume(0 < y.sum() < len(y))
    model = LogisticRegression(C=np.inf, bias_reduction="firth").fit(X, y)
    found = model.profile_intervals(X, y, level=level)
    assert found.attrs["reasons"] == {}
    assert np.isfinite(found.iloc[:, 1:]).all(axis=None)
    assert (found["conf_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["conf_high"]).all()
    tests = model.test_terms(X, y)
    excludes = (found["conf_low"] > 0) | (found["conf_high"] < 0)
    assert_array_equal(tests.p_value < 1 - level, excludes[1:])


def test_columns_of_a_term_are_tested_together():
    frame = pd.DataFrame({"g": list("uvwuvwuvwuvw"), "x": np.arange(12.0) % 5})
    frame["y"] = np.where(frame["g"] == "v", 1, [0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0])
    model = LogisticRegression(C=np.inf, bias_reduction="firth", formula="y ~ x + g").fit(frame)
    found = model.test_terms(frame)
    assert found.terms == ("x", "g")
    assert found.df.tolist() == [1, 2]
    assert "Jeffreys' prior of all parameters in both" in str(found)
    X = np.column_stack([frame["x"], frame["g"] == "v", frame["g"] == "w"]).astype(float)
    y, nothing = frame["y"].to_numpy(float), np.zeros(12)
    at = estimates(model)
    assert_allclose(at, estimates(fitted("binomial", X, y)), rtol=1e-9)
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000}
    held = optimize.minimize(
        lambda u: -penalised("binomial", X, y, nothing, np.append(u, [0.0, 0.0])),
        at[:2],
        method="Nelder-Mead",
        options=options,
    )
    assert_allclose(found.statistic[1], 2 * (penalised("binomial", X, y, nothing, at) + held.fun), rtol=1e-7)


# -------------------------------------------------------------------------------------------- what is withheld or refused
@pytest.fixture(scope="module")
def separated():
    exact = case("exact", "firth_separated")
    return exact.X, exact.y, fitted("binomial", exact.X, exact.y)


def test_the_score_test_is_refused_and_walds_is_that_of_the_table(separated):
    X, y, model = separated
    with pytest.raises(DomainError, match=r"kind is 'score', and the bias of this fit is reduced.*kind='lr'"):
        model.test_terms(X, y, kind="score")
    assert_allclose(model.test_terms(X, y, kind="wald").p_value, model.tidy()["p_value"].iloc[1:], rtol=1e-12)


def test_the_summary_says_which_intervals_to_take(separated):
    _, _, model = separated
    assert ("Inference", "bias-reduced (Firth); prefer profile_intervals, which hold near separation") in (
        model.summary().head
    )
    assert "likelihood-ratio test: the bias is reduced" in str(model.summary()).replace("\n            ", " ")


def test_criteria_of_a_maximum_are_withheld_for_it_is_none(separated):
    _, _, model = separated
    glance = model.glance()
    assert glance[["aic", "bic"]].isna().all(axis=None)
    assert "the bias is reduced" in glance.attrs["reasons"]["aic"]
    text = " ".join(str(model.summary()).split())
    assert f"penalised log-likelihood = {number(model.result_.likelihood.penalised_log_likelihood, 6)}" in text
    assert "AIC =" not in text


def test_deviances_of_fits_with_a_reduced_bias_are_not_compared(separated):
    X, y, model = separated
    glance = model.glance()
    assert glance[["lr_statistic", "lr_p_value"]].isna().all(axis=None)
    assert "test_terms" in glance.attrs["reasons"]["lr_statistic"]
    assert np.isfinite(glance["wald_statistic"][0])
    with pytest.raises(SchemaError, match="its bias is reduced"):
        analysis_of_deviance(fitted("binomial", X[:, :1], y), model)


def test_the_penalised_likelihood_is_checked_with_the_rows(separated):
    X, y, model = separated
    record = model.result_
    assert model.verify(X, y).ok
    wrong = replace(record.likelihood, penalised_log_likelihood=record.likelihood.penalised_log_likelihood * (1 + 1e-5))
    other = fitted("binomial", X, y)
    other.result_ = replace(record, likelihood=wrong)
    assert not other.verify(X, y).ok
    assert np.isnan(GeneralizedLinearRegressor(family="poisson").fit(X, y).result_.likelihood.penalised_log_likelihood)


def test_dependent_columns_are_withheld_and_the_others_kept(separated):
    X, y, model = separated
    wide = np.column_stack([X, X[:, 0] - 2 * X[:, 1]])
    with pytest.warns(UserWarning, match="linearly dependent"):
        dependent = fitted("binomial", wide, y)
    found = dependent.profile_intervals(wide, y)
    assert_allclose(found.iloc[0, 2:].astype(float), model.profile_intervals(X, y).iloc[0, 2:].astype(float), rtol=1e-8)
    assert found.iloc[1:, 2:].isna().all(axis=None)
    assert "x2 = x0 - 2·x1" in found.attrs["reasons"]["x2", "conf_low"]
    assert np.isnan(dependent.result_.likelihood.penalised_log_likelihood)
    assert dependent.verify(wide, y).ok


def test_other_rows_are_refused(separated):
    X, y, model = separated
    with pytest.raises(SchemaError, match="the fit used"):
        model.profile_intervals(X[:-1], y[:-1])


def test_a_fit_that_was_stopped_early_has_the_same_intervals(separated):
    X, y, model = separated
    with pytest.warns(UserWarning, match="not certified|not converged|max_iter"):
        early = fitted("binomial", X, y, max_iter=2)
    assert_allclose(early.profile_intervals(X, y).iloc[:, 2:], model.profile_intervals(X, y).iloc[:, 2:], rtol=1e-7)


def test_more_columns_than_have_room_for_the_information_are_refused():
    X = np.random.default_rng(0).normal(size=(12, 3001))
    with pytest.raises(ResourceError, match="bias_reduction='firth' needs the information matrix, and 3001 columns"):
        fitted("poisson", X, np.arange(12.0))


def test_where_the_determinant_is_lost_the_penalty_is_a_wall():
    """Here a row that has no weight left is all that tells two columns apart; other coordinates mend only dependent columns."""
    family = family_named("poisson")
    objective = Objective(family, family.link("log"), Coordinates(np.zeros(2), np.ones(2), intercept=True))
    rows = bind(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]), np.array([1.0, 0.0, 2.0]))
    theta = np.array([0.0, -60.0, 60.0])
    assert jeffreys_at(objective, rows, theta, max_rows=10, threads=1, independent=True).loss == np.inf
    assert np.isfinite(jeffreys_at(objective, rows, theta, max_rows=10, threads=1).loss)


def test_an_estimated_shape_that_is_held_is_said():
    exact = case("exact", "negative_binomial_ml")
    model = GeneralizedLinearRegressor(family="negative_binomial").fit(exact.X, exact.y, offset=exact.offset)
    found = model.profile_intervals(exact.X, exact.y, offset=exact.offset, terms=["x0"])
    assert found.attrs["notes"] == ("theta held at the estimate of the whole fit",)
    assert found.attrs["notes"] == model.test_terms(exact.X, exact.y, offset=exact.offset).notes
