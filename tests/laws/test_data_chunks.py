"""Laws of reading: however rows are cut into chunks, the same rows come out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mathlearn.data.bind import bind
from mathlearn.data.chunk import Chunk, cut
from mathlearn.data.integers import shift_for, to_float
from mathlearn.data.reduce import ordered_reduce

MAKERS = {
    "array": lambda X: X,
    "fortran": np.asfortranarray,
    "sparse": sp.csr_array,
    "pandas": lambda X: pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])]),
    "polars": lambda X: pl.DataFrame({f"c{j}": X[:, j] for j in range(X.shape[1])}),
}
finite = st.floats(-1e6, 1e6, allow_subnormal=False)
matrices = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), elements=finite)


def gather(rows, max_rows):
    """Put the chunks together again."""
    chunks = list(rows.chunks(max_rows))
    assert all(0 < chunk.n <= max_rows for chunk in chunks)
    X = np.vstack([chunk.X.toarray() if rows.sparse else chunk.X for chunk in chunks])
    y = np.vstack([chunk.y for chunk in chunks])
    at = np.concatenate(
        [np.arange(chunk.start, chunk.start + chunk.n) if chunk.rows is None else chunk.rows for chunk in chunks]
    )
    weight = None if chunks[0].weight is None else np.concatenate([chunk.weight for chunk in chunks])
    return X, y, at, weight, sum(chunk.dropped for chunk in chunks)


@given(X=matrices, max_rows=st.integers(1, 8), kind=st.sampled_from(sorted(MAKERS)))
def test_chunks_are_the_rows(X, max_rows, kind):
    y = np.arange(float(len(X)))
    got, target, at, _, dropped = gather(bind(MAKERS[kind](X), y), max_rows)
    np.testing.assert_array_equal(got, X)
    np.testing.assert_array_equal(target.ravel(), y)
    np.testing.assert_array_equal(at, np.arange(len(X)))
    assert dropped == 0


@given(X=matrices, max_rows=st.integers(1, 8), kind=st.sampled_from(sorted(MAKERS)), data=st.data())
def test_rows_with_gaps_or_without_weight_leave(X, max_rows, kind, data):
    n = len(X)
    holes = data.draw(hnp.arrays(np.bool_, X.shape), label="holes")
    weight = data.draw(hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0, 2.5])), label="weight")
    target_gaps = data.draw(hnp.arrays(np.bool_, n), label="target gaps")
    gone = holes.any(axis=1) | target_gaps
    keep = ~gone & (weight > 0)
    if not keep.any():
        return
    y = np.where(target_gaps, np.nan, np.arange(float(n)))
    rows = bind(MAKERS[kind](np.where(holes, np.nan, X)), y, sample_weight=weight, missing="drop")
    got, target, at, kept_weight, dropped = gather(rows, max_rows)
    np.testing.assert_array_equal(got, X[keep])
    np.testing.assert_array_equal(target.ravel(), y[keep])
    np.testing.assert_array_equal(at, np.flatnonzero(keep))
    np.testing.assert_array_equal(kept_weight, weight[keep])
    assert dropped == gone.sum()


@given(X=matrices, kind=st.sampled_from(sorted(MAKERS)))
def test_the_callers_data_are_not_written_to(X, kind):
    before = X.copy()
    holder = MAKERS[kind](X)
    weight = np.linspace(0, 1, len(X) + 1)[1:]
    rows = bind(holder, np.ones(len(X)), sample_weight=weight)
    list(rows.chunks(2))
    list(rows.design.bind(holder).chunks(2))
    np.testing.assert_array_equal(X, before)


@given(values=st.lists(finite, min_size=1, max_size=40), threads=st.integers(2, 4))
def test_the_number_of_threads_does_not_change_a_bit(values, threads):
    def reduce(threads):
        return ordered_reduce(values, np.float64, lambda a, b: a + b, threads=threads)

    assert reduce(threads) == reduce(1)


@given(
    start=st.integers(-(2**62), 2**62 - 1),
    steps=st.lists(st.integers(0, 2**50), min_size=1, max_size=10),
    unsigned=st.booleans(),
)
def test_shifted_integers_are_exact(start, steps, unsigned):
    exact = [abs(start) + step if unsigned else start + step for step in steps]
    values = np.array(exact, dtype=np.uint64 if unsigned else np.int64)
    shift = shift_for(min(exact), max(exact))
    shifted, faithful = to_float(values, shift)
    assert faithful
    assert [int(v) + shift for v in shifted] == exact


@given(n=st.integers(1, 30), size=st.integers(1, 12), start=st.integers(0, 50), data=st.data())
def test_a_block_is_cut_where_the_rows_of_the_source_would_be(n, size, start, data):
    """By their places in the source, whichever of them have left."""
    stay = data.draw(hnp.arrays(np.bool_, n) | st.none(), label="stay")
    rows = np.arange(start, start + n) if stay is None else start + np.flatnonzero(stay)
    x = rows[:, None] + np.array([0.0, 0.5])
    block = Chunk(
        x, x[:, :1], weight=x[:, 0] + 1, offset=x[:, 1], start=start, rows=None if stay is None else rows, dropped=3
    )
    parts = list(cut(block, size))
    assert [part.start for part in parts] == [start + i * size for i in range(len(parts))]
    assert sum(part.dropped for part in parts) == 3
    for part in parts:
        inside = rows[(rows >= part.start) & (rows < part.start + size)]
        np.testing.assert_array_equal(part.index, inside)
        np.testing.assert_array_equal(part.X[:, 0], inside)
        np.testing.assert_array_equal(part.y[:, 0], inside)
        np.testing.assert_array_equal(part.weight, inside + 1.0)
        np.testing.assert_array_equal(part.offset, inside + 0.5)
    assert sum(part.n for part in parts) == len(rows)
