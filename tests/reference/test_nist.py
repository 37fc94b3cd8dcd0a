"""NIST StRD linear sets: within 0.3 digit of what the design of doubles allows, by every way in."""

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn.linear_model import LinearRegression
from tests.reference.accuracy import assert_accurate, assert_honest, fitted
from tests.reference.designs import NIST, Problem, nist_csv, nist_problem
from tests.reference.stored import expected

EXACT_FIT = ("Wampler1", "Wampler2")
# In these sets no power of x is formed, so that a formula gives the same design.
PLAIN = {"Norris": "y ~ x", "Longley": "y ~ .", "NoInt1": "y ~ 0 + x", "NoInt2": "y ~ 0 + x"}


def _truth(name):
    return expected("nist/attainable.json", name, nist_problem(name))


@pytest.mark.parametrize("name", NIST)
def test_coefficients_and_standard_errors(name):
    assert_accurate(fitted(nist_problem(name)), _truth(name), exact_fit=name in EXACT_FIT)


@pytest.mark.parametrize("name", NIST)
def test_the_certificate_claims_no_more_digits_than_there_are(name):
    assert_honest(fitted(nist_problem(name)), _truth(name))


@pytest.mark.parametrize("name", NIST)
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_in_reverse_and_either_memory_order(name, order):
    problem = nist_problem(name)
    turned = Problem(np.array(problem.X[::-1], order=order), problem.y[::-1], problem.intercept)
    assert_accurate(fitted(turned), _truth(name), exact_fit=name in EXACT_FIT)


@pytest.mark.parametrize("name", NIST)
def test_unit_weights(name):
    problem = nist_problem(name)
    weighted = Problem(problem.X, problem.y, problem.intercept, np.ones(len(problem.y)))
    assert_accurate(fitted(weighted), _truth(name), exact_fit=name in EXACT_FIT)


@pytest.mark.parametrize("name", NIST)
def test_data_frame(name):
    problem = nist_problem(name)
    frame = pd.DataFrame(problem.X, columns=[f"x^{k + 1}" for k in range(problem.X.shape[1])])
    model = LinearRegression(fit_intercept=problem.intercept).fit(frame, pd.Series(problem.y, name="y"))
    assert_accurate(model, _truth(name), exact_fit=name in EXACT_FIT)


@pytest.mark.parametrize("name", PLAIN)
def test_file_by_column_name(name):
    model = LinearRegression(fit_intercept=nist_problem(name).intercept).fit(mathlearn.scan(nist_csv(name)), "y")
    assert_accurate(model, _truth(name))


@pytest.mark.parametrize(("name", "formula"), PLAIN.items())
def test_file_and_formula(name, formula):
    assert_accurate(LinearRegression(formula=formula).fit(mathlearn.scan(nist_csv(name))), _truth(name))
