"""Roles at fit: y, weights, groups, offset; formulas; rows that leave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mathlearn._errors import SchemaError
from mathlearn.data.arrays import array_source
from mathlearn.data.bind import bind
from mathlearn.data.source import Source

FRAME = pd.DataFrame(
    {
        "a": [1.0, 2.0, 3.0, 4.0],
        "b": [4.0, 3.0, 2.0, 1.0],
        "y": [1.0, 0.0, 1.0, 0.0],
        "w": [1.0, 0.0, 2.0, 1.0],
        "g": ["u", "v", "u", "v"],
        "h": [1, 1, 2, 2],
    }
)
NUMBERS = FRAME[["a", "b", "y", "w"]]


class Stream(Source):
    """The same rows, as something that does not know its length."""

    def __init__(self, frame):
        from mathlearn.data.inputs import as_source

        self.inner = as_source(frame).source
        self.schema = self.inner.schema
        self.n_rows = None
        self.in_memory = False
        self.label = "stream"

    def batches(self, columns=None, *, max_rows):
        return self.inner.batches(columns, max_rows=max_rows)


def only(rows):
    (chunk,) = rows.chunks(100)
    return chunk


@pytest.mark.parametrize("make", [lambda f: f, Stream])
def test_named_roles_leave_X(make):
    rows = bind(make(FRAME), "y", sample_weight="w", groups=["g", "h"], offset="b")
    chunk = only(rows)
    assert rows.terms == ("a",)
    assert rows.responses == ("y",)
    assert chunk.rows.tolist() == [0, 2, 3]
    np.testing.assert_array_equal(chunk.X, [[1.0], [3.0], [4.0]])
    np.testing.assert_array_equal(chunk.y, [[1.0], [1.0], [0.0]])
    np.testing.assert_array_equal(chunk.weight, [1.0, 2.0, 1.0])
    np.testing.assert_array_equal(chunk.offset, [4.0, 2.0, 1.0])
    assert chunk.group.tolist() == [["u", 1], ["u", 2], ["v", 2]]
    design = rows.design
    assert (design.response_columns, design.weight_columns) == (("y",), ("w",))
    assert (design.group_columns, design.offset_columns) == (("g", "h"), ("b",))


def test_roles_of_a_homogeneous_frame():
    chunk = only(bind(NUMBERS, "y", sample_weight="w"))
    np.testing.assert_array_equal(chunk.X, NUMBERS[["a", "b"]].to_numpy()[[0, 2, 3]])


def test_several_named_responses():
    rows = bind(NUMBERS, ["y", "b"])
    assert (rows.responses, rows.design.y_ndim, rows.terms) == (("y", "b"), 2, ("a", "w"))
    np.testing.assert_array_equal(only(rows).y, NUMBERS[["y", "b"]])


def test_integer_weights_columns_and_groups_in_memory():
    chunk = only(bind(NUMBERS[["a"]], NUMBERS["y"], sample_weight=FRAME["h"], groups=FRAME["g"]))
    np.testing.assert_array_equal(chunk.weight, [1.0, 1.0, 2.0, 2.0])
    assert chunk.group.ravel().tolist() == ["u", "v", "u", "v"]


def test_groups_of_two_kinds_keep_their_values():
    assert only(bind([[1.0], [2.0]], [1, 2], groups=[("a", 1), ("b", 2)])).group.tolist() == [["a", 1], ["b", 2]]
    with pytest.raises(SchemaError, match="two columns"):
        bind([[1.0], [2.0]], [1, 2], groups=np.ones((2, 3)))


def test_as_many_labels_as_rows_are_labels_not_names():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    assert only(bind(frame, [1, 2], groups=["u", "v"])).group.tolist() == [["u"], ["v"]]


@pytest.mark.parametrize("make", [lambda f: f, Stream])
def test_scalar_weight(make):
    np.testing.assert_array_equal(only(bind(make(NUMBERS), "y", sample_weight=2)).weight, [2.0] * 4)


def test_unknown_role_column_suggests():
    with pytest.raises(SchemaError, match=r"'Y'.*Did you mean 'y'"):
        bind(FRAME, "Y")


def test_a_role_by_name_needs_names():
    with pytest.raises(SchemaError, match="X has no column names"):
        bind(NUMBERS.to_numpy(), "y")


def test_a_role_column_must_be_numeric():
    with pytest.raises(SchemaError, match="y='g' is a categorical column"):
        bind(FRAME, "g")
    with pytest.raises(SchemaError, match="sample_weight='g' is a categorical column"):
        bind(FRAME, "y", sample_weight="g")


def test_only_roles_and_no_column_left():
    with pytest.raises(SchemaError, match=r"0 feature\(s\)"):
        bind(FRAME[["y", "w"]], "y", sample_weight="w")


def test_y_is_required_in_scikit_learns_words():
    message = r"This LinearRegression estimator requires y to be passed, but the target y is None"
    with pytest.raises(SchemaError, match=message):
        bind(NUMBERS, estimator="LinearRegression")
    assert bind(NUMBERS, require_y=False).responses == ()


def test_chunks_are_never_empty_and_every_dropped_row_is_counted():
    X = np.array([[np.nan], [np.nan], [1.0], [np.nan], [2.0], [np.nan], [np.nan]])
    rows = bind(X, np.arange(7.0), missing="drop")
    for max_rows in (1, 2, 3, 7):
        chunks = list(rows.chunks(max_rows))
        assert all(chunk.n for chunk in chunks)
        assert sum(chunk.dropped for chunk in chunks) == 5
        assert np.concatenate([chunk.y.ravel() for chunk in chunks]).tolist() == [2.0, 4.0]


@pytest.mark.parametrize("role", ["y", "sample_weight", "groups", "offset"])
def test_a_gap_in_any_role_drops_the_row(role):
    values = {"y": [1.0, 2.0, 3.0], role: [1.0, None, 2.0] if role != "groups" else ["a", None, "b"]}
    y = pd.Series(values.pop("y")).to_numpy(dtype=float)
    arguments = {k: pd.Series(v).to_numpy(dtype=float) if k != "groups" else v for k, v in values.items()}
    chunk = only(bind([[1.0], [2.0], [3.0]], y, missing="drop", **arguments))
    assert chunk.rows.tolist() == [0, 2]
    assert chunk.dropped == 1


@pytest.mark.parametrize("role", ["sample_weight", "groups", "offset"])
@pytest.mark.parametrize("make", [lambda f: f, Stream])
def test_a_gap_in_a_role_column_drops_the_row(role, make):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0], "r": [1.0, None, 2.0]})
    chunk = only(bind(make(frame), "y", missing="drop", **{role: "r"}))
    assert chunk.rows.tolist() == [0, 2]


def test_no_row_left():
    rows = bind([[np.nan], [1.0]], [1.0, np.nan], missing="drop")
    with pytest.raises(SchemaError, match="no row is left: all 2 rows have a missing value"):
        list(rows.chunks(10))


def test_unused_columns_may_have_gaps():
    frame = FRAME.assign(junk=[None, "x", None, None])
    chunk = only(bind(frame, formula="y ~ a"))
    assert chunk.n == 4


@pytest.mark.parametrize("make", [lambda f: f, Stream, lambda f: f[["a", "b", "y", "w"]]])
def test_two_sided_formula(make):
    rows = bind(make(FRAME), formula="log(a) ~ b + I(y^2)", sample_weight="w")
    assert rows.responses == ("log(a)",)
    assert rows.design.encoding.fit_intercept
    chunk = only(rows)
    np.testing.assert_allclose(chunk.y.ravel(), np.log([1.0, 3.0, 4.0]))


def test_one_sided_formula_takes_y():
    rows = bind(FRAME, "y", formula="~ a * g")
    assert rows.terms == ("a", "g[T.v]", "a:g[T.v]")
    np.testing.assert_array_equal(only(rows).X[:, 1], [0, 1, 0, 1])
    assert bind(FRAME[["a"]], FRAME["y"].to_numpy(), formula="~ a").responses == ("y",)


def test_the_dot_leaves_out_columns_with_a_role():
    assert bind(FRAME, "y", formula="~ .", sample_weight="w", groups="g").terms == ("a", "b", "h")


def test_a_formula_may_use_a_column_that_has_another_role():
    rows = bind(FRAME, formula="y ~ a + g", groups="g")
    assert rows.terms == ("a", "g[T.v]")
    assert only(rows).group.ravel().tolist() == ["u", "v", "u", "v"]
    with pytest.raises(SchemaError, match="no column 'y'"):
        bind(FRAME, "y", formula="~ a + y")


def test_y_given_twice():
    with pytest.raises(SchemaError, match="y is given twice"):
        bind(FRAME, "b", formula="y ~ a")


def test_formula_on_an_array_uses_its_default_names():
    chunk = only(bind(np.array([[1.0, 2.0], [3.0, 4.0]]), [1, 2], formula="~ x1"))
    np.testing.assert_array_equal(chunk.X, [[2.0], [4.0]])


def test_formula_offset_adds_to_the_argument():
    chunk = only(bind(FRAME, formula="y ~ a + offset(b)", offset="h"))
    np.testing.assert_array_equal(chunk.offset, FRAME["b"] + FRAME["h"])


def test_lengths():
    message = r"Found input variables with inconsistent numbers of samples: \[4, 3\].*X has 4, y has 3"
    with pytest.raises(SchemaError, match=message):
        bind(NUMBERS, [1, 2, 3])
    with pytest.raises(SchemaError, match=r"sample_weight.shape == \(3,\), expected \(4,\)!"):
        bind(NUMBERS, "y", sample_weight=[1, 2, 3])
    with pytest.raises(SchemaError, match="Sample weights must be 1D array or scalar"):
        bind(NUMBERS, "y", sample_weight=np.ones((4, 2)))


@pytest.mark.parametrize("length", [3, 5])
def test_the_length_of_a_stream_is_compared_when_it_is_known(length):
    rows = bind(Stream(NUMBERS), np.ones(length))
    with pytest.raises(SchemaError, match="inconsistent numbers of samples"):
        list(rows.chunks(3))


def test_row_labels_in_another_order_are_refused():
    X = NUMBERS[["a"]].set_axis(list("pqrs"))
    y = pd.Series([1.0, 2.0, 3.0, 4.0], index=list("srqp"))
    with pytest.raises(SchemaError, match=r"X and y carry the same row labels in a different order.*\.loc\[X\.index\]"):
        bind(X, y)
    assert bind(X, y.loc[X.index]).n_rows == 4
    assert bind(X, y.reset_index(drop=True)).n_rows == 4
    with pytest.raises(SchemaError, match="X and sample_weight carry"):
        bind(X, y.to_numpy(), sample_weight=y)


def test_a_large_matrix_is_diagnosed_only_on_request():
    X = np.ones((3000, 6))
    X[2500, 4] = np.nan
    X[2600, 4] = np.nan
    rows = bind(X, np.ones(3000))
    assert sum(chunk.n for chunk in rows.chunks(1000)) == 3000
    with pytest.raises(
        ValueError, match=r"Input X contains NaN.*'x4': 2 missing or NaN among 3000 rows, first in row 2500"
    ):
        rows.diagnose_nonfinite()
    bind(np.full((3000, 6), 1e308), np.ones(3000)).diagnose_nonfinite()  # an overflow is no bad input


def test_zero_weight_rows_are_validated_even_in_a_large_matrix():
    X = np.ones((3000, 6))
    X[5, 1] = np.inf
    weight = np.ones(3000)
    weight[5] = 0
    with pytest.raises(ValueError, match=r"infinity.*'x1'.*row 5"):
        list(bind(X, np.ones(3000), sample_weight=weight).chunks(1000))


def test_a_stream_reports_what_it_has_read():
    frame = pd.DataFrame({"a": [1.0, np.nan, np.nan, np.nan], "y": 1.0})
    with pytest.raises(ValueError, match=r"'a': 1 missing or NaN up to row 1, where reading stopped"):
        list(bind(Stream(frame), "y").chunks(2))


@pytest.mark.parametrize("formula", ["y ~ I(a * 1e300)", "I(y * 1e300) ~ b", "y ~ a:b"])
def test_a_formula_that_overflows_names_the_term(formula):
    frame = pd.DataFrame({"a": [1.0, 1e200], "b": [1.0, 1e200], "y": [1.0, 1e200]})
    with pytest.raises(ValueError, match=r"(300|a:b).* row 1"):
        list(bind(frame, formula=formula).chunks(10))


def test_a_computed_nan_is_not_missing():
    frame = pd.DataFrame({"a": [0.0, 1.0], "y": [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"a / a.* row 0"):
        list(bind(frame, formula="y ~ I(a / a)", missing="drop").chunks(10))


def test_progress_is_told_for_streams_only():
    import mathlearn

    told = []
    with mathlearn.config_context(progress=told.append):
        list(bind(NUMBERS, "y").chunks(1))
        assert told == []
        list(bind(Stream(NUMBERS), "y").chunks(1))
    (end,) = told
    assert (end.pass_number, end.rows, end.total_rows) == (1, 4, 4)


def test_reduce_runs_over_the_chunks():
    rows = bind(array_source(np.arange(40.0).reshape(20, 2)), np.ones(20))
    total = rows.reduce(lambda chunk: chunk.X.sum(axis=0), np.add, max_rows=3, threads=2)
    np.testing.assert_array_equal(total, [380.0, 400.0])


@pytest.mark.parametrize("missing", ["raise", "drop"])
@pytest.mark.parametrize("threads", [1, 3])
def test_reduce_sees_only_rows_with_weight(missing, threads):
    weight = np.zeros(20)
    weight[[7, 8, 15]] = 1.0
    rows = bind(np.arange(20.0).reshape(-1, 1), np.ones(20), sample_weight=weight, missing=missing)
    found = rows.reduce(lambda chunk: chunk.rows.tolist(), list.__add__, max_rows=2, threads=threads)
    assert found == [7, 8, 15]


def test_reduce_over_a_stream_without_weight_says_so():
    rows = bind(Stream(NUMBERS.assign(w=0.0)), "y", sample_weight="w")
    with pytest.raises(ValueError, match="at least one non-zero number"):
        rows.reduce(lambda chunk: chunk.n, lambda a, b: a + b, max_rows=2, threads=2)


def test_reduce_raises_the_first_bad_batch():
    X = np.ones((20, 1))
    X[[5, 12]] = np.nan
    with pytest.raises(ValueError, match="2 missing or NaN among 20 rows, first in row 5"):
        bind(X, np.ones(20)).reduce(lambda chunk: chunk.n, lambda a, b: a + b, max_rows=2, threads=3)
