"""A certificate claims no digit that is not there, and refuses no solution that is right; rational numbers judge."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.certificates.problems import Problem
from tests.reference.exact_least_squares import CAP, exact_fit

few = settings(max_examples=200)


@st.composite
def hard_problems(
    draw, offsets=(0.0, 1.0, 1e3, 1e6, 1e9), signal=(-3, 8), spread=12, intercepts=(True, False), nearest=-11
):
    """Return a problem with near dependences (condition up to 1e12), faint to loud noise, unlike units and weights."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    p = draw(st.integers(1, 4))
    fit_intercept = draw(st.sampled_from(intercepts))
    n = p + 1 + fit_intercept + draw(st.integers(0, 30))
    X = rng.normal(size=(n, p))
    if p > 1 and draw(st.booleans()):
        share = 10.0 ** draw(st.integers(nearest, 0))
        X[:, -1] = X[:, :-1] @ rng.normal(size=p - 1) + share * rng.normal(size=n)
    X = X + draw(st.sampled_from(offsets)) * rng.normal(size=p)
    mean = X @ rng.normal(size=p)
    noise = mean.std() * 10.0 ** -draw(st.floats(*signal))
    y = mean + noise * rng.normal(size=n)
    if draw(st.booleans()):
        X = X * 10.0 ** rng.uniform(-12, 12, p)
    weight = 10.0 ** rng.uniform(-spread, spread, n) if draw(st.booleans()) else None
    return Problem(X, y, weight, spec={"fit_intercept": fit_intercept})


@st.composite
def dependent_problems(draw, **strength):
    """Return such a problem with columns that depend on its own, exactly or to the rounding of their entries."""
    problem = draw(hard_problems(nearest=-3, **strength))
    X = problem.X
    for kind in draw(st.lists(st.sampled_from(["copy", "combination", "constant"]), min_size=1, max_size=2)):
        made = {"copy": 0.3 * X[:, 0], "combination": 2 * X[:, 0] - 3 * X[:, -1], "constant": np.full(len(X), 0.1)}[
            kind
        ]
        X = np.insert(X, draw(st.integers(1, X.shape[1])), made, axis=1)
    assume(len(X) > X.shape[1] + 1)
    return Problem(X, problem.y, problem.weight, spec=problem.spec)


@dataclass(frozen=True)
class Truth:
    """A fit set against the exact solution; parameters with the intercept first, if any."""

    problem: Problem
    small: bool = True

    def __post_init__(self):
        problem = self.problem
        problem = Problem(problem.X, problem.y, problem.weight, small=self.small, spec=problem.spec)
        object.__setattr__(self, "result", problem.fit())

    @property
    def first(self):
        return int(self.result.fit_intercept)

    @property
    def kept(self):
        """Indices of the columns that no dependence explains, with -1 for the intercept before them."""
        dropped = {alias.term for alias in self.result.aliases}
        return [-1] * self.first + [j for j, name in enumerate(self.result.terms) if name not in dropped]

    @property
    def exact(self):
        X = self.problem.X[:, self.kept[self.first :]]
        return exact_fit(X, self.problem.y, self.problem.weight, intercept=self.result.fit_intercept)

    def claims(self):
        """Yield (parameter, claimed digits, true digits, error in standard errors beyond rounding) of those determined."""
        result, exact = self.result, self.exact
        for k, j in enumerate(self.kept):
            if not result.estimable[j + self.first]:
                continue
            value, claim = (
                (result.intercept, result.certificate.digits) if j < 0 else (result.coef[:, j], result.digits[0, j])
            )
            error = abs(Fraction(float(value[0])) - exact.coefficients[k])
            se = 0.0 if result.exact[0] else float(exact.standard_errors[k])
            rounding = self.rounding_of_y * self.unit_errors[j + self.first]
            size = max(abs(exact.coefficients[k]), Fraction(max(se, rounding)))
            true = CAP if error == 0 else -np.log10(float(error / size))
            beyond = max(float(error) - 4 * 2.0**-53 * abs(value[0]), 0.0)
            yield j, min(claim, CAP), min(true, CAP), beyond / se if se else 0.0

    def assert_honest(self):
        certificate = self.result.certificate
        # What is claimed is measured in the standard errors shown, which need be right to 1e-6 only.
        for name, claim, true, beyond in self.claims():
            assert claim <= true + 1e-6, (name, self.result.rung)
            assert np.isnan(certificate.error_in_se) or beyond <= certificate.error_in_se * (1 + 2e-6)

    @property
    def unit_errors(self):
        """Standard errors of intercept and slopes were sigma one."""
        curvature, result = self.result.curvature, self.result
        size = np.linalg.norm(curvature.whitener, axis=1)
        if self.first:
            constant = np.sqrt(1 / result.weight_sum + curvature.mean_white @ curvature.mean_white)
            size = np.append(constant, size)
        return size

    @property
    def rounding_of_y(self):
        """Sigma were 8 roundings of y in the root mean square the only errors."""
        y, w = self.problem.y, self.problem.weight
        return 8 * 2.0**-53 * np.sqrt(np.mean(y * y if w is None else w * y * y))

    def standard_error_of_intercept_and_slopes(self):
        return np.sqrt(self.result.deviance[0] / self.result.df_resid) * self.unit_errors


@few
@given(hard_problems())
def test_no_more_digits_than_there_are(problem):
    Truth(problem).assert_honest()


@few
@given(dependent_problems())
def test_no_more_digits_than_there_are_where_columns_depend_on_others(problem):
    Truth(problem).assert_honest()


@few
@given(hard_problems(offsets=(0.0, 1.0, 1e3), spread=3, intercepts=(True,)))
def test_no_more_digits_than_there_are_on_the_lower_rungs(problem):
    Truth(problem, small=False).assert_honest()


@few
@given(hard_problems())
def test_standard_errors_of_a_certified_fit_are_right(problem):
    for small in (True, False):
        truth = Truth(problem, small=small)
        result = truth.result
        if result.rank == problem.X.shape[1] and result.certificate.ok and not result.exact[0]:
            exact = [float(se) for se in truth.exact.standard_errors]
            limit = 1e-13 if result.rung == "double-double" else 2e-6
            np.testing.assert_allclose(truth.standard_error_of_intercept_and_slopes(), exact, rtol=limit)


@few
@given(hard_problems(offsets=(0.0, 1.0, 1e3), signal=(-3, 4), spread=3, nearest=-8))
def test_what_is_right_is_said_to_be_so_to_the_last_digits(problem):
    result = problem.fit()
    assert result.certificate.ok, (result.rung, result.certificate)
    assert result.certificate.digits >= CAP - 0.5


@few
@given(st.one_of(hard_problems(), dependent_problems(offsets=(0.0, 1.0, 1e3), signal=(-3, 4), spread=3)), st.booleans())
def test_what_is_right_is_not_refused(problem, small):
    result = Truth(problem, small).result
    refused = {check.name for check in result.certificate.checks if not check.passed}
    if result.aliases and result.condition_scaled > 1e8:
        return  # what depends on columns that are nearly dependent themselves, does so by uncertain weights
    # Beyond a condition number near 1e14 the rank itself is in doubt, which is said.
    assert refused <= ({"conditioning"} if result.condition_scaled > 1e13 else set()), (result.rung, result.certificate)


def _far(offset, *, fit_intercept=True, noise=1.0, weight=None):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(40, 2)) + offset * np.array([1.1, -0.7])
    y = X @ [1.3, 0.6] + noise * rng.normal(size=40)
    return Problem(X, y, weight, spec={"fit_intercept": fit_intercept})


def _no_constant():
    X = np.random.default_rng(42).normal(size=(40, 3)) + 1234.5
    return Problem(X, X @ [0.1, -0.2, 0.3])


REFUSED = {
    "columns of mean 1e9": lambda: _far(1e9),
    "columns of mean 1e9, weights": lambda: _far(1e9, weight=10.0 ** np.random.default_rng(0).uniform(-12, 12, 40)),
    "columns of mean 1e9, no intercept": lambda: _far(1e9, fit_intercept=False, noise=1e-3),
    "an exact line through zero, far from it": _no_constant,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_right_is_not_refused_far_from_zero(name):
    problem = REFUSED[name]()
    truth = Truth(problem)
    for _, _, digits, beyond in truth.claims():
        assert digits >= CAP - 0.3 or beyond == 0 or truth.result.exact[0]
    assert truth.result.certificate.ok, truth.result.certificate


@pytest.mark.parametrize("noise", [1e-3, 1e-5, 1e-6, 1e-9])
def test_faint_noise_is_not_refused_on_the_lower_rungs(noise):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = 1.0 + X @ [1.0, 2.0, 3.0, 4.0] + noise * rng.normal(size=60)
    result = Problem(X, y, small=False).fit()
    assert result.certificate.ok, (result.rung, result.certificate)


@pytest.mark.parametrize("seed", [33, 42, 107, 112, 151])
def test_the_intercept_on_the_first_rung(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(29, 1))
    truth = Truth(Problem(x, x[:, 0] + 0.015 * rng.normal(size=29)), small=False)
    assert truth.result.rung == "cholesky"
    truth.assert_honest()


def test_weights_that_leave_one_row_far_from_zero():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(9, 1)) + 1e9 * rng.normal()
        weight = 10.0 ** rng.uniform(-12, 12, 9)
        problem = Problem(x, x[:, 0] + 1e-3 * rng.normal(size=9), weight)
        truth = Truth(problem, small=False)
        truth.assert_honest()
