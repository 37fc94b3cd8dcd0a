"""The exact solver itself: against NIST, against a hand-made case, and against what is stored."""

import json
from fractions import Fraction

import numpy as np
import pytest

from tests.reference.designs import DATA, NIST, Problem, certified, nist_problem
from tests.reference.exact_least_squares import exact_fit, fingerprint, log_relative_error, reference
from tests.reference.stored import stored

# In Filip the powers of x are rounded in the design; elsewhere they are exact, so the two computations must agree.
UNROUNDED = [name for name in NIST if name != "Filip"]


def _agree(value, exact, digits=27):
    truth = Fraction(exact)
    return abs(Fraction(value) - truth) <= abs(truth) * Fraction(1, 10**digits)


@pytest.mark.parametrize("name", UNROUNDED)
def test_agrees_with_an_independent_exact_computation(name):
    independent = json.loads((DATA / "nist" / "exact.json").read_text(encoding="utf-8"))[name]["binary64"]
    ours = reference(nist_problem(name))
    assert all(map(_agree, ours["coefficients"], independent["coefficients"]))
    assert all(map(_agree, ours["standard_errors"], independent["standard_deviations"]))
    assert _agree(ours["sigma"], independent["residual_sd"])
    assert _agree(ours["rss"], independent["ss_resid"])


@pytest.mark.parametrize("name", NIST)
def test_agrees_with_the_certified_values_as_far_as_doubles_can_hold_the_data(name):
    ours = reference(nist_problem(name))
    pairs = zip(ours["coefficients"], certified(name)["coefficients"], strict=True)
    assert min(log_relative_error(float(value), exact) for value, exact in pairs) > 7.5


@pytest.mark.parametrize("name", NIST)
def test_stored_values_are_those_of_the_solver(name):
    assert stored("nist/attainable.json")[name] == reference(nist_problem(name))


def test_weights_are_repeated_rows():
    X = np.array([[1.0], [2.0], [4.0]])
    y = np.array([1.0, 3.0, 2.5])
    weight = np.array([2.0, 1.0, 3.0])
    rows = np.repeat(np.arange(3), weight.astype(int))
    weighted, repeated = exact_fit(X, y, weight), exact_fit(X[rows], y[rows])
    assert weighted.coefficients == repeated.coefficients
    assert weighted.inverse_diagonal == repeated.inverse_diagonal
    assert weighted.rss == repeated.rss


def test_powers_of_two_in_the_columns_are_exact():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    plain, scaled = exact_fit(X, y), exact_fit(X * [2.0**-40, 2.0**33], y)
    assert scaled.coefficients[1] == plain.coefficients[1] * 2**40
    assert scaled.inverse_diagonal[2] == plain.inverse_diagonal[2] / Fraction(4) ** 33
    assert scaled.rss == plain.rss


def test_a_dependent_column_is_refused():
    x = np.arange(5.0)
    with pytest.raises(ValueError, match="linear combination"):
        exact_fit(np.column_stack([x, 2 * x]), x)


@pytest.mark.parametrize(
    ("value", "exact", "digits"),
    [(1.0, "1", 15.0), (1.001, "1", 3.0), (np.nan, "1", 0.0), (1e-3, "0", 3.0), (-1.0, "1", 0.0)],
)
def test_log_relative_error(value, exact, digits):
    assert log_relative_error(value, exact) == pytest.approx(digits, abs=1e-9)


def test_the_fingerprint_sees_a_single_bit():
    X, y = np.ones((2, 1)), np.zeros(2)
    assert fingerprint(Problem(X, y)) != fingerprint(Problem(np.nextafter(X, 2), y))
