"""The certificate of a multinomial fit accepts the solution and rejects one that is a little off."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from mathlearn.linear_model import LogisticRegression

SHARE_OF_SE = 1e-5
RELATIVE = 1e-5


def table(seed=3, n=240, p=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * 10.0 ** np.arange(p) + 5.0
    scores = np.column_stack([np.zeros(n), (X - 5.0)[:, 0], -0.5 * (X - 5.0)[:, 0]])
    chance = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y = np.array([rng.choice(3, p=each) for each in chance])
    return X, np.array(["low", "mid", "top"])[y]


@pytest.fixture(scope="module", params=[np.inf, 1.0], ids=["plain", "penalised"])
def fitted(request):
    X, y = table()
    return LogisticRegression(C=request.param).fit(X, y), X, y


def rejected(model, X, y, *names, **changes):
    """Check a fit whose record was changed; return its certificate."""
    other = copy(model)
    other.result_ = replace(model.result_, **changes)
    found = other.verify(X, y)
    failed = {check.name for check in found.checks if not check.passed}
    assert set(names) <= failed, failed
    return found


def test_the_solution_is_accepted(fitted):
    model, X, y = fitted
    assert model.certificate_.verdict == "certified"
    assert model.verify(X, y).verdict == "certified"
    assert model.certificate_.error_in_se < 1e-8


@pytest.mark.parametrize("term", range(8))
def test_a_coefficient_a_hundred_thousandth_of_its_error_away(fitted, term):
    model, X, y = fitted
    result = model.result_
    se = np.linalg.norm(result.curvature.whitener[term])
    coef = result.coef.copy()
    coef[0, term] += SHARE_OF_SE * se
    if term % 4:
        found = rejected(model, X, y, "optimisation_error", coef=coef)
        assert found.error_in_se > SHARE_OF_SE / 10
    else:  # an intercept that does not belong to the level at the mean
        coef[0, term] += RELATIVE * abs(coef[0, term])
        rejected(model, X, y, "books", coef=coef)


@pytest.mark.parametrize("place", [0, 1])
def test_a_level_that_is_off(fitted, place):
    model, X, y = fitted
    level = model.result_.stack.level.copy()
    level[place] += 1e-5
    rejected(model, X, y, "optimisation_error", stack=replace(model.result_.stack, level=level))


def test_standard_errors_that_are_off(fitted):
    model, X, y = fitted
    curvature = model.result_.curvature
    wrong = replace(curvature, whitener=curvature.whitener * (1 + RELATIVE))
    rejected(model, X, y, "standard_errors", curvature=wrong)


@pytest.mark.parametrize("name", ["deviance", "null_deviance"])
def test_deviances_that_are_off(fitted, name):
    model, X, y = fitted
    rejected(model, X, y, "books", **{name: getattr(model.result_, name) * (1 + RELATIVE)})


@pytest.mark.parametrize("name", ["log_likelihood", "null_log_likelihood", "pearson"])
def test_a_likelihood_that_is_off(fitted, name):
    model, X, y = fitted
    likelihood = model.result_.likelihood
    changed = replace(likelihood, **{name: getattr(likelihood, name) * (1 + RELATIVE)})
    rejected(model, X, y, "books", likelihood=changed)


@pytest.mark.parametrize("name", ["n", "df_resid"])
def test_counts_that_are_off(fitted, name):
    model, X, y = fitted
    rejected(model, X, y, "books", **{name: getattr(model.result_, name) + 1})


def test_other_rows(fitted):
    model, _, _ = fitted
    assert not model.verify(*table(seed=4)).ok


def test_a_penalty_that_is_off():
    X, y = table()
    model = LogisticRegression(C=1.0).fit(X, y)
    wrong = replace(model.result_.likelihood, penalty=1.001)
    rejected(model, X, y, "optimisation_error", likelihood=wrong)


def test_too_few_iterations_are_not_certified():
    X, y = table()
    with pytest.warns(match="iteration"):
        model = LogisticRegression(C=np.inf, max_iter=1).fit(X, y)
    assert not model.certificate_.ok
    assert {check.name for check in model.certificate_.checks if not check.passed} >= {
        "convergence",
        "newton_decrement",
    }


def test_a_direction_that_does_not_separate_is_rejected():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [1.5], [3.5]])
    y = np.array(["a", "a", "b", "b", "c", "c", "b", "b"])
    with pytest.warns(match="is separated"):
        model = LogisticRegression(C=np.inf).fit(X, y)
    assert model.certificate_.checks[-2].name == "directions"
    assert model.certificate_.checks[-2].passed
    separation = model.result_.likelihood.separation
    assert {check.name for check in model.verify(X, y).checks if not check.passed} == {"separation"}
    wrong = replace(separation, directions=-separation.directions)
    rejected(model, X, y, "directions", likelihood=replace(model.result_.likelihood, separation=wrong))
