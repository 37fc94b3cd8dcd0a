"""Links and their inverses undo each other, have the slopes that they say, and are right in both tails."""

import math

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from mathlearn._errors import DomainError
from mathlearn.probability import LINKS, link_named
from mathlearn.probability.links.powers import power
from tests.unit.test_probability_latex import NUMERIC, Phi, PhiInverse, eta, mu, read

ALL = [*LINKS.values(), power(-0.5), power(-0.1), power(1.7)]
ONTO_UNIT = [link for link in ALL if link.odds is not None]
POSITIVE = [link for link in ALL if link.monomial is not None]
with_links = pytest.mark.parametrize("link", ALL, ids=lambda link: link.name)
with_odds = pytest.mark.parametrize("link", ONTO_UNIT, ids=lambda link: link.name)
with_monomials = pytest.mark.parametrize("link", POSITIVE, ids=lambda link: link.name)
U = 2.0**-53


def predictors(link):
    sizes = np.concatenate([10.0 ** np.linspace(-6, 1.5, 60), [30.0, 37.0]])
    return sizes if link.eta_span.lower == 0.0 or link.name == "inverse" else np.concatenate([-sizes, sizes])


def judge(latex, symbol, order=0):
    expression = sp.diff(read(latex), symbol, order) if order else read(latex)
    return sp.lambdify(symbol, expression.subs(1 - Phi(eta), Phi(-eta)), NUMERIC)


def assert_close(got, true, ulps):
    assert abs(mp.mpf(float(got)) - true) <= ulps * mp.mpf(max(math.ulp(float(true)), 5e-324))


@with_links
def test_the_mean_and_its_slope_are_those_displayed(link):
    mean, slope = judge(link.mean_latex, eta), judge(link.mean_latex, eta, 1)
    with mp.workdps(500):
        for e in predictors(link):
            at = mp.mpf(float(e))
            assert_close(link.mu(e), mean(at), 4)
            assert_close(link.dmu(e), slope(at), 4)
            if mean(at) > 0:
                assert_close(link.log_mu(e), mp.log(mean(at)), 4)


@with_links
def test_the_predictor_is_the_one_displayed(link):
    forward = judge(link.latex, mu)
    normal = read(link.latex).has(PhiInverse)
    slope = None if normal else sp.lambdify(mu, mu * sp.diff(read(link.latex), mu), NUMERIC)
    means = np.array([0.03, 0.2, 0.3, 0.49999, 0.5, 0.50001, 0.7, 0.97])
    means = means if link.odds is not None else np.concatenate([means, [1.5, 40.0]])
    with mp.workdps(60):
        for m in means:
            at = mp.mpf(float(m))
            error = abs(mp.mpf(float(link.eta(m))) - forward(at))
            moved = at * mp.sqrt(2 * mp.pi) * mp.exp(forward(at) ** 2 / 2) if normal else slope(at)
            # Rounding the mean, or one minus it, moves the predictor by its slope.
            assert error <= 8 * U * (abs(forward(at)) + abs(moved) * (1 + (1 / at if link.odds else 0)))


@with_links
def test_the_displayed_inverse_is_the_inverse(link):
    forward, back = judge(link.latex, mu), judge(link.mean_latex, eta)
    with mp.workdps(60):
        for e in ("0.2", "0.9", "1.3"):
            assert abs(forward(back(mp.mpf(e))) - mp.mpf(e)) < 1e-45


@with_links
@given(st.floats(1e-5, 12.0), st.booleans())
def test_links_undo_each_other(link, size, negative):
    e = -size if negative and link.eta_span.lower < 0.0 else size
    mean = link.mu(e)
    if link.odds is not None and not 1e-300 < mean < 1.0 - 1e-12:
        return
    slope = abs(link.dmu(e))
    back = link.eta(mean)
    # A mean is known to its last place, and what that moves the predictor by is all that may be lost.
    assert abs(back - e) <= 16 * U * (abs(e) + (abs(mean) + (link.odds is not None)) / slope)


@with_odds
def test_both_tails_have_all_their_digits(link):
    mean = read(link.mean_latex)
    complement = (1 - mean).subs(1 - Phi(eta), Phi(-eta))
    true = {
        "log_mu": sp.log(mean),
        "log_complement": -sp.log(complement),
        "rise": sp.diff(mean, eta) / mean,
        "fall": sp.diff(mean, eta) / complement,
        "information": sp.diff(mean, eta) ** 2 / mean / complement,
    }
    etas = predictors(link)[np.abs(predictors(link)) < 36.0]
    with np.errstate(all="ignore"):
        got = link.odds.terms(etas, np.ones_like(etas))._asdict() | {"complement": link.odds.complement(etas)}
    for name, expression in (true | {"complement": complement}).items():
        function = sp.lambdify(eta, expression, NUMERIC)
        with mp.workdps(500):
            for e, value in zip(etas, got[name], strict=True):
                if link.name == "cloglog" and e > 6.0 and name != "fall":
                    continue  # exp(-exp(36)): the laws of the families go there
                assert_close(value, function(mp.mpf(float(e))), link.bound.curvature if name == "information" else 4)


@with_odds
@given(st.floats(-40.0, 40.0))
def test_mean_and_complement_add_up(link, e):
    assert abs(link.mu(e) + link.odds.complement(np.array([e]))[0] - 1.0) <= 4 * U


@with_monomials
@given(st.floats(1e-3, 20.0), st.sampled_from([-1.0, -0.37, 0.0, 0.5, 1.0, 2.0]), st.sampled_from([0, 1, 2]))
def test_a_monomial_is_the_product_of_its_powers(link, e, mean_power, slope_power):
    slope = link.dmu(e) / link.mu(e)
    want = 3.0 * link.mu(e) ** mean_power * slope**slope_power
    got = link.monomial(3.0, mean_power, slope_power, np.array([e]))[0]
    np.testing.assert_allclose(got, want, rtol=1e-13)


@with_monomials
def test_a_product_is_finite_where_its_factors_are_not(link):
    a = 0.0 if link.name == "log" else 1.0 / link.inverse_power
    e = np.array([400.0 if link.name == "log" else 10.0 ** (180 / a if abs(a) > 1.0 else 180 * np.sign(a))])
    with np.errstate(all="ignore"):
        got = link.monomial(1e-250, 2.0, 0, e)[0]
    with mp.workdps(50):
        true = mp.mpf(1e-250) * judge(link.mean_latex, eta)(mp.mpf(float(e[0]))) ** 2
    assert abs(got / true - 1) < 1e-15


@with_links
@given(st.floats(0.02, 5.0), st.floats(-1e-3, 1e-3))
def test_the_residual_keeps_its_digits_beside_y(link, e, move):
    value = float(link.mu(e))
    value = value * (1.0 + move)
    if link.odds is not None and not 0.0 < value < 1.0:
        return
    with mp.workdps(60):
        true = judge(link.mean_latex, eta)(mp.mpf(e)) - mp.mpf(value)
    if abs(true) < 2.0**-48 * value:
        return
    got = float(link.residual(np.array([e]), np.array([value]))[0])
    scale = value * (1.0 - value) if link.bound.of == "terms" else abs(float(true))
    assert abs(mp.mpf(got) - true) <= link.bound.gradient * 2 * U * scale


def test_unknown_links_are_refused_with_a_hint():
    with pytest.raises(DomainError, match=r"link is 'probti'.*'probit'.*Did you mean 'probit'\?"):
        link_named("probti")
    for bad in (0.0, math.inf, math.nan):
        with pytest.raises(DomainError, match="exponent of a power link"):
            power(bad)


def test_a_power_link_is_the_link_of_that_name():
    assert power(-1.0) is LINKS["inverse"]
    assert power(-1.5) == power(-1.5)
    assert power(-1.5) != power(-1.25)
