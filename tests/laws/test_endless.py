"""To which ends parameters go, against programmes over all rows in the parameters themselves."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.optimize import linprog

from mathlearn.linear_model import LogisticRegression

some = settings(max_examples=60, deadline=None)


@st.composite
def problems(draw, classes):
    """Small columns of whole numbers, of which classes are often told apart by one."""
    n, p = draw(st.integers(5, 12)), draw(st.integers(1, 2))
    entry = st.integers(-2, 2) if draw(st.booleans()) else st.integers(0, 1)
    X = np.array(draw(st.lists(st.lists(entry, min_size=p, max_size=p), min_size=n, max_size=n)), float)
    y = np.array(draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)))
    if draw(st.booleans()):
        y = np.where(X[:, 0] > 0, classes - 1, y)
    return X, y


def ends(X, y, classes, sums):
    """Ends of sums (l, m) of the stacked parameters, each by two programmes; None where no direction separates."""
    z = np.column_stack([np.ones(len(X)), X])
    every = np.concatenate([np.zeros((1, classes - 1)), np.eye(classes - 1)])
    pushes = np.array(
        [np.kron(every[c] - every[k], row) for row, c in zip(z, y, strict=True) for k in range(classes) if k != c]
    )

    def most(sign, entry):
        found = linprog(
            -sign * entry, A_ub=-pushes, b_ub=np.zeros(len(pushes)), bounds=[(-1, 1)] * len(entry), method="highs"
        )
        return sign * round(-found.fun, 6)

    if most(1.0, pushes.sum(axis=0)) == 0.0:
        return None
    low, high = (np.array([most(sign, entry) for entry in sums]) for sign in (-1.0, 1.0))
    return np.where((low < 0) & (high > 0), np.nan, np.sign(low + high))


def separated(X, y, classes):
    """Return the fit and its separation; skip what is not separated, lacks a class or has columns that depend on each other."""
    assume(len(np.unique(y)) == classes)
    assume(np.linalg.matrix_rank(np.column_stack([np.ones(len(X)), X])) == 1 + X.shape[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=np.inf).fit(X, y)
    return model, model.result_.likelihood.separation


@some
@given(problems(2))
def test_of_two_classes(problem):
    X, y = problem
    _, separation = separated(X, y, 2)
    expected = ends(X, y, 2, np.eye(1 + X.shape[1]))
    assert (separation is None) == (expected is None)
    assume(separation is not None)
    assert_array_equal(separation.ends, expected)


@some
@given(problems(3))
def test_of_three_classes(problem):
    X, y = problem
    model, separation = separated(X, y, 3)
    k = 1 + X.shape[1]
    balanced = np.kron(np.array([[-1.0, -1.0], [2.0, -1.0], [-1.0, 2.0]]), np.eye(k))
    expected = ends(X, y, 3, np.concatenate([np.eye(2 * k), balanced]))
    assert (separation is None) == (expected is None)
    assume(separation is not None)
    assert_array_equal(separation.ends, expected[: 2 * k])
    assert_array_equal(separation.score_ends, expected[2 * k :])
    infinite = np.abs(expected[2 * k :].reshape(3, k)[:, 1:]) == 1
    assert_array_equal(np.isinf(model.coef_), infinite)


@pytest.mark.parametrize("y", [[0, 1, 1, 0, 1, 0, 1, 1, 1], [0, 1, 2, 0, 1, 0, 2, 2, 2]])
def test_a_column_that_goes_to_infinity_with_its_double_is_open_and_so_is_the_double(y):
    flag = np.repeat([0.0, 1.0], [6, 3])
    x = np.array([0.0, 1.0, 2.0, 2.0, 0.0, 3.0, 0.0, 1.0, 2.0])
    with pytest.warns(match="separated"):
        model = LogisticRegression(C=np.inf).fit(np.column_stack([x, flag, 2 * flag]), y)
    signs = model.result_.likelihood.separation.ends.reshape(-1, 4)
    assert_array_equal(np.isnan(signs), [[False, False, True, True]] * len(signs))
    table = model.tidy()
    assert table.estimate[table.term.isin(["x1", "x2"])].isna().all()
    assert {text for key, text in table.attrs["reasons"].items() if "x2" in key} == {
        "not determined by the data: x2 = 2·x1"
    }
