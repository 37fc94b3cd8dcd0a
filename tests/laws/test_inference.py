"""Laws of inference: mergeable, blind to chunks, threads, units and the way equal data are written."""

import itertools
from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from _fits import ArrayRows, fit
from hypothesis import assume, given, settings
from hypothesis import strategies as some
from numpy.testing import assert_allclose, assert_array_equal

from mathlearn import statistics as st
from mathlearn.statistics.covariance.white import WhiteRows

FROM_ROWS = [name for name, kind in st.KINDS.items() if kind.prepare is not None]
few = settings(max_examples=25, deadline=None)
seeds = some.integers(0, 10**6)


def table(seed, n=30, p=3, q=2):
    """Columns of unlike units and offsets, errors of unlike variance, two clusterings."""
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-3, 4, p)
    X = (rng.normal(size=(n, p)) + rng.normal(size=p) * 3) * scale
    y = X / scale @ rng.normal(size=(p, q)) + rng.normal(size=(n, q)) * (1 + rng.random((n, 1)))
    group = np.column_stack([rng.integers(0, 6, n), rng.integers(0, 5, n)])
    assume(all(len(np.unique(column)) > 1 for column in group.T))
    return X, y, group


def estimate(kind, result, rows, max_rows=1000, threads=1):
    return st.estimate(kind, result, rows, max_rows=max_rows, threads=threads)


def assert_same(actual, expected):
    assert_allclose(actual.meat, expected.meat, rtol=1e-9, atol=1e-11 * np.abs(expected.meat).max())
    assert actual.df == expected.df
    assert actual.description == expected.description


@pytest.mark.parametrize("kind", FROM_ROWS)
@few
@given(seed=seeds, size=some.integers(1, 31))
def test_chunks_and_threads_do_not_matter(kind, seed, size):
    X, y, group = table(seed)
    result, rows = fit(X, y), ArrayRows(X, y, group=group)
    chunked = estimate(kind, result, rows, size)
    assert_same(chunked, estimate(kind, result, rows))
    assert_array_equal(estimate(kind, result, rows, size, threads=3).meat, chunked.meat)


@pytest.mark.parametrize("kind", FROM_ROWS)
@few
@given(seed=seeds, cuts=some.lists(some.integers(0, 30), min_size=2, max_size=6))
def test_merging_is_associative_and_changes_nothing_it_merges(kind, seed, cuts):
    X, y, group = table(seed)
    result, edges = fit(X, y), [0, *sorted(cuts), 30]
    statistic = st.KINDS[kind].prepare(result)
    parts = [
        statistic.of(WhiteRows.of(result, next(ArrayRows(X[a:b], y[a:b], group=group[a:b]).chunks(99))))
        for a, b in itertools.pairwise(edges)
        if b > a
    ]
    left = reduce(statistic.merge, parts)
    right = reduce(lambda tail, part: statistic.merge(part, tail), reversed(parts))
    assert_same(statistic.finish(left), statistic.finish(right))
    assert_array_equal(statistic.finish(reduce(statistic.merge, parts)).meat, statistic.finish(left).meat)


@pytest.mark.parametrize("kind", [kind for kind in FROM_ROWS if kind != "HAC"])
@few
@given(seed=seeds)
def test_order_of_rows_does_not_matter_but_for_hac(kind, seed):
    X, y, group = table(seed)
    result, order = fit(X, y), np.random.default_rng(seed).permutation(30)
    shuffled = ArrayRows(X[order], y[order], group=group[order])
    assert_same(estimate(kind, result, shuffled, 7), estimate(kind, result, ArrayRows(X, y, group=group)))


@pytest.mark.parametrize("kind", ["classical", "HC0", "HC1", "HC2", "HC3", "cluster"])
@few
@given(seed=seeds)
def test_frequencies_are_repeated_rows(kind, seed):
    X, y, group = table(seed)
    w = np.random.default_rng(seed).integers(1, 4, 30)
    counted = fit(X, y, weight=w, weights_type="frequency")
    X2, y2, group2 = (np.repeat(a, w, axis=0) for a in (X, y, group))
    repeated = fit(X2, y2)
    for a, rows in ((counted, ArrayRows(X, y, w.astype(float), group)), (repeated, ArrayRows(X2, y2, None, group2))):
        shown = st.tidy(replace(a, covariance=estimate(kind, a, rows, 11)))
        if a is counted:
            first = shown
    assert_allclose(first["std_error"], shown["std_error"], rtol=1e-8)
    assert_allclose(first["conf_low"], shown["conf_low"], rtol=1e-7, atol=1e-9)
    whole = [st.glance(a)[["n", "sigma", "log_likelihood", "bic", "adj_r_squared"]] for a in (counted, repeated)]
    assert_allclose(whole[0], whole[1], rtol=1e-9)


@pytest.mark.parametrize("kind", FROM_ROWS)
@few
@given(seed=seeds)
def test_weights_of_one_are_no_weights(kind, seed):
    X, y, group = table(seed)
    weighted, plain = fit(X, y, weight=np.ones(30)), fit(X, y)
    one = estimate(kind, weighted, ArrayRows(X, y, np.ones(30), group))
    assert_same(one, estimate(kind, plain, ArrayRows(X, y, None, group)))


@pytest.mark.parametrize("kind", FROM_ROWS)
@few
@given(seed=seeds, power=some.integers(-30, 30))
def test_units_of_a_column_move_its_standard_error_alone(kind, seed, power):
    X, y, group = table(seed)
    factor = np.array([1, 2.0**power, 1])
    shown = []
    for Z in (X, X * factor):
        result = fit(Z, y)
        covariance = estimate(kind, result, ArrayRows(Z, y, group=group))
        shown.append(st.tidy(replace(result, covariance=covariance))["std_error"].to_numpy().reshape(2, 4))
    assert_allclose(shown[1] * [1, *factor], shown[0], rtol=1e-7)


@pytest.mark.parametrize("kind", FROM_ROWS)
@few
@given(seed=seeds)
def test_a_response_beside_others_is_a_response_alone(kind, seed):
    X, y, group = table(seed)
    together = estimate(kind, fit(X, y), ArrayRows(X, y, group=group))
    for j in range(2):
        alone = estimate(kind, fit(X, y[:, j]), ArrayRows(X, y[:, [j]], group=group))
        assert_allclose(together.meat[j], alone.meat[0], rtol=1e-9, atol=1e-11 * np.abs(alone.meat).max())


@few
@given(seed=seeds)
def test_each_row_its_own_cluster_is_hc1(seed):
    X, y, _ = table(seed)
    result = fit(X, y)
    cluster = estimate("cluster", result, ArrayRows(X, y, group=np.arange(30)[:, None]), 4)
    hc1 = estimate("HC1", result, ArrayRows(X, y))
    assert_allclose(cluster.meat, hc1.meat, rtol=1e-10, atol=1e-12 * hc1.meat.max())


@few
@given(seed=seeds, lags=some.integers(0, 29), size=some.integers(1, 30))
def test_newey_west_is_its_definition(seed, lags, size):
    X, y, _ = table(seed, q=1)
    result = fit(X, y)
    white = WhiteRows.of(result, next(ArrayRows(X, y).chunks(99)))
    u = white.scores(0)
    expected = sum(max(1 - abs(s - t) / (lags + 1), 0) * np.outer(u[s], u[t]) for s in range(30) for t in range(30))
    actual = st.estimate("HAC", result, ArrayRows(X, y), max_rows=size, threads=1, lags=lags)
    assert_allclose(actual.meat[0], expected, rtol=1e-9, atol=1e-11 * np.abs(u.T @ u).max())


@few
@given(seed=seeds, intercept=some.booleans())
def test_the_classical_covariance_is_the_inverse_of_the_information(seed, intercept):
    X, y, _ = table(seed)
    w = np.random.default_rng(seed).uniform(0.5, 2, 30)
    result = fit(X, y, weight=w, intercept=intercept)
    Z = np.column_stack([np.ones(30), X]) if intercept else X
    unit = 1 / np.sqrt((Z**2).sum(axis=0))
    inverse = np.linalg.inv((Z * unit).T @ (w[:, None] * Z * unit)) * np.outer(unit, unit)
    expected = inverse * (result.deviance / result.df_resid)[:, None, None]
    root = np.sqrt(np.einsum("qii->qi", expected))
    size = root[:, :, None] * root[:, None, :]
    assert_allclose(st.covariance_matrix(result) / size, expected / size, rtol=0, atol=1e-8)


@few
@given(seed=seeds, kind=some.sampled_from(["classical", "HC1"]))
def test_a_contrast_of_one_parameter_is_its_row_of_tidy_and_f_is_t_squared(seed, kind):
    X, y, _ = table(seed, q=1)
    result = fit(X, y)
    result = replace(result, covariance=estimate(kind, result, ArrayRows(X, y)))
    shown = st.tidy(result)
    for j in range(4):
        one = st.contrast(result, np.eye(4)[j])
        for column in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
            assert_allclose(getattr(one, column)[0, 0], shown[column][j], rtol=1e-9)
        assert_allclose(one.joint.statistic[0], shown["statistic"][j] ** 2, rtol=1e-9)
        assert_allclose(one.joint.p_value[0], shown["p_value"][j], rtol=1e-6)


@few
@given(seed=seeds)
def test_f_of_the_whole_fit_is_the_wald_test_of_all_slopes_and_that_of_the_nested_models(seed):
    X, y, _ = table(seed)
    result = fit(X, y)
    joint = st.contrast(result, np.eye(4)[1:]).joint.statistic
    assert_allclose(st.glance(result)["f_statistic"], joint, rtol=1e-8)
    empty = fit(np.zeros((30, 0)), y)
    assert_allclose(st.f_test(empty, result).statistic, joint, rtol=1e-8)


@few
@given(seed=seeds, kind=some.sampled_from(["HC0", "cluster"]))
def test_the_robust_f_is_the_wald_test_of_all_slopes_in_that_covariance(seed, kind):
    X, y, _ = table(seed)
    result = fit(X, y)
    covariance = estimate(kind, result, ArrayRows(X, y, group=np.arange(30)[:, None] // 3))
    result = replace(result, covariance=covariance)
    joint = st.contrast(result, np.eye(4)[1:]).joint
    assert_allclose(st.glance(result)["f_statistic"], joint.statistic, rtol=1e-7)
    assert joint.df_den == covariance.df


@few
@given(seed=seeds)
def test_the_confidence_interval_at_a_row_is_the_contrast_of_that_row(seed):
    X, y, _ = table(seed, q=1)
    result = fit(X, y)
    predictions = X @ result.coef[0] + result.intercept[0]
    interval = st.predict_interval(result, X[:5], predictions[:5], 0.8, "confidence")
    rows = st.contrast(result, np.column_stack([np.ones(5), X[:5]]), level=0.8)
    assert_allclose(interval.lower, rows.conf_low[0], rtol=1e-8, atol=1e-9)
    assert_allclose(interval.upper, rows.conf_high[0], rtol=1e-8, atol=1e-9)
