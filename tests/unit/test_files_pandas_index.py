"""Files that pandas wrote, and Arrow tables made by it: the index of a frame is no column."""
# ruff: noqa: PD011 -- `Column.values` is this project's

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn._errors import SchemaError
from mathlearn.linear_model import LinearRegression

FRAME = pd.DataFrame({"x": [1.0, 2.0, 3.0, 5.0], "y": [2.0, 4.0, 5.0, 9.0], "g": ["a", "b", "a", "b"]})


def save(frame, path):
    table = pa.Table.from_pandas(frame)  # what DataFrame.to_parquet writes
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    return path


def cells(source, name):
    """All values of a column; levels for codes."""
    columns = [batch.columns[name] for batch in source.batches([name], max_rows=2)]
    return [c.values[i] if c.levels is None else c.levels[c.values[i]] for c in columns for i in range(len(c.values))]


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
@pytest.mark.parametrize(
    "index",
    [None, pd.Index(["p", "q", "r", "s"]), pd.date_range("2024", periods=4, name="day"),
     pd.MultiIndex.from_product([[1, 2], [3, 4]], names=["one", None])],
)  # fmt: skip
def test_an_index_is_no_column(tmp_path, ending, index):
    frame = FRAME if index is None else FRAME.set_index(index)
    source = mathlearn.scan(save(frame.query("x != 2"), tmp_path / f"t.{ending}"))
    assert source.schema.names == ("x", "y", "g")
    assert cells(source, "g") == ["a", "a", "b"]
    assert [batch.n for batch in source.batches([], max_rows=2)] == [2, 1]


def test_files_with_and_without_fit_together(tmp_path):
    save(FRAME, tmp_path / "1.parquet")
    save(FRAME.query("x > 2"), tmp_path / "2.parquet")
    save(FRAME, tmp_path / "3.parquet")
    source = mathlearn.scan(tmp_path)
    assert cells(source, "x") == [1, 2, 3, 5, 3, 5, 1, 2, 3, 5]
    query = mathlearn.scan(sql="SELECT * FROM t WHERE x > 2", files={"t": source})
    assert query.schema.names == ("x", "y", "g")
    assert cells(query, "x") == [3, 5, 3, 5, 3, 5]


def test_a_column_of_one_file_is_a_column_of_all(tmp_path):
    save(FRAME.set_index("g"), tmp_path / "1.parquet")
    save(FRAME, tmp_path / "2.parquet")
    assert cells(mathlearn.scan(tmp_path), "g") == ["a", "b", "a", "b"] * 2


def test_types_ask_for_it(tmp_path):
    path = save(FRAME.query("x != 2").set_index("g", append=True), tmp_path / "t.parquet")
    assert mathlearn.scan(path).schema.names == ("x", "y")
    asked = mathlearn.scan(path, types={"__index_level_0__": "float64"})
    assert asked.schema.names == ("x", "y", "__index_level_0__")
    assert cells(asked, "__index_level_0__") == [0.0, 2.0, 3.0]


def test_one_who_names_it_is_told(tmp_path):
    source = mathlearn.scan(save(FRAME.set_index("g"), tmp_path / "t.parquet"))
    told = r"no column 'g'.* index of a pandas frame.*types=\{'g': \.\.\.\}.*reset_index\(\)"
    for ask in (
        lambda: source.schema["g"],
        lambda: LinearRegression(formula="y ~ x + g").fit(source),
        lambda: LinearRegression(covariance="cluster").fit(source, "y", groups="g"),
    ):
        with pytest.raises(SchemaError, match=told):
            ask()


def test_nothing_but_an_index(tmp_path):
    path = save(FRAME[["g"]].set_index("g"), tmp_path / "t.parquet")
    with pytest.raises(SchemaError, match=r"nothing but the index of a pandas frame, 'g'\. .*types=\{'g'"):
        mathlearn.scan(path)


@pytest.mark.parametrize(
    "remark",
    [b"", b"\xff{", b"[1]", b"{}", b'{"index_columns": 5}', b"[" * 100_000,
     b'{"index_columns": ["gone", null, ["a"], {"kind": "range"}]}'],
)  # fmt: skip
def test_a_remark_that_makes_no_sense_is_passed_over(tmp_path, remark):
    table = pa.table({"a": [1, 2], "b": [3, 4]}).replace_schema_metadata({b"pandas": remark})
    pq.write_table(table, tmp_path / "t.parquet")
    assert mathlearn.scan(tmp_path / "t.parquet").schema.names == ("a", "b")


@pytest.mark.parametrize("index", [pd.Index(["p", "q", "r", "s"]), pd.Index([4.0, 3, 2, 1], name="x2")])
@pytest.mark.parametrize("convert", [pa.Table.from_pandas, pa.RecordBatch.from_pandas])
def test_an_arrow_table_fits_like_its_frame_and_its_file(tmp_path, convert, index):
    frame = FRAME.set_index(index)
    table, file = convert(frame), mathlearn.scan(save(frame, tmp_path / "t.parquet"))
    assert mathlearn.scan(table).schema.names == file.schema.names == ("x", "y", "g")
    fits = [LinearRegression().fit(what, "y") for what in (frame.drop(columns="g"), convert(frame.drop(columns="g")))]
    assert fits[0].coef_.tobytes() == fits[1].coef_.tobytes()
    fits = [LinearRegression(formula="y ~ x + g").fit(what) for what in (frame, table, file)]
    assert fits[0].coef_.tobytes() == fits[1].coef_.tobytes() == fits[2].coef_.tobytes()
    by_itself = convert(frame[["x"]]), convert(frame[["y"]])
    assert LinearRegression().fit(*by_itself).coef_.shape == (1, 1)


def test_one_who_names_the_index_of_an_arrow_table_is_told():
    table = pa.Table.from_pandas(FRAME.set_index("g"))
    told = r"no column 'g'.* index of a pandas frame.*reset_index\(\).*replace_schema_metadata\(\)"
    with pytest.raises(SchemaError, match=told):
        LinearRegression(formula="y ~ x + g").fit(table)
    assert LinearRegression(formula="y ~ x + g").fit(table.replace_schema_metadata()).coef_.shape == (2,)
    only = pa.Table.from_pandas(FRAME[["g"]].set_index("g"))
    with pytest.raises(SchemaError, match=r"X holds nothing but the index of a pandas frame, 'g'\. .*reset_index"):
        mathlearn.scan(only)
