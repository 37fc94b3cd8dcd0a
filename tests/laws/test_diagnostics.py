"""Laws of diagnostics: blind to chunks, threads, units and the way equal data are written; each test is its definition."""

import itertools
from functools import reduce
from types import SimpleNamespace

import numpy as np
import pytest
from _fits import ArrayRows, fit
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.testing import assert_allclose
from scipy.special import fdtrc

from mathlearn.statistics.diagnostics import CHECKS, Finding, diagnose, influence
from mathlearn.statistics.diagnostics.autocorrelation import Autocorrelation
from mathlearn.statistics.diagnostics.case import Block, Case
from mathlearn.statistics.diagnostics.durbin_watson import Differences, beta_tails, exact_tails, moments
from mathlearn.statistics.diagnostics.normality import CentralMoments
from mathlearn.statistics.diagnostics.quadratic_form import probability_positive

few = settings(max_examples=25, deadline=None)
seeds = some.integers(0, 10**6)
ROW_CHECKS = [
    name
    for name, check in CHECKS.items()
    if check.prepare is not None and check.applies(fit([[0.0], [1.0]], [0.0, 1.0]))
]


def table(seed, n=60, p=3, q=2):
    """Columns of unlike units and offsets, skew errors of unlike variance that lean on one another, a curve."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, p))
    scale = 10.0 ** rng.integers(-3, 4, p)
    noise = rng.normal(size=(n, q)) * (1 + rng.random((n, 1))) + rng.exponential(size=(n, q))
    noise[1:] += 0.4 * noise[:-1]
    y = Z @ rng.normal(size=(p, q)) + 0.2 * Z[:, :1] ** 2 + noise
    return (Z + rng.normal(size=p) * 3) * scale, y


def numbers(diagnosis, *, without=()):
    """Everything measured, by finding."""
    return {
        (finding.name, finding.response): [
            finding.effect.value if finding.effect else np.nan,
            *(v for test in finding.tests for v in (test.statistic, *test.df, test.p_value)),
        ]
        for finding in diagnosis.findings
        if finding.name not in without
    }


def words(diagnosis, *, without=()):
    return {(f.name, f.response, f.severity, f.subject, f.reason) for f in diagnosis.findings if f.name not in without}


def assert_same(actual, expected, rtol=1e-6, **options):
    assert words(actual, **options) == words(expected, **options)
    first, second = numbers(actual, **options), numbers(expected, **options)
    assert first.keys() == second.keys()
    for key, values in first.items():
        assert_allclose(values, second[key], rtol=rtol, atol=1e-12, err_msg=str(key))


def case_of(result):
    return Case.of(result, 0.95, None)


@few
@given(seed=seeds, size=some.integers(1, 61))
def test_chunks_and_threads_do_not_matter(seed, size):
    X, y = table(seed)
    result, rows = fit(X, y), ArrayRows(X, y)
    chunked = diagnose(result, rows, max_rows=size, threads=1)
    assert_same(chunked, diagnose(result, rows, max_rows=1000, threads=1))
    assert str(diagnose(result, rows, max_rows=size, threads=3)) == str(chunked)


@pytest.mark.parametrize("name", ROW_CHECKS)
@few
@given(seed=seeds, cuts=some.lists(some.integers(0, 60), min_size=2, max_size=7), weighted=some.booleans())
def test_merging_is_associative_and_changes_nothing_it_merges(name, seed, cuts, weighted):
    X, y = table(seed)
    w = np.random.default_rng(seed).uniform(0.5, 2, 60) if weighted else None
    case, edges = case_of(fit(X, y, weight=w)), [0, *sorted(cuts), 60]
    check = CHECKS[name].prepare(case)
    cut = [(X[a:b], y[a:b], None if w is None else w[a:b], a) for a, b in itertools.pairwise(edges) if b > a]
    parts = [
        check.of(Block.of(case, next(ArrayRows(X, y, w, index=np.arange(a, a + len(X))).chunks(99))))
        for X, y, w, a in cut
    ]
    left = reduce(check.merge, parts)
    right = reduce(lambda tail, part: check.merge(part, tail), reversed(parts))
    again = reduce(check.merge, parts)
    results = [numbers_of(check, total) for total in (left, right, again)]
    for key, values in results[0].items():
        assert_allclose(values, results[1][key], rtol=1e-7, atol=1e-12, err_msg=str(key))
        assert_allclose(values, results[2][key], rtol=0)


def numbers_of(check, total):
    return numbers(SimpleNamespace(findings=list(_without_second_pass(check, total))))


def _without_second_pass(check, total):
    if isinstance(check, Autocorrelation):
        d = total.lagged.durbin_watson()
        for i in range(len(d)):
            tests = tuple(check._godfrey(total.lagged, i))
            yield Finding(name=f"godfrey{i} {d[i]:.9f}", severity=None, tests=tests)
    else:
        yield from check.finish(total)


@few
@given(seed=seeds)
def test_order_of_rows_matters_for_autocorrelation_only(seed):
    X, y = table(seed)
    order = np.random.default_rng(seed).permutation(60)
    shuffled = diagnose(fit(X, y), ArrayRows(X[order], y[order], index=order), max_rows=7)
    straight = diagnose(fit(X, y), ArrayRows(X, y, index=np.arange(60)), max_rows=11)
    assert_same(shuffled, straight, without=("autocorrelation",))
    told = [
        [f.effect.sentence for f in d.findings if f.name in {"influence", "outliers"}] for d in (shuffled, straight)
    ]
    assert told[0] == told[1]
    assert numbers(shuffled)["autocorrelation", "y0"] != numbers(straight)["autocorrelation", "y0"]


@few
@given(seed=seeds, shift=some.floats(-1e3, 1e3), unit=some.floats(1e-6, 1e6))
def test_units_and_offsets_do_not_matter(seed, shift, unit):
    X, y = table(seed)
    spread = X.std(axis=0)
    moved, other = (X + shift * spread) * unit, (y - shift) * 3
    assert_same(
        diagnose(fit(moved, other), ArrayRows(moved, other), max_rows=17),
        diagnose(fit(X, y), ArrayRows(X, y), max_rows=17),
        rtol=1e-5,
    )


@few
@given(seed=seeds)
def test_frequencies_are_repeated_rows(seed):
    X, y = table(seed)
    w = np.random.default_rng(seed).integers(1, 4, 60)
    counted = diagnose(fit(X, y, weight=w, weights_type="frequency"), ArrayRows(X, y, w.astype(float)), max_rows=9)
    X, y = np.repeat(X, w, axis=0), np.repeat(y, w, axis=0)
    repeated = diagnose(fit(X, y), ArrayRows(X, y), max_rows=13)
    assert_same(counted, repeated, without=("autocorrelation",))
    assert "not when" in counted.named("autocorrelation")[0].reason


@few
@given(seed=seeds)
def test_unit_weights_are_no_weights(seed):
    X, y = table(seed)
    ones = np.ones(60)
    weighted = diagnose(fit(X, y, weight=ones), ArrayRows(X, y, ones), max_rows=9)
    assert_same(weighted, diagnose(fit(X, y), ArrayRows(X, y)))


@few
@given(seed=seeds, intercept=some.booleans(), weighted=some.booleans())
def test_each_test_is_its_definition(seed, intercept, weighted):
    X, y = table(seed, q=1)
    X = np.column_stack([X, X[:, 0] * 2 - X[:, 1]])  # a dependent column changes nothing
    w = np.random.default_rng(seed).uniform(0.5, 2, 60) if weighted else None
    result = fit(X, y, weight=w, intercept=intercept)
    found = {
        test.method: test
        for finding in diagnose(result, ArrayRows(X, y, w), max_rows=8).findings
        for test in finding.tests
    }
    root = np.ones(60) if w is None else np.sqrt(w)
    one = np.ones((60, int(intercept)))
    A, target = root[:, None] * np.column_stack([one, X]), root * y[:, 0]
    u = target - projected(A, target)
    f = X @ result.coef[0]
    f = (f - intercept * f.mean()) / f.std()
    added = np.column_stack([A, root * f**2, root * f**3])
    left = target - projected(added, target)
    df = result.df_resid - 2
    F = (u @ u - left @ left) / 2 / (left @ left / df)
    reset = found["RESET (powers 2 and 3)"]
    assert_allclose([reset.statistic, reset.p_value], [F, fdtrc(2, df, F)], rtol=1e-5)
    g, raw = u**2, np.column_stack([np.ones(60), X])
    products = np.column_stack([raw, *(X[:, [j]] * X[:, j:] for j in range(3))])
    for method, regressors in (("Breusch-Pagan, studentised", raw), ("White", products)):
        explained = projected(regressors, g) - g.mean()
        assert_allclose(found[method].statistic, 60 * explained @ explained / np.sum((g - g.mean()) ** 2), rtol=1e-5)
    assert found["White"].df == (9.0,)
    lags = next(int(method.split()[1]) for method in found if "Godfrey" in method)
    past = np.column_stack([np.concatenate([np.zeros(lag), u[:-lag]]) for lag in range(1, lags + 1)])
    explained = projected(np.column_stack([A, past]), u)
    godfrey = next(test for method, test in found.items() if "Godfrey" in method)
    assert_allclose(godfrey.statistic, 60 * explained @ explained / (u @ u), rtol=1e-6)


def projected(A, target):
    """Least-squares fit of `target` on the columns of A, in units in which they are of one size."""
    centre = A / np.linalg.norm(A, axis=0)
    left, singular, _ = np.linalg.svd(centre, full_matrices=False)
    left = left[:, singular > 1e-10 * singular[0]]
    return left @ (left.T @ target)


@few
@given(seed=seeds, weighted=some.booleans(), intercept=some.booleans())
def test_influence_is_what_leaving_a_row_out_does(seed, weighted, intercept):
    X, y = table(seed, n=20)
    w = np.random.default_rng(seed).uniform(0.5, 2, 20) if weighted else None
    result = fit(X, y, weight=w, intercept=intercept)
    shown = influence(result, ArrayRows(X, y, w), max_rows=6)
    row, keep = 7, np.arange(20) != 7
    left = fit(X[keep], y[keep], weight=None if w is None else w[keep], intercept=intercept)
    A = np.column_stack([np.ones((20, int(intercept))), X])
    unscaled = np.sqrt(np.diag(np.linalg.pinv((A.T * (1 if w is None else w)) @ A, rcond=1e-18)))
    for i, name in enumerate(result.responses):
        line = shown[(shown["response"] == name) & (shown["row"] == row)].iloc[0]
        s = np.sqrt(left.deviance[i] / left.df_resid)
        change = result.coef[i] - left.coef[i]
        assert_allclose(
            line.filter(like="dfbetas_x").astype(float), change / (s * unscaled[int(intercept) :]), rtol=1e-5, atol=1e-8
        )
        shift = X[row] @ change + (result.intercept - left.intercept)[i]
        root = 1.0 if w is None else np.sqrt(w[row])
        assert_allclose(line["dffits"], root * shift / (s * np.sqrt(line["hat"])), rtol=1e-5, atol=1e-8)


@few
@given(seed=seeds, size=some.integers(1, 40))
def test_the_row_named_is_the_one_of_the_table(seed, size):
    X, y = table(seed, n=200, q=1)
    result = fit(X, y)
    shown = influence(result, ArrayRows(X, y))
    found = diagnose(result, ArrayRows(X, y), max_rows=size)
    largest = shown.filter(like="dfbetas_x").abs().to_numpy()
    row, term = np.unravel_index(largest.argmax(), largest.shape)
    (moved,) = found.named("influence")
    assert_allclose(moved.effect.value, largest.max(), rtol=1e-9)
    assert f"Without row {row} " in moved.effect.sentence
    assert moved.subject == (result.terms[term],)
    (far,) = found.named("outliers")
    assert f"Row {shown['student_resid'].abs().argmax()} lies" in far.effect.sentence


# ------------------------------------------------------------------------------------------------- small pieces


@few
@given(seed=seeds, cuts=some.lists(some.integers(0, 50), min_size=1, max_size=6), offset=some.sampled_from([0.0, 1e8]))
def test_moments_merge(seed, cuts, offset):
    rng = np.random.default_rng(seed)
    z, count = rng.exponential(size=(50, 2)) + offset, rng.integers(1, 4, 50).astype(float)
    edges = [0, *sorted(cuts), 50]
    parts = [CentralMoments.of(z[a:b], count[a:b]) for a, b in itertools.pairwise(edges) if b > a]
    merged = reduce(CentralMoments.merge, parts)
    whole = np.repeat(z, count.astype(int), axis=0)
    d = whole - whole.mean(axis=0)
    rtol = 1e-9 if offset == 0 else 1e-6
    for power, name in ((2, "second"), (3, "third"), (4, "fourth")):
        assert_allclose(getattr(merged, name), (d**power).sum(axis=0), rtol=rtol, atol=rtol)


@few
@given(a=some.integers(1, 12), b=some.integers(1, 12), ratio=some.floats(1e-3, 1e3))
def test_a_ratio_of_two_sums_of_squares_has_the_f_distribution(a, b, ratio):
    # P(chi2_a - c chi2_b > 0) = P(F > c b / a), far into both tails.
    form = np.concatenate([np.ones(a), np.full(b, -ratio)])
    assert_allclose(probability_positive(form), fdtrc(a, b, ratio * b / a), rtol=1e-10)


def test_a_tail_of_1e_40_keeps_its_digits():
    form = np.concatenate([np.ones(40), np.full(40, -100.0)])
    assert_allclose(probability_positive(form), fdtrc(40, 40, 100.0), rtol=1e-10)
    assert probability_positive(np.ones(3)) == 1.0
    assert probability_positive(-np.ones(3)) == 0.0


@few
@given(seed=seeds, n=some.integers(12, 40))
def test_moments_of_durbin_watson_are_those_of_its_eigenvalues(seed, n):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 3)).cumsum(axis=0)]))[0]
    cuts = [0, *sorted(rng.integers(0, n, 4)), n]
    parts = [Differences.of(basis[a:b]) for a, b in itertools.pairwise(cuts) if b > a]
    mean, variance = moments(n, reduce(Differences.merge, parts))
    rest = np.linalg.qr(basis, mode="complete")[0][:, 4:]
    values = np.linalg.eigvalsh(np.diff(rest, axis=0).T @ np.diff(rest, axis=0))
    m = n - 4
    assert_allclose(mean, values.mean(), rtol=1e-10)
    assert_allclose(variance, 2 * np.sum((values - mean) ** 2) / (m * (m + 2)), rtol=1e-8)


@pytest.mark.parametrize("d", [1.6, 1.8, 2.0, 2.3])
def test_the_beta_law_is_the_exact_one_for_many_rows(d):
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(np.column_stack([np.ones(400), rng.normal(size=(400, 5)).cumsum(axis=0)]))[0]
    exact, beta = exact_tails(d, basis), beta_tails(d, *moments(400, Differences.of(basis)))
    assert_allclose(exact.lower + exact.upper, 1.0, rtol=1e-12)
    assert_allclose(beta.two_sided, exact.two_sided, rtol=0.03)
