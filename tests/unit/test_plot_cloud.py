"""What is kept of many rows merges exactly: the same for any chunks, in any order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mathlearn.plot.cells import Counts, Grid, Side
from mathlearn.plot.cloud import CELLS, LIMIT, TAIL, Cloud, Extremes, Order
from mathlearn.plot.trend import trend

NUMBERS = st.floats(-1e300, 1e300, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-200)


def parts(n, cuts):
    edges = [0, *sorted({c % (n + 1) for c in cuts}), n]
    return [slice(a, b) for a, b in pairwise(edges) if a < b]


def merged(pieces):
    total = pieces[0]
    for piece in pieces[1:]:
        total = total.merge(piece)
    return total


@given(arrays(np.float64, st.integers(1, 60), elements=NUMBERS), st.integers(2, 128))
def test_a_side_covers_its_range_with_few_cells_and_no_fewer_than_half(x, most):
    side = Side.of(float(x.min()), float(x.max()), most)
    cells = side.index(x)
    assert cells.min() >= 0
    assert cells.max() == side.size - 1 < most
    with np.errstate(over="ignore"):
        edges = side.edges
    assert (edges[cells] <= x).all()
    assert (x < edges[cells + 1]).all()


@given(arrays(np.float64, (40, 2), elements=NUMBERS), st.lists(st.integers(0, 40), max_size=5))
def test_grids_merge_exactly(points, cuts):
    x, y = points.T
    whole = Grid.of(x, y, 16)
    total = merged([Grid.of(x[part], y[part], 16) for part in parts(40, cuts)])
    assert total.x == whole.x
    assert total.y == whole.y
    np.testing.assert_array_equal(total.counts, whole.counts)
    assert total.counts.sum() == 40


def test_what_is_not_finite_is_not_counted():
    assert Grid.of(np.array([np.nan]), np.array([1.0]), 8) is None
    grid = Grid.of(np.array([np.nan, 1.0, np.inf, 2.0]), np.array([1.0, 2.0, 3.0, 4.0]), 8)
    assert grid.counts.sum() == 2


def make_cloud(n, seed=0):
    values = np.random.default_rng(seed).normal(size=(n, 3))
    return np.arange(n), values


@pytest.mark.parametrize("n", [10, LIMIT, LIMIT + 1, 30_000])
@pytest.mark.parametrize("cuts", [[7], [LIMIT - 1, LIMIT], [100, 9_000, 9_001, 20_000]])
def test_a_cloud_does_not_depend_on_chunks(n, cuts):
    rows, values = make_cloud(n)
    pairs = ((0, 1), (2, 0))
    whole = Cloud.of(rows, values, pairs)
    pieces = [Cloud.of(rows[part], values[part], pairs) for part in parts(n, cuts)]
    for total in (merged(pieces), merged(pieces[::-1])):
        order = np.argsort(total.rows)
        np.testing.assert_array_equal(total.rows[order], whole.rows)
        np.testing.assert_array_equal(total.values[order], whole.values)
        assert total.n == n
        assert len(total.rows) == min(n, LIMIT)
        for k in (0, 1):
            if n > LIMIT:
                np.testing.assert_array_equal(total.grid(k).counts, whole.grid(k).counts)
                assert total.grid(k).counts.sum() == n
                assert max(total.grid(k).counts.shape) <= CELLS
            else:
                assert total.grid(k) is None


def test_the_sample_is_fair():
    rows, values = make_cloud(200_000)
    kept = Cloud.of(rows, values, ((0, 1),)).rows
    # 5 000 uniform numbers: the mean has a standard error of 1/sqrt(12 * 5000) = 0.004.
    assert abs((kept / 200_000).mean() - 0.5) < 0.016
    assert abs((kept % 2).mean() - 0.5) < 0.03


@given(arrays(np.float64, 30, elements=st.integers(-5, 5).map(float)), st.lists(st.integers(0, 30), max_size=4))
def test_extremes_are_the_largest_and_the_earlier_row_wins_a_tie(score, cuts):
    rows = np.arange(30)
    total = merged([Extremes.of(rows[p], score[p], score[p][:, None]) for p in parts(30, cuts)])
    assert total.rows.tolist() == sorted(range(30), key=lambda i: (-score[i], i))[:3]


def test_extremes_leave_out_what_is_unknown():
    found = Extremes.of(np.arange(3), np.array([np.nan, 1.0, np.nan]), np.zeros((3, 1)))
    assert found.rows.tolist() == [1]


@settings(deadline=None)
@given(st.lists(st.integers(0, 12_000), max_size=4), st.sampled_from([3, 4_999, 5_001, 12_000]))
def test_order_statistics_of_parts(cuts, n):
    x = np.random.default_rng(n).standard_t(3, size=n)
    total = merged([Order.of(x[part]) for part in parts(n, cuts)])
    assert total.n == n
    ranks = np.arange(1, n + 1)
    found, truth = total.at(ranks), np.sort(x)
    ends = (ranks <= TAIL) | (ranks > n - TAIL) | (n <= LIMIT)
    np.testing.assert_array_equal(found[ends], truth[ends])
    np.testing.assert_allclose(found, truth, atol=np.ptp(x) / 2**15)


def test_counts_give_quantiles_within_a_cell():
    x = np.random.default_rng(0).uniform(size=1_000)
    found = Counts.of(x, 256).quantiles(np.arange(1, 1_001))
    np.testing.assert_allclose(found, np.sort(x), atol=1 / 128)


class TestTrend:
    def test_straight_lines_stay_straight(self):
        x = np.random.default_rng(0).normal(size=200) * 1e-7 + 1e3
        curve = trend(x, 3 * (x - 1e3) + 2)
        np.testing.assert_allclose(curve.y, 3 * (curve.x - 1e3) + 2, rtol=1e-6)

    def test_it_finds_a_bend_and_knows_its_error(self):
        rng = np.random.default_rng(1)
        x = rng.uniform(-1, 1, 3_000)
        curve = trend(x, x**2 + rng.normal(size=3_000) * 0.1, span=0.1)
        middle = np.abs(curve.x) < 0.8
        assert np.mean(np.abs(curve.y - curve.x**2)[middle] < 2 * curve.error[middle]) > 0.8

    def test_few_points_or_no_spread_have_none(self):
        assert trend(np.arange(5.0), np.arange(5.0)) is None
        assert trend(np.ones(50), np.arange(50.0)) is None

    def test_two_values_of_x_and_missing_points(self):
        x = np.repeat([0.0, 1.0], 50)
        y = x + np.tile([1.0, -1.0], 50)
        y[3] = np.nan
        curve = trend(x, y)
        assert np.isfinite(curve.y).all()
        assert curve.x.tolist()[0] == 0


def test_the_error_of_a_trend_is_that_of_its_height_however_steep_it_is():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 200)
    noise = 0.5 * rng.normal(size=(300, 200))
    curves = [[trend(x, slope * x + e) for e in noise] for slope in (0.0, 20.0)]
    flat, steep = ([(curve.y[40], curve.error[40]) for curve in each] for each in curves)
    np.testing.assert_allclose([error for _, error in steep], [error for _, error in flat], rtol=1e-6)
    heights, errors = np.transpose(steep)
    assert np.std(heights) == pytest.approx(errors.mean(), rel=0.15)
