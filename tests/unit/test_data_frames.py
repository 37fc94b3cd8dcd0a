"""pandas, polars and Arrow tables of every column type, as sources."""
# ruff: noqa: PD011 -- `Column.values` is this project's

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mathlearn._errors import SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.inputs import as_source

TABLE = {
    "x": [1.5, None, 3.5, 4.5],
    "n": [1, 2, None, 4],
    "flag": [True, False, True, None],
    "city": ["b", "a", None, "b"],
}


def frame_of(library):
    if library == "polars":
        return pl.DataFrame(TABLE)
    if library == "polars lazy":
        return pl.LazyFrame(TABLE)
    if library == "arrow":
        return pa.table(TABLE)
    if library == "arrow batch":
        return pa.RecordBatch.from_pydict(TABLE)
    if library == "pandas arrow":
        return pa.table(TABLE).to_pandas(types_mapper=pd.ArrowDtype)
    return pd.DataFrame(TABLE).astype({"x": "Float64", "n": "Int64", "flag": "boolean", "city": "string"})


LIBRARIES = ["pandas", "pandas arrow", "polars", "polars lazy", "arrow", "arrow batch"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_kinds_values_and_gaps(library):
    source = as_source(frame_of(library)).source
    assert {f.name: f.kind for f in source.schema} == {
        "x": "float",
        "n": "integer",
        "flag": "boolean",
        "city": "categorical",
    }
    batches = list(source.batches(max_rows=3))
    assert [(b.start, b.n) for b in batches] == [(0, 3), (3, 1)]
    first = batches[0].columns
    assert first["x"].missing.tolist() == [False, True, False]
    np.testing.assert_array_equal(first["x"].values[[0, 2]], [1.5, 3.5])
    assert first["n"].values.dtype == np.int64
    assert first["n"].missing.tolist() == [False, False, True]
    np.testing.assert_array_equal(first["n"].values[:2], [1, 2])
    assert first["flag"].missing is None
    assert first["flag"].values.dtype == np.bool_
    city = first["city"]
    assert [None if code < 0 else city.levels[code] for code in city.values] == ["b", "a", None]
    assert city.missing.tolist() == [False, False, True]


@pytest.mark.parametrize("library", LIBRARIES)
def test_only_the_named_columns_are_read(library):
    source = as_source(frame_of(library)).source
    (batch,) = source.batches(["flag", "x"], max_rows=10)
    assert list(batch.columns) == ["flag", "x"]


def test_declared_levels_keep_their_order():
    frame = pd.DataFrame({"size": pd.Categorical(["S", "L"], ["S", "M", "L"], ordered=True)})
    field = as_source(frame).source.schema["size"]
    assert (field.levels, field.ordered) == (("S", "M", "L"), True)
    enum = pl.DataFrame({"size": pl.Series(["S", "L"], dtype=pl.Enum(["S", "M", "L"]))})
    assert as_source(enum).source.schema["size"].levels == ("S", "M", "L")


def test_levels_that_are_only_data_are_not_declared():
    assert as_source(pl.DataFrame({"c": pl.Series(["b", "a"], dtype=pl.Categorical)})).source.schema["c"].levels is None
    arrow = pa.table({"c": pa.array(["b", "a"]).dictionary_encode()})
    source = as_source(arrow).source
    assert source.schema["c"].levels is None
    (batch,) = source.batches(max_rows=5)
    assert batch.columns["c"].levels == ("b", "a")


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_homogeneous_pandas_frame_is_not_copied(order):
    frame = pd.DataFrame(
        np.asarray(np.random.default_rng(0).normal(size=(40_000, 3)), order=order), columns=list("abc")
    )
    whole = frame.to_numpy()
    for chunk in bind(frame, np.zeros(40_000)).chunks(9_000):
        assert np.shares_memory(chunk.X, whole)


def test_a_large_frame_of_many_blocks_is_not_copied_whole():
    columns = {name: np.random.default_rng(0).normal(size=40_000) for name in "abc"}
    frame = pd.concat([pd.Series(v, name=k) for k, v in columns.items()], axis=1)
    frame["d"] = 1.0  # a block of its own
    rows = bind(frame, np.zeros(40_000))
    assert type(rows.source).__name__ == "FrameSource"
    np.testing.assert_array_equal(next(rows.chunks(10)).X, frame.to_numpy()[:10])


def test_objects_that_are_numbers_are_numbers():
    frame = pd.DataFrame(
        {"a": pd.Series([1, 2.5, None], dtype=object), "b": pd.Series([Decimal(1), 2, 3], dtype=object)}
    )
    rows = bind(frame, [1, 2, 3], missing="drop")
    (chunk,) = rows.chunks(10)
    np.testing.assert_array_equal(chunk.X, [[1, 1], [2.5, 2]])


def test_decimals_and_narrow_floats():
    frame = pl.DataFrame({"d": [Decimal("1.25"), Decimal("2.5")], "h": pl.Series([1.5, 2.5], dtype=pl.Float32)})
    (chunk,) = bind(frame, [1, 2]).chunks(10)
    np.testing.assert_array_equal(chunk.X, [[1.25, 1.5], [2.5, 2.5]])


def test_pandas_sparse_columns():
    dense = pd.DataFrame({"a": [0.0, 1.0, 0.0], "b": [2.0, 0.0, 0.0]})
    rows = bind(dense.astype(pd.SparseDtype(float, 0)), [1, 2, 3])
    assert rows.sparse
    assert rows.terms == ("a", "b")
    half = dense.assign(b=dense["b"].astype(pd.SparseDtype(float, 0)))
    (chunk,) = bind(half, [1, 2, 3]).chunks(10)
    np.testing.assert_array_equal(chunk.X, dense)


def test_columns_without_text_names_are_numbered():
    rows = bind(pd.DataFrame([[1.0, 2.0], [3.0, 5.0]]), [1, 2])
    assert rows.terms == ("x0", "x1")
    assert not rows.design.named
    mixed = pd.DataFrame([[1.0, 2], [3.0, 5]], columns=[4, 7]).astype({7: int})
    assert bind(mixed, [1, 2]).terms == ("x0", "x1")


def test_names_of_mixed_types_are_refused_as_by_scikit_learn():
    with pytest.raises(TypeError, match="Feature names are only supported if all input features have string names"):
        bind(pd.DataFrame([[1.0, 2.0]], columns=["a", 1]), [1])


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pa.table([[1], [2]], names=["a", "a"]),
    ],
)
def test_duplicate_names_are_refused(frame):
    with pytest.raises(SchemaError, match="duplicate column names: 'a'"):
        bind(frame, [1])


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["u", "v"], r"column 'bad' is categorical .*formula="),
        (
            [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2020, 1, 2, tzinfo=dt.UTC)],
            r"column 'bad' is datetime .*subtract an origin",
        ),
        ([[1], [2]], r"column 'bad' is other"),
    ],
)
def test_columns_that_are_not_numbers_are_named(library, values, message):
    make = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}[library]
    with pytest.raises(SchemaError, match=message):
        bind(make({"good": [1, 2], "bad": values}), [1, 2])


def test_a_series_is_no_matrix():
    with pytest.raises(SchemaError, match=r"2-dimensional container.*to_frame\(\).*Reshape your data"):
        bind(pd.Series([1.0, 2.0]), [1, 2])


@pytest.mark.parametrize("empty", [pd.DataFrame({"a": []}), pd.DataFrame(index=[1, 2]), pl.DataFrame({"a": []})])
def test_empty_frames(empty):
    with pytest.raises(SchemaError, match=r"0 (sample|feature)\(s\)"):
        bind(empty, [1, 2])


def test_ten_thousand_hostile_names():
    names = ['"; drop table t; --', "<script>", r"\input{}", "naïve 变量", "new\nline", "`tick`", ""]
    names += [f"c{j}" for j in range(10_000 - len(names))]
    rows = bind(pd.DataFrame(np.ones((3, 10_000)), columns=names), [1, 2, 3])
    assert rows.terms == tuple(names)
    with pytest.raises(SchemaError, match="Feature names seen at fit time, yet now missing"):
        rows.design.bind(pd.DataFrame(np.ones((3, 9_999)), columns=names[1:]))


@pytest.mark.parametrize(
    "make", [pd.Series, pl.Series, lambda v: pd.DataFrame({"t": v}), lambda v: pl.DataFrame({"t": v})]
)
def test_response_as_series_or_frame(make):
    rows = bind([[1.0], [2.0]], make([3, 4]))
    (chunk,) = rows.chunks(10)
    np.testing.assert_array_equal(chunk.y, [[3.0], [4.0]])


def test_response_names_come_from_the_frame():
    Y = pd.DataFrame({"u": [1.0, 2.0], "v": [3, 4]})
    rows = bind([[1.0], [2.0]], Y)
    assert rows.responses == ("u", "v")
    assert bind([[1.0], [2.0]], Y["u"]).responses == ("u",)
    assert rows.design.y_ndim == 2


def test_nullable_response_with_gaps():
    target = pd.Series([1, None, 3], dtype="Int64", name="t")
    with pytest.raises(ValueError, match=r"Input y contains NaN.*'t'.*row 1"):
        bind([[1.0], [2.0], [3.0]], target)
    (chunk,) = bind([[1.0], [2.0], [3.0]], target, missing="drop").chunks(10)
    np.testing.assert_array_equal(chunk.y, [[1.0], [3.0]])
