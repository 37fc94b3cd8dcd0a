"""contrast, f_test and predict_interval."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from _fits import ArrayRows, fit
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from mathlearn import statistics as st
from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.statistics.intervals import join


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(40, 3))
    return X, 1 + X @ [1.0, 2.0, 0.5] + rng.normal(size=40)


@pytest.fixture
def result(data):
    return fit(*data, terms=["a", "b", "petal width"])


@pytest.fixture
def dependent(data):
    X, y = data
    Z = np.column_stack([X[:, :2], 2 * X[:, 0] - X[:, 1] + 3])
    return fit(Z, y, terms=["a", "b", "c"], aliases=[("c", ("a", "b"), (2.0, -1.0), 3.0)]), Z


def test_every_way_to_write_a_contrast_means_the_same(result):
    forms = [
        "2*a - b = 1",
        {"a": 2, "b": -1},
        [0, 2, -1, 0],
        np.array([[0, 2, -1, 0]]),
        ["2*a - b"],
        [{"a": 2, "b": -1}],
        ((0, 2, -1, 0),),
    ]
    expected = 2 * result.coef[0, 0] - result.coef[0, 1]
    for form in forms:
        rhs = 0 if isinstance(form, str) else 1
        c = st.contrast(result, form, rhs)
        assert_allclose(c.estimate, [[expected]], rtol=1e-13)
        assert_allclose(c.statistic, (c.estimate - 1) / c.std_error, rtol=1e-12)
        assert_array_equal(c.rhs, [1])


def test_contrasts_of_mixed_forms_and_names(result):
    c = st.contrast(result, ["Intercept + a", {"petal width": 1, "(Intercept)": 1}])
    assert c.labels == ("Intercept + a", "(Intercept) + petal width")
    assert_allclose(c.estimate[0], result.intercept[0] + result.coef[0, [0, 2]])
    assert c.joint.df_num == 2
    assert c.to_frame()["contrast"].tolist() == list(c.labels)
    assert "joint F(2, 36)" in str(c)


def test_a_column_called_intercept_is_meant_by_its_name(data):
    X, y = data
    result = fit(X, y, terms=["Intercept", "b", "c"])
    assert_allclose(st.contrast(result, "Intercept").estimate[0, 0], result.coef[0, 0])
    assert_allclose(st.contrast(result, "(Intercept)").estimate[0, 0], result.intercept[0])


@pytest.mark.parametrize(
    ("L", "error", "message"),
    [
        ([1, 2], SchemaError, r"needs 4 columns, in the order \(Intercept\), a, b, petal width"),
        ({"aa": 1}, SchemaError, "Did you mean 'a'"),
        ({"a": np.nan}, NonFiniteInputError, "finite"),
        ([0, np.inf, 0, 0], NonFiniteInputError, "finite"),
        (object(), SchemaError, "must hold numbers, text or"),
        ("zz", SchemaError, "not a term"),
    ],
)
def test_bad_contrasts_are_refused(result, L, error, message):
    with pytest.raises(error, match=message):
        st.contrast(result, L)


def test_bad_right_hand_sides_are_refused(result):
    with pytest.raises(SchemaError, match="one for each of the 2"):
        st.contrast(result, ["a", "b"], [1, 2, 3])
    with pytest.raises(NonFiniteInputError, match="rhs"):
        st.contrast(result, "a", np.nan)


def test_estimable_combinations_are_kept_where_their_terms_are_not(dependent, data):
    result, Z = dependent
    c = st.contrast(result, ["a", "a + 2*c", "b - c", "Intercept + 3*c"])
    reduced = fit(Z[:, :2], data[1])
    a, b = reduced.coef[0]
    # With a and b alone, the effect of a is a + 2 c, that of b is b - c, and the constant is intercept + 3 c.
    assert_allclose(c.estimate[0], [np.nan, a, b, reduced.intercept[0]], rtol=1e-10)
    assert_allclose(c.std_error[0, 1:], st.tidy(reduced)["std_error"][[1, 2, 0]], rtol=1e-10)
    assert c.joint is None
    assert list(c.reasons) == [("y", "a")]
    assert "c = 2·a - b" in c.reasons["y", "a"]


def test_redundant_combinations_withhold_the_joint_test(result):
    c = st.contrast(result, ["a", "b", "a + b"])
    assert np.isfinite(c.p_value).all()
    assert np.isnan(c.joint.p_value).all()
    assert "singular" in c.joint.reasons[0]


def test_contrasts_of_an_exact_fit(data):
    X, _ = data
    c = st.contrast(fit(X, X @ [1.0, 2, 3]), "x0 - x1")
    assert c.std_error[0, 0] == 0
    assert np.isnan(c.p_value[0, 0])
    assert c.reasons["y", "x0 - x1"] == "exact fit"


def test_a_contrast_shows_itself_as_its_table(data):
    c = st.contrast(fit(*data), "x0 - x1")
    assert repr(c) == str(c)


# --------------------------------------------------------------------------------------------------------------- f_test


def test_nested_takes_fitted_models_too(data):
    X, y = data
    small, large = fit(X[:, :1], y), fit(X, y)
    test = st.f_test(SimpleNamespace(result_=small), SimpleNamespace(result_=large))
    assert repr(test) == str(st.f_test(small, large))
    for no_fit in (SimpleNamespace(), None):
        with pytest.raises(TypeError, match=r"second model is of type .*Pass fitted models, or their result_"):
            st.f_test(small, no_fit)


def test_nested_refusals(data):
    X, y = data
    small, large = fit(X[:, :1], y), fit(X, y)
    with pytest.raises(SchemaError, match="smaller model first"):
        st.f_test(large, small)
    with pytest.raises(SchemaError, match="differ in n "):
        st.f_test(fit(X[1:, :1], y[1:]), large)
    with pytest.raises(SchemaError, match="differ in responses"):
        st.f_test(fit(X[:, :1], y, responses=["z"]), large)
    with pytest.raises(SchemaError, match="total sum of squares"):
        st.f_test(fit(X[:, :1], y * 2), large)
    with pytest.raises(SchemaError, match="differ in fit_intercept"):
        st.f_test(small, fit(X, y, intercept=False))
    with pytest.raises(SchemaError, match="no unconstrained"):
        st.f_test(small, replace(large, withheld="positive=True"))


def test_nested_notes_what_it_takes_for_granted(data):
    X, y = data
    small, large = fit(X[:, :1] + X[:, 1:2], y, terms=["sum"]), fit(X, y)
    test = st.f_test(small, large)
    assert "sum" in " ".join(test.notes)
    assert (test.df_num, test.df_den) == (2, 36)
    robust = replace(large, covariance=st.estimate("HC1", large, ArrayRows(X, y[:, None]), max_rows=99, threads=1))
    assert "HC1" in " ".join(st.f_test(small, robust).notes)
    assert "F(2, 36)" in str(test)
    assert test.to_frame()["df_num"].tolist() == [2]


def test_a_model_without_intercept_may_be_nested_in_one_with(data):
    X, y = data
    with_, without = fit(X, y), fit(X, y, intercept=False)
    test = st.f_test(without, with_)
    assert_allclose(test.statistic, st.tidy(with_)["statistic"][0] ** 2, rtol=1e-9)


# ------------------------------------------------------------------------------------------------------ predict_interval


def test_intervals_take_the_shape_of_the_predictions(result, data):
    X, _ = data
    flat = X @ result.coef[0] + result.intercept[0]
    one, column = st.predict_interval(result, X, flat), st.predict_interval(result, X, flat[:, None])
    assert one.lower.shape == (40,)
    assert column.lower.shape == (40, 1)
    assert_array_equal(one.lower, column.lower[:, 0])
    assert (one.lower < one.estimate).all()
    assert one.to_frame().shape == (40, 3)


def test_intervals_of_several_responses(data):
    X, y = data
    result = fit(X, np.column_stack([y, 3 * y]))
    predictions = X @ result.coef.T + result.intercept
    interval = st.predict_interval(result, X, predictions)
    width = interval.upper - interval.lower
    assert_allclose(width[:, 1], 3 * width[:, 0])
    assert interval.to_frame()["response"].tolist() == ["y0"] * 40 + ["y1"] * 40
    assert "response" in str(interval)


def test_a_confidence_interval_is_within_the_observation_interval(result, data):
    X, _ = data
    flat = X @ result.coef[0] + result.intercept[0]
    mean = st.predict_interval(result, X, flat, kind="confidence")
    assert (mean.upper < st.predict_interval(result, X, flat).upper).all()
    assert repr(mean) == str(mean)
    assert "confidence" in repr(mean)
    assert "... and 30 more rows" in str(mean)


def test_sparse_rows_and_blocks_give_the_same(result, data, monkeypatch):
    X, _ = data
    flat = X @ result.coef[0] + result.intercept[0]
    whole = st.predict_interval(result, X, flat)
    monkeypatch.setattr("mathlearn.statistics.intervals.BLOCK", 20)
    assert_allclose(st.predict_interval(result, X, flat).lower, whole.lower, rtol=1e-13)
    assert_allclose(st.predict_interval(result, csr_array(X), flat).lower, whole.lower, rtol=1e-10)


@pytest.mark.parametrize("make", [np.asarray, csr_array])
def test_predictions_that_the_data_do_not_determine_are_withheld(dependent, make):
    result, Z = dependent
    new = Z[:3].copy()
    new[1, 2] += 1
    interval = st.predict_interval(result, make(new), np.ones(3))
    assert np.isnan(interval.lower).tolist() == [False, True, False]
    assert np.isnan(interval.estimate).tolist() == [False, True, False]
    assert "c = 2·a - b" in interval.notes[0]
    assert "withheld: 1 of 3 (row 1)" in str(interval)


def test_joined_intervals_are_those_of_the_rows_together(dependent):
    result, Z = dependent
    new = Z[:5].copy()
    new[[1, 3], 2] += 1
    whole = st.predict_interval(result, new, np.ones(5))
    parts = [st.predict_interval(result, new[i : i + 2], np.ones(5)[i : i + 2]) for i in (0, 2, 4)]
    joined = join(parts)
    assert_array_equal(joined.upper, whole.upper)
    assert str(joined) == str(whole)
    assert "withheld: 2 of 5 (row 1, 3)" in str(joined)
    assert join(parts[:1]) is parts[0]


def test_intervals_refuse_other_kinds_and_levels(result, data):
    X, y = data
    with pytest.raises(DomainError, match="'observation', 'confidence'"):
        st.predict_interval(result, X, y, kind="prediction")
    with pytest.raises(DomainError, match="between 0 and 1"):
        st.predict_interval(result, X, y, level=95)


def test_intervals_say_what_they_assume(data):
    X, y = data
    weighted = fit(X, y, weight=np.ones(40) * 2)
    assert "for an observation of weight 1" in st.predict_interval(weighted, X, y).method
    robust = replace(
        weighted,
        covariance=st.estimate("HC1", weighted, ArrayRows(X, y[:, None], np.ones(40) * 2), max_rows=99, threads=1),
    )
    assert "pooled variance" in st.predict_interval(robust, X, y).method


def test_intervals_of_an_exact_fit_have_no_width(data):
    X, _ = data
    y = X @ [1.0, 2, 3]
    interval = st.predict_interval(fit(X, y), X, y)
    assert_array_equal(interval.lower, interval.upper)
    assert interval.notes == ("exact fit: intervals have no width",)


def test_far_from_zero_an_interval_keeps_its_digits(data):
    X, y = data
    X = np.round(X * 2**20) / 2**20
    # The shift is exact, so that the widths are those near zero but for the mean, a double: half an ulp is 6e-8 of a
    # standard deviation. Predictions only lend their shape.
    near = st.predict_interval(fit(X, y), X, np.zeros(40))
    far = st.predict_interval(fit(X + 2.0**30, y), X + 2.0**30, np.zeros(40))
    assert_allclose(far.upper, near.upper, rtol=6e-8)
