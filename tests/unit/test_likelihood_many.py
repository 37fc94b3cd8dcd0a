"""More columns than a curvature is formed for: L-BFGS on sparse rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from mathlearn._sklearn import ConvergenceWarning
from mathlearn.linear_model import LogisticRegression

ROWS, COLUMNS = 600, 3200


def problem():
    random = np.random.default_rng(0)
    X = sparse.random(ROWS, COLUMNS, density=0.01, random_state=random, format="csr")
    return X, (X @ random.normal(size=COLUMNS) + random.logistic(size=ROWS) > 0).astype(int)


def test_the_gradient_vanishes_at_the_solution():
    X, y = problem()
    model = LogisticRegression(C=0.5).fit(X, y)
    assert model.certificate_.ok
    assert model.result_.rung == "lbfgs"
    residual = model.predict_proba(X)[:, 1] - y
    assert_allclose(X.T @ residual + 2.0 * model.coef_[0], 0.0, atol=1e-6)
    assert_allclose(residual.sum(), 0.0, atol=1e-6)


def test_standard_errors_are_withheld():
    X, y = problem()
    assert LogisticRegression(C=0.5).fit(X, y).tidy()["std_error"].isna().all()


def test_too_few_iterations_are_told():
    X, y = problem()
    with pytest.warns(ConvergenceWarning):
        model = LogisticRegression(C=1e4, max_iter=1).fit(X, y)
    assert not model.certificate_.ok
