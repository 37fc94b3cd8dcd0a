"""Weights of classes, precision and containers: what goes into likelihood models as into scikit-learn's."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils.class_weight import compute_class_weight

import mathlearn
from mathlearn._errors import DomainError
from mathlearn.linear_model import (
    LogisticRegression,
)
from tests.sklearn.likelihood_pairs import FRAME, LABELS, PAIRS, TARGETS, WEIGHTS, X, options, rng, with_pairs

# ------------------------------------------------------------------------------------------------------ weights of classes


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.1, 10.0),
    st.floats(0.1, 10.0),
    st.booleans(),
    st.sampled_from([1.0, np.inf]),
)
def test_weights_of_classes_are_weights_of_rows(no, yes, weighted, C):
    own = WEIGHTS if weighted else np.ones(90)
    by_class = LogisticRegression(C=C, class_weight={"no": no, "yes": yes}).fit(X, LABELS, own if weighted else None)
    by_row = LogisticRegression(C=C).fit(X, LABELS, own * np.where(LABELS == "yes", yes, no))
    assert_allclose(by_class.coef_, by_row.coef_, rtol=1e-9, atol=1e-12)
    assert by_class.result_.weights_type == "precision"
    if np.isinf(C):
        assert_allclose(by_class.tidy()["std_error"], by_row.tidy()["std_error"], rtol=1e-9)
    assert by_class.verify(X, LABELS, sample_weight=own if weighted else None).ok
    assert not LogisticRegression(C=C).fit(X, LABELS).verify(X, LABELS, sample_weight=own + 1.0).ok


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_balanced_weights_are_those_of_scikit_learn(weights):
    model = LogisticRegression(class_weight="balanced", C=np.inf).fit(X, LABELS, weights)
    own = np.ones(90) if weights is None else weights
    totals = np.array([own[label == LABELS].sum() for label in model.classes_])
    table = dict(zip(model.classes_.tolist(), own.sum() / (2 * totals), strict=True))
    if weights is None:
        theirs = compute_class_weight("balanced", classes=model.classes_, y=LABELS)
        assert_allclose(list(table.values()), theirs, rtol=1e-15)
    same = LogisticRegression(class_weight=table, C=np.inf).fit(X, LABELS, weights)
    assert_allclose(model.coef_, same.coef_, rtol=1e-12)
    assert model.verify(X, LABELS, sample_weight=weights).ok


def test_weights_of_classes_in_streams_and_formulas_are_those_in_memory(tmp_path):
    table = FRAME.assign(bought=LABELS, w=WEIGHTS)
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "rows.parquet", row_group_size=17)
    stream = mathlearn.scan(tmp_path / "rows.parquet")
    for class_weight in ({"yes": 3.0}, "balanced"):
        model = LogisticRegression(class_weight=class_weight).fit(X, LABELS, WEIGHTS)
        streamed = LogisticRegression(class_weight=class_weight).fit(stream, "bought", sample_weight="w")
        formula = LogisticRegression(class_weight=class_weight, formula="bought ~ height + width + depth")
        formula.fit(table, sample_weight="w")
        for other in (streamed, formula):
            assert_allclose(other.coef_, model.coef_, rtol=1e-10)
        assert streamed.verify(stream).ok
        assert formula.verify(table).ok


def test_a_class_that_is_left_out_has_weight_one_and_counts_are_no_weights():
    assert_array_equal(
        LogisticRegression(class_weight={"yes": 2.0}).fit(X, LABELS).coef_,
        LogisticRegression(class_weight={"yes": 2.0, "no": 1.0}).fit(X, LABELS).coef_,
    )
    with pytest.raises(DomainError, match="weights_type='frequency'"):
        LogisticRegression(class_weight="balanced", weights_type="frequency").fit(X, LABELS)


@pytest.mark.parametrize("name", PAIRS)
def test_whole_weights_are_repeated_rows(name):
    times = rng.integers(0, 4, 90)
    kind = PAIRS[name][0]
    weighted = kind(**options(name)).fit(X, TARGETS[name], times)
    repeated = kind(**options(name)).fit(np.repeat(X, times, axis=0), np.repeat(TARGETS[name], times))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(weighted.intercept_, repeated.intercept_, rtol=1e-9, atol=1e-12)


# ------------------------------------------------------------------------------------------------- containers, precision


@with_pairs
def test_single_precision_in_gives_single_precision_out_and_the_record_keeps_doubles(name):
    ours, theirs = (kind(**options(name)).fit(X.astype(np.float32), TARGETS[name]) for kind in PAIRS[name])
    assert ours.coef_.dtype == theirs.coef_.dtype == np.float32
    assert np.asarray(ours.intercept_).dtype == np.asarray(theirs.intercept_).dtype
    assert ours.result_.coef.dtype == np.float64
    for rows in (X, X.astype(np.float32), np.rint(X).astype(int)):
        method = "predict_proba" if name == "LogisticRegression" else "predict"
        assert getattr(ours, method)(rows).dtype == getattr(theirs, method)(rows).dtype
    assert_allclose(ours.coef_, ours.result_.coef.reshape(ours.coef_.shape), rtol=1e-6)
    # What is predicted in double precision is that of the doubles, not of what is shown.
    double = PAIRS[name][0](**options(name)).fit(X.astype(np.float32).astype(float), TARGETS[name])
    got, want = (getattr(model, method)(X) for model in (ours, double))
    assert_allclose(got, want, rtol=1e-12)
    for frame in (pd.DataFrame(X.astype(np.float32)), sp.csr_array(X.astype(np.float32))):
        assert PAIRS[name][0](**options(name)).fit(frame, TARGETS[name]).coef_.dtype == np.float32
    assert PAIRS[name][0](**options(name)).fit(FRAME, TARGETS[name]).coef_.dtype == np.float64


@with_pairs
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix])
def test_sparse_columns_of_any_form_are_as_good_as_dense_ones(name, form, container):
    holes = np.where(np.abs(X) < 0.7, 0.0, X)
    sparse = container(holes).asformat(form)
    model = PAIRS[name][0](**options(name)).fit(sparse, TARGETS[name])
    dense = PAIRS[name][0](**options(name)).fit(holes, TARGETS[name])
    assert_allclose(model.coef_, dense.coef_, rtol=1e-10)
    assert_array_equal(
        model.predict(sparse), model.predict(holes)
    ) if name == "LogisticRegression" else assert_allclose(model.predict(sparse), model.predict(holes), rtol=1e-10)
    long = container(holes)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    assert_array_equal(PAIRS[name][0](**options(name)).fit(long, TARGETS[name]).coef_, model.coef_)


@with_pairs
def test_frames_of_any_library_and_their_names(name):
    polars = pytest.importorskip("polars")
    plain = PAIRS[name][0](**options(name)).fit(X, TARGETS[name])
    for frame in (FRAME, polars.DataFrame({c: FRAME[c].to_numpy() for c in FRAME}), pa.Table.from_pandas(FRAME)):
        model = PAIRS[name][0](**options(name)).fit(frame, pd.Series(TARGETS[name]))
        assert_allclose(model.coef_, plain.coef_, rtol=1e-12)
        assert model.feature_names_in_.tolist() == ["height", "width", "depth"]
        with pytest.warns(UserWarning, match="feature names"):
            model.predict(X)
    assert not hasattr(plain, "feature_names_in_")


@with_pairs
def test_the_callers_data_are_never_written_to(name):
    data = [np.asfortranarray(X), TARGETS[name].copy(), WEIGHTS.copy()]
    before = [each.copy() for each in data]
    for each in data:
        each.flags.writeable = False
    PAIRS[name][0](**options(name)).fit(*data)
    for each, kept in zip(data, before, strict=True):
        assert_array_equal(each, kept)
