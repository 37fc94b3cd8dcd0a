"""NumPy matrices of every type and layout as sources."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from mathlearn._errors import SchemaError
from mathlearn.data.arrays import array_source, as_columns
from mathlearn.data.bind import bind

X = np.arange(12.0).reshape(6, 2)
y = np.arange(6.0)


def block(rows, max_rows=100):
    return np.vstack([chunk.X for chunk in rows.chunks(max_rows)])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", ">f4", "g", "i1", "i8", ">i4", "u1", "u8", "?", "O"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_real_dtype_order_and_endianness(dtype, order):
    values = np.asarray(X, dtype=dtype, order=order)
    got = block(bind(values, y), 4)
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, values.astype(np.float64))


@pytest.mark.parametrize("order", ["C", "F"])
def test_float64_is_chunked_as_views(order):
    values = np.asarray(X, order=order)
    for chunk in bind(values, y).chunks(4):
        assert np.shares_memory(chunk.X, values)
        assert np.shares_memory(chunk.y, y)


def test_strided_read_only_and_memory_mapped(tmp_path):
    strided = np.arange(48.0).reshape(12, 4)[::2, ::-2]
    np.testing.assert_array_equal(block(bind(strided, y)), strided)
    frozen = X.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(block(bind(frozen, y)), X)
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(block(bind(mapped, y), 2), X)


def test_objects_that_are_real_numbers():
    values = np.array([[1, 2.5], [Fraction(1, 2), Decimal("0.25")], [np.float32(3), True]], dtype=object)
    np.testing.assert_array_equal(block(bind(values, [1, 2, 3])), [[1, 2.5], [0.5, 0.25], [3, 1]])


def test_chunks_cover_the_rows_with_their_positions():
    chunks = list(bind(X, y).chunks(4))
    assert [(chunk.start, chunk.n, chunk.rows) for chunk in chunks] == [(0, 4, None), (4, 2, None)]


def test_columns_may_be_picked_by_name():
    source = array_source(X, ("a", "b"))
    (batch,) = source.batches(["b", "a"], max_rows=10)
    np.testing.assert_array_equal(batch.matrix, X[:, ::-1])
    (batch,) = source.batches(["b"], max_rows=10)
    assert np.shares_memory(batch.matrix, X)


def test_a_matrix_batch_can_be_read_by_name():
    (batch,) = array_source([[1.0, np.nan], [2.0, 3.0]], ("a", "b")).batches(max_rows=10)
    columns = as_columns(batch, ("a", "b")).columns
    assert columns["a"].missing is None
    assert columns["b"].missing.tolist() == [True, False]
    assert columns["b"].kind == "float"


def test_a_source_cannot_be_indexed_or_measured():
    source = array_source(X)
    with pytest.raises(TypeError, match=r"no len\(\).*data frame"):
        len(source)
    with pytest.raises(TypeError, match="cannot be indexed"):
        source[0]


def test_a_source_may_be_passed_for_X():
    rows = bind(array_source(X, ("a", "b")), "b")
    assert (rows.terms, rows.responses) == (("a",), ("b",))


@pytest.mark.parametrize(("shape", "names"), [((6,), ("y",)), ((6, 1), ("y",)), ((6, 2), ("y0", "y1"))])
def test_response_shapes(shape, names):
    rows = bind(X, np.ones(shape))
    assert rows.responses == names
    assert rows.design.y_ndim == len(shape)
    (chunk,) = rows.chunks(10)
    assert chunk.y.shape == (6, len(names))


def test_strings_among_numbers_in_a_list_are_refused():
    with pytest.raises(SchemaError, match="formula="):
        bind([[1.0, "a"], [2.0, "b"]], [1, 2])
