"""Laws of what reads the rows of a fit by likelihood: blind to chunks, units, and the way equal data are written."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.testing import assert_allclose

from mathlearn import statistics as st
from mathlearn.linear_model import GeneralizedLinearRegressor
from mathlearn.statistics.augment import augment
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.diagnostics import CHECKS, influence
from mathlearn.statistics.diagnostics.case import Block, Case
from mathlearn.statistics.functional import coordinates

few = settings(max_examples=20, deadline=None)
seeds = some.integers(0, 10**6)
FAMILIES = ["poisson", "binomial", "trials", "gamma"]
families = some.sampled_from(FAMILIES)
kinds = some.sampled_from(["HC0", "HC1", "HC2", "HC3", "cluster", "HAC"])


def table(family, seed, n=60):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    eta = 0.2 + X @ rng.uniform(-0.6, 0.6, 2)
    trials = rng.integers(1, 6, n)
    y = {
        "poisson": lambda: rng.poisson(np.exp(eta) * rng.gamma(2.0, 0.5, n)),
        "binomial": lambda: _both(rng.random(n) < 1 / (1 + np.exp(-eta))),
        "trials": lambda: np.column_stack([made := rng.binomial(trials, 1 / (1 + np.exp(-eta))), trials - made]),
        "gamma": lambda: rng.gamma(2.0, np.exp(eta)),
    }[family]()
    return X, y


def _both(y):
    y[:4] = [True, False, True, False]
    return y.astype(float)


def fitted(family, X, y, **roles):
    parameters = {"weights_type": "frequency"} if "sample_weight" in roles else {}
    name = "binomial" if family == "trials" else family
    return GeneralizedLinearRegressor(family=name, link="log" if name == "gamma" else None, **parameters).fit(
        X, y, **roles
    )


def errors(model, X, y, kind, **roles):
    groups = np.arange(len(X)) % 7 if kind == "cluster" else None
    found = model.infer(X, y, covariance=kind, groups=groups, **roles)
    return np.sqrt(np.diag(st.covariance_matrix(found.result_)[0]))


@few
@given(family=families, kind=kinds, seed=seeds, size=some.integers(1, 61))
def test_chunks_do_not_matter(family, kind, seed, size):
    X, y = table(family, seed)
    model = fitted(family, X, y)
    groups = np.arange(60) % 7 if kind == "cluster" else None
    rows = model._fit_rows(X, y, groups=groups)
    parts, whole = (st.estimate(kind, model.result_, rows, max_rows=m, threads=1).meat for m in (size, 1000))
    assert_allclose(parts, whole, rtol=1e-9, atol=1e-12 * np.abs(whole).max())
    for shown in (augment, influence):
        one, other = (shown(model.result_, rows, max_rows=m).to_numpy(dtype=float) for m in (size, 1000))
        assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@few
@given(family=families, kind=kinds, seed=seeds, shift=some.floats(-50, 50), unit=some.floats(1e-5, 1e5))
def test_units_and_offsets_of_columns_do_not_matter(family, kind, seed, shift, unit):
    X, y = table(family, seed)
    moved = (X + shift) * unit
    plain, other = (errors(fitted(family, Z, y), Z, y, kind)[1:] for Z in (X, moved))
    assert_allclose(other * unit, plain, rtol=1e-6)


@few
@given(family=families, kind=some.sampled_from(["HC0", "HC1", "HC2", "HC3"]), seed=seeds)
def test_frequencies_are_repeated_rows(family, kind, seed):
    X, y = table(family, seed)
    count = np.random.default_rng(seed).integers(1, 4, 60)
    once = errors(fitted(family, X, y, sample_weight=count), X, y, kind, sample_weight=count)
    Xr, yr = np.repeat(X, count, axis=0), np.repeat(y, count, axis=0)
    assert_allclose(once, errors(fitted(family, Xr, yr), Xr, yr, kind), rtol=1e-6)


@few
@given(family=families, seed=seeds)
def test_each_row_a_cluster_is_hc1_with_another_factor(family, seed):
    X, y = table(family, seed)
    model = fitted(family, X, y)
    own = model.infer(X, y, covariance="cluster", groups=np.arange(60)).result_.covariance.meat
    hc1 = model.infer(X, y, covariance="HC1").result_.covariance.meat
    assert_allclose(own, hc1, rtol=1e-9, atol=1e-12 * np.abs(hc1).max())  # 60/59 * 59/57 is 60/57


@few
@given(family=families, seed=seeds, cut=some.integers(1, 59))
def test_whitened_rows_are_orthonormal_and_their_scores_sum_to_zero(family, seed, cut):
    X, y = table(family, seed)
    model = fitted(family, X, y)
    result, rows = model.result_, model._fit_rows(X, y)
    whites = [WhiteRows.of(result, chunk) for chunk in rows.chunks(cut)]
    gram = sum((w.basis * w.curve[:, None]).T @ w.basis for w in whites)
    assert_allclose(gram, np.eye(3), atol=1e-7)
    tally = reduce(Tally.merge, map(Tally.of, whites))
    assert np.linalg.norm(tally.score) < 1e-6 * np.sqrt(result.likelihood.dispersion)
    assert_allclose(tally.squares, result.likelihood.pearson, rtol=1e-8)
    assert tally.n == 60
    assert_allclose(
        np.concatenate([w.basis for w in whites]),
        coordinates(result, np.column_stack([np.ones(60), X])),
        rtol=1e-7,
        atol=1e-9,
    )


@pytest.mark.parametrize("family", FAMILIES)
@few
@given(seed=seeds, cut=some.integers(1, 59), again=some.integers(1, 59))
def test_checks_merge_associatively_and_change_nothing_they_merge(family, seed, cut, again):
    X, y = table(family, seed)
    model = fitted(family, X, y)
    case, rows = Case.of(model.result_, 0.95, None), model._fit_rows(X, y)
    for check in CHECKS.values():
        made = check.prepare(case) if check.prepare is not None and check.applies(model.result_) else "none"
        if isinstance(made, str):
            continue
        parts = [made.of(Block.of(case, chunk)) for chunk in rows.chunks(min(cut, again))]
        left = reduce(made.merge, parts)
        right = reduce(lambda tail, part, made=made: made.merge(part, tail), reversed(parts))
        found = [
            [(f.name, f.severity, f.effect.value, f.statistic) for f in made.finish(total) if f.effect]
            for total in (left, right)
        ]
        for (name, severity, value, statistic), other in zip(*found, strict=True):
            assert (name, severity) == other[:2]
            assert_allclose([value, statistic], other[2:], rtol=1e-7, atol=1e-10)


@few
@given(seed=seeds)
def test_least_squares_are_the_gaussian_case(seed):
    from mathlearn.linear_model import LinearRegression

    X, y = table("gamma", seed)
    linear, model = LinearRegression().fit(X, y), GeneralizedLinearRegressor(family="gaussian").fit(X, y)
    for kind in ("HC0", "HC3", "cluster", "HAC"):
        assert_allclose(errors(model, X, y, kind), errors(linear, X, y, kind), rtol=1e-8)
    one, other = linear.augment(X, y), model.augment(X, y)
    for name in ("fitted", "resid", "hat", "std_resid", "cooks_d"):
        assert_allclose(other[name], one[name], rtol=1e-6, atol=1e-9)
    assert_allclose(model.influence(X, y), linear.influence(X, y), rtol=1e-6, atol=1e-9)
