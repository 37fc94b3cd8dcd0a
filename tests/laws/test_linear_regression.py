"""Laws of least squares: what may not change the fit, what must change it exactly, and that a claimed digit is a digit."""

import contextlib
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mathlearn._config import config_context
from mathlearn._errors import RankDeficiencyWarning
from mathlearn.linalg import ladder
from mathlearn.linear_model import LinearRegression
from tests.reference.exact_least_squares import CAP, exact_fit, log_relative_error

# A small fit is refined until its certified error is 4 units in the last place: two of them differ by 8 at most.
ULPS = 8 * np.finfo(float).eps
# Standard errors and sums of squares carry no certificate of their own.
LOOSE = 1e-13


# Every example is several refined fits; the tables are random in all their entries, so that few examples say much.
few = settings(max_examples=30)


@dataclass(frozen=True)
class Table:
    X: np.ndarray
    y: np.ndarray
    rng: np.random.Generator

    @property
    def n(self):
        return len(self.y)


@st.composite
def tables(draw):
    """Return a table with columns in unlike units, far from zero, and noise from faint to loud."""
    p = draw(st.integers(1, 4))
    n = draw(st.integers(p + 3, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 10.0 ** np.array(draw(st.lists(st.integers(-9, 9), min_size=p, max_size=p)))
    offset = np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 1e3, 1e8]), min_size=p, max_size=p)))
    X = (rng.normal(size=(n, p)) + offset) * scale
    noise = draw(st.sampled_from([1e-6, 1e-2, 1.0, 100.0]))
    y = 1.0 + ((X / scale) - offset) @ rng.normal(size=p) + noise * rng.normal(size=n)
    return Table(X, y, rng)


@contextlib.contextmanager
def blocks_of(rows):
    """Cut the rows into blocks of this many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ladder, "_MOST_ROWS", rows)
        patch.setattr(ladder, "_FEWEST_ROWS", rows)
        yield


def fit(X, y, weight=None, **parameters):
    return LinearRegression(**parameters).fit(X, y, sample_weight=weight)


def standard_errors(model):
    return model.tidy()["std_error"].to_numpy()


def assert_same_fit(one, other):
    """Check that two fits agree to the digits that both are certified for, and in all that is derived from them."""
    assert one.certificate_.ok, one.certificate_
    assert other.certificate_.ok, other.certificate_
    assert_allclose(other.coef_, one.coef_, rtol=ULPS, atol=0)
    assert_allclose(other.intercept_, one.intercept_, rtol=ULPS, atol=0)
    assert_allclose(standard_errors(other), standard_errors(one), rtol=LOOSE, atol=0)
    assert_allclose(other.result_.deviance, one.result_.deviance, rtol=LOOSE, atol=0)
    assert other.result_.df_resid == one.result_.df_resid
    assert other.rank_ == one.rank_


@few
@given(tables(), st.sampled_from([1, 2, 7, 1000]), st.booleans())
def test_chunking_does_not_change_the_fit(table, rows, fit_intercept):
    whole = fit(table.X, table.y, fit_intercept=fit_intercept)
    with blocks_of(rows):
        assert_same_fit(whole, fit(table.X, table.y, fit_intercept=fit_intercept))


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_threads_do_not_change_a_bit(fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30_000, 10)) + 5.0
    y = X @ rng.normal(size=10) + rng.normal(size=30_000)
    fits = []
    for threads in (1, 2, 5):
        with config_context(threads=threads):
            fits.append(fit(X, y, fit_intercept=fit_intercept))
    for other in fits[1:]:
        assert_array_equal(other.coef_, fits[0].coef_)
        assert other.intercept_ == fits[0].intercept_
        assert_array_equal(standard_errors(other), standard_errors(fits[0]))
        assert other.certificate_ == fits[0].certificate_


@few
@given(tables())
def test_unit_weights_are_no_weights(table):
    assert_same_fit(fit(table.X, table.y), fit(table.X, table.y, np.ones(table.n)))


@few
@given(tables())
def test_unit_frequencies_are_no_weights(table):
    assert_same_fit(fit(table.X, table.y), fit(table.X, table.y, np.ones(table.n), weights_type="frequency"))


@few
@given(tables())
def test_frequencies_are_repeated_rows(table):
    count = table.rng.integers(1, 4, table.n)
    repeated = fit(np.repeat(table.X, count, axis=0), np.repeat(table.y, count))
    assert_same_fit(repeated, fit(table.X, table.y, count, weights_type="frequency"))


@few
@given(tables(), st.sampled_from(["precision", "frequency"]))
def test_rows_of_weight_zero_are_absent(table, weights_type):
    weight = table.rng.integers(1, 4, table.n).astype(float)
    X = np.vstack([table.X, table.X[:2] + 1e3])
    y, w = np.append(table.y, [1e6, -1e6]), np.append(weight, [0.0, 0.0])
    present = fit(table.X, table.y, weight, weights_type=weights_type)
    assert_same_fit(present, fit(X, y, w, weights_type=weights_type))


@few
@given(tables(), st.integers(-30, 30))
def test_the_unit_of_precision_weights_does_not_matter(table, exponent):
    weight = table.rng.uniform(0.1, 10.0, table.n)
    one, other = fit(table.X, table.y, weight), fit(table.X, table.y, np.ldexp(weight, exponent))
    assert_allclose(other.coef_, one.coef_, rtol=ULPS, atol=0)
    assert_allclose(other.intercept_, one.intercept_, rtol=ULPS, atol=0)
    assert_allclose(standard_errors(other), standard_errors(one), rtol=LOOSE, atol=0)


@few
@given(tables())
def test_the_order_of_rows_does_not_matter(table):
    order = table.rng.permutation(table.n)
    assert_same_fit(fit(table.X, table.y), fit(table.X[order], table.y[order]))


@few
@given(tables())
def test_the_order_of_columns_does_not_matter(table):
    order = table.rng.permutation(table.X.shape[1])
    one, other = fit(table.X, table.y), fit(table.X[:, order], table.y)
    assert_allclose(other.coef_, one.coef_[order], rtol=ULPS, atol=0)
    assert_allclose(other.intercept_, one.intercept_, rtol=ULPS, atol=0)
    assert_allclose(standard_errors(other)[1:], standard_errors(one)[1:][order], rtol=LOOSE, atol=0)


@few
@given(tables(), st.integers(-40, 40), st.booleans())
def test_a_power_of_two_in_a_column_is_exact(table, exponent, fit_intercept):
    k = int(table.rng.integers(table.X.shape[1]))
    exponents = np.zeros(table.X.shape[1], dtype=int)
    exponents[k] = exponent
    one = fit(table.X, table.y, fit_intercept=fit_intercept)
    other = fit(np.ldexp(table.X, exponents), table.y, fit_intercept=fit_intercept)
    first = int(fit_intercept)
    assert_array_equal(np.ldexp(other.coef_, exponents), one.coef_)
    assert_array_equal(np.ldexp(standard_errors(other)[first:], exponents), standard_errors(one)[first:])
    assert other.intercept_ == one.intercept_
    assert_array_equal(other.result_.deviance, one.result_.deviance)


@few
@given(tables(), st.integers(-40, 40))
def test_a_power_of_two_in_y_is_exact(table, exponent):
    one, other = fit(table.X, table.y), fit(table.X, np.ldexp(table.y, exponent))
    assert_array_equal(np.ldexp(other.coef_, -exponent), one.coef_)
    assert np.ldexp(other.intercept_, -exponent) == one.intercept_
    assert_array_equal(np.ldexp(standard_errors(other), -exponent), standard_errors(one))


@few
@given(tables())
def test_turning_y_over_turns_the_coefficients_over(table):
    one, other = fit(table.X, table.y), fit(table.X, -table.y)
    assert_array_equal(-other.coef_, one.coef_)
    assert_array_equal(standard_errors(other), standard_errors(one))


@few
@given(tables(), st.sampled_from([-64.0, 3.0, 1024.0]))
def test_a_shift_of_y_moves_the_intercept_alone(table, shift):
    y = np.round(table.y, 3) * 2.0**20 // 1 / 2.0**20  # on a grid, so that adding the shift is exact
    one, other = fit(table.X, y), fit(table.X, y + shift)
    assert_allclose(other.coef_, one.coef_, rtol=ULPS, atol=0)
    assert_allclose(standard_errors(other), standard_errors(one), rtol=LOOSE, atol=0)
    truth = exact_fit(table.X, y + shift).coefficients[0]
    assert log_relative_error(other.intercept_, truth) >= CAP - 0.3


@few
@given(tables())
def test_several_responses_are_several_fits(table):
    second = table.rng.normal(size=table.n)
    both = fit(table.X, np.column_stack([table.y, second]))
    for row, y in enumerate((table.y, second)):
        one = fit(table.X, y)
        assert_allclose(both.coef_[row], one.coef_, rtol=ULPS, atol=0)
        assert_allclose(both.intercept_[row], one.intercept_, rtol=ULPS, atol=0)
        assert_allclose(both.result_.deviance[row], one.result_.deviance[0], rtol=LOOSE, atol=0)


@few
@given(tables())
def test_a_repeated_column_changes_no_prediction(table):
    plain = fit(table.X, table.y)
    with pytest.warns(RankDeficiencyWarning, match="x0"):
        doubled = fit(np.column_stack([table.X, table.X[:, 0]]), table.y)
    assert doubled.rank_ == plain.rank_
    assert doubled.result_.df_resid == plain.result_.df_resid
    assert_allclose(doubled.result_.deviance, plain.result_.deviance, rtol=1e-10, atol=0)
    assert_allclose(doubled.coef_[0], doubled.coef_[-1], rtol=1e-9)  # minimum norm shares alike
    # A prediction is a sum of terms that may be far larger than itself: it is judged by their rounding.
    largest = np.abs(plain.intercept_) + np.abs(table.X) @ np.abs(plain.coef_)
    difference = doubled.predict(np.column_stack([table.X, table.X[:, 0]])) - plain.predict(table.X)
    assert np.all(np.abs(difference) <= 8 * np.finfo(float).eps * largest)


@few
@given(tables(), st.booleans())
def test_every_certified_digit_is_right(table, fit_intercept):
    model = fit(table.X, table.y, fit_intercept=fit_intercept)
    truth = exact_fit(table.X, table.y, intercept=fit_intercept)
    first = int(fit_intercept)
    assert model.certificate_.ok, model.certificate_
    assert model.certificate_.digits >= CAP - 0.3
    for value, claim, exact in zip(model.coef_, model.result_.digits[0], truth.coefficients[first:], strict=True):
        assert log_relative_error(value, exact) >= min(claim, CAP)
    assert_allclose(standard_errors(model), [float(error) for error in truth.standard_errors], rtol=LOOSE, atol=0)
    assert_allclose(model.result_.deviance[0], float(truth.rss), rtol=LOOSE, atol=0)


@few
@given(tables())
def test_every_certified_digit_is_right_with_weights(table):
    weight = 10.0 ** table.rng.uniform(-3, 3, table.n)
    model, truth = fit(table.X, table.y, weight), exact_fit(table.X, table.y, weight)
    assert model.certificate_.ok, model.certificate_
    for value, claim, exact in zip(model.coef_, model.result_.digits[0], truth.coefficients[1:], strict=True):
        assert log_relative_error(value, exact) >= min(claim, CAP)
    assert_allclose(standard_errors(model), [float(error) for error in truth.standard_errors], rtol=LOOSE, atol=0)
