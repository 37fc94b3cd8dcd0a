"""Every source gives the same rows at every chunk size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn.data.bind import bind
from mathlearn.linear_model import LinearRegression
from tests.parity.sources import DASK


@pytest.fixture
def source(given, mixed):
    return mathlearn.scan(given(mixed))


def _cells(column):
    values = column.values  # noqa: PD011 -- no pandas object
    if column.levels is not None:
        values = np.array([*column.levels, None], dtype=object)[values]
    missing = np.zeros(len(values), bool) if column.missing is None else column.missing
    return [None if gone else cell for gone, cell in zip(missing, values, strict=True)]


@pytest.mark.parametrize("max_rows", [1, 7, 30, 61, 1000])
def test_same_cells(source, kind, mixed, max_rows):
    batches = list(source.batches(max_rows=max_rows))
    if kind in DASK:
        assert [batch.start for batch in batches] == [0, *np.cumsum([batch.n for batch in batches[:-1]])]
        assert max(batch.n for batch in batches) <= max_rows
    else:
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


def test_the_same_bits_when_there_are_many_chunks(tmp_path):
    rng = np.random.default_rng(3)
    n = 250_000
    frame = pd.DataFrame({f"x{i}": rng.normal(size=n) + 1000 * i for i in range(4)})
    frame["y"] = frame.sum(axis=1) + rng.normal(size=n)
    for i, (start, end) in enumerate(((0, 1000), (1000, 150_000), (150_000, n))):
        rows = pa.Table.from_pandas(frame.iloc[start:end], preserve_index=False)
        pq.write_table(rows, tmp_path / f"{i}.parquet", row_group_size=7777)
    expected = LinearRegression().fit(frame.drop(columns="y"), frame.y)
    for source in (mathlearn.scan(tmp_path), mathlearn.scan(sql="FROM t", files={"t": tmp_path})):
        model = LinearRegression().fit(source, "y")
        assert model.coef_.tolist() == expected.coef_.tolist()
        assert model.intercept_ == expected.intercept_
