"""Sliced products: exact slices, and far more bits than a double in any order and for any threads of BLAS."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from mathlearn.linalg import slicing

few = settings(max_examples=40)


@st.composite
def matrices(draw, most_rows=30):
    """Return a random (n, m) double-double whose entries differ wildly in size."""
    n, m = draw(st.integers(1, most_rows)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([0, 3, 60]))
    high = rng.normal(size=(n, m)) * 2.0 ** rng.integers(-spread, spread + 1, (n, m))
    if draw(st.booleans()):
        high[rng.random(high.shape) < 0.3] = 0.0
    low = high * 2.0**-54 * rng.uniform(-1, 1, high.shape) if draw(st.booleans()) else np.zeros(1)
    return high, low


def rational(*parts):
    """Sum of arrays, entry by entry, as rational numbers."""
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    flat = [np.broadcast_to(part, shape).ravel().tolist() for part in parts]
    return np.array([sum(map(Fraction, values)) for values in zip(*flat, strict=True)], dtype=object).reshape(shape)


def cut(x, length, *, columns):
    return slicing.slices(x, slicing.slice_bits(length), columns=columns)


@few
@given(matrices(), st.booleans())
def test_slices_add_up_to_the_matrix(x, columns):
    bits = slicing.slice_bits(x[0].shape[0])
    pieces = slicing.slices(x, bits, columns=columns)
    left = np.abs(rational(*x) - rational(*pieces))
    top = rational(np.asarray(np.abs(x[0]).max(axis=0 if columns else None)))
    assert (left <= Fraction(1, 2 ** (2 * bits + 53)) * top).all()


@few
@given(matrices(), st.booleans())
def test_the_leading_slices_are_a_few_bits_on_a_common_grid(x, columns):
    bits = slicing.slice_bits(x[0].shape[0])
    for piece in slicing.slices(x, bits, columns=columns)[:2]:
        for part in piece.T if columns else [piece.ravel()]:
            numbers = [abs(Fraction(v)) for v in part.tolist() if v]
            # The lowest set bit of a fraction is the greatest power of two that divides it.
            lowest = [Fraction(v.numerator & -v.numerator, v.denominator) for v in numbers]
            assert not numbers or max(numbers) / min(lowest) <= 2 ** (bits + 1)


@few
@given(matrices())
def test_a_gram_matrix_is_right_to_75_bits_of_its_columns(x):
    high, low = slicing.gram(cut(x, x[0].shape[0], columns=True))
    exact = rational(*x)
    error = np.abs(rational(high, low) - exact.T @ exact)
    top = rational(np.abs(x[0]).max(axis=0))
    assert (error <= np.outer(top, top) * Fraction(x[0].shape[0], 2**75)).all()


@few
@given(matrices(), matrices())
def test_a_product_is_right_to_80_bits_of_its_factors(x, z):
    length = x[0].shape[1]
    right = np.resize(z[0], (length, 2)), np.zeros(1)
    high, low = slicing.multiply(cut(x, length, columns=False), cut(right, length, columns=True))
    error = np.abs(rational(high, low) - rational(*x) @ rational(right[0]))
    top = Fraction(float(np.abs(x[0]).max())) * rational(np.abs(right[0]).max(axis=0))
    assert (error <= top * Fraction(length, 2**80)).all()


def _tall():
    rng = np.random.default_rng(0)
    return rng.normal(size=(slicing.ROWS, 40)) * 10.0 ** rng.uniform(-8, 8, 40) + 1e3, np.zeros(1)


def test_leading_slices_of_the_longest_block_multiply_exactly():
    x, bits = _tall(), slicing.slice_bits(slicing.ROWS)
    for piece in slicing.slices((x[0][:, :2], x[1]), bits, columns=True)[:2]:
        columns = [[Fraction(v) for v in column] for column in piece.T.tolist()]
        for i, j in ((0, 0), (0, 1), (1, 1)):
            truth = sum(a * b for a, b in zip(columns[i], columns[j], strict=True))
            assert Fraction(float((piece.T @ piece)[i, j])) == truth


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_same_sums_for_any_threads_of_blas_and_any_order_of_rows(threads):
    x = _tall()
    order = np.random.default_rng(threads).permutation(slicing.ROWS)
    high, low = slicing.gram(cut(x, slicing.ROWS, columns=True))
    with threadpool_limits(threads, user_api="blas"):
        other_high, other_low = slicing.gram(cut((x[0][order], x[1]), slicing.ROWS, columns=True))
    top = np.abs(x[0]).max(axis=0)
    difference = np.abs((high - other_high) + (low - other_low))
    assert (difference <= np.outer(top, top) * slicing.ROWS * 2.0**-80).all()


@given(matrices(), st.integers(5, 30))
def test_truncation_keeps_so_many_bits(x, bits):
    kept = slicing.truncate(x[0], bits)
    assert (np.abs(kept - x[0]) <= np.abs(x[0]).max(axis=0) * 2.0 ** (-bits - 1) * 2).all()
    np.testing.assert_array_equal(slicing.truncate(kept, bits + 1), kept)
