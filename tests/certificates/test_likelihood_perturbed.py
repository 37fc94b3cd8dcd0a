"""A fit by likelihood is accepted with its rows, and rejected when one of its numbers, its law or its rows is another."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from mathlearn.calculus import newton
from mathlearn.calculus.newton import Newton, Optimum, Stop
from tests.certificates.likelihoods import Fitting, fittings

FITTINGS = fittings()
OF_SE = 1e-4
RELATIVE = 1e-5


@pytest.fixture(scope="module")
def models():
    """Every model, fitted once."""
    return {name: fitting.fit() for name, fitting in FITTINGS.items()}


@pytest.fixture(params=FITTINGS)
def case(request, models):
    return models[request.param], FITTINGS[request.param]


def verified(model, fitting, result=None, **rows):
    """Return the certificate of a model, with another record or with other rows."""
    other = copy(model)
    other.result_ = model.result_ if result is None else result
    given = {"X": fitting.X, "y": fitting.y, **fitting.rows, **rows}
    return other.verify(given.pop("X"), given.pop("y"), **given)


def rejected(model, fitting, result=None, **rows):
    return not verified(model, fitting, result, **rows).ok


def slope_errors(result):
    phi = result.likelihood.dispersion
    return np.sqrt(phi) * np.linalg.norm(result.curvature.whitener, axis=1)


def of_curvature(result, **changes):
    return replace(result, curvature=replace(result.curvature, **changes))


def of_likelihood(result, **changes):
    return replace(result, likelihood=replace(result.likelihood, **changes))


def test_the_solution_is_accepted(case):
    model, fitting = case
    assert model.certificate_.ok, model.certificate_
    found = verified(model, fitting)
    assert found.ok, found


@pytest.mark.parametrize("sign", [1, -1])
def test_a_coefficient_off_by_a_share_of_its_standard_error(case, sign):
    model, fitting = case
    for j, se in enumerate(slope_errors(model.result_)):
        coef = model.result_.coef.copy()
        coef[0, j] += sign * OF_SE * se
        assert rejected(model, fitting, replace(model.result_, coef=coef))


def test_the_intercept_and_the_level_at_the_mean(case):
    model, fitting = case
    result = model.result_
    if not result.fit_intercept:
        return
    level = np.sqrt(result.likelihood.dispersion / result.weight_sum)
    at_zero = np.hypot(level, np.sqrt(result.likelihood.dispersion) * np.linalg.norm(result.curvature.mean_white))
    assert rejected(model, fitting, replace(result, centre=result.centre + OF_SE * level))
    assert rejected(model, fitting, replace(result, intercept=result.intercept + OF_SE * at_zero))


def test_two_coefficients_swapped(case):
    model, fitting = case
    coef = model.result_.coef.copy()
    coef[0, [0, 1]] = coef[0, [1, 0]]
    assert rejected(model, fitting, replace(model.result_, coef=coef))


def test_a_row_of_the_whitener(case):
    model, fitting = case
    for j in range(model.result_.curvature.whitener.shape[0]):
        whitener = model.result_.curvature.whitener.copy()
        whitener[j] *= 1 + RELATIVE
        assert rejected(model, fitting, of_curvature(model.result_, whitener=whitener))


def test_the_mean_of_the_columns(case):
    """Off by a thousandth of its own standard error."""
    model, fitting = case
    result = model.result_
    if result.fit_intercept:
        for j, length in enumerate(np.linalg.norm(result.curvature.whitener, axis=1)):
            mean = result.curvature.mean.copy()
            mean[j] += 1e-3 / length / result.n
            assert rejected(model, fitting, of_curvature(result, mean=mean))


def test_the_mean_of_the_columns_with_all_that_hangs_on_it(case):
    """The parameters and their standard errors stay as they were; those of means in between do not."""
    model, fitting = case
    result = model.result_
    if not result.fit_intercept:
        return
    for j, length in enumerate(np.linalg.norm(result.curvature.whitener, axis=1)):
        mean = result.curvature.mean.copy()
        mean[j] += 1e-3 / length / np.sqrt(result.weight_sum)  # a thousandth of a standard deviation
        white = result.curvature.whitener.T @ (mean + result.curvature.origin)
        centre = result.centre + (mean - result.curvature.mean) @ result.coef[0]
        moved = replace(of_curvature(result, mean=mean, mean_white=white), centre=centre)
        assert rejected(model, fitting, moved)


def test_the_coordinates_of_the_intercept(case):
    model, fitting = case
    if model.result_.fit_intercept:
        mean_white = model.result_.curvature.mean_white * 1.001 + 0.001
        assert rejected(model, fitting, of_curvature(model.result_, mean_white=mean_white))


NUMBERS = {
    "n": lambda r: replace(r, n=r.n + 1),
    "n_dropped": lambda r: replace(r, n_dropped=r.n_dropped + 1),
    "rank": lambda r: replace(r, rank=r.rank - 1),
    "df_model": lambda r: replace(r, df_model=r.df_model + 1),
    "df_resid": lambda r: replace(r, df_resid=r.df_resid + 1),
    "deviance": lambda r: replace(r, deviance=r.deviance * (1 + RELATIVE)),
    "null_deviance": lambda r: replace(r, null_deviance=r.null_deviance * (1 + RELATIVE)),
    "weight_sum": lambda r: replace(r, weight_sum=r.weight_sum * (1 + RELATIVE)),
    "log_weight_sum": lambda r: replace(r, log_weight_sum=r.log_weight_sum + 1e-3),
    "exact": lambda r: replace(r, exact=~r.exact),
    "estimable": lambda r: replace(r, estimable=~r.estimable),
    "pearson": lambda r: of_likelihood(r, pearson=r.likelihood.pearson * (1 + RELATIVE)),
    "dispersion": lambda r: of_likelihood(r, dispersion=r.likelihood.dispersion * (1 + RELATIVE)),
    "trials": lambda r: of_likelihood(r, trials=r.likelihood.trials + 1),
    "log_likelihood": lambda r: of_likelihood(r, log_likelihood=r.likelihood.log_likelihood * (1 + RELATIVE)),
    "null_log_likelihood": lambda r: of_likelihood(
        r, null_log_likelihood=r.likelihood.null_log_likelihood * (1 + RELATIVE)
    ),
    "penalty": lambda r: of_likelihood(r, penalty=1.01 * r.likelihood.penalty + 1e-3),
}
WITHOUT = {
    ("log_likelihood", "quasipoisson"): "a quasi-likelihood has none",
    ("null_log_likelihood", "quasipoisson"): "a quasi-likelihood has none",
    ("log_likelihood", "tweedie"): "a quasi-likelihood has none",
    ("null_log_likelihood", "tweedie"): "a quasi-likelihood has none",
}


@pytest.mark.parametrize("number", NUMBERS)
def test_the_books(case, number, request):
    model, fitting = case
    name = request.node.callspec.params["case"]
    unused = number == "weight_sum" and not model.result_.fit_intercept  # it is of the level at the mean
    if not unused and (number, name) not in WITHOUT:
        assert rejected(model, fitting, NUMBERS[number](model.result_))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("logit", {"link": "probit"}),
        ("cloglog", {"link": "cauchit"}),
        ("gamma, weights", {"link": "inverse"}),
        ("gamma, weights", {"family": "inverse_gaussian"}),
        ("gaussian, log", {"link": "identity"}),
        ("poisson, offset", {"family": "quasipoisson"}),
        ("poisson, offset", {"family": "negative_binomial", "parameters": (("theta", 50.0),)}),
        ("quasipoisson", {"family": "poisson"}),
        ("negative binomial", {"parameters": (("theta", 2.001),)}),
        ("tweedie", {"parameters": (("power", 1.501),)}),
        ("logit, penalised", {"penalty": 0.0}),
    ],
)
def test_another_law(name, changes, models):
    assert rejected(models[name], FITTINGS[name], of_likelihood(models[name].result_, **changes))


@pytest.mark.parametrize("name", ["poisson, frequencies", "gamma, weights"])
def test_another_meaning_of_the_weights(name, models):
    other = {"frequency": "precision", "precision": "frequency"}[models[name].result_.weights_type]
    assert rejected(models[name], FITTINGS[name], replace(models[name].result_, weights_type=other))


def test_other_rows(case):
    """One observation moved, one value of a column, one row left out."""
    model, fitting = case
    y, X = fitting.y.copy(), fitting.X.copy()
    y[7] = 1.0 - y[7] if fitting.parameters["family"] == "binomial" and y.ndim == 1 else y[7] + 1.0
    X[11, 1] += 1e-2
    assert rejected(model, fitting, y=y)
    assert rejected(model, fitting, X=X)
    rest = {key: value[1:] for key, value in fitting.rows.items()}
    assert rejected(model, fitting, X=fitting.X[1:], y=fitting.y[1:], **rest)


@pytest.mark.parametrize("name", ["poisson, offset", "poisson, penalised, offset"])
def test_another_offset(name, models):
    assert rejected(models[name], FITTINGS[name], offset=FITTINGS[name].rows["offset"] + 1e-3)


@pytest.mark.parametrize("name", ["probit, weights", "gamma, weights", "poisson, frequencies"])
def test_other_weights(name, models):
    weight = FITTINGS[name].rows["sample_weight"].copy()
    weight[3] += 1.0
    assert rejected(models[name], FITTINGS[name], sample_weight=weight)


# ------------------------------------------------------------------------------------------------ a solver that is wrong
def quietly(fitting, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fitting.fit(**more)


def moved(optimum, share):
    """Move the end by a share of a standard error in every direction of the whitened basis."""
    model = optimum.last.model
    away = model.factor @ np.full(model.factor.shape[1], share)
    theta = optimum.theta.copy()
    theta[theta.size - away.size :] += away
    return replace(optimum, theta=theta)


@pytest.mark.parametrize("name", FITTINGS)
def test_a_solver_that_ends_off_the_optimum(name, monkeypatch):
    right = Newton.minimise
    monkeypatch.setattr(Newton, "minimise", lambda self, *at: moved(right(self, *at), 1e-3))
    model = quietly(FITTINGS[name])
    assert not model.certificate_.ok
    assert not verified(model, FITTINGS[name]).ok


@pytest.mark.parametrize("name", ["logit", "gamma, weights", "poisson, offset"])
def test_a_solver_that_says_it_has_arrived_at_its_start(name, monkeypatch):
    def minimise(self, theta, _curvature=None):
        return Optimum(theta, self._point(theta), Stop.REACHED, (newton._iteration(self._point(theta), 0.0),))

    monkeypatch.setattr(Newton, "minimise", minimise)
    assert not quietly(FITTINGS[name]).certificate_.ok


@pytest.mark.parametrize("name", FITTINGS)
def test_a_solver_that_is_stopped(name):
    if name == "gaussian":
        return  # one step is all it takes
    model = quietly(FITTINGS[name], max_iter=1)
    assert not model.certificate_.ok
    assert "convergence" in {check.name for check in model.certificate_.checks if not check.passed}


HILL = np.array([[1.0], [-1.0], [1.0], [-1.0]]), np.array([6.0, 5.0, 5.0, 6.0])
PASS = np.array([[1.0, 0], [-1, 0], [1, 0], [-1, 0], [0, 1], [0, 1]]), np.array([6.0, 5.0, 5.0, 6.0, 0.5, 1.5])


@pytest.mark.parametrize(("X", "y"), [HILL, PASS], ids=["maximum", "saddle point"])
def test_a_solver_that_ends_on_a_hill_or_a_pass(X, y, monkeypatch):
    """The squares of y - exp(x b) have a gradient of zero at b = 0, between two valleys."""
    fitting = Fitting({"family": "gaussian", "link": "log", "fit_intercept": False}, X, y)
    tilted = quietly(replace(fitting, y=y + 0.1 * X[:, 0]))
    assert tilted.certificate_.ok
    assert abs(tilted.result_.coef[0, 0]) > 0.5

    def minimise(self, theta, _curvature=None):
        at = self._point(np.zeros_like(theta))
        return Optimum(at.theta, at, Stop.REACHED, (newton._iteration(at, 0.0),))

    monkeypatch.setattr(Newton, "minimise", minimise)
    model = quietly(fitting)
    assert (model.result_.coef == 0.0).all()
    checks = {check.name: check for check in model.certificate_.checks}
    assert checks["gradient"].value < 1e-12
    assert not checks["curvature"].passed
    assert not verified(model, fitting).ok


# ------------------------------------------------------------------------------------------------------ dependent columns
@pytest.fixture(scope="module", params=["logit", "gamma, weights", "poisson, offset"])
def dependent(request):
    """A fit whose last column is the first less the second, and a constant."""
    base = FITTINGS[request.param]
    X = base.X.copy()
    X[:, 2] = X[:, 0] - X[:, 1] + 2.0
    fitting = replace(base, X=X)
    return quietly(fitting), fitting


def test_dependent_columns_are_certified_with_terms_withheld(dependent):
    model, fitting = dependent
    assert verified(model, fitting).ok
    assert model.certificate_.verdict == "certified, with terms withheld"


def test_a_dependence_that_does_not_hold(dependent):
    model, fitting = dependent
    (alias,) = model.result_.aliases
    for changes in (
        {"coefficients": tuple(1.001 * c for c in alias.coefficients)},
        {"constant": alias.constant + 0.01},
    ):
        assert rejected(model, fitting, replace(model.result_, aliases=(replace(alias, **changes),)))
    assert rejected(model, fitting, replace(model.result_, aliases=()))


def test_a_solution_that_is_not_the_shortest(dependent):
    model, fitting = dependent
    result = model.result_
    along = result.curvature.null[:, 0]
    shift = float(result.curvature.mean @ along)
    moved = replace(result, coef=result.coef + 0.5 * along, intercept=result.intercept - 0.5 * shift)
    assert rejected(model, fitting, moved)
    assert rejected(model, fitting, replace(result, estimable=np.ones_like(result.estimable)))
