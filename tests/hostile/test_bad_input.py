"""Bad input gets one clear error that names column, count, first bad row and the remedy."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from mathlearn._errors import DomainError, MathlearnError, NonFiniteInputError, SchemaError
from mathlearn.data.bind import bind
from mathlearn.linear_model import LinearRegression

n = 30
NAMES = ["age", "dose", "mass"]
X = np.random.default_rng(0).normal(size=(n, 3))
y = np.arange(float(n))

CONTAINERS = {
    "array": (lambda X: X, ["x0", "x1", "x2"]),
    "float32": (lambda X: X.astype(np.float32), ["x0", "x1", "x2"]),
    "objects": (lambda X: X.astype(object), ["x0", "x1", "x2"]),
    "sparse": (sp.csr_array, ["x0", "x1", "x2"]),
    "pandas": (lambda X: pd.DataFrame(X, columns=NAMES), NAMES),
    "pandas, mixed": (lambda X: pd.DataFrame(X, columns=NAMES).astype({"mass": "float32"}), NAMES),
    "polars": (lambda X: pl.DataFrame(X, schema=NAMES), NAMES),
}


def read(*args, **kwargs):
    return list(bind(*args, **kwargs).chunks(7))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("value", "words", "label", "remedy"),
    [
        (np.nan, "Input X contains NaN", "missing or NaN", r"missing='drop'.*SimpleImputer"),
        (
            np.inf,
            r"Input X contains infinity or a value too large for dtype\('float64'\)",
            "infinite",
            "Remove or replace",
        ),
        (
            -np.inf,
            r"Input X contains infinity or a value too large for dtype\('float64'\)",
            "infinite",
            "Remove or replace",
        ),
    ],
)
def test_not_finite_in_X(container, value, words, label, remedy):
    make, names = CONTAINERS[container]
    bad = X.copy()
    bad[[12, 20, 21], 1] = value
    bad[5, 2] = value
    pattern = rf"{words}\. Column '{names[1]}': 3 {label} among 30 rows, first in row 12 .*'{names[2]}'.*{remedy}"
    with pytest.raises(NonFiniteInputError, match=pattern):
        read(make(bad), y)
    (design,) = [bind(make(X), y).design]
    with pytest.raises(NonFiniteInputError, match=words):
        list(design.bind(make(bad)).chunks(7))


@pytest.mark.parametrize("container", CONTAINERS)
def test_infinity_is_not_dropped_as_missing(container):
    make, names = CONTAINERS[container]
    bad = X.copy()
    bad[3, 0], bad[4, 1] = np.nan, np.inf
    with pytest.raises(NonFiniteInputError, match=rf"infinity.*'{names[1]}': 1 infinite among 30 rows, first in row 4"):
        read(make(bad), y, missing="drop")


def test_infinity_in_a_row_that_is_dropped_anyway_is_still_not_a_number():
    bad = X.copy()
    bad[3, 0], bad[3, 1] = np.nan, np.inf
    assert sum(chunk.dropped for chunk in read(bad, y, missing="drop")) == 1


@pytest.mark.parametrize(("value", "words"), [(np.nan, "NaN"), (np.inf, "infinity")])
@pytest.mark.parametrize("role", ["y", "sample_weight", "offset"])
def test_not_finite_beside_X(role, value, words):
    values = np.ones(n)
    values[[4, 9]] = value
    arguments = {"y": y, role: values}
    with pytest.raises(NonFiniteInputError, match=rf"Input {role} contains {words}.*2 .*among 30 rows, first in row 4"):
        read(X, **arguments)


def test_missing_group_labels():
    with pytest.raises(SchemaError, match=r"groups: 2 of 30 labels are missing, first in row 3.*missing='drop'"):
        read(X, y, groups=["a"] * 3 + [None, np.nan] + ["b"] * 25)


@pytest.mark.parametrize("missing_in", ["age", "y", "w", "g"])
def test_gaps_in_columns_of_a_frame(missing_in):
    frame = pl.DataFrame({"age": y, "y": y, "w": y + 1, "g": [f"g{k % 3}" for k in range(n)]})
    gap = pl.when(pl.int_range(pl.len()) == 8).then(None).otherwise(pl.col(missing_in)).alias(missing_in)
    with pytest.raises(NonFiniteInputError, match=rf"contains NaN\. Column '{missing_in}': 1 missing.*row 8"):
        read(frame.with_columns(gap), "y", sample_weight="w", groups="g")


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize(
    ("weights", "weights_type", "message"),
    [
        (
            [-1.0, 1.0],
            "precision",
            r"Negative values in data passed to `sample_weight`.*first -1\.0 in row \d+.*non-negative",
        ),
        ([0.5, 1.0], "frequency", r"frequency weights .*fraction.*first 0\.5 in row \d+.*weights_type='precision'"),
        ([0.0, 0.0], "precision", "Sample weights must contain at least one non-zero number"),
    ],
)
def test_weights_out_of_their_domain(by_name, weights, weights_type, message):
    w = np.resize(weights, n)
    frame = pd.DataFrame({"x": y, "y": y, "w": w})
    arguments = (frame, "y", "w") if by_name else (X, y, w)
    with pytest.raises(DomainError, match=message):
        read(arguments[0], arguments[1], sample_weight=arguments[2], weights_type=weights_type)


@pytest.mark.parametrize("weight", [np.nan, np.inf, -1.0, 0.0])
def test_scalar_weights_out_of_their_domain(weight):
    with pytest.raises(MathlearnError, match=r"sample_weight|Sample weights"):
        read(X, y, sample_weight=weight)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (X[0], r"Expected 2D array, got 1D array.*Reshape your data"),
        (3.0, r"Expected 2D array, got scalar array.*Reshape your data"),
        (X[None], r"Found array with dim 3, while dim <= 2 is required"),
        (X[:0], r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required\."),
        (X[:, :0], r"0 feature\(s\) \(shape=\(30, 0\)\) while a minimum of 1 is required\."),
        (X * 1j, "Complex data not supported"),
        (np.array(X, dtype=str), "formula="),
        (np.array(X, dtype="S8"), "formula="),
        (X.astype("M8[s]"), "subtract an origin"),
        (X.astype("m8[s]"), "subtract an origin"),
        (np.zeros(n, dtype=[("a", "f8"), ("b", "f8")]).reshape(-1, 1), "structured array"),
        (np.ma.masked_greater(X, 0.5), r"masked array.*filled"),
        ([[1.0, 2.0], [3.0]], "rows of equal length"),
        ("rows.csv", r"mathlearn\.scan\('rows\.csv'\)"),
        (Path("rows.csv"), r"mathlearn\.scan\('rows\.csv'\)"),
        ({"a": [1.0]}, r"pandas\.DataFrame\(X\)"),
        ((row for row in X), r"generator.*list\(X\)"),
        ({1.0, 2.0}, r"set.*list\(X\)"),
    ],
)
def test_what_is_no_matrix_of_numbers(bad, message):
    with pytest.raises(SchemaError, match=message):
        read(bad, y)


@pytest.mark.parametrize(("value", "kind"), [({"foo": 1}, "dict"), ("a", "str"), (1j, "complex"), ([1], "list")])
def test_objects_that_are_no_numbers_are_type_errors_too(value, kind):
    bad = X.astype(object)
    bad[4, 1] = value
    for error in (TypeError, SchemaError):
        with pytest.raises(error, match=rf"X, row 4, column 'x1' is a {kind}.*argument must be .* string.* number"):
            read(bad, y)


def test_integers_too_large_for_any_float():
    with pytest.raises(NonFiniteInputError, match="too large"):
        read(np.array([[10**400], [1]], dtype=object), [1, 2])
    with pytest.raises(NonFiniteInputError, match="too large"):
        read(np.array([["1e4000"], ["1"]]).astype(np.longdouble), [1, 2])


def test_numpy_matrix_is_refused_as_by_scikit_learn():
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(X)
    with pytest.raises(TypeError, match=r"np\.matrix is not supported"):
        read(matrix, y)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (y[:5], r"Found input variables with inconsistent numbers of samples: \[30, 5\]"),
        (np.ones((n, 1, 1)), r"y should be a 1d array, got an array of shape \(30, 1, 1\)"),
        (3.0, "y should be a 1d array"),
        ([], "0 sample"),
        (y * 1j, "Complex data not supported"),
        (["a"] * n, r"y has dtype .*convert y to numbers"),
        (np.ma.masked_greater(y, 3), "y is a masked array"),
        (pd.Series(["a"] * n), "not a number"),
    ],
)
def test_what_is_no_response(bad, message):
    with pytest.raises(SchemaError, match=message):
        read(X, bad)


@pytest.mark.parametrize("name", ['"; drop table t', "<script>", r"\input{}", "naïve", "a\nb", "%s{0}"])
def test_hostile_names_come_back_as_they_are(name):
    frame = pd.DataFrame({name: [1.0, np.nan], "b": [1.0, 2.0]})
    with pytest.raises(NonFiniteInputError) as caught:
        read(frame, [1, 2])
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        [2**64 + 1 + i for i in range(200)],
        [Decimal(2**53 + 1 + 2 * i) for i in range(200)],
        [2**70 + 1 + i for i in range(200)],
    ],
)
def test_whole_numbers_that_no_double_holds_are_refused(values):
    x = np.arange(200.0)[:, None]
    with pytest.raises(DomainError, match=r"whole number beyond 2\*\*53"):
        LinearRegression().fit(x, values)
    with pytest.raises(DomainError, match="column 'x0'"):
        LinearRegression().fit(np.array(values, dtype=object)[:, None], x[:, 0])


def test_large_whole_numbers_that_doubles_hold_are_taken():
    values = [10**20 * i for i in range(1, 9)]
    assert LinearRegression().fit(np.arange(1.0, 9)[:, None], values).coef_[0] == pytest.approx(1e20)
