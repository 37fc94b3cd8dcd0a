"""Sparse matrices of every format; their index is checked before it is followed."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from mathlearn._errors import SchemaError
from mathlearn.data.bind import bind

DENSE = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0], [0.0, 0.0, 0.0], [4.0, 5.0, 0.0]])
y = np.arange(4.0)
FORMATS = ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"]


def block(rows, max_rows):
    return np.vstack([chunk.X.toarray() for chunk in rows.chunks(max_rows)])


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "?"])
def test_every_format(fmt, container, dtype):
    matrix = container(DENSE.astype(dtype)).asformat(fmt)
    rows = bind(matrix, y)
    assert rows.sparse
    for max_rows in (1, 3, 10):
        np.testing.assert_array_equal(block(rows, max_rows), DENSE.astype(dtype))
    (chunk,) = rows.chunks(10)
    assert chunk.X.dtype == np.float64


def test_csr_values_are_views():
    matrix = sp.csr_array(DENSE)
    for chunk in bind(matrix, y).chunks(2):
        assert np.shares_memory(chunk.X.data, matrix.data) or chunk.X.nnz == 0


def test_zero_weight_rows_leave():
    (chunk,) = bind(sp.csr_array(DENSE), y, sample_weight=[1, 0, 2, 0]).chunks(10)
    np.testing.assert_array_equal(chunk.X.toarray(), DENSE[[0, 2]])
    assert chunk.rows.tolist() == [0, 2]


def test_missing_rows_are_dropped():
    holed = DENSE.copy()
    holed[1, 2] = np.nan
    (chunk,) = bind(sp.csr_array(holed), y, missing="drop").chunks(10)
    np.testing.assert_array_equal(chunk.X.toarray(), DENSE[[0, 2, 3]])
    assert chunk.dropped == 1


def test_wide_integers_are_cast_without_a_shift_that_would_fill_the_matrix():
    rows = bind(sp.csr_array(np.array([[2**60], [0]])), [1, 2])
    assert rows.design.int_shift == ()
    np.testing.assert_array_equal(block(rows, 10), [[2.0**60], [0.0]])


def _corrupt_indices(fmt):
    matrix = sp.csr_array(DENSE).asformat(fmt)
    matrix.indices[0] = 10**6
    return matrix


def _corrupt_pointer(fmt):
    matrix = sp.csr_array(DENSE).asformat(fmt)
    matrix.indptr[1] = 10**6
    return matrix


def _corrupt_end():
    matrix = sp.csr_array(DENSE)
    matrix.indptr[-1] = 10**6
    return matrix


def _negative():
    matrix = sp.csr_array(DENSE)
    matrix.indices[1] = -5
    return matrix


def _start():
    matrix = sp.csr_array(DENSE)
    matrix.indptr[0] = 1
    return matrix


def _corrupt_coo():
    matrix = sp.coo_array(DENSE)
    matrix.coords[0][0] = 10**6
    return matrix


def _corrupt_lil():
    matrix = sp.lil_array(DENSE)
    matrix.rows[0] = [10**6]
    return matrix


def _short_lil():
    matrix = sp.lil_array(DENSE)
    matrix.data[1] = [1.0]
    return matrix


def _corrupt_dia():
    matrix = sp.dia_array(DENSE)
    matrix.offsets = matrix.offsets[:1]
    return matrix


@pytest.mark.parametrize(
    "make",
    [
        *(lambda fmt=fmt: _corrupt_indices(fmt) for fmt in ("csr", "csc", "bsr")),
        *(lambda fmt=fmt: _corrupt_pointer(fmt) for fmt in ("csr", "csc", "bsr")),
        _corrupt_end,
        _negative,
        _start,
        _corrupt_coo,
        _corrupt_lil,
        _short_lil,
        _corrupt_dia,
    ],
)
def test_a_corrupt_index_is_an_error(make):
    with pytest.raises(SchemaError, match=r"index of sparse X is corrupt: .*build it anew"):
        bind(make(), y)


def test_sparse_y_is_refused():
    with pytest.raises(SchemaError, match=r"y is sparse.*toarray"):
        bind(DENSE, sp.csr_array(y.reshape(-1, 1)))


def test_complex_values_are_refused():
    with pytest.raises(SchemaError, match="Complex data not supported"):
        bind(sp.csr_array(DENSE * 1j), y)


def test_nan_is_named_by_column_and_row():
    holed = DENSE.copy()
    holed[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"Input X contains NaN.*'x1'.*1 missing.*row 3"):
        list(bind(sp.csr_array(holed), y).chunks(2))
