"""Error-free transformations are exact, and double-double arithmetic keeps its published bounds: rational numbers judge."""

from fractions import Fraction

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mathlearn.linalg import errorfree as ef

U = Fraction(1, 2**53)
# Bounds are given to first order in u.
SLACK = 1 + 16 * U

# Neither sums overflow nor the rounding errors of products underflow.
doubles = st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)


@st.composite
def pairs(draw):
    """Return a normalised double-double of random bits, of moderate or wild size."""
    high = draw(doubles)
    low = high * draw(st.floats(-1.0, 1.0)) * 2.0**-53
    return tuple(float(part) for part in ef.fast_two_sum(np.float64(high), np.float64(low)))


def exact(x):
    """Value of a double or of a double-double."""
    return sum((Fraction(float(part)) for part in np.atleast_1d(x)), Fraction(0))


def as_arrays(x):
    return np.array([x[0]]), np.array([x[1]])


def scalar(x):
    return tuple(float(part[0]) for part in x)


@given(doubles, doubles)
def test_a_sum_and_its_error_are_the_exact_sum(a, b):
    s, e = ef.two_sum(np.float64(a), np.float64(b))
    assert s == a + b
    assert exact((s, e)) == Fraction(a) + Fraction(b)


@given(doubles, doubles)
def test_the_fast_sum_is_exact_where_the_first_is_the_larger(a, b):
    large, small = (a, b) if abs(a) >= abs(b) else (b, a)
    assert exact(ef.fast_two_sum(np.float64(large), np.float64(small))) == Fraction(a) + Fraction(b)


@given(doubles)
def test_the_fast_sum_is_exact_from_zero(b):
    assert exact(ef.fast_two_sum(np.float64(0.0), np.float64(b))) == Fraction(b)


@given(doubles, doubles)
def test_a_product_and_its_error_are_the_exact_product(a, b):
    p, e = ef.two_prod(np.float64(a), np.float64(b))
    assert p == a * b
    assert exact((p, e)) == Fraction(a) * Fraction(b)


@given(doubles)
def test_a_split_is_exact_and_its_halves_multiply_exactly(a):
    high, low = (float(part) for part in ef.split(np.float64(a)))
    assert Fraction(high) + Fraction(low) == Fraction(a)
    for x in (high, low):
        assert Fraction(x * x) == Fraction(x) ** 2


@given(x=pairs(), y=pairs())
def test_a_double_double_sum_keeps_its_bound(x, y):
    result = scalar(ef.dd_add(as_arrays(x), as_arrays(y)))
    want = exact(x) + exact(y)
    assert abs(exact(result) - want) <= 3 * U**2 * SLACK * abs(want)
    assert result[0] == result[0] + result[1]


@given(pairs())
def test_a_number_and_its_negative_cancel_exactly(x):
    high, low = as_arrays(x)
    assert scalar(ef.dd_add((high, low), (-high, -low))) == (0.0, 0.0)


@given(
    st.integers(1, 400).flatmap(lambda n: hnp.arrays(float, (n, 2), elements=st.floats(-1e15, 1e15))),
    st.booleans(),
)
def test_a_sum_is_right_to_100_bits_of_its_magnitudes(high, cancelling):
    if cancelling:
        high = np.concatenate([high, -high[::-1]])
    low = high * 2.0**-54
    hi, lo = ef.dd_sum((high, low))
    for j in range(2):
        parts = [Fraction(x) for x in (*high[:, j].tolist(), *low[:, j].tolist())]
        assert abs(exact((hi[j], lo[j])) - sum(parts)) <= Fraction(1, 2**99) * sum(map(abs, parts))


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from([0, 8, 40]))
def test_a_scalar_product_is_right_to_100_bits(seed, n, spread):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, 2)) * 2.0 ** rng.integers(-spread, spread + 1, (n, 2))
    b = rng.normal(size=(n, 1))
    low = b * 2.0**-54 * rng.uniform(-1, 1, b.shape)
    hi, lo = ef.dd_dot(a, (b, low))
    for j in range(2):
        parts = [Fraction(x) * exact(y) for x, y in zip(a[:, j].tolist(), np.hstack([b, low]), strict=True)]
        assert abs(exact((hi[j, 0], lo[j, 0])) - sum(parts)) <= Fraction(1, 2**98) * sum(map(abs, parts))


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.booleans())
def test_what_a_scalar_product_leaves_is_rounded_once(seed, n, cancelling):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, 2)), rng.normal(size=(n, 1))
    low = b * 2.0**-54 * rng.uniform(-1, 1, b.shape)
    start = a.T @ b if cancelling else rng.normal(size=(2, 1))
    rest = start * 2.0**-54
    left = ef.dd_left((start, rest), a, (b, low))
    for j in range(2):
        parts = [exact((start[j, 0], rest[j, 0]))]
        parts += [-Fraction(x) * exact(y) for x, y in zip(a[:, j].tolist(), np.hstack([b, low]), strict=True)]
        bound = U * SLACK * abs(sum(parts)) + Fraction(1, 2**98) * sum(map(abs, parts))
        assert abs(exact(left[j, 0]) - sum(parts)) <= bound
        row = ef.minus_dot((start[j], rest[j]), a[:, j], (b, low))
        assert abs(exact(row[0]) - sum(parts)) <= bound


@given(st.floats(1, 1e15), st.floats(1, 1e15))
def test_the_rounding_of_a_sum_grows_with_its_terms_and_never_beyond_the_certain_bound(one, other):
    assume(one <= other)
    assert ef.gamma(one) <= ef.gamma(other) <= other * ef.ROUNDOFF
