"""Every file and SQL source, at every chunk size, gives the same rows, and so the same fit."""

from __future__ import annotations

import duckdb
import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn.data.bind import bind
from mathlearn.linear_model import LinearRegression

SPECIES = ("Adelie", "Chinstrap", "Gentoo")


@pytest.fixture(scope="session")
def mixed():
    """A frame of every kind of column, with missing cells."""
    rng = np.random.default_rng(11)
    n = 61
    frame = pd.DataFrame({
        "x": rng.normal(size=n),
        "k": rng.integers(-5, 5, n),
        "flag": rng.random(n) < 0.5,
        "species": rng.choice(SPECIES, n),
        "wide": rng.integers(2**60, 2**60 + 100, n),
    })  # fmt: skip
    frame["y"] = 2 * frame.x - frame.k + 3 * frame.flag + (frame.species == "Gentoo") + rng.normal(size=n) / 8
    frame.loc[[3, 20, 59], "x"] = np.nan
    frame.loc[[0, 20], "species"] = None
    return frame


def _arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def _csv(frame, path):
    pa.csv.write_csv(_arrow(frame), path)
    return path


def _csv_text(frame, path, **options):
    # Seventeen digits, so that the very doubles come back.
    frame.to_csv(path, index=False, float_format="%.17g", **options)
    return path


def _parts(frame, folder, write):
    folder.mkdir(exist_ok=True)
    for i, at in enumerate((0, 1, 30, 30)):
        end = (1, 30, 30, len(frame))[i]
        write(frame.iloc[at:end], folder / f"part-{i}")
    return folder


def _database(frame, path):
    with duckdb.connect(str(path)) as connection:
        connection.register("frame", _arrow(frame))
        connection.execute("CREATE TABLE t AS SELECT * FROM frame")
    return path


def _stream(frame, path):
    with pa.ipc.new_stream(path, _arrow(frame).schema) as writer:
        writer.write_table(_arrow(frame), max_chunksize=9)
    return path


def _parquet(frame, path, **options):
    pq.write_table(_arrow(frame), path, **options)
    return path


def _categorical_parquet(frame, path):
    return _parquet(frame.assign(species=frame.species.astype("category")), path, row_group_size=13)


def _elsewhere(path):
    fsspec.filesystem("memory").put(str(path), f"/parity/{path.name}")
    return mathlearn.scan(f"memory://parity/{path.name}")


# From a frame and a folder to the source.
MAKERS = {
    "csv": lambda f, d: mathlearn.scan(_csv_text(f, d / "t.csv")),
    "csv written by Arrow": lambda f, d: mathlearn.scan(_csv(f, d / "t.csv")),
    "csv, semicolons": lambda f, d: mathlearn.scan(
        _csv_text(f, d / "t.csv", sep=";", decimal=","), delimiter=";", decimal=","
    ),
    "csv, all quoted, CRLF": lambda f, d: mathlearn.scan(_csv_text(f, d / "t.csv", quoting=1, lineterminator="\r\n")),
    "csv.gz": lambda f, d: mathlearn.scan(_csv_text(f, d / "t.csv.gz")),
    "tsv": lambda f, d: mathlearn.scan(_csv_text(f, d / "t.tsv", sep="\t")),
    "csv folder": lambda f, d: mathlearn.scan(_parts(f, d / "p", lambda g, p: _csv_text(g, p.with_suffix(".csv")))),
    "parquet": lambda f, d: mathlearn.scan(_parquet(f, d / "t.parquet", row_group_size=13)),
    "parquet, categories": lambda f, d: mathlearn.scan(_categorical_parquet(f, d / "t.parquet")),
    "parquet folder": lambda f, d: mathlearn.scan(
        _parts(f, d / "p", lambda g, p: _parquet(g, p.with_suffix(".parquet")))
    ),
    "feather": lambda f, d: (
        pa.feather.write_feather(_arrow(f), d / "t.feather", chunksize=7) or mathlearn.scan(d / "t.feather")
    ),
    "arrow stream": lambda f, d: mathlearn.scan(_stream(f, d / "t.arrow")),
    "parquet, address": lambda f, d: _elsewhere(_parquet(f, d / "t.parquet", row_group_size=13)),
    "csv.gz, address": lambda f, d: _elsewhere(_csv_text(f, d / "t.csv.gz")),
    "sql, database": lambda f, d: mathlearn.scan(sql="SELECT * FROM t", database=_database(f, d / "t.duckdb")),
    "sql, csv": lambda f, d: mathlearn.scan(sql="SELECT * FROM t", files=_csv_text(f, d / "t.csv")),
    "sql, parquet": lambda f, d: mathlearn.scan(
        sql="FROM t", files={"t": _parquet(f, d / "t.parquet", row_group_size=13)}
    ),
    "frame, handed on": lambda f, _: mathlearn.scan(f),
}


@pytest.fixture(params=sorted(MAKERS))
def source(request, mixed, tmp_path):
    return MAKERS[request.param](mixed, tmp_path)


def _cells(column):
    values = column.values  # noqa: PD011 -- no pandas object
    if column.levels is not None:
        values = np.array([*column.levels, None], dtype=object)[values]
    missing = np.zeros(len(values), bool) if column.missing is None else column.missing
    return [None if gone else cell for gone, cell in zip(missing, values, strict=True)]


@pytest.mark.parametrize("max_rows", [1, 7, 30, 61, 1000])
def test_same_cells(source, mixed, max_rows):
    batches = list(source.batches(max_rows=max_rows))
    assert [batch.start for batch in batches] == list(range(0, 61, max_rows))
    assert [batch.n for batch in batches[:-1]] == [max_rows] * (len(batches) - 1)
    for name in mixed:
        expected = [None if pd.isna(cell) else cell for cell in mixed[name]]
        assert [cell for batch in batches for cell in _cells(batch.columns[name])] == expected
    assert {field.name: field.kind for field in source.schema} == {
        "x": "float", "k": "integer", "flag": "boolean", "species": "categorical", "wide": "integer", "y": "float",
    }  # fmt: skip


@pytest.mark.parametrize("max_rows", [1, 7, 1000])
def test_same_chunks(source, mixed, max_rows):
    numeric = mixed[["x", "k", "flag", "wide"]]
    complete = numeric.x.notna().to_numpy()
    rows = bind(_Columns(source, (*numeric.columns, "y")), "y", missing="drop")
    chunks = list(rows.chunks(max_rows))
    reference = list(bind(numeric, mixed.y, missing="drop").chunks(max_rows))
    assert sum(chunk.dropped for chunk in chunks) == 3
    np.testing.assert_array_equal(np.vstack([c.X for c in chunks]), np.vstack([c.X for c in reference]))
    np.testing.assert_array_equal(np.vstack([c.y for c in chunks])[:, 0], mixed.y[complete])


class _Columns(mathlearn.data.source.Source):
    """Some columns of a source."""

    def __init__(self, source, names):
        self.schema = source.schema.select(names)
        self.n_rows, self.in_memory, self.label = source.n_rows, source.in_memory, source.label
        self._source = source

    def batches(self, columns=None, *, max_rows):
        return self._source.batches(self.schema.names if columns is None else columns, max_rows=max_rows)


def test_same_fit(source, mixed):
    model = LinearRegression(formula="y ~ x + k + flag + species", missing="drop")
    expected = model.fit(mixed).tidy()
    found = model.fit(source).tidy()
    assert found["term"].tolist() == expected["term"].tolist()
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


def test_the_same_bits_when_there_are_many_chunks(tmp_path):
    rng = np.random.default_rng(3)
    n = 250_000
    frame = pd.DataFrame({f"x{i}": rng.normal(size=n) + 1000 * i for i in range(4)})
    frame["y"] = frame.sum(axis=1) + rng.normal(size=n)
    for i, (start, end) in enumerate(((0, 1000), (1000, 150_000), (150_000, n))):
        _parquet(frame.iloc[start:end], tmp_path / f"{i}.parquet", row_group_size=7777)
    expected = LinearRegression().fit(frame.drop(columns="y"), frame.y)
    for source in (mathlearn.scan(tmp_path), mathlearn.scan(sql="FROM t", files={"t": tmp_path})):
        model = LinearRegression().fit(source, "y")
        assert model.coef_.tolist() == expected.coef_.tolist()
        assert model.intercept_ == expected.intercept_
