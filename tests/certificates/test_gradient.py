"""Where inference is withheld the evidence is the gradient at the numbers shown: it rejects what is a little off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from mathlearn.certify.gradient import Shown, free_certificate, gradient, nonnegative_certificate, row_space_distance
from mathlearn.data.bind import bind
from mathlearn.fitting import shape
from mathlearn.fitting import sparse as _imported_before_its_limit_is_patched  # noqa: F401
from mathlearn.fitting.linear import fit_linear
from mathlearn.fitting.spec import LinearSpec

few = settings(max_examples=40)


@dataclass(frozen=True)
class Case:
    """A fit without inference, and the judge of its numbers."""

    X: np.ndarray
    y: np.ndarray
    rung: str

    @property
    def rows(self):
        return bind(sp.csr_array(self.X) if self.rung == "lsmr" else self.X, self.y)

    def fit(self):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shape, "MOST_DENSE_COLUMNS", 1)
            return fit_linear(self.rows, LinearSpec(positive=self.rung == "active-set"))

    def ok(self, coef, intercept):
        mean = self.X.mean(axis=0)
        about = self.X - mean
        # Sparse rows are not centred before they are multiplied.
        columns, target = (self.X, self.y) if self.rung == "lsmr" else (about, self.y - self.y.mean())
        size = np.linalg.norm(columns, axis=0)
        reach = np.array([np.linalg.norm(target)]) + size @ np.abs(coef.T)
        shown = Shown(coef, intercept, mean, weight=float(len(self.y)), centred=True)
        found = gradient(self.rows, shown, size, reach, max_rows=64, threads=1)
        if self.rung == "active-set":
            return nonnegative_certificate(found, coef, unique=True).ok
        distance = row_space_distance(coef, about) if self.rung == "minimum-norm" else None
        return free_certificate(found, distance=distance, unique=False).ok


def cases():
    rng = np.random.default_rng(0)
    wide, tall = rng.normal(size=(8, 20)), rng.normal(size=(80, 5))
    sparse = tall * (rng.random(tall.shape) < 0.3)
    # A column far from zero keeps the sparse Gram matrix from being centred.
    sparse[:, 4] = 1e4 + rng.normal(size=80)
    beta = np.array([1.0, -2.0, 3.0, -0.5, 2.0])
    return {
        "minimum-norm": Case(wide, rng.normal(size=8), "minimum-norm"),
        "lsmr": Case(sparse, 1 + sparse @ beta + rng.normal(size=80), "lsmr"),
        "active-set": Case(tall, 1 + tall @ beta + rng.normal(size=80), "active-set"),
    }


CASES = cases()


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_the_solution_is_accepted(case):
    result = case.fit()
    assert result.rung == case.rung
    assert result.certificate.ok, result.certificate
    assert result.withheld
    assert case.ok(result.coef, result.intercept)


@pytest.mark.parametrize("share", [1e-6, -1e-6])
def test_a_coefficient_off_by_a_relative_share(case, share):
    result = case.fit()
    for j in np.flatnonzero(result.coef[0]):
        coef = result.coef.copy()
        coef[0, j] *= 1 + share
        assert not case.ok(coef, result.intercept)


def test_the_intercept(case):
    result = case.fit()
    assert not case.ok(result.coef, result.intercept + 0.1)


def test_a_solution_that_is_not_the_shortest():
    case = CASES["minimum-norm"]
    result = case.fit()
    about = case.X - case.X.mean(axis=0)
    null = np.linalg.svd(about)[2][-1]
    coef = result.coef + 1e-6 * np.linalg.norm(result.coef) * null
    assert not case.ok(coef, result.intercept + (result.coef - coef) @ case.X.mean(axis=0))


def test_a_negative_coefficient_is_not_feasible():
    case = CASES["active-set"]
    free = fit_linear(bind(case.X, case.y), LinearSpec())
    assert (free.coef < 0).any()
    assert not case.ok(free.coef, free.intercept)


def test_a_coefficient_held_at_zero_that_should_not_be():
    case = CASES["active-set"]
    result = case.fit()
    j = int(np.argmax(result.coef[0]))
    others = [k for k in range(5) if k != j]
    about, target = case.X - case.X.mean(axis=0), case.y - case.y.mean()
    coef = np.zeros((1, 5))
    coef[0, others] = nnls(about[:, others], target)[0]
    assert not case.ok(coef, result.intercept)


@few
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 12), st.booleans())
def test_the_active_set_is_that_of_scipy(seed, p, n, fit_intercept):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, p)), rng.normal(size=n)
    result = fit_linear(bind(X, y), LinearSpec(positive=True, fit_intercept=fit_intercept))
    about, target = (X - X.mean(axis=0), y - y.mean()) if fit_intercept else (X, y)
    expected, distance = nnls(about, target)
    assert result.certificate.ok, result.certificate
    assert (result.coef >= 0).all()
    np.testing.assert_allclose(result.deviance[0], distance**2, rtol=1e-9, atol=1e-20)
    if p < n - 1:
        np.testing.assert_allclose(result.coef[0], expected, rtol=1e-9, atol=1e-12)


@few
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans(), st.booleans())
def test_the_shortest_solution_is_that_of_numpy(seed, n, fit_intercept, weighted):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 8)), rng.normal(size=n)
    if n > 2:
        X[-1] = X[0]  # a row given twice, with another response
    w = rng.uniform(0.5, 2.0, n) if weighted else np.ones(n)
    result = fit_linear(
        bind(X, y, sample_weight=w if weighted else None),
        LinearSpec(fit_intercept=fit_intercept, weights_type="precision" if weighted else "none"),
    )
    mean, mean_y = (w @ X / w.sum(), w @ y / w.sum()) if fit_intercept else (np.zeros(8), 0.0)
    root = np.sqrt(w)
    expected = np.linalg.pinv(root[:, None] * (X - mean), rcond=1e-10) @ (root * (y - mean_y))
    assert result.rung == "minimum-norm"
    assert result.certificate.ok, result.certificate
    assert not result.certificate.unique
    np.testing.assert_allclose(result.coef[0], expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(result.intercept[0], mean_y - mean @ expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("rung", ["lsmr", "active-set"])
def test_dependent_columns_are_not_said_to_be_determined(rung):
    case = CASES[rung]
    X = np.column_stack([case.X, case.X[:, 0]])
    result = Case(X, case.y, rung).fit()
    assert result.rank == 5
    assert not result.certificate.unique
