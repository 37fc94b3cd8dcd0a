"""Sizes at the ends of the range of doubles, and tables with next to nothing in them."""

import numpy as np
import pytest

from mathlearn._errors import DomainError
from mathlearn.linear_model import LinearRegression
from tests.certificates.problems import fit_quietly as fit
from tests.reference.exact_least_squares import exact_fit

N = 30
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3))
Y = 1 + X @ [1.0, -2.0, 3.0] + 0.1 * RNG.normal(size=N)


def assert_scaled(model, reference, columns, response):
    assert model.certificate_.ok, model.certificate_
    np.testing.assert_allclose(model.coef_ * columns / response, reference.coef_, rtol=1e-12)
    assert model.intercept_ / response == pytest.approx(reference.intercept_, rel=1e-12)
    assert not model.result_.exact.any()
    assert model.result_.deviance[0] / response / response == pytest.approx(reference.result_.deviance[0], rel=1e-10)


@pytest.mark.parametrize("size", [1e100, 1e-100, 1e12, 1e-12])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_column_in_any_unit(size, fit_intercept):
    unit = np.array([size, 1.0, 1.0])
    reference = fit(X, Y, fit_intercept=fit_intercept)
    assert_scaled(fit(X * unit, Y, fit_intercept=fit_intercept), reference, unit, 1.0)


@pytest.mark.parametrize("size", [1e100, 1e-100, 1e12, 1e-12])
def test_a_response_in_any_unit(size):
    assert_scaled(fit(X, Y * size), fit(X, Y), 1.0, size)


def out_of_range(column):
    """Expect the error that names the column, what it is, what is allowed and what to do."""
    return pytest.raises(DomainError, match=rf"column '{column}' is of size .*1e-145 to 1e\+145.*Change its unit")


@pytest.mark.parametrize("size", [1e300, 1e-300, 1e307, 1e-310, 1e150, 1e-150])
@pytest.mark.parametrize("parameters", [{}, {"fit_intercept": False}, {"tol": 1e-9}, {"positive": True}], ids=str)
def test_a_column_at_the_end_of_the_range_is_refused_by_name(size, parameters):
    with out_of_range("x1"):
        fit(X * [1.0, size, 1.0], Y, **parameters)


@pytest.mark.parametrize("size", [1e300, 1e-200, 1e-300, 1e307, 1e150, 1e-150])
def test_a_response_at_the_end_of_the_range_is_refused_by_name(size):
    with out_of_range("y"):
        fit(X, Y * size)


@pytest.mark.parametrize("size", [1e144, 1e-144])
def test_columns_and_responses_near_the_end_of_the_range(size):
    unit = np.array([size, 1.0, 1.0]) / np.sqrt(N)
    assert_scaled(fit(X * unit, Y), fit(X, Y), unit, 1.0)
    assert_scaled(fit(X, Y * unit[0]), fit(X, Y), 1.0, unit[0])


@pytest.mark.parametrize("size", [1e-200, 1e-100, 1e100, 1e200])
def test_the_unit_of_weights_does_not_matter(size):
    model, reference = fit(X, Y, np.full(N, size)), fit(X, Y)
    assert model.certificate_.ok, model.certificate_
    np.testing.assert_allclose(model.coef_, reference.coef_, rtol=1e-14)
    np.testing.assert_allclose(model.tidy()["std_error"], reference.tidy()["std_error"], rtol=1e-12)


@pytest.mark.parametrize("size", [1e-100, 1e100])
def test_the_unit_of_weights_does_not_matter_for_an_exact_fit(size):
    y = X @ [0.1, -0.2, 0.3]
    model, reference = fit(X, y, np.full(N, size)), fit(X, y)
    assert model.result_.exact.all()
    assert model.certificate_.ok, model.certificate_
    assert model.certificate_.digits == pytest.approx(reference.certificate_.digits, abs=0.1)


@pytest.mark.parametrize("size", [1e300, 1e308, 1e-320])
def test_weights_at_the_end_of_the_range_are_refused(size):
    with pytest.raises(DomainError, match=r"or that of the weights"):
        fit(X, Y, np.full(N, size))


@pytest.mark.parametrize("spread", [12, 50])
def test_weights_that_differ_wildly(spread):
    weight = 10.0 ** np.random.default_rng(1).uniform(-spread, spread, N)
    model = fit(X, Y, weight)
    assert model.certificate_.ok, model.certificate_
    truth = exact_fit(X, Y, weight)
    np.testing.assert_allclose(model.coef_, [float(c) for c in truth.coefficients[1:]], rtol=1e-15)
    np.testing.assert_allclose(model.tidy()["std_error"], [float(se) for se in truth.standard_errors], rtol=1e-13)


def test_two_rows_that_carry_all_the_weight_leave_residuals_of_nothing():
    numbers = (
        ("0x1.25a68bf3501a2p+1", "0x1.010922bcff0f8p+31", "0x1.da75ed1802819p-29"),
        ("0x1.25a68bf2ca366p+1", "0x1.010922bc89dd8p+31", "0x1.bca340f654b03p+30"),
        ("0x1.25a68befbaf12p+1", "0x1.010922b9dc427p+31", "0x1.a6672120a4bafp+23"),
    )
    x, y, weight = np.array([[float.fromhex(number) for number in row] for row in numbers]).T
    model = fit(x[:, None], y, weight)
    assert model.certificate_.ok, model.certificate_
    assert model.result_.exact.all()
    assert model.coef_[0] == pytest.approx(float(exact_fit(x[:, None], y, weight).coefficients[1]), rel=1e-15)


def test_one_entry_that_dwarfs_all_others():
    for place in (0, N - 1):
        big = X.copy()
        big[place, 0] = 1e140
        model = fit(big, Y)
        assert model.certificate_.ok, model.certificate_
        others = np.delete(np.arange(N), place)
        # That row has leverage one, and the column is constant elsewhere but for rounding.
        expected = fit(X[others][:, 1:], Y[others])
        np.testing.assert_allclose(model.coef_[1:], expected.coef_, rtol=1e-10)


@pytest.mark.parametrize("value", [0.0, 5.0, 0.1, -1e8])
@pytest.mark.parametrize("parameters", [{}, {"tol": 1e-9}, {"positive": True}])
def test_a_constant_response(value, parameters):
    model = fit(X, np.full(N, value), **parameters)
    assert model.certificate_.ok, model.certificate_
    np.testing.assert_allclose(model.coef_, 0.0, atol=1e-15 * max(abs(value), 1.0))
    assert model.intercept_ == pytest.approx(value, abs=0, rel=1e-15)
    assert model.result_.exact.all()


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [True, False])
def test_columns_of_zeros(fit_intercept, positive):
    model = fit(np.zeros((N, 2)), Y, fit_intercept=fit_intercept, positive=positive)
    assert model.certificate_.ok, model.certificate_
    assert model.coef_.tolist() == [0.0, 0.0]
    assert model.rank_ == 0
    assert model.intercept_ == pytest.approx(Y.mean() if fit_intercept else 0.0, rel=1e-15)


def test_constant_columns():
    model = fit(np.full((N, 2), 0.1), Y)
    assert (model.rank_, model.coef_.tolist()) == (0, [0.0, 0.0])
    through_zero = fit(np.full((N, 2), 0.1), Y, fit_intercept=False)
    assert through_zero.rank_ == 1
    np.testing.assert_allclose(through_zero.coef_, Y.mean() / 0.2, rtol=1e-14)


@pytest.mark.parametrize("p", [1, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_one_row(p, fit_intercept):
    model = fit(X[:1, :p], Y[:1], fit_intercept=fit_intercept)
    assert model.certificate_.ok, model.certificate_
    assert model.predict(X[:1, :p])[0] == pytest.approx(Y[0], rel=1e-14)
    expected = np.zeros(p) if fit_intercept else X[0, :p] * Y[0] / (X[0, :p] @ X[0, :p])
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-14)


def test_two_rows():
    line = fit(X[:2, :1], Y[:2])
    assert line.certificate_.verdict == "certified"
    np.testing.assert_allclose(line.predict(X[:2, :1]), Y[:2], rtol=1e-14)
    assert fit(X[:2], Y[:2]).certificate_.verdict == "certified, with terms withheld"
    same = fit([[1.0], [1.0]], [1.0, 2.0])
    assert (same.rank_, same.coef_.tolist(), same.intercept_) == (0, [0.0], 1.5)


@pytest.mark.parametrize("n", [3, 4])
def test_as_many_parameters_as_rows(n):
    model = fit(X[:n], Y[:n])
    np.testing.assert_allclose(model.predict(X[:n]), Y[:n], rtol=1e-12)
    assert model.result_.exact.all()
    assert model.result_.df_resid <= 0
    assert model.certificate_.ok, model.certificate_
    assert np.isnan(model.tidy()["std_error"]).all() or model.result_.withheld


def test_one_row_and_positive_coefficients():
    assert fit(X[:1], Y[:1], positive=True).coef_.tolist() == [0.0, 0.0, 0.0]


WIDE = RNG.normal(size=(5, 20))


@pytest.mark.parametrize("unit", [1e-100, 1e100, 1.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_wide_tables_in_any_unit(unit, fit_intercept):
    model = fit(WIDE * unit, Y[:5], fit_intercept=fit_intercept)
    assert model.certificate_.ok, model.certificate_
    reference = fit(WIDE, Y[:5], fit_intercept=fit_intercept)
    np.testing.assert_allclose(model.coef_ * unit, reference.coef_, rtol=1e-10)


def test_wide_tables_with_unequal_weights():
    weight = np.array([1.0, 1e-6, 1e6, 2.0, 3.0])
    model = fit(WIDE, Y[:5], weight)
    assert model.rank_ == 4
    assert model.certificate_.ok, model.certificate_


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0])
def test_wide_tables_that_are_constant(value):
    model = fit(np.full((5, 20), value), Y[:5])
    assert (model.rank_, np.abs(model.coef_).max()) == (0, 0.0)
    assert model.intercept_ == pytest.approx(Y[:5].mean(), rel=1e-15)


def test_an_offset_is_subtracted_from_the_response():
    pandas = pytest.importorskip("pandas")
    shift = RNG.normal(size=N) * 100
    frame = pandas.DataFrame(X, columns=["a", "b", "c"]).assign(y=Y + shift, s=shift)
    model = LinearRegression(formula="y ~ a + b + c + offset(s)").fit(frame)
    np.testing.assert_allclose(model.coef_, fit(X, Y).coef_, rtol=1e-12)
    assert model.certificate_.ok, model.certificate_
