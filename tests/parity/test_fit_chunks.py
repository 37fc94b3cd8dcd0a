"""The same fit however the rows lie in memory, are cut into blocks, are spread over threads, or are kept sparse."""

import numpy as np
import pytest
import scipy.sparse as sp

from mathlearn._config import config_context
from mathlearn.fitting import shape, sparse
from mathlearn.linalg import ladder
from tests.certificates.problems import fit_quietly as fit
from tests.certificates.problems import ladder_from_the_bottom

EPS = np.finfo(float).eps


def table(n=500, p=4, seed=0):
    """Numbers that single precision holds exactly, so that every layout carries the same values."""
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(n, p)) * 64) / 16 + 3.0
    return X, X @ np.arange(1.0, p + 1) + rng.normal(size=n)


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def mapped(X, folder):
    np.save(folder / "x.npy", X)
    return np.load(folder / "x.npy", mmap_mode="r")


LAYOUTS = {
    "Fortran order": lambda X, _: np.asfortranarray(X),
    "single precision": lambda X, _: X.astype(np.float32),
    "big-endian": lambda X, _: X.astype(">f8"),
    "every other row": lambda X, _: np.repeat(X, 2, axis=0)[::2],
    "every other column": lambda X, _: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X, _: X[::-1].copy()[::-1],
    "read-only": lambda X, _: read_only(X),
    "memory-mapped": mapped,
    "lists": lambda X, _: X.tolist(),
}


@pytest.mark.parametrize("from_the_bottom", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(layout, from_the_bottom, tmp_path):
    X, y = table()
    with ladder_from_the_bottom(from_the_bottom):
        one, other = fit(X, y), fit(LAYOUTS[layout](X, tmp_path), y)
    assert one.certificate_.ok
    assert other.certificate_.ok
    tolerance = 1e-13 if from_the_bottom else 4 * EPS
    np.testing.assert_allclose(other.coef_, one.coef_, rtol=tolerance)
    np.testing.assert_allclose(other.tidy()["std_error"], one.tidy()["std_error"], rtol=1e-12)


def test_the_data_are_not_written_to():
    X, y = table()
    weight = np.linspace(0.5, 2.0, len(y))
    before = X.copy(), y.copy(), weight.copy()
    for parameters in ({}, {"positive": True}, {"fit_intercept": False}, {"copy_X": False}, {"tol": 1e-9}):
        fit(X, y, weight, **parameters)
    for now, then in zip((X, y, weight), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("rows", [1, 3, 97, 500])
@pytest.mark.parametrize("from_the_bottom", [False, True])
@pytest.mark.parametrize("parameters", [{}, {"fit_intercept": False}, {"positive": True}, {"tol": 1e-9}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_blocks(rows, from_the_bottom, parameters, weighted, monkeypatch):
    X, y = table()
    weight = np.random.default_rng(1).uniform(0.1, 10.0, len(y)) if weighted else None
    with ladder_from_the_bottom(from_the_bottom):
        whole = fit(X, y, weight, **parameters)
        monkeypatch.setattr(ladder, "_MOST_ROWS", rows)
        monkeypatch.setattr(ladder, "_FEWEST_ROWS", rows)
        cut = fit(X, y, weight, **parameters)
    assert whole.certificate_.ok, whole.certificate_
    assert cut.certificate_.ok, cut.certificate_
    exact = whole.result_.rung == cut.result_.rung == "double-double"
    np.testing.assert_allclose(cut.coef_, whole.coef_, rtol=4 * EPS if exact else 1e-12)
    np.testing.assert_allclose(cut.result_.deviance, whole.result_.deviance, rtol=1e-11)


@pytest.mark.parametrize("parameters", [{}, {"fit_intercept": False}, {"positive": True}], ids=str)
@pytest.mark.parametrize("from_the_bottom", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_threads_do_not_change_a_bit(parameters, from_the_bottom, offset):
    X, y = table(n=30_000, p=8)
    X = X + offset
    fits = []
    with ladder_from_the_bottom(from_the_bottom):
        for threads in (1, 2, 4):
            with config_context(threads=threads):
                fits.append(fit(X, y, **parameters))
        fits.extend(fit(X, y, n_jobs=jobs, **parameters) for jobs in (1, 3, -1))
    for other in fits[1:]:
        np.testing.assert_array_equal(other.coef_, fits[0].coef_)
        np.testing.assert_array_equal(other.result_.deviance, fits[0].result_.deviance)
        assert other.intercept_ == fits[0].intercept_
        assert other.certificate_ == fits[0].certificate_ or parameters.get("positive")


def sparse_table(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12)) * (rng.random((200, 12)) < 0.2)
    if kind == "units":
        X = X * 10.0 ** rng.uniform(-8, 8, 12)
    if kind == "far":
        X[:, 3] = 1e6 + rng.normal(size=200)
    noise = 1e-7 if kind == "faint" else 0.1
    size = np.maximum(np.abs(X).max(axis=0), 1e-300)
    y = 1 + (X / size) @ rng.normal(size=12) + noise * rng.normal(size=200)
    return sp.csr_array(X), y


@pytest.mark.parametrize("kind", ["plain", "units", "far", "faint"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_rows(kind, fit_intercept, weighted, monkeypatch):
    parameters = {"fit_intercept": fit_intercept}
    X, y = sparse_table(kind)
    weight = np.random.default_rng(2).uniform(0.1, 3.0, 200) if weighted else None
    dense, small = fit(X.toarray(), y, weight, **parameters), fit(X, y, weight, **parameters)
    monkeypatch.setattr(shape, "MOST_DENSE_COLUMNS", 2)
    large = fit(X, y, weight, **parameters)
    for model in (dense, small, large):
        assert model.certificate_.ok, (model.result_.rung, model.certificate_)
    assert large.result_.rung in {"cholesky", "lsmr"}
    np.testing.assert_allclose(small.coef_, dense.coef_, rtol=8 * EPS)
    # In the units of the columns, since faint ones are found no better by iteration.
    size = abs(X).max(axis=0).toarray().ravel()
    np.testing.assert_allclose(large.coef_ * size, dense.coef_ * size, rtol=1e-7, atol=1e-9)
    assert large.rank_ == dense.rank_


def with_dependent_column(kind):
    X, y = sparse_table("plain")
    X = X.toarray()
    made = {"copy": X[:, 4], "zero": 0 * X[:, 4], "constant": 0 * X[:, 4] + 7.0, "sum": 100 * X[:, 2] - X[:, 4] + 3}
    X[:, 5] = made[kind]
    return X, y


@pytest.mark.parametrize("kind", ["copy", "zero", "constant", "sum"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_dependent_sparse_columns_are_named_dependent(kind, fit_intercept, weighted, monkeypatch):
    X, y = with_dependent_column(kind)
    weight = np.random.default_rng(2).uniform(0.1, 3.0, 200) if weighted else None
    dense = fit(X, y, weight, fit_intercept=fit_intercept)
    monkeypatch.setattr(shape, "MOST_DENSE_COLUMNS", 2)
    large = fit(sp.csr_array(X), y, weight, fit_intercept=fit_intercept)
    assert large.result_.rung == "lsmr"
    assert large.certificate_.ok, large.certificate_
    np.testing.assert_allclose(large.coef_, dense.coef_, atol=1e-9)
    assert large.intercept_ == pytest.approx(dense.intercept_, abs=1e-9)
    assert large.rank_ == dense.rank_
    assert large.result_.aliases == dense.result_.aliases
    assert large.certificate_.unique == dense.certificate_.unique
    np.testing.assert_array_equal(large.result_.estimable, dense.result_.estimable)


def test_more_sparse_columns_in_doubt_than_can_be_made_dense(monkeypatch):
    X, y = with_dependent_column("sum")
    dense = fit(X, y)
    monkeypatch.setattr(shape, "MOST_DENSE_COLUMNS", 2)
    monkeypatch.setattr(sparse, "MOST_DENSE_COLUMNS", 2)
    large = fit(sp.csr_array(X), y)
    assert large.certificate_.verdict == "certified, with terms withheld"
    np.testing.assert_allclose(large.predict(X), dense.predict(X), rtol=1e-9)
    np.testing.assert_array_equal(large.result_.estimable[1:], dense.result_.estimable[1:])
    assert large.rank_ <= dense.rank_
    (defect,) = large.result_.defects
    assert "x2, x4, x5" in defect.message


def test_several_responses_at_once():
    X, y = table()
    both = np.column_stack([y, -2 * y, np.arange(500.0)])
    for from_the_bottom in (False, True):
        with ladder_from_the_bottom(from_the_bottom):
            together = fit(X, both)
            for k in range(3):
                np.testing.assert_allclose(together.coef_[k], fit(X, both[:, k]).coef_, rtol=1e-12)
