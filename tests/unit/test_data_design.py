"""What a fit learned is enforced on new rows."""

from __future__ import annotations

import warnings
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from mathlearn._errors import SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.design import Design

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4, 5, 6], "y": [1.0, 0.0, 1.0], "g": ["u", "v", "u"]})
FEATURES = FRAME[["a", "b"]]
X = FEATURES.to_numpy()


def only(rows):
    (chunk,) = rows.chunks(100)
    return chunk


@pytest.fixture
def design():
    return bind(FEATURES, FRAME["y"]).design


@pytest.fixture
def unnamed():
    return bind(X, FRAME["y"].to_numpy()).design


def test_named_columns_are_matched_by_name(design):
    np.testing.assert_array_equal(only(design.bind(FEATURES[["b", "a"]])).X, X)
    np.testing.assert_array_equal(only(design.bind(pl.from_pandas(FEATURES).select("b", "a"))).X, X)


def test_missing_and_unseen_names_in_scikit_learns_words(design):
    with pytest.raises(SchemaError) as caught:
        design.bind(FEATURES.rename(columns={"a": "A"}))
    assert str(caught.value).startswith(
        "The feature names should match those that were passed during fit.\n"
        "Feature names unseen at fit time:\n- A\n"
        "Feature names seen at fit time, yet now missing:\n- a\n"
    )
    assert "Did you mean 'A'?" in str(caught.value)


def test_at_most_five_names_are_listed():
    wide = pd.DataFrame(np.ones((2, 8)), columns=list("abcdefgh"))
    with pytest.raises(SchemaError, match=r"- a\n- b\n- c\n- d\n- e\n- \.\.\.\n"):
        bind(wide, [1, 2]).design.bind(wide[["h"]])


def test_columns_with_a_role_at_fit_may_be_there_or_not():
    design = bind(FRAME, "y", groups="g").design
    assert design.columns == ("a", "b")
    for new in (FRAME, FEATURES, FRAME.drop(columns="g")):
        np.testing.assert_array_equal(only(design.bind(new)).X, X)


def test_number_of_features_in_scikit_learns_words(unnamed):
    with pytest.raises(SchemaError, match="X has 1 features, but LinearRegression is expecting 2 features as input"):
        unnamed.bind(X[:, :1], estimator="LinearRegression")
    with pytest.raises(SchemaError, match="Reshape your data"):
        unnamed.bind(X[0])


def test_names_at_fit_only_warn_and_match_by_position(design):
    message = "X does not have valid feature names, but LinearRegression was fitted with feature names"
    with pytest.warns(UserWarning, match=message):
        rows = design.bind(X, estimator="LinearRegression")
    np.testing.assert_array_equal(only(rows).X, X)
    with pytest.warns(UserWarning, match=message), pytest.raises(ValueError, match="'b'"):
        list(design.bind([[1.0, np.nan]], estimator="LinearRegression").chunks(10))


def test_names_at_predict_only_warn_and_match_by_position(unnamed):
    message = "X has feature names, but LinearRegression was fitted without feature names"
    with pytest.warns(UserWarning, match=message):
        rows = unnamed.bind(FEATURES, estimator="LinearRegression")
    np.testing.assert_array_equal(only(rows).X, X)
    with pytest.warns(UserWarning, match=message), pytest.raises(SchemaError, match="'g' is categorical"):
        unnamed.bind(FRAME[["a", "g"]], estimator="LinearRegression")


def test_a_column_that_turned_into_text_is_named(design):
    with pytest.raises(SchemaError, match="column 'b' is categorical"):
        design.bind(FEATURES.assign(b=["x", "y", "z"]))


def test_sparse_and_dense_may_be_mixed(unnamed):
    np.testing.assert_array_equal(only(unnamed.bind(sp.csr_array(X))).X.toarray(), X)


def test_response_by_name_is_taken_from_the_columns_when_wanted():
    design = bind(FRAME[["a", "b", "y"]], "y").design
    rows = design.bind(FRAME[["a", "b", "y"]], require_y=True)
    np.testing.assert_array_equal(only(rows).y.ravel(), FRAME["y"])
    assert design.bind(FRAME[["a", "b", "y"]]).responses == ()


def test_response_given_apart_is_wanted_apart(design):
    with pytest.raises(SchemaError, match="requires y to be passed, but the target y is None"):
        design.bind(FEATURES, require_y=True)
    np.testing.assert_array_equal(only(design.bind(FEATURES, FRAME["y"], require_y=True)).y.ravel(), FRAME["y"])


def test_formula_response_is_computed_only_when_wanted():
    design = bind(FRAME, formula="log(a) ~ b + g").design
    assert only(design.bind(FRAME[["b", "g"]])).y is None
    np.testing.assert_allclose(only(design.bind(FRAME, require_y=True)).y.ravel(), np.log(FRAME["a"]))
    given = only(design.bind(FRAME, np.ones(3), require_y=True))
    np.testing.assert_array_equal(given.y, np.ones((3, 1)))


def test_formula_needs_its_columns_and_ignores_others():
    design = bind(FRAME, formula="y ~ a + g").design
    np.testing.assert_array_equal(only(design.bind(FRAME.assign(junk=None))).X[:, 1], [0, 1, 0])
    with pytest.raises(SchemaError, match="now missing:\n- g"):
        design.bind(FEATURES)
    with pytest.raises(SchemaError, match=r"'g'.*'w'"):
        list(design.bind(FRAME.assign(g="w")).chunks(10))


def test_dropped_rows_can_be_told_from_the_chunk(design):
    holed = FEATURES.assign(a=[1.0, np.nan, 3.0])
    chunk = only(design.bind(holed, missing="drop"))
    assert chunk.rows.tolist() == [0, 2]
    assert list(design.bind(holed.assign(a=np.nan), missing="drop").chunks(10)) == []


def test_frequency_weights_stay_frequency_weights():
    design = bind(FEATURES, FRAME["y"], sample_weight=[1, 2, 1], weights_type="frequency").design
    with pytest.raises(ValueError, match="frequency weights"):
        design.bind(FEATURES, sample_weight=[1, 0.5, 1])


@pytest.mark.parametrize("formula", [None, "y ~ a + g + poly(b, 2)"])
def test_a_design_is_plain_data(formula):
    data = FRAME if formula else FRAME.drop(columns="g")
    seen = []

    def walk(value):
        if is_dataclass(value):
            for field in fields(value):
                walk(getattr(value, field.name))
        elif isinstance(value, tuple):
            for item in value:
                walk(item)
        else:
            seen.append(type(value))

    walk(bind(data, None if formula else "y", formula=formula).design)
    assert set(seen) <= {str, int, float, bool, type(None), np.ndarray}


def test_no_warning_when_names_agree(design):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        design.bind(FEATURES)


def test_a_design_may_be_made_by_hand():
    rows = Design(columns=("a", "b"), named=True).bind(FEATURES)
    assert rows.terms == ("a", "b")
