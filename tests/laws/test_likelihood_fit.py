"""Laws of fits by likelihood: what may not change them, what must change them exactly, and that what is certified holds."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mathlearn._config import config_context
from mathlearn.calculus import objective
from mathlearn.linear_model import GeneralizedLinearRegressor, LinearRegression
from mathlearn.statistics.functional import coordinates, parameter_coordinates, parameters, standard_errors

few = settings(max_examples=30)

SUMS = 1e-11
"""Relative: sums over rows at points that are the same to 1e-12 standard errors."""

GAMMA_SHAPE, HALF = 4.0, 0.5


def _binary(rng, eta):
    return (eta + rng.logistic(size=eta.size) > 0).astype(float)


def _counts(rng, eta):
    return rng.poisson(np.exp(1.0 + eta)).astype(float)


def _positive(rng, eta):
    return np.exp(eta) * rng.gamma(GAMMA_SHAPE, 1 / GAMMA_SHAPE, eta.size)


def _mixed(rng, eta):
    return np.array([rng.gamma(1.0, HALF, k).sum() for k in rng.poisson(np.exp(1.0 + eta))])


def _real(rng, eta):
    return eta + HALF * rng.normal(size=eta.size)


KINDS = {
    "logit": ({"family": "binomial", "link": "logit"}, _binary),
    "probit": ({"family": "binomial", "link": "probit"}, _binary),
    "cloglog": ({"family": "binomial", "link": "cloglog"}, _binary),
    "poisson": ({"family": "poisson"}, _counts),
    "quasipoisson": ({"family": "quasipoisson"}, _counts),
    "negative binomial": ({"family": "negative_binomial", "theta": 3.0}, _counts),
    "gamma": ({"family": "gamma", "link": "log"}, _positive),
    "inverse Gaussian": ({"family": "inverse_gaussian", "link": "log"}, _positive),
    "tweedie": ({"family": "tweedie", "power": 1.5}, _mixed),
    "gaussian": ({"family": "gaussian", "link": "identity"}, _real),
}


@dataclass(frozen=True)
class Data:
    """A model and rows for it; the columns are whole multiples of 2**-10, so that they can be shifted without rounding."""

    parameters: dict[str, Any]
    X: np.ndarray
    y: np.ndarray
    rng: np.random.Generator

    def fit(self, X=None, y=None, *, weight=None, offset=None, **parameters):
        model = GeneralizedLinearRegressor(**{**self.parameters, **parameters})
        given = {"sample_weight": weight, "offset": offset}
        return model.fit(self.X if X is None else X, self.y if y is None else y, **given)


@st.composite
def data(draw, kinds=tuple(KINDS)):
    """Return rows of one of the kinds: enough of them that an estimate exists."""
    given, response = KINDS[draw(st.sampled_from(kinds))]
    p, n = draw(st.integers(1, 3)), draw(st.integers(60, 120))
    alpha = draw(st.sampled_from([0.0, 0.0, 0.5]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = np.round(rng.normal(size=(n, p)) * 1024) / 1024
    return Data({**given, "alpha": alpha}, X, response(rng, X @ np.full(p, 0.4)), rng)


def params(model):
    return parameters(model.result_)[0]


def open_result(model):
    """Return the record without what a penalty withholds: it takes inference away, not the curvature."""
    return replace(model.result_, withheld=None)


def lengths(model):
    """Model-based standard errors."""
    b = parameter_coordinates(open_result(model))
    return np.sqrt(model.result_.likelihood.dispersion) * np.linalg.norm(b, axis=1)


def errors(model):
    """How far each parameter may be from the optimum, by the certificate."""
    return model.certificate_.error_in_se * lengths(model)


def assert_certified(*models):
    for model in models:
        assert model.certificate_.ok, model.certificate_


def assert_same_coefficients(one, other):
    """Within what both are certified for."""
    assert_certified(one, other)
    allowed = errors(one) + errors(other) + 4 * np.finfo(float).eps * np.abs(params(one))
    assert (np.abs(params(one) - params(other)) <= allowed).all()


def numbers(model):
    """Return the numbers of a fit as a whole."""
    result, likelihood = model.result_, model.result_.likelihood
    whole = [result.deviance[0], result.null_deviance[0], result.n, result.df_resid, likelihood.pearson]
    return [*whole, likelihood.dispersion, likelihood.log_likelihood, likelihood.null_log_likelihood]


def assert_same_fit(one, other):
    """Coefficients within what both are certified for, and whatever is derived from them."""
    assert_same_coefficients(one, other)
    assert_allclose(lengths(other), lengths(one), rtol=SUMS)
    assert_allclose(numbers(other), numbers(one), rtol=SUMS)


@contextlib.contextmanager
def blocks_of(rows):
    """Cut the rows into blocks of this many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objective, "_MOST_ROWS", rows)
        patch.setattr(objective, "_FEWEST_ROWS", rows)
        yield


# ------------------------------------------------------------------------------------------------------ order and blocks
@few
@given(data(), st.integers(1, 40))
def test_blocks(d, rows):
    whole = d.fit()
    with blocks_of(rows):
        cut = d.fit()
    assert_same_fit(whole, cut)


@pytest.mark.parametrize("kind", ["logit", "gamma"])
def test_the_same_bits_with_any_threads(kind):
    rng = np.random.default_rng(0)
    given, response = KINDS[kind]
    X = rng.normal(size=(60_000, 4))
    d = Data(given, X, response(rng, X @ np.full(4, 0.3)), rng)
    models = []
    for threads in (1, 2, 3):
        with config_context(threads=threads):
            models.append(d.fit())
    for other in models[1:]:
        assert_array_equal(params(other), params(models[0]))
        assert_array_equal(other.result_.curvature.whitener, models[0].result_.curvature.whitener)
        assert other.result_.likelihood.log_likelihood == models[0].result_.likelihood.log_likelihood


@few
@given(data())
def test_permuted_rows(d):
    order = d.rng.permutation(len(d.y))
    assert_same_fit(d.fit(), d.fit(d.X[order], d.y[order]))


@few
@given(data())
def test_permuted_columns(d):
    order = d.rng.permutation(d.X.shape[1])
    one, other = d.fit(), d.fit(d.X[:, order])
    back = np.concatenate([[0], 1 + np.argsort(order)])
    allowed = errors(one) + errors(other)[back] + 4 * np.finfo(float).eps * np.abs(params(one))
    assert (np.abs(params(one) - params(other)[back]) <= allowed).all()


# --------------------------------------------------------------------------------------------------------------- weights
@few
@given(data())
def test_unit_weights(d):
    assert_same_fit(d.fit(), d.fit(weight=np.ones(len(d.y))))


@few
@given(data())
def test_rows_of_weight_zero_are_absent(d):
    weight = d.rng.integers(0, 4, len(d.y)) / 2.0
    weight[:40] = 1.0
    kept = weight > 0
    assert_same_fit(d.fit(weight=weight), d.fit(d.X[kept], d.y[kept], weight=weight[kept]))


@few
@given(data())
def test_frequencies_are_repeated_rows(d):
    counts = d.rng.integers(1, 4, len(d.y))
    repeated = d.fit(np.repeat(d.X, counts, axis=0), np.repeat(d.y, counts))
    assert_same_fit(repeated, d.fit(weight=counts, weights_type="frequency"))


@few
@given(data(("quasipoisson", "gamma", "inverse Gaussian", "tweedie", "gaussian")), st.sampled_from([0.25, 8.0]))
def test_precision_weights_scale_the_dispersion(d, factor):
    weight = d.rng.uniform(0.5, 2.0, len(d.y))
    one, other = d.fit(weight=weight, alpha=0.0), d.fit(weight=factor * weight, alpha=0.0)
    assert_same_coefficients(one, other)
    assert_allclose(lengths(other), lengths(one), rtol=SUMS)
    for field in ("deviance", "null_deviance"):
        assert_allclose(getattr(other.result_, field), factor * getattr(one.result_, field), rtol=SUMS)
    assert_allclose(other.result_.likelihood.dispersion, factor * one.result_.likelihood.dispersion, rtol=SUMS)
    # The density has the dispersion over the weight in it, which has not changed.
    assert_allclose(other.result_.likelihood.log_likelihood, one.result_.likelihood.log_likelihood, rtol=SUMS)


@few
@given(data(("logit", "probit", "cloglog")))
def test_grouped_trials(d):
    """Rows with the same columns are one row with their successes and failures, or with their proportion and its trials."""
    trials = d.rng.integers(1, 6, len(d.y))
    hits = d.rng.binomial(trials, 0.5)
    rows = np.repeat(d.X, trials, axis=0)
    y = np.concatenate([np.repeat([1.0, 0.0], [h, t - h]) for h, t in zip(hits, trials, strict=True)])
    single, grouped = d.fit(rows, y), d.fit(y=np.column_stack([hits, trials - hits]))
    assert_same_coefficients(single, grouped)
    assert_allclose(lengths(grouped), lengths(single), rtol=SUMS)
    # What the groups leave out, the saturated model takes too: the gain of the columns is the same.
    gains = [m.result_.null_deviance[0] - m.result_.deviance[0] for m in (single, grouped)]
    assert_allclose(gains[1], gains[0], rtol=1e-9, atol=1e-10)
    model = GeneralizedLinearRegressor(**d.parameters).fit(d.X, hits / trials, trials=trials)
    assert_same_fit(grouped, model)


# --------------------------------------------------------------------------------------------------- offsets and columns
@few
@given(data(), st.floats(-3, 3))
def test_a_constant_offset_is_taken_from_the_intercept(d, shift):
    one, other = d.fit(), d.fit(offset=np.full(len(d.y), shift))
    assert_certified(one, other)
    moved = params(other) + np.concatenate([[shift], np.zeros(d.X.shape[1])])
    allowed = errors(one) + errors(other) + 8 * np.finfo(float).eps * (np.abs(params(one)) + abs(shift))
    assert (np.abs(moved - params(one)) <= allowed).all()
    assert_allclose(other.result_.deviance, one.result_.deviance, rtol=SUMS)
    assert_allclose(other.result_.null_deviance, one.result_.null_deviance, rtol=SUMS)


@few
@given(data(), st.floats(-1, 1))
def test_an_offset_along_a_column_is_taken_from_its_coefficient(d, slope):
    one, other = d.fit(alpha=0.0), d.fit(offset=slope * d.X[:, 0], alpha=0.0)
    assert_certified(one, other)
    moved = params(other)
    moved[1] += slope
    allowed = errors(one) + errors(other) + 16 * np.finfo(float).eps * (np.abs(params(one)) + abs(slope))
    assert (np.abs(moved - params(one)) <= allowed).all()


def predictors(model, X):
    """Linear predictors with the standard error of each."""
    result = open_result(model)
    b = coordinates(result, np.column_stack([np.ones(len(X)), X]))
    eta = result.centre[0] + (X - result.curvature.mean) @ result.coef[0]
    return eta, np.sqrt(result.likelihood.dispersion) * np.linalg.norm(b, axis=1)


@few
@given(data(), st.sampled_from([2.0**20, 1.0, 2.0**-20]), st.sampled_from([0.0, 1e6, 1e9]))
def test_units_and_origins_of_the_columns(d, scale, shift):
    """Scales near 1e6 and 1e-6, and origins as far as 1e9, both without rounding."""
    one, other = d.fit(alpha=0.0), d.fit((d.X + shift) * scale, alpha=0.0)
    assert_certified(one, other)
    here, se = predictors(one, d.X)
    there, _ = predictors(other, (d.X + shift) * scale)
    names = ("newton_decrement", "optimisation_error")
    promised = sum(c.value for m in (one, other) for c in m.certificate_.checks if c.name in names)
    assert (np.abs(here - there) <= promised * se + 1e-15 * np.abs(here)).all()
    assert_allclose(lengths(other)[1:] * scale, lengths(one)[1:], rtol=SUMS * max(1.0, shift / 1e4))
    assert_allclose(other.result_.deviance, one.result_.deviance, rtol=SUMS)


@few
@given(data(("gaussian",)), st.booleans(), st.booleans())
def test_gaussian_responses_are_least_squares(d, weighted, fit_intercept):
    weight = d.rng.uniform(0.5, 2.0, len(d.y)) if weighted else None
    model = d.fit(weight=weight, alpha=0.0, fit_intercept=fit_intercept)
    other = LinearRegression(fit_intercept=fit_intercept).fit(d.X, d.y, sample_weight=weight)
    assert_certified(model, other)
    assert_allclose(params(model), params(other), rtol=1e-13, atol=1e-14)
    b = parameter_coordinates(model.result_)
    assert_allclose(
        standard_errors(model.result_, b),
        standard_errors(other.result_, parameter_coordinates(other.result_)),
        rtol=SUMS,
    )
    assert_allclose(model.result_.deviance, other.result_.deviance, rtol=SUMS)
    assert_allclose(model.result_.null_deviance, other.result_.null_deviance, rtol=SUMS)
    ours, theirs = model.glance().iloc[0], other.glance().iloc[0]
    assert_allclose(ours["deviance_explained"], theirs["r_squared"], rtol=1e-9)
    for column in ("log_likelihood", "aic", "bic"):
        assert_allclose(ours[column], theirs[column], rtol=SUMS)
    assert_allclose(model.tidy()["p_value"], other.tidy()["p_value"], rtol=1e-8)
