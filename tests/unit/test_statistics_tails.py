"""Tails against mpmath, far beyond where a difference from one has digits left."""

import mpmath as mp
import numpy as np
import pytest

from mathlearn._errors import DomainError
from mathlearn.statistics.tails import f_tail, t_quantile, t_two_sided


def incomplete_beta(a, b, x):
    """Regularised I_x(a, b) by its hypergeometric series, for x below the mean of the distribution."""
    with mp.workdps(50):
        a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
        term = total = mp.mpf(1)
        n = 0
        while term > total * mp.mpf(10) ** -30:
            term *= (a + b + n) / (a + 1 + n) * x
            total += term
            n += 1
        return x**a * (1 - x) ** b / (a * mp.beta(a, b)) * total


def exact_f_tail(f, d1, d2):
    with mp.workdps(50):
        x = mp.mpf(d2) / (mp.mpf(d2) + mp.mpf(d1) * mp.mpf(f))
        if x < mp.mpf(d2) / (d1 + d2):
            return incomplete_beta(mp.mpf(d2) / 2, mp.mpf(d1) / 2, x)
        return 1 - incomplete_beta(mp.mpf(d1) / 2, mp.mpf(d2) / 2, 1 - x)


@pytest.mark.parametrize("df", [1, 2, 3, 7.5, 30, 338, 1000])
@pytest.mark.parametrize("t", [1e-8, 0.01, 0.5, 1.96, 6.0, 20.0, 37.0, 1e4])
def test_t_has_its_digits_down_to_1e_300(t, df):
    exact = exact_f_tail(mp.mpf(t) ** 2, 1, df)
    p = mp.mpf(float(t_two_sided(t, df)))
    if exact < mp.mpf("1e-300"):
        assert p < mp.mpf("1e-299")
        return
    # At df = 1 and t near zero, p is near one: the absolute error there is what matters.
    tolerance = 1e-11 if t < 0.1 else 1e-13
    assert abs(p - exact) <= tolerance * exact


@pytest.mark.parametrize(("d1", "d2"), [(1, 3), (2, 10), (5, 100), (20, 1000), (200, 50)])
@pytest.mark.parametrize("f", [1e-4, 0.5, 1.0, 5.0, 70.0])
def test_f_has_its_digits(f, d1, d2):
    exact = exact_f_tail(f, d1, d2)
    assert abs(mp.mpf(float(f_tail(f, d1, d2))) - exact) <= 2e-13 * exact


def test_infinite_degrees_of_freedom_are_the_normal_and_chi_squared_limits():
    # erfc(1.96 / sqrt(2)) and exp(-3), to the digits of a double.
    assert t_two_sided(1.96, np.inf) == pytest.approx(0.049995790296440868, rel=1e-14)
    assert f_tail(3.0, 2, np.inf) == pytest.approx(np.exp(-3), rel=1e-14)


def test_tails_at_the_ends():
    assert t_two_sided(0.0, 5) == 1.0
    assert t_two_sided(np.inf, 5) == 0.0
    assert np.isnan(t_two_sided(np.nan, 5))
    assert np.isnan(f_tail(2.0, 3, np.nan))
    assert t_two_sided(-2.0, 5) == t_two_sided(2.0, 5)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999, 1 - 1e-12])
@pytest.mark.parametrize("df", [1, 4, 338, 1e6])
def test_quantile_is_the_inverse_of_the_tail(level, df):
    assert t_two_sided(t_quantile(level, df), df) == pytest.approx(1 - level, rel=1e-11)


def test_quantile_without_degrees_of_freedom_is_nan():
    assert np.isnan(t_quantile(0.95, 0))
    assert t_quantile(0.95, np.inf) == pytest.approx(1.959963984540054, rel=1e-14)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, float("nan")])
def test_level_outside_zero_one_is_refused(level):
    with pytest.raises(DomainError, match=r"between 0 and 1"):
        t_quantile(level, 10)
