"""Moments and triangular factors are monoids whose rounding stays within the bound they state; rational numbers judge."""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathlearn.data.chunk import Chunk
from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.linalg.moments import Frame, Moments, frame_of, power_of_two
from mathlearn.linalg.tsqr import RFactor

few = settings(max_examples=50)


@dataclass(frozen=True)
class Table:
    """Rows [X y] with weights or None, and where to cut them."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    cuts: tuple[int, ...]

    @property
    def z(self):
        return np.hstack([self.X, self.y])

    def chunk(self, part=slice(None)):
        return Chunk(self.X[part], self.y[part], None if self.weight is None else self.weight[part])

    def chunks(self):
        edges = [0, *self.cuts, len(self.X)]
        return [self.chunk(slice(a, b)) for a, b in pairwise(edges)]


@st.composite
def tables(draw, offsets=(0.0, 1.0, 1e4, 1e8)):
    """Return up to 40 rows in unlike units, far from zero, cut anywhere: blocks of one row among them."""
    n, p = draw(st.integers(2, 40)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    unit = 10.0 ** rng.integers(-9, 10, p + 1)
    offset = np.array(draw(st.lists(st.sampled_from(offsets), min_size=p + 1, max_size=p + 1)))
    z = (rng.normal(size=(n, p + 1)) + offset) * unit
    weight = 10.0 ** rng.uniform(-6, 6, n) if draw(st.booleans()) else None
    cuts = tuple(sorted(draw(st.sets(st.integers(1, n - 1)))))
    return Table(z[:, :p], z[:, p:], weight, cuts)


def exact_moments(table, shift, scale):
    """Sum of weights, sums and Gram matrix about a shift, in rational numbers."""
    z = [[(Fraction(v) - s) / u for v, s, u in zip(row, shift, scale, strict=True)] for row in table.z.tolist()]
    w = [Fraction(1)] * len(z) if table.weight is None else [Fraction(v) for v in table.weight.tolist()]
    m = range(len(z[0]))
    sums = [sum(a * row[i] for a, row in zip(w, z, strict=True)) for i in m]
    gram = [[sum(a * row[i] * row[j] for a, row in zip(w, z, strict=True)) for j in m] for i in m]
    return sum(w), sums, np.array(gram, dtype=object)


def rational(values):
    return [Fraction(v) for v in np.asarray(values).tolist()]


def exact_mean(table):
    total, sums, _ = exact_moments(table, [Fraction(0)] * table.z.shape[1], [Fraction(1)] * table.z.shape[1])
    return [s / total for s in sums]


def floats(matrix):
    return np.array([[float(v) for v in row] for row in matrix])


def gathered(table, frame=None):
    chunks = table.chunks()
    frame = frame or frame_of(chunks[0], centre=True)
    return reduce(Moments.merge, [Moments.of(chunk, frame) for chunk in chunks])


def assert_within(moments, table):
    """Check the Gram matrix against rational numbers, by the bound that the moments state."""
    _, _, gram = exact_moments(table, rational(moments.frame.shift), rational(moments.frame.scale))
    size = np.sqrt(floats(gram).diagonal())
    error = floats(np.abs(gram - np.array([rational(row) for row in moments.gram], dtype=object)))
    assert (error <= moments.relative_error * np.outer(size, size)).all()


@given(tables())
def test_the_stated_bound_holds(table):
    assert_within(gathered(table), table)


@given(tables())
def test_the_mean_is_right(table):
    moments = gathered(table)
    spread = np.sqrt(np.maximum(moments.centred().diagonal(), 0) / moments.weight) * moments.frame.scale
    for mean, truth, width in zip(moments.mean, exact_mean(table), spread, strict=True):
        assert abs(Fraction(float(mean)) - truth) <= 64 * ROUNDOFF * (abs(truth) + Fraction(float(width)))


@given(tables())
def test_moments_about_the_mean_survive_large_means(table):
    chunks = table.chunks()
    # A provisional mean from at least a few rows; a single row may be anywhere.
    moments = gathered(table, frame_of(table.chunk(), centre=True))
    _, _, gram = exact_moments(table, exact_mean(table), rational(moments.frame.scale))
    truth = floats(gram)
    size = np.sqrt(truth.diagonal())
    _, _, about_shift = exact_moments(table, rational(moments.frame.shift), rational(moments.frame.scale))
    raw = np.sqrt(floats(about_shift).diagonal())
    error = np.abs(moments.centred() - truth)
    assert moments.chunks == len(chunks)
    assert (error <= 3 * moments.relative_error * np.outer(raw, raw)).all()
    if table.weight is None:  # the provisional mean is then the mean but for rounding, or small beside the spread
        assert (raw <= 2 * size).all()


@given(tables())
def test_the_identity_changes_nothing(table):
    moments = gathered(table)
    zero = Moments.zero(moments.frame)
    for merged in (zero.merge(moments), moments.merge(zero)):
        for name in ("n", "dropped", "chunks", "weight", "log_weight", "block"):
            assert getattr(merged, name) == getattr(moments, name)
        np.testing.assert_array_equal(merged.gram, moments.gram)
        np.testing.assert_array_equal(merged.sums, moments.sums)


@given(tables())
def test_merging_is_associative_but_for_rounding(table):
    parts = [Moments.of(chunk, frame_of(table.chunk(), centre=True)) for chunk in table.chunks()]
    left = reduce(Moments.merge, parts)
    right = reduce(lambda later, earlier: earlier.merge(later), parts[::-1])
    assert (left.n, left.chunks, left.block) == (right.n, right.chunks, right.block)
    for side in (left, right):
        assert_within(side, table)


@few
@given(tables(offsets=(0.0, 1.0, 1e3)), st.integers(0, 2**32 - 1))
def test_moments_in_another_frame_are_those_of_the_same_rows(table, seed):
    rng = np.random.default_rng(seed)
    frame = frame_of(table.chunk(), centre=True)
    shift = frame.shift + rng.normal(size=frame.shift.shape) * table.z.std(axis=0)
    other = Frame(shift, frame.scale * 2.0 ** rng.integers(-20, 20, shift.size))
    moments = gathered(table, frame)
    moved = moments.moved_to(other)
    _, _, gram = exact_moments(table, rational(other.shift), rational(other.scale))
    # What is near the old shift may be far from the new one, and the other way about.
    size = np.sqrt(floats(gram).diagonal()) + np.sqrt(moments.gram.diagonal()) * frame.scale / other.scale
    assert (np.abs(moved.gram - floats(gram)) <= 4 * moments.relative_error * np.outer(size, size)).all()


@few
@given(tables(offsets=(0.0, 1.0, 1e3)))
def test_blocks_in_frames_of_their_own_can_be_merged(table):
    parts = [Moments.of(chunk, frame_of(chunk, centre=True)) for chunk in table.chunks()]
    merged = reduce(Moments.merge, parts)
    assert merged.frame is parts[0].frame
    own, truth = np.array(exact_mean(table), dtype=object), merged.mean
    size = np.abs(table.z).max(axis=0)
    assert (np.abs(floats([own])[0] - truth) <= 1e3 * ROUNDOFF * size).all()
    total, _, _ = exact_moments(table, own, [Fraction(1)] * own.size)
    assert merged.weight == pytest.approx(float(total), rel=1e-15)


@given(tables())
def test_weights_and_their_logarithms_are_summed(table):
    moments = gathered(table)
    weight = np.ones(len(table.X)) if table.weight is None else table.weight
    assert moments.n == len(table.X)
    assert moments.weight == pytest.approx(weight.sum(), rel=1e-14)
    assert moments.log_weight == pytest.approx(np.log(weight).sum(), rel=1e-13, abs=1e-12)


@pytest.mark.parametrize("n", [4096, 100_000])
def test_the_stated_bound_is_not_idle(n):
    moments = replace(Moments.zero(Frame(np.zeros(1), np.ones(1))), block=n, chunks=1)
    assert ROUNDOFF < moments.relative_error < 1e-11


@given(st.floats(1e-300, 1e300))
def test_a_power_of_two_is_the_one_above(size):
    unit = float(power_of_two(np.array([size]))[0])
    assert np.frexp(unit)[0] == 0.5
    assert size < unit <= 2 * size


def test_nothing_has_the_unit_one():
    assert power_of_two(np.zeros(2)).tolist() == [1.0, 1.0]


@few
@given(tables(), st.booleans())
def test_a_triangular_factor_has_the_gram_matrix_of_the_rows(table, centre):
    frame = frame_of(table.chunk(), centre=centre)
    qr = reduce(RFactor.merge, [RFactor.of(chunk, frame, centre=centre) for chunk in table.chunks()])
    total, sums, gram = exact_moments(table, rational(frame.shift), rational(frame.scale))
    if centre:
        gram = np.block(
            [
                [np.array([[total]], dtype=object), np.array([sums], dtype=object)],
                [np.array([sums], dtype=object).T, gram],
            ]
        )
    truth = floats(gram)
    size = np.sqrt(truth.diagonal())
    error = np.abs(qr.r.T @ qr.r - truth)
    assert (error <= 200 * ROUNDOFF * np.outer(size, size)).all()
    np.testing.assert_array_equal(qr.r, np.triu(qr.r))
    assert qr.n == len(table.X)
    assert qr.weight == pytest.approx(float(total), rel=1e-14)


@few
@given(tables())
def test_raw_sizes_bound_the_columns_as_given(table):
    frame = frame_of(table.chunk(), centre=True)
    qr = reduce(RFactor.merge, [RFactor.of(chunk, frame, centre=True) for chunk in table.chunks()])
    weight = np.ones(len(table.X)) if table.weight is None else table.weight
    norms = np.sqrt(weight @ (table.z / frame.scale) ** 2)
    assert (norms <= qr.raw[1:] * (1 + 1e-12)).all()
    assert (qr.raw[1:] <= 4 * norms).all()


@few
@given(tables())
def test_norms_are_about_zero_or_about_the_mean_whatever_the_shift(table):
    frame = frame_of(table.chunk(), centre=True)
    moments = Moments.of(table.chunk(), frame)
    weight = np.ones(len(table.z)) if table.weight is None else table.weight
    about_zero = np.sqrt(weight @ table.z**2)
    np.testing.assert_allclose(moments.norms(centred=False), about_zero, rtol=1e-12)
    about_mean = np.sqrt(weight @ (table.z - weight @ table.z / weight.sum()) ** 2)
    # Digits are lost where the shift, an unweighted mean, is far from the weighted one.
    lost = 1e-7 * np.sqrt(weight @ (table.z - frame.shift) ** 2)
    assert (np.abs(moments.norms(centred=True) - about_mean) <= 1e-12 * about_mean + lost).all()
