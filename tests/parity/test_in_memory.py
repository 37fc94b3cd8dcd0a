"""Every in-memory kind of X, at every chunk size, gives the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from mathlearn.data.bind import bind


def dense(chunk):
    return chunk.X.toarray() if hasattr(chunk.X, "toarray") else chunk.X


@pytest.mark.parametrize("max_rows", [1, 5, 23, 1000])
def test_same_rows(features, table, max_rows):
    rows = bind(features, table.y)
    chunks = list(rows.chunks(max_rows))
    assert all(chunk.n <= max_rows for chunk in chunks)
    np.testing.assert_array_equal(np.vstack([dense(chunk) for chunk in chunks]), table.X)
    np.testing.assert_array_equal(np.vstack([chunk.y for chunk in chunks]).ravel(), table.y)
    assert rows.n_rows == len(table.y)
    assert rows.in_memory


def test_same_rows_again_when_the_design_is_enforced(features, table):
    design = bind(features, table.y).design
    (chunk,) = design.bind(features).chunks(100)
    np.testing.assert_array_equal(dense(chunk), table.X)


def test_same_sums_for_any_number_of_threads(features, table):
    rows = bind(features, table.y)
    sums = [
        rows.reduce(lambda chunk: dense(chunk).sum(axis=0), np.add, max_rows=4, threads=threads) for threads in (1, 3)
    ]
    np.testing.assert_array_equal(sums[0], table.X.sum(axis=0))
    np.testing.assert_array_equal(sums[0], sums[1])
