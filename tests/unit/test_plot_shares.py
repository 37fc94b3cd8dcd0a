"""Sums along a line merge exactly, join to groups that keep the totals, and Wilson's interval is what it should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from mathlearn.plot.cloud import uniform
from mathlearn.plot.shares import Sums, wilson

NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=60)


@given(NUMBERS, st.integers(1, 59), st.integers(1, 59))
@settings(max_examples=100, deadline=None)
def test_merging_blocks_gives_the_sums_of_all(x, first, second):
    x = np.array(x)
    columns = np.column_stack([np.ones(len(x)), np.arange(len(x), dtype=float)])  # whole numbers add up exactly
    cuts = sorted({min(first, len(x)), min(second, len(x))})
    parts = [Sums.of(part, rows) for part, rows in zip(np.split(x, cuts), np.split(columns, cuts), strict=True)]
    whole = Sums.of(x, columns)
    left, right = parts[0], parts[-1]
    for part in parts[1:]:
        left = left.merge(part)
    for part in reversed(parts[:-1]):
        right = part.merge(right)
    for merged in (left, right):
        assert (merged.side.exponent, merged.side.first) == (whole.side.exponent, whole.side.first)
        np.testing.assert_array_equal(merged.values, whole.values)


@given(NUMBERS, st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_groups_keep_the_totals_and_the_order(x, most):
    x = np.array(x)
    groups = Sums.of(x, np.column_stack([np.ones(len(x)), x])).groups(most)
    assert 1 <= len(groups) <= most
    assert groups[:, 0].sum() == len(x)
    assert groups[:, 1].sum() == pytest.approx(x.sum(), abs=1e-6 * np.abs(x).sum())
    means = groups[:, 1] / groups[:, 0]
    assert (np.diff(means) >= -1e-9 * np.abs(x).max()).all()


def test_what_is_not_finite_is_left_out():
    x = np.array([np.nan, 1.0, np.inf])
    assert Sums.of(x, np.ones((3, 1))).values.sum() == 1.0
    nothing = Sums.of(x[:1], np.ones((1, 1)))
    assert nothing.merge(Sums.of(x, np.ones((3, 1)))).values.sum() == 1.0
    assert len(nothing.groups(3)) == 0


@given(st.integers(0, 200), st.integers(1, 200), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
@settings(max_examples=100, deadline=None)
def test_wilson_is_that_of_statsmodels(successes, trials, level):
    successes = min(successes, trials)
    low, high = wilson(np.array([successes / trials]), np.array([float(trials)]), level)
    expected = proportion_confint(successes, trials, alpha=1 - level, method="wilson")
    assert (low[0], high[0]) == (pytest.approx(expected[0], abs=1e-12), pytest.approx(expected[1], abs=1e-12))


def test_random_numbers_of_rows_are_uniform_and_do_not_tell_which_rows_are_sampled():
    from scipy import stats

    from mathlearn.plot.cloud import LIMIT, priority

    rows = np.arange(200_000)
    share = uniform(rows)
    assert ((share > 0) & (share < 1)).all()
    assert stats.kstest(share, "uniform").pvalue > 1e-3
    sampled = rows[np.argsort(priority(rows))[:LIMIT]]
    assert stats.kstest(uniform(sampled), "uniform").pvalue > 1e-3
    np.testing.assert_array_equal(uniform(rows[50:60]), share[50:60])
