"""Laws of fits from statistics: any split of the rows gives the fit of all, to the digits certified; what has no digits is withheld."""

import contextlib
import warnings
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, reduce
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mathlearn
from mathlearn._errors import PrecisionWarning, RankDeficiencyWarning
from mathlearn._sklearn import ConvergenceWarning
from mathlearn.certify.least_squares import MOST_ERROR_IN_SE, MOST_RELATIVE_ERROR
from mathlearn.data.chunk import Chunk
from mathlearn.linalg.errorfree import ROUNDOFF, gamma, terms_for
from mathlearn.linalg.joining import counted_from, joined, reordered
from mathlearn.linalg.moments import Frame, Moments, frame_of
from mathlearn.linear_model import LinearRegression
from mathlearn.statistics.functional import model_errors, parameters

few = settings(max_examples=40)


@dataclass(frozen=True)
class Table:
    """Rows in unlike units, where they come apart, and weights or None."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None
    cuts: tuple[int, ...]

    def parts(self):
        edges = [0, *self.cuts, len(self.X)]
        return [slice(a, b) for a, b in pairwise(edges)]

    def rows(self, part=slice(None)):
        return self.X[part], self.y[part], None if self.weight is None else self.weight[part]

    @property
    def z(self):
        return np.column_stack([self.X, self.y])


@st.composite
def tables(draw, most_drift=0.0, noise=(1e-6, 1e-2, 1.0, 100.0)):
    """Return up to 60 rows, cut anywhere, of which each part may lie elsewhere."""
    p = draw(st.integers(1, 4))
    n = draw(st.integers(p + 4, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 10.0 ** np.array(draw(st.lists(st.integers(-9, 9), min_size=p, max_size=p)))
    offset = np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 1e3, 1e8]), min_size=p, max_size=p)))
    cuts = tuple(sorted(draw(st.sets(st.integers(1, n - 1), max_size=6))))
    standard = rng.normal(size=(n, p))
    for cut in cuts:
        standard[cut:] += most_drift * rng.uniform(-1, 1, p)
    X = (standard + offset) * scale
    y = 1.0 + standard @ rng.normal(size=p) + draw(st.sampled_from(noise)) * rng.normal(size=n)
    weight = 10.0 ** rng.uniform(-2, 2, n) if draw(st.booleans()) else None
    return Table(X, y, weight, cuts)


@contextlib.contextmanager
def told_elsewhere():
    """Let fits warn of what they withhold; the laws are about what they show."""
    with warnings.catch_warnings():
        for category in (ConvergenceWarning, PrecisionWarning, RankDeficiencyWarning):
            warnings.simplefilter("ignore", category)
        yield


def updated(table, model=None, order=None):
    parts = table.parts()
    model = model or LinearRegression()
    with told_elsewhere():
        for i in order or range(len(parts)):
            X, y, weight = table.rows(parts[i])
            model.partial_fit(X, y, weight)
    return model


def whole(table, model=None):
    X, y, weight = table.rows()
    with told_elsewhere():
        return (model or LinearRegression()).fit(X, y, weight)


def assert_same_fit(found, truth):
    """Check every number shown against a fit of all rows, which is right to the last digits."""
    result, exact = found.result_, truth.result_
    assert result.certificate.grade == "statistic"
    assert (result.n, result.n_dropped) == (exact.n, exact.n_dropped)
    assert result.weight_sum == pytest.approx(exact.weight_sum, rel=1e-14)
    if not result.certificate.ok:
        assert np.isnan(result.coef).all()
        assert result.withheld is not None
        return
    theta = parameters(exact)
    se = model_errors(exact)
    size = np.maximum(np.abs(theta), 100 * np.nan_to_num(se))
    wrong = np.abs(parameters(result) - theta)
    if result.withheld is None:
        assert (wrong <= MOST_RELATIVE_ERROR * size + 8 * ROUNDOFF * np.abs(theta)).all()
        assert (wrong <= (MOST_ERROR_IN_SE + 1e-9) * se + 8 * ROUNDOFF * np.abs(theta)).all()
        assert (wrong <= (result.certificate.error_in_se + 1e-9) * se + 8 * ROUNDOFF * np.abs(theta)).all()
        np.testing.assert_allclose(model_errors(result), se, rtol=2e-6)
        np.testing.assert_allclose(result.deviance, exact.deviance, rtol=2e-6)
    np.testing.assert_allclose(result.null_deviance, exact.null_deviance, rtol=1e-6)


# ---------------------------------------------------------------------------------------------------------- partial_fit


@given(tables())
def test_rows_in_parts_give_the_fit_of_all(table):
    assert_same_fit(updated(table), whole(table))


@given(tables(most_drift=100.0))
def test_rows_that_wander_off_give_the_fit_of_all(table):
    assert_same_fit(updated(table), whole(table))


@few
@given(tables())
def test_without_intercept_the_statistic_is_about_zero(table):
    assert_same_fit(
        updated(table, LinearRegression(fit_intercept=False)), whole(table, LinearRegression(fit_intercept=False))
    )


@few
@given(tables(noise=(1.0,)), st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(table, random):
    order = list(range(len(table.parts())))
    random.shuffle(order)
    assert_same_fit(updated(table, order=order), whole(table))


@few
@given(tables(), st.floats(-6.0, 0.0), st.sampled_from([0.0, 1.0]))
def test_columns_that_are_nearly_dependent_are_right_or_withheld(table, share, noise):
    rng = np.random.default_rng(len(table.X))
    first = (table.X[:, :1] - table.X[:, :1].mean()) / table.X[:, :1].std()
    X = np.column_stack([table.X, first + 10.0**share * rng.normal(size=first.shape)])
    y = X[:, -1] + noise * rng.normal(size=len(X))
    if len(X) > X.shape[1] + 2:
        near = replace(table, X=X, y=y)
        assert_same_fit(updated(near), whole(near))


@pytest.mark.parametrize(("share", "shown"), [(1.0, True), (2e-4, False), (1e-6, False)])
def test_what_is_withheld_of_nearly_dependent_columns(share, shown):
    rng = np.random.default_rng(11)
    x = rng.normal(size=100)
    table = Table(np.column_stack([x, x + share * rng.normal(size=100)]), x + rng.normal(size=100), None, (50,))
    found, truth = updated(table), whole(table)
    assert truth.certificate_.ok
    assert found.certificate_.ok is shown
    assert_same_fit(found, truth)


@few
@given(tables(noise=(0.0, 1e-6, 1.0)))
def test_well_scaled_rows_are_certified(table):
    standard = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    usual = replace(table, X=np.linalg.qr(standard)[0], weight=None)
    found = updated(usual)
    assert found.certificate_.ok
    assert np.isfinite(found.coef_).all()


@few
@given(tables())
def test_the_same_parts_in_the_same_order_give_the_same_bits(table):
    first, second = updated(table), updated(table)
    np.testing.assert_array_equal(first.result_.coef, second.result_.coef)
    np.testing.assert_array_equal(first.result_.statistic.gram, second.result_.statistic.gram)


@few
@given(tables(noise=(1.0,)), st.integers(0, 2**32 - 1))
def test_frequencies_are_repeated_rows(table, seed):
    times = np.random.default_rng(seed).integers(1, 4, len(table.X))
    repeated = replace(table, X=np.repeat(table.X, times, axis=0), y=np.repeat(table.y, times), weight=None, cuts=())
    counted = replace(table, weight=times.astype(float))
    assert_same_fit(updated(counted, LinearRegression(weights_type="frequency")), whole(repeated))


@few
@given(tables(noise=(0.0,)))
def test_an_exact_fit_shows_coefficients_and_no_variance(table):
    model, (X, y, _) = updated(table), table.rows()
    result = model.result_
    if result.certificate.ok:
        assert not np.isfinite(model.tidy()["statistic"]).any()
        # What is certified is what each column contributes, relative to the response.
        size = np.sqrt(((y - y.mean()) ** 2).sum())
        wrong = np.abs(X - X.mean(axis=0)) @ np.abs(result.coef[0] - whole(table).result_.coef[0])
        assert (wrong <= 1e-7 * len(result.terms) * size).all()
    else:
        assert np.isnan(result.coef).all()


# ---------------------------------------------------------------------------------------------------------------- merge


def fitted_apart(table):
    with told_elsewhere():
        return [LinearRegression().partial_fit(*table.rows(part)) for part in table.parts()]


@given(tables(most_drift=3.0))
def test_fits_made_apart_are_joined(table):
    models = fitted_apart(replace(table, cuts=table.cuts or (2,)))
    with told_elsewhere():
        assert_same_fit(mathlearn.merge(*models), whole(table))


@few
@given(tables(noise=(1.0,)))
def test_fits_of_full_evidence_are_joined(table):
    half = len(table.X) // 2
    with told_elsewhere():
        parts = [LinearRegression().fit(*table.rows(part)) for part in (slice(half), slice(half, None))]
    if all(part.result_.statistic is not None for part in parts):
        with told_elsewhere():
            assert_same_fit(mathlearn.merge(*parts), whole(table))


@few
@given(tables(most_drift=3.0, noise=(1.0,)))
def test_merging_is_associative_and_commutative_to_the_digits_certified(table):
    models = fitted_apart(replace(table, cuts=(len(table.X) // 3, 2 * len(table.X) // 3)))
    truth = whole(table)
    with told_elsewhere():
        for a, b, c in permutations(models):
            assert_same_fit(mathlearn.merge(mathlearn.merge(a, b), c), truth)
            assert_same_fit(mathlearn.merge(a, mathlearn.merge(b, c)), truth)


@few
@given(tables())
def test_updates_are_merges(table):
    models = fitted_apart(replace(table, cuts=table.cuts or (2,)))
    with told_elsewhere():
        merged = mathlearn.merge(*models)
    stepwise = updated(replace(table, cuts=table.cuts or (2,)))
    np.testing.assert_array_equal(merged.result_.coef, stepwise.result_.coef)
    np.testing.assert_array_equal(merged.result_.statistic.gram, stepwise.result_.statistic.gram)


# ------------------------------------------------------------------------------------------------------------- the bound


def rational(values):
    return [Fraction(value) for value in np.asarray(values).tolist()]


def assert_within(moments, z, weight):
    """Check the Gram matrix against rational numbers, by the bound that the moments state."""
    shift, scale = rational(moments.frame.shift), rational(moments.frame.scale)
    rows = [[(Fraction(v) - s) / u for v, s, u in zip(row, shift, scale, strict=True)] for row in z.tolist()]
    w = [Fraction(1)] * len(rows) if weight is None else rational(weight)
    m = range(len(shift))
    truth = [[sum(a * row[i] * row[j] for a, row in zip(w, rows, strict=True)) for j in m] for i in m]
    size = np.sqrt([float(truth[i][i]) for i in m])
    error = np.array([[float(abs(Fraction(float(moments.gram[i, j])) - truth[i][j])) for j in m] for i in m])
    assert (error <= moments.relative_error * np.outer(size, size)).all()


def moments_of(z, weight):
    chunk = Chunk(z[:, :-1], z[:, -1:], weight)
    return Moments.of(chunk, frame_of(chunk, centre=True))


@few
@given(tables(most_drift=1e4))
def test_the_bound_of_joined_moments_holds(table):
    _, _, weight = table.rows()
    parts = [moments_of(table.z[part], None if weight is None else weight[part]) for part in table.parts()]
    both = reduce(partial(joined, centred=True), parts)
    assert_within(both, table.z, weight)
    assert both.n == len(table.z)


@few
@given(tables(most_drift=1.0))
def test_the_bound_stays_near_that_of_one_pass(table):
    parts = [moments_of(table.z[part], None) for part in table.parts()]
    if min(part.n for part in parts) > 3:
        both = reduce(partial(joined, centred=True), parts)
        assert both.relative_error <= 64 * max(part.relative_error for part in parts)


@few
@given(tables(), st.floats(1e2, 1e4))
def test_what_a_bad_shift_has_cost_is_not_forgotten(table, distance):
    """Moments about a far point, brought near their mean, know no more digits than before."""
    rng = np.random.default_rng(len(table.z))
    z = rng.normal(size=table.z.shape) + distance
    half = len(z) // 2
    far = Frame(np.zeros(z.shape[1]), np.ones(z.shape[1]))
    left = Moments.of(Chunk(z[:half, :-1], z[:half, -1:]), far)
    both = joined(left, moments_of(z[half:], None), centred=True)
    assert np.abs(both.frame.shift - distance).max() < 10.0
    assert_within(both, z, None)


def test_a_small_first_part_far_away_costs_no_digits():
    rng = np.random.default_rng(3)
    z = rng.normal(size=(5000, 3)) + 1e6
    z[:2] -= 1e6
    both = joined(moments_of(z[:2], None), moments_of(z[2:], None), centred=True)
    assert_within(both, z, None)
    away = both.mean - both.frame.shift
    spread = both.norms(centred=True) / np.sqrt(both.weight)
    assert (np.abs(away) <= 8 * spread).all()
    assert both.relative_error < 1e-12


@few
@given(tables(), st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=1), st.integers(0, 2**32 - 1))
def test_a_whole_number_added_to_a_column_moves_its_shift(table, steps, seed):
    """Integers of any size, less an origin, are moved to another origin."""
    rng = np.random.default_rng(seed)
    whole_numbers = rng.integers(-1000, 1000, len(table.X)).astype(float)
    z = np.column_stack([whole_numbers, table.y])
    moved = counted_from(moments_of(z, None), tuple(steps))
    exact = [Fraction(v) + steps[0] for v in whole_numbers.tolist()]
    mean, shift = sum(exact) / len(exact), Fraction(float(moved.frame.shift[0]))
    truth = sum((v - shift) ** 2 for v in exact)
    scale = Fraction(float(moved.frame.scale[0]))
    got = Fraction(float(moved.gram[0, 0])) * scale**2
    assert abs(got - truth) <= Fraction(moved.relative_error) * truth
    about = Fraction(float(moved.sums[0])) * scale / len(exact) + shift
    assert abs(about - mean) <= Fraction(1e-9)


@given(st.floats(1e-17, 1.0))
def test_as_many_terms_as_an_error_needs(error):
    terms = terms_for(error)
    assert gamma(terms) >= error * (1 - 1e-12)
    assert gamma(terms - 1) <= error * (1 + 1e-12)


def test_columns_in_another_order():
    rng = np.random.default_rng(5)
    z = rng.normal([0.0, 10.0, 1e3, 1.0], size=(20, 4))
    order = np.array([2, 0, 1, 3])
    turned = reordered(moments_of(z, None), order)
    straight = moments_of(z[:, order], None)
    np.testing.assert_array_equal(turned.frame.shift, straight.frame.shift)
    np.testing.assert_allclose(turned.gram, straight.gram, rtol=1e-13)
    np.testing.assert_allclose(turned.sums, straight.sums, atol=1e-9)
