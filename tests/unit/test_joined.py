"""Columns of Arrow copied together: the same blocks as column by column, and never another block's numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import mathlearn
from mathlearn.data.arrow_batches import ArrowBlock, batches_of
from mathlearn.data.bind import bind
from mathlearn.data.chunk import rows_at, together
from mathlearn.linalg.moments import Frame, Moments, frame_of, framed
from mathlearn.linalg.product import product, sums

NAMES = ("x", "z", "y")


@pytest.fixture
def table():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(1000, 3)), columns=list(NAMES))


@pytest.fixture
def path(table, tmp_path):
    table.to_parquet(tmp_path / "t.parquet", row_group_size=300)
    return tmp_path / "t.parquet"


def block_of(rows):
    return ArrowBlock(rows, rows.schema.names)


def test_it_has_the_columns_and_ones(table):
    rows = pa.Table.from_pandas(table).to_batches()[0]
    join = block_of(rows).joining(("y", "x"))
    joined = join(100, 50)
    assert joined.flags.f_contiguous
    np.testing.assert_array_equal(joined, np.column_stack([table.y[100:150], table.x[100:150], np.ones(50)]))


def test_it_joins_pieces_of_a_table(table):
    pieces = pa.concat_tables([pa.Table.from_pandas(table[:70]), pa.Table.from_pandas(table[70:])])
    joined = block_of(pieces).joining(NAMES)(60, 20)
    assert joined.flags.f_contiguous
    np.testing.assert_array_equal(joined[:, :3], table[60:80])


@pytest.mark.parametrize("value", [None, np.nan, np.inf, -np.inf])
def test_it_refuses_what_is_missing_or_not_finite(table, value):
    columns = {name: pa.array(table[name]) for name in NAMES}
    columns["z"] = pa.array([*table.z[:999].tolist(), value], pa.float64())
    join = block_of(pa.table(columns)).joining(NAMES)
    assert join(0, 999) is not None
    assert join(900, 100) is None


def test_numbers_whose_sum_overflows_are_left_to_a_closer_look():
    rows = pa.table({"x": [1e308, 1e308, 1e308]})
    assert block_of(rows).joining(("x",))(0, 3) is None


@pytest.mark.parametrize("kind", [pa.int64(), pa.float32(), pa.bool_(), pa.decimal128(24, 2)])
def test_other_types_are_converted_one_by_one(kind):
    rows = pa.table({"x": pa.array([1.0, 2.0]), "k": pa.array([1, 0]).cast(kind)})
    assert block_of(rows).joining(("x", "k")) is None
    assert block_of(rows).joining(("x",)) is not None


@pytest.mark.parametrize(
    ("formula", "together_"),
    [
        ("y ~ z + x", True),
        ("y ~ 0 + x", True),
        ("y ~ x:z", False),
        ("log(y + 9) ~ x", False),
        ("y ~ x + offset(z)", False),
    ],
)
def test_chunks_of_a_formula(path, table, formula, together_):
    found = []
    rows = bind(mathlearn.scan(path), formula=formula)
    rows.reduce(lambda chunk: found.append(chunk) or 0, lambda left, right: 0, max_rows=128, threads=1)
    assert [together(chunk) is not None for chunk in found] == [together_] * 8
    direct = bind(table, formula=formula)
    for got, want in zip(found, direct.chunks(128), strict=True):
        assert got.start == want.start
        np.testing.assert_array_equal(got.X, want.X)
        np.testing.assert_array_equal(got.y, want.y)


def test_a_named_response_comes_with_them(path, table):
    found = []
    bind(mathlearn.scan(path), "y").reduce(
        lambda c: found.append(c) or 0, lambda left, right: 0, max_rows=512, threads=1
    )
    assert all(together(chunk) is not None for chunk in found)
    np.testing.assert_array_equal(np.concatenate([chunk.y for chunk in found])[:, 0], table.y)


@pytest.fixture
def chunk(path):
    found = []
    rows = bind(mathlearn.scan(path), formula="y ~ x + z")
    rows.reduce(lambda c: found.append(c) or 0, lambda left, right: 0, max_rows=1000, threads=1)
    return found[0]


def test_another_response_or_other_columns_are_not_mistaken_for_the_first(chunk):
    assert together(chunk) is not None
    assert together(replace(chunk, y=chunk.y - 1)) is None
    assert together(replace(chunk, X=chunk.X.copy())) is None
    assert together(replace(chunk, X=chunk.X[:, :1])) is None
    assert together(replace(chunk, X=chunk.X[:, ::-1])) is None
    assert together(replace(chunk, y=None)) is None
    assert together(rows_at(chunk, np.array([0, 5]))) is None


@pytest.mark.parametrize("change", [{}, {"y": 2.0}, {"weight": 1.0}])
def test_moments_are_those_of_the_rows(chunk, change):
    if "y" in change:
        chunk = replace(chunk, y=chunk.y + 2)
    if "weight" in change:
        chunk = replace(chunk, weight=np.linspace(0.5, 2, chunk.n))
    for frame in (
        Frame(np.zeros(3), np.ones(3)),
        Frame(np.array([3.0, 0, 1]), np.array([2.0, 1, 1])),
        frame_of(chunk, centre=True),
    ):
        apart = replace(chunk, joined=None)
        got, want = Moments.of(chunk, frame), Moments.of(apart, frame)
        np.testing.assert_array_equal(got.gram, want.gram)
        np.testing.assert_array_equal(got.sums, want.sums)
        z, w = framed(chunk, frame), 1.0 if chunk.weight is None else chunk.weight[:, None]
        np.testing.assert_allclose(got.gram, (w * z).T @ z, rtol=1e-12, atol=1e-10)


def test_batches_begin_where_blocks_do(table):
    pieces = [pa.RecordBatch.from_pandas(table[a:b]) for a, b in ((0, 10), (10, 700), (700, 1000))]
    batches = list(batches_of(pieces, NAMES, max_rows=256))
    assert [batch.start for batch in batches] == [0, 256, 512, 768]
    parts = [part for batch in batches for part in batch.cut(NAMES, 64)]
    assert [part.start for part in parts] == list(range(0, 1000, 64))
    np.testing.assert_array_equal(np.concatenate([part.joined[:, :3] for part in parts]), table)
    np.testing.assert_array_equal(np.concatenate([np.asarray(part.columns["z"].values) for part in parts]), table.z)


@pytest.mark.parametrize("n", [1, 4096, 4097, 9000, 32768])
@pytest.mark.parametrize("p", [1, 3, 20, 499, 500, 501])
def test_sums_are_the_product(n, p):
    rng = np.random.default_rng(n + p)
    w, rows = rng.integers(-9, 9, n).astype(float), rng.integers(-9, 9, (n, p)).astype(float)
    for x in (rows, np.asfortranarray(rows)):
        np.testing.assert_array_equal(sums(w, x), w @ rows)  # whole numbers: exact in every order


def test_products_and_sums_of_nothing():
    assert product(np.zeros((0, 3)).T, np.zeros((0, 3))).tolist() == np.zeros((3, 3)).tolist()
    assert sums(np.zeros(0), np.zeros((0, 3))).tolist() == [0, 0, 0]
    assert sums(np.zeros(5000), np.zeros((5000, 0))).shape == (0,)
