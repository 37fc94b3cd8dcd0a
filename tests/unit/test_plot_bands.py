"""The band of the Q-Q plot holds all ordered residuals of a fit with normal errors, together, as often as it says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta, binom, t

from mathlearn._errors import DomainError
from mathlearn.plot.bands import (
    band,
    drawn_ranks,
    expected,
    local_level,
    smallest_independent_levels,
    smallest_local_levels,
)


def studentised(n, p, samples, seed):
    """Externally studentised residuals of regressions on p random columns and a constant, sorted."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, p))]))[0]
    gap = 1 - (Q**2).sum(axis=1)
    e = rng.normal(size=(samples, n))
    e -= (e @ Q) @ Q.T
    df = n - p - 1
    std = e / np.sqrt((e**2).sum(axis=1, keepdims=True) / df * gap)
    return np.sort(std * np.sqrt((df - 1) / (df - std**2)), axis=1), df - 1


# Binomial limits with a probability of 1e-4 of failing by chance, widened by what calibrating for p = 0 leaves open.
@pytest.mark.parametrize(("n", "p"), [(10, 1), (30, 1), (30, 3), (100, 2), (300, 20)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_simultaneous_coverage(n, p, level):
    samples = 3_000
    residuals, df = studentised(n, p, samples, seed=n + p)
    ranks = np.arange(1, n + 1)
    low, high = band(ranks, n, df, level)
    held = ((residuals >= low) & (residuals <= high)).all(axis=1).mean()
    miss = 1 - level
    assert binom.ppf(1e-4, samples, 1 - 1.35 * miss) / samples <= held
    assert held <= binom.ppf(1 - 1e-4, samples, 1 - 0.75 * miss) / samples


def test_a_band_for_independent_numbers_would_be_far_too_wide():
    # What Aldor-Noiman et al. give for n = 50 at 95 %: a local level of 0.0031.
    residuals, df = studentised(50, 1, 2_000, seed=0)
    ranks = np.arange(1, 51)
    low = t.ppf(beta.ppf(0.0031 / 2, ranks, 51 - ranks), df)
    held = ((residuals >= low) & (residuals <= -low[::-1])).all(axis=1).mean()
    assert held > 0.985


@pytest.mark.parametrize("n", [5, 20, 100])
def test_the_table_is_what_its_maker_makes(n):
    smallest = smallest_local_levels(n, 4_000, seed=1)
    for level in (0.5, 0.9, 0.95):
        above = np.mean(smallest > local_level(n, level))
        assert abs(above - level) < 5 * np.sqrt(level * (1 - level) / 4_000) + 0.003


def test_local_levels_fall_with_n_and_with_the_level():
    sizes = [3, 4, 10, 77, 1_000, 12_345, 10**6, 10**7, 10**9]
    for level in (0.3, 0.5, 0.9, 0.95, 0.99, 0.9999):
        values = [local_level(n, level) for n in sizes]
        assert all(a >= b > 0 for a, b in pairwise(values))
    for n in sizes:
        values = [local_level(n, level) for level in (0.2, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999, 1 - 1e-9)]
        assert all(a > b > 0 for a, b in pairwise(values))


@pytest.mark.parametrize("level", [0.0, 1.0, -1, 2.0])
def test_a_level_outside_its_range_is_refused(level):
    with pytest.raises(DomainError, match="level"):
        local_level(10, level)


@pytest.mark.parametrize("n", [3, 50, 401, 12_345, 10**7])
def test_limits_and_medians_are_symmetric_and_in_order(n):
    ranks = drawn_ranks(n)
    assert ranks[0] == 1
    assert ranks[-1] == n
    assert (np.diff(ranks) > 0).all()
    np.testing.assert_array_equal(ranks + ranks[::-1], n + 1)
    low, high = band(ranks, n, 30, 0.95)
    middle = expected(ranks, n, 30)
    np.testing.assert_allclose(low, -high[::-1], rtol=1e-12)
    np.testing.assert_allclose(middle, -middle[::-1], rtol=1e-9, atol=1e-12)
    assert (low < middle).all()
    assert (middle < high).all()
    assert (np.diff(middle) > 0).all()
    assert np.isfinite(low).all()


def test_limits_agree_with_scipys_beta_and_t():
    n, df = 40, 17
    ranks = np.arange(1, n + 1)
    half = local_level(n, 0.9) / 2
    low, high = band(ranks, n, df, 0.9)
    np.testing.assert_allclose(low, t.ppf(beta.ppf(half, ranks, n + 1 - ranks), df), rtol=1e-9)
    np.testing.assert_allclose(high, t.ppf(beta.ppf(1 - half, ranks, n + 1 - ranks), df), rtol=1e-9)


# ------------------------------------------------------------------------------------------------------ independent numbers
def held_together(n, samples, seed):
    """Give, for each level, how often none of those drawn of n independent numbers leaves its interval."""
    ranks = drawn_ranks(n)
    numbers = np.sort(np.random.default_rng(seed).normal(size=(samples, n)), axis=1)[:, ranks - 1]
    for level in (0.5, 0.9, 0.95):
        low, high = band(ranks, n, np.inf, level, independent=True)
        yield level, ((numbers >= low) & (numbers <= high)).all(axis=1).mean()


@pytest.mark.parametrize(("n", "samples"), [(5, 4_000), (20, 4_000), (100, 4_000), (2_000, 400)])
def test_the_table_for_independent_numbers_is_what_its_maker_makes(n, samples):
    smallest = smallest_independent_levels(n, samples, seed=1)
    for level in (0.5, 0.9, 0.95):
        above = np.mean(smallest > local_level(n, level, independent=True))
        assert abs(above - level) < 5 * np.sqrt(level * (1 - level) / samples) + 0.003


@pytest.mark.parametrize("n", [5, 20, 100, 2_000])
def test_the_table_for_independent_numbers_holds_by_counting_them(n):
    for level, held in held_together(n, 4_000, seed=1):
        assert abs(held - level) < 5 * np.sqrt(level * (1 - level) / 4_000) + 0.003


@pytest.mark.parametrize("n", [10, 100, 500])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_simultaneous_coverage_of_independent_numbers(n, level):
    samples = 3_000
    numbers = np.sort(np.random.default_rng(n).normal(size=(samples, n)), axis=1)
    low, high = band(np.arange(1, n + 1), n, np.inf, level, independent=True)
    held = ((numbers >= low) & (numbers <= high)).all(axis=1).mean()
    assert binom.ppf(1e-4, samples, level) / samples <= held + 0.003
    assert held <= binom.ppf(1 - 1e-4, samples, level) / samples + 0.003


def test_the_level_for_fifty_independent_numbers_is_the_published_one():
    assert local_level(50, 0.95, independent=True) == pytest.approx(0.0031, rel=0.03)  # Aldor-Noiman et al. (2013)


@pytest.mark.parametrize("family", ["poisson", "gamma", "binomial"])
def test_residuals_of_fits_by_likelihood_keep_within_the_band_at_least_as_often(family):
    from mathlearn.linear_model import GeneralizedLinearRegressor
    from mathlearn.plot.qq import quantiles
    from mathlearn.plot.row_measures import row_measures

    rng = np.random.default_rng(3)
    fits, n, held = 100, 60, 0
    x = np.linspace(-1, 1, n)[:, None]
    mean = np.exp(1 + 0.7 * x[:, 0])
    draw = {
        "poisson": lambda: rng.poisson(mean),
        "gamma": lambda: rng.gamma(2, mean / 2),
        "binomial": lambda: (rng.random(n) < 1 / (1 + np.exp(-x[:, 0]))).astype(float),
    }[family]
    for k in range(fits):
        y = draw()
        # Other rows in front, so that each fit has random numbers of its own.
        model = GeneralizedLinearRegressor(family=family, link="log" if family == "gamma" else None).fit(x, y)
        weight = np.concatenate([np.zeros(k), np.ones(n)])
        padded = np.concatenate([np.zeros((k, 1)), x]), np.concatenate([np.ones(k), y])
        data = quantiles(row_measures(model, *padded, sample_weight=weight), 0.95)
        held += not data.outside.any()
    assert held / fits >= binom.ppf(1e-4, fits, 0.95) / fits
