"""Newton's method with a curvature that is formed anew only where it has to be, and the passes that it makes."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mathlearn.calculus.newton import Newton, Stop
from mathlearn.calculus.objective import Sums
from mathlearn.linear_model import GammaRegressor, GeneralizedLinearRegressor, LogisticRegression, PoissonRegressor

N = 400


class Poisson:
    """Minus the log-likelihood of counts; it says how often the curvature was asked for."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.X = np.column_stack([np.ones(N), rng.normal(size=(N, 2))])
        self.y = rng.poisson(np.exp(self.X @ [0.5, 0.4, -0.3])).astype(float)
        self.curved = self.lean = 0

    def sums(self, theta):
        with np.errstate(over="ignore", invalid="ignore"):  # a step too far
            mu = np.exp(self.X @ theta)
            loss = float((mu - self.y * (self.X @ theta)).sum())
            return Sums(N, loss, self.X.T @ (mu - self.y), (self.X.T * mu) @ self.X, 0.0, 0.0)

    def evaluate(self, theta):
        self.curved += 1
        return self.sums(theta)

    def leanly(self, theta):
        self.lean += 1
        return replace(self.sums(theta), curvature=np.zeros((0, 0)))

    def newton(self, *, lean=True):
        return Newton(
            evaluate=self.evaluate,
            intercept=True,
            dispersion=lambda _: 1.0,
            quadratic=True,
            same_curvature=np.inf,
            lean=self.leanly if lean else None,
        )


def test_near_the_optimum_an_earlier_curvature_serves():
    plain, lean = Poisson(), Poisson()
    start = np.array([0.5, 0.38, -0.32])
    one, other = plain.newton(lean=False).minimise(start), lean.newton().minimise(start, plain.sums(start).curvature)
    assert one.stop is other.stop is Stop.REACHED
    assert_allclose(other.theta, one.theta, rtol=1e-8)
    assert lean.curved < plain.curved
    assert [seen.renewed for seen in other.iterations].count(True) == lean.curved
    assert [seen.renewed for seen in other.iterations].count(False) == lean.lean


@pytest.mark.parametrize("times", [1e-6, 0.05, 30.0, 1e6])
def test_a_curvature_that_misleads_is_given_up(times):
    plain, misled = Poisson(1), Poisson(1)
    start = np.array([0.4, 0.2, -0.1])
    one = plain.newton(lean=False).minimise(start)
    other = misled.newton().minimise(start, times * plain.sums(start).curvature)
    assert other.stop is Stop.REACHED
    assert_allclose(other.theta, one.theta, rtol=1e-7)


def test_a_curvature_that_turns_steps_uphill_is_given_up():
    plain, misled = Poisson(2), Poisson(2)
    start = np.array([0.4, 0.2, -0.1])
    turned = np.diag([1.0, 1e-9, 1e-9])
    other = misled.newton().minimise(start, turned)
    assert other.stop is Stop.REACHED
    assert_allclose(other.theta, plain.newton(lean=False).minimise(start).theta, rtol=1e-7)


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(30_000, 8))
    return X, 0.3 + X @ np.linspace(-0.4, 0.4, 8), rng


@pytest.mark.parametrize(
    ("make", "respond"),
    [
        (lambda: LogisticRegression(C=np.inf), lambda eta, rng: (eta + rng.logistic(size=eta.size) > 0).astype(float)),
        (lambda: LogisticRegression(C=0.01), lambda eta, rng: (eta + rng.logistic(size=eta.size) > 0).astype(float)),
        (lambda: PoissonRegressor(alpha=0), lambda eta, rng: rng.poisson(np.exp(eta)).astype(float)),
        (lambda: GammaRegressor(alpha=0), lambda eta, rng: rng.gamma(2.0, np.exp(eta) / 2)),
        (
            lambda: GeneralizedLinearRegressor(family="binomial", link="probit"),
            lambda eta, rng: (eta + rng.normal(size=eta.size) > 0).astype(float),
        ),
    ],
    ids=["logistic", "penalised", "poisson", "gamma", "probit"],
)
def test_many_rows_are_fitted_with_one_curvature_and_come_to_the_same_end(make, respond, many, monkeypatch):
    X, eta, rng = many
    y = respond(eta, rng)
    model = make().fit(X, y)
    assert model.certificate_.ok
    whole = [seen for seen in model.result_.likelihood.iterations if seen.rows == len(X)]
    assert sum(seen.renewed for seen in whole) <= 2 < len(whole)
    assert model.result_.likelihood.passes == len(whole) + 1
    monkeypatch.setattr(Newton, "_leaned", lambda self, theta, _: self._point(theta))
    other = make().fit(X, y)
    assert all(seen.renewed for seen in other.result_.likelihood.iterations)
    # Each ends within 1e-7 standard errors of the optimum, and these are about 0.01.
    assert_allclose(model.result_.coef, other.result_.coef, rtol=0, atol=1e-9)
    assert_allclose(model.result_.deviance, other.result_.deviance, rtol=1e-12)
