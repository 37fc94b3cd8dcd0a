"""What the estimator adds to the engine: rows that are left out, blocks, columns with a role, attributes, parameters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.exceptions
import sklearn.linear_model
import sklearn.utils
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import mathlearn
from mathlearn import _sklearn
from mathlearn.errors import DomainError, NonFiniteInputError, RankDeficiencyWarning, SchemaError
from mathlearn.linear_model import LinearRegression

FORMULA = "y ~ a + kind"


@pytest.fixture
def table():
    """A table with gaps: one in `a`, one in `y`, one in the weights, one in the labels."""
    rng = np.random.default_rng(11)
    n = 30
    frame = pd.DataFrame({"a": rng.normal(size=n), "kind": rng.choice(["p", "q", "r"], n), "w": rng.uniform(1, 2, n)})
    frame["y"] = 1 + 2 * frame["a"] + rng.normal(size=n)
    frame["batch"] = np.arange(n) % 5 + 0.0
    for row, column in ((2, "a"), (5, "y"), (7, "w"), (9, "batch")):
        frame.loc[row, column] = np.nan
    return frame


@pytest.fixture
def model(table):
    return LinearRegression(formula=FORMULA, missing="drop").fit(table)


# ------------------------------------------------------------------------------------------------------- missing values


def test_a_row_with_a_gap_gets_nan_and_the_others_their_prediction(model, table):
    y = model.predict(table)
    assert y.shape == (30,)
    assert np.flatnonzero(np.isnan(y)).tolist() == [2]  # a gap in y, a weight or a label is no gap in X
    assert_array_equal(np.delete(y, 2), model.predict(table.drop(index=2)))


def test_intervals_have_gaps_where_predictions_have_and_say_why(model, table):
    interval = model.predict_interval(table)
    for part in (interval.estimate, interval.lower, interval.upper):
        assert np.flatnonzero(np.isnan(part)).tolist() == [2]
    assert_allclose(interval.estimate, model.predict(table), rtol=1e-15)
    assert "withheld: 1 of 30 (row 2)" in str(interval)
    assert "lack a value" in str(interval)
    assert model.predict_interval(table.drop(index=2)).notes == ()


def test_all_rows_may_have_a_gap(model, table):
    gaps = table.iloc[[2, 2, 2]]
    assert_array_equal(model.predict(gaps), [np.nan] * 3)
    assert_array_equal(model.predict_interval(gaps).upper, [np.nan] * 3)
    with pytest.raises(SchemaError, match="no row is left to score"):
        model.score(gaps)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_matrices_and_frames_without_formula(kind):
    X = np.arange(24.0).reshape(12, 2) ** 2
    y = np.column_stack([X[:, 0], X @ [1.0, 2.0]]) + np.sin(np.arange(12.0))[:, None]
    model = LinearRegression(missing="drop").fit(kind(X), y)
    gaps = X.copy()
    gaps[[0, 11], 1] = np.nan
    predicted = model.predict(kind(gaps))
    assert np.isnan(predicted).all(axis=1).tolist() == [True] + [False] * 10 + [True]
    assert_allclose(predicted[1:11], model.predict(kind(X[1:11])), rtol=1e-14)


def test_a_gap_is_an_error_unless_rows_may_be_dropped(table):
    model = LinearRegression(formula=FORMULA).fit(table.drop(index=[2, 5]))
    for method in (model.predict, model.predict_interval, model.score):
        with pytest.raises(NonFiniteInputError, match="'a': 1 missing"):
            method(table)


def test_infinity_is_an_error_even_then(model, table):
    table.loc[4, "a"] = np.inf
    with pytest.raises(NonFiniteInputError, match="infin"):
        model.predict(table)


def test_a_response_without_gap_is_not_asked_for_when_predicting(model, table):
    assert_array_equal(model.predict(table[["kind", "a"]]), model.predict(table))


@pytest.mark.parametrize("groups", [None, "batch", ["batch", "kind"]])
def test_the_columns_of_the_fit_need_not_be_named_again(table, groups):
    covariance = "classical" if groups is None else "cluster"
    model = LinearRegression(formula=FORMULA, missing="drop", covariance=covariance)
    model.fit(table, sample_weight="w", groups=groups)
    left = 27 if groups is None else 26
    assert model.result_.n == left
    assert model.verify(table).ok
    assert len(model.augment(table)) == left
    other = model.infer(table, covariance="HC1" if groups is None else "cluster")
    assert_array_equal(other.coef_, model.coef_)
    if groups is not None:
        assert_allclose(other.tidy()["std_error"], model.tidy()["std_error"], rtol=1e-12)
    assert np.isfinite(model.score(table))


def test_arrays_beside_the_table_may_have_gaps_too(table):
    X, y, labels = table[["a"]], table["y"], table["batch"]
    model = LinearRegression(missing="drop", covariance="cluster").fit(X, y, groups=labels)
    assert model.result_.n == 27
    assert model.verify(X, y, groups=labels).ok
    assert not model.verify(X, y).ok  # one row more than the fit had
    assert len(model.augment(X, y, groups=labels)) == 27


# --------------------------------------------------------------------------------------------------------------- blocks


def test_blocks_put_together_are_the_prediction(model, table, monkeypatch):
    whole, interval = model.predict(table), model.predict_interval(table)
    monkeypatch.setattr("mathlearn.linear_model._blocks._MOST_ROWS", 4)
    blocks = list(model.iter_predict(table))
    assert [len(block) for block in blocks] == [4] * 7 + [2]
    assert_allclose(np.concatenate(blocks), whole, rtol=1e-14)
    assert_allclose(np.concatenate([b.lower for b in model.iter_predict_interval(table)]), interval.lower, rtol=1e-14)
    assert model.score(table) == pytest.approx(
        LinearRegression(formula=FORMULA, missing="drop").fit(table).score(table), rel=1e-14
    )


def test_a_block_in_which_every_row_has_a_gap(table, monkeypatch):
    monkeypatch.setattr("mathlearn.linear_model._blocks._MOST_ROWS", 3)
    model = LinearRegression(formula="y ~ a", missing="drop").fit(table)
    table.loc[3:5, "a"] = np.nan
    table.loc[27:, "a"] = np.nan
    gone = np.flatnonzero(np.isnan(model.predict(table))).tolist()
    assert gone == [2, 3, 4, 5, 27, 28, 29]
    assert np.flatnonzero(np.isnan(model.predict_interval(table).lower)).tolist() == gone
    assert np.isfinite(model.score(table))


def test_what_is_wrong_is_said_before_the_first_block(model, table):
    for method in (model.iter_predict, model.iter_predict_interval):
        with pytest.raises(SchemaError, match="yet now missing"):
            method(table.drop(columns="a"))


def test_sources_are_predicted_like_frames(model, table, tmp_path):
    path = tmp_path / "rows.csv"
    table.to_csv(path, index=False, na_rep="NA")
    source = mathlearn.scan(path)
    assert_allclose(model.predict(source), model.predict(table), rtol=1e-14)
    assert_allclose(model.predict_interval(source).upper, model.predict_interval(table).upper, rtol=1e-12)
    assert model.score(source) == pytest.approx(model.score(table), rel=1e-13)
    assert model.verify(source).ok


def test_wide_rows_come_in_small_blocks(monkeypatch):
    monkeypatch.setattr("mathlearn.linear_model._blocks._MOST_NUMBERS", 20)
    X = np.random.default_rng(0).normal(size=(15, 6))
    model = LinearRegression().fit(X, X @ np.arange(6.0) + np.arange(15) % 2)
    assert {len(block) for block in model.iter_predict(X)} == {3}


# ----------------------------------------------------------------------------------------------- attributes, parameters


def test_sparse_rows_and_positive_coefficients_do_not_go_together():
    X = sparse.random_array((20, 3), density=0.5, rng=np.random.default_rng(0), format="csr")
    with pytest.raises(TypeError, match="Sparse data was passed for X, but dense data is required") as caught:
        LinearRegression(positive=True).fit(X, np.arange(20.0))
    assert "toarray" in str(caught.value)
    assert not sklearn.utils.get_tags(LinearRegression(positive=True)).input_tags.sparse
    assert sklearn.utils.get_tags(LinearRegression()).input_tags.sparse


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_singular_values_are_those_of_scikit_learn_with_dependent_columns_too(fit_intercept, weighted):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(40, 3)) * [1.0, 10.0, 0.1] + 3
    X = np.column_stack([X, X[:, 0] - 2 * X[:, 1], X[:, 2]])
    y, weight = rng.normal(size=40), rng.uniform(0.5, 2, 40) if weighted else None
    theirs = sklearn.linear_model.LinearRegression(fit_intercept=fit_intercept).fit(X, y, weight)
    with pytest.warns(RankDeficiencyWarning):
        ours = LinearRegression(fit_intercept=fit_intercept).fit(X, y, weight)
    assert ours.rank_ == 3
    assert_allclose(ours.singular_, theirs.singular_, rtol=1e-10, atol=1e-12)


def test_singular_values_that_no_solver_found_are_not_made_up():
    X = np.random.default_rng(0).normal(size=(12, 2))
    model = LinearRegression(positive=True).fit(X, X @ [1.0, 2.0])
    assert not hasattr(model, "singular_")
    assert hasattr(LinearRegression().fit(X, X @ [1.0, 2.0] + X[:, 0] ** 2), "singular_")


@pytest.mark.parametrize("positive", [False, True])
def test_huge_integers_are_predicted_by_the_coefficients_in_place(positive):
    low = np.random.default_rng(0).integers(0, 1000, 50)
    X, y = (2**60 + low)[:, None], 3.0 * low + np.sin(low)
    model = LinearRegression(positive=positive).fit(X, y)
    # Without the mean of the columns, which a non-negative fit does not keep, the rounding of the intercept at zero shows.
    assert_allclose(model.predict(X), y, atol=np.spacing(abs(model.intercept_)) if positive else 3)
    assert_allclose(model.augment(X, y)["fitted"], model.predict(X), rtol=1e-12)
    model.coef_ = 2 * model.coef_
    assert_allclose(model.predict(X), model.coef_[0] * 2.0**60 + model.intercept_, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, ("X",)) for name in ("predict", "iter_predict", "predict_interval", "iter_predict_interval")),
        *((name, ("X", "y")) for name in ("score", "augment", "verify")),
        *((name, ()) for name in ("summary", "tidy", "glance", "conf_int")),
        ("augment", ("X",)),
        ("contrast", ("x0",)),
        ("save", ("model.safetensors",)),
    ],
)
def test_nothing_can_be_asked_before_the_fit(name, arguments):
    values = {"X": np.eye(3), "y": np.arange(3.0)}
    with pytest.raises(sklearn.exceptions.NotFittedError):
        getattr(LinearRegression(), name)(*(values.get(argument, argument) for argument in arguments))
    model = LinearRegression()
    assert not any(hasattr(model, attribute) for attribute in ("certificate_", "rank_", "singular_", "coef_"))


def test_infer_leaves_the_model_as_it_was(model, table):
    robust = model.infer(table, covariance="HAC", lags=2)
    assert robust.get_params()["covariance"] == "HAC"
    assert robust.covariance_options == {"lags": 2}
    assert (model.covariance, model.result_.covariance.kind) == ("classical", "classical")
    assert "2 lags" in robust.result_.covariance.description


def test_parameters_are_checked_once_and_again_when_they_change(monkeypatch):
    calls = []
    full = sklearn.base.BaseEstimator._validate_params
    monkeypatch.setattr(
        sklearn.base.BaseEstimator, "_validate_params", lambda self: calls.append(self.get_params()) or full(self)
    )
    monkeypatch.setattr(_sklearn, "_PASSED", set())
    for _ in range(3):
        _sklearn.check_parameters(LinearRegression(tol=0.5))
    assert len(calls) == 1
    _sklearn.check_parameters(LinearRegression(tol=1))  # an int where there was no check of one
    _sklearn.check_parameters(LinearRegression(tol=0.5, covariance_options={"lags": 1}))
    _sklearn.check_parameters(LinearRegression(tol=0.5, covariance_options={"lags": 1}))
    assert len(calls) == 4  # what is not plain is checked each time
    for _ in range(2):
        with pytest.raises(ValueError, match="fit_intercept"):
            _sklearn.check_parameters(LinearRegression(fit_intercept=1.0))
    _sklearn.check_parameters(LinearRegression(fit_intercept=True))
    with pytest.raises(ValueError, match="n_jobs"):  # equal and of the same hash, but True is a switch and 1.0 no count
        _sklearn.check_parameters(LinearRegression(n_jobs=1.0))


def test_the_memory_of_checked_parameters_is_bounded(monkeypatch):
    monkeypatch.setattr(_sklearn, "_PASSED", set())
    monkeypatch.setattr(_sklearn, "_MOST_PASSED", 5)
    for tol in np.linspace(0.1, 0.9, 23).tolist():
        _sklearn.check_parameters(LinearRegression(tol=tol))
        assert len(_sklearn._PASSED) <= 5


def test_the_intercept_is_left_out_in_the_formula():
    table = pd.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 5.0, 7.0], "kind": list("aabbcc")})
    with pytest.raises(DomainError, match=r"y ~ 0 \+ "):
        LinearRegression(formula="y ~ kind", fit_intercept=False).fit(table)
    model = LinearRegression(formula="y ~ 0 + kind", fit_intercept=False).fit(table)
    assert model.coef_ == pytest.approx([1.5, 3.5, 6.0])


@pytest.mark.parametrize(
    ("given", "meant"), [("hc3", "'HC3'"), ("Classical", "'classical'"), ("clusters", "'cluster'")]
)
def test_a_misspelt_option_is_told_the_nearest(given, meant):
    with pytest.raises(ValueError, match=rf"'covariance' parameter .* Got '{given}' instead\. Did you mean {meant}\?$"):
        LinearRegression(covariance=given).fit([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"'missing' parameter .* Got 'no' instead\.$"):
        LinearRegression(missing="no").fit([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"'copy_X' parameter .* Got 2 instead\.$"):
        LinearRegression(copy_X=2, covariance=given).fit([[1.0], [2.0]], [1.0, 2.0])


@pytest.mark.parametrize(
    ("parameters", "groups", "message"),
    [
        ({}, [0, 1, 0, 1], "groups= is given.*covariance='classical' takes no clusters.*covariance='cluster'"),
        ({"covariance": "HC3", "covariance_options": {"lags": 1}}, None, "'lags': 1.*'HC3' has no options.*'HAC'"),
    ],
)
def test_what_the_covariance_would_not_use_is_refused(parameters, groups, message):
    with pytest.raises(DomainError, match=message):
        LinearRegression(**parameters).fit([[0.0], [1.0], [2.0], [4.0]], [1.0, 3.0, 4.0, 8.0], groups=groups)
