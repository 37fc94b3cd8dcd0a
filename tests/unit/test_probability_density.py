"""Densities are densities of the displayed formula, scores have mean zero, and deviances are the integrals that define them."""

import math

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from mathlearn._errors import DomainError
from mathlearn.probability import FAMILIES, family_named
from mathlearn.probability.families.negative_binomial import profile_of_theta
from tests.unit.test_probability_latex import NUMERIC, mu, phi, read, tau, theta, xi, y

FAMILY_LIST = [maker.make(**dict(example)) for maker in FAMILIES.values() for example in maker.examples]
NAMES = [f"{family.name}{dict(family.parameters) or ''}" for family in FAMILY_LIST]
WITH_DENSITY = [family for family in FAMILY_LIST if family.saturated_of is not None]
with_families = pytest.mark.parametrize("family", FAMILY_LIST, ids=NAMES)
with_densities = pytest.mark.parametrize("family", WITH_DENSITY, ids=lambda f: f"{f.name}{dict(f.parameters) or ''}")
YS = np.array([0.0, 1.0, 0.5, 2.0, 3.0, 7.0, 40.0, 1e5, 1e-5, -1.5])
MEANS = np.array([1e-6, 0.03, 0.4, 0.5, 0.97, 1.0, 3.0, 41.0, 2e5, -0.7])


def means_of(family):
    return MEANS[family.mean_span.holds(MEANS)]


def values_of(family):
    return YS[family.domain.inside(YS)]


def settled(family, latex):
    parameters = {theta: dict(family.parameters).get("theta"), xi: dict(family.parameters).get("power")}
    exact = {letter: sp.Rational(*float(value).as_integer_ratio()) for letter, value in parameters.items() if value}
    return read(latex).subs(exact)


# ------------------------------------------------------------------------------------------------------------ densities
@with_densities
@pytest.mark.parametrize("dispersion", [1.0, 0.3, 17.0])
def test_the_log_density_is_the_displayed_formula(family, dispersion):
    formula = sp.lambdify((y, mu, phi, tau), settled(family, family.formula.latex), NUMERIC)
    dispersion = 1.0 if family.fixed_dispersion else dispersion
    free = family.formula.kind != "log-density"
    for value in values_of(family):
        means = means_of(family)
        got = family.log_density(value, means, dispersion)
        with mp.workdps(60):
            at = [formula(mp.mpf(float(value)), mp.mpf(float(m)), mp.mpf(dispersion), 1) for m in means]
            best = max(range(means.size), key=lambda i, at=at: at[i])
            at = [float(each - at[best]) + got[best] * free if free else float(each) for each in at]
        np.testing.assert_allclose(got, at, rtol=1e-13, atol=1e-13)


@with_densities
def test_many_rows_have_the_saturated_density_of_each_alone(family):
    """Counts come from a table where many rows have the same, and one dispersion for all stays one number."""
    values = YS[family.domain.inside(YS) & (np.floor(YS) == YS) & (YS < 1e3)]
    y = np.tile(values, 500)
    for at in (1.0, 0.3):
        alone = [float(family.saturated(np.array([value]), at)[0]) for value in values]
        np.testing.assert_allclose(family.saturated(y, at), np.tile(alone, 500), rtol=1e-14)
    halves = np.tile(values[:1] + 0.5, 2000)
    if family.domain.inside(halves).all():
        assert np.ptp(family.saturated(halves, 0.3)) == 0.0


@pytest.mark.parametrize("trials", [1, 7, 1000])
def test_a_binomial_counts_its_trials(trials):
    family = family_named("binomial")
    formula = sp.lambdify((y, mu, tau), read(family.formula.latex), NUMERIC)
    for successes in {0, 1, trials // 2, trials}:
        got = family.log_density(successes / trials, means_of(family), trials=trials)
        with mp.workdps(60):
            true = [formula(mp.mpf(successes) / trials, mp.mpf(float(m)), trials) for m in means_of(family)]
        np.testing.assert_allclose(got, np.array(true, dtype=float), rtol=2e-14, atol=2e-14)


def total(family, function, mean, dispersion):
    """Expectation of a function of y, by sums and quadrature."""

    def at(values):
        return np.exp(family.log_density(values, mean, dispersion)) * function(values)

    if family.support == "binary":
        return at(np.array([0.0, 1.0])).sum()
    if family.support == "counts":
        return math.fsum(at(np.arange(4000.0)))
    if family.support == "real":
        return integrate.quad(
            lambda v: at(np.array([v]))[0], mean - 30, mean + 30, epsabs=1e-13, epsrel=1e-12, limit=400
        )[0]
    mass = at(np.zeros(1))[0] if family.support == "mixed" else 0.0
    nodes = np.linspace(-250.0, 7.0, 8001)  # of log y: trapezoids converge geometrically
    return mass + float(np.sum(at(np.exp(nodes)) * np.exp(nodes)) * (nodes[1] - nodes[0]))


@with_densities
@pytest.mark.parametrize("dispersion", [1.0, 0.3])
def test_a_density_integrates_to_one_and_has_its_mean_and_variance(family, dispersion):
    dispersion = 1.0 if family.fixed_dispersion else dispersion
    for mean in (0.4, 0.9, 2.5):
        if not family.mean_span.holds(np.array(mean)):
            continue
        assert abs(total(family, np.ones_like, mean, dispersion) - 1.0) < 1e-10
        assert abs(total(family, lambda v: v, mean, dispersion) - mean) < 1e-9
        variance = total(family, lambda v, at=mean: (v - at) ** 2, mean, dispersion)
        np.testing.assert_allclose(variance, dispersion * family.variance(mean), rtol=1e-8)


@with_densities
@pytest.mark.parametrize("dispersion", [1.0, 0.3])
def test_the_score_has_mean_zero_and_fishers_variance(family, dispersion):
    dispersion = 1.0 if family.fixed_dispersion else dispersion
    mean = 0.6
    for link in family.links:
        eta = float(link.eta(mean))
        curvature = family.kernels(np.ones(1), np.array([eta]), link).curvature[0] / dispersion

        def score(values, eta=eta, link=link):
            return -family.kernels(values, np.full_like(values, eta), link).gradient / dispersion

        assert abs(total(family, score, mean, dispersion)) < 1e-9 * (1.0 + curvature)
        np.testing.assert_allclose(total(family, lambda v, s=score: s(v) ** 2, mean, dispersion), curvature, rtol=1e-8)


@with_families
def test_a_quasi_likelihood_says_that_it_has_no_density(family):
    if family.saturated_of is None:
        assert family.formula.kind == "score"
        assert not family.fixed_dispersion
        assert not family.constant_latex
        with pytest.raises(DomainError, match="has no density, so there is no log-likelihood"):
            family.log_density(np.ones(1), np.ones(1))


@with_densities
def test_precision_weights_divide_the_dispersion(family):
    value, mean = values_of(family)[:1], means_of(family)[:1]
    got = family.log_density(value, mean, 2.0, 3.0)
    want = (
        3.0 * family.log_density(value, mean) if family.fixed_dispersion else family.log_density(value, mean, 2.0 / 3.0)
    )
    np.testing.assert_allclose(got, want, rtol=1e-15)


def tweedie_series(power, value, mean, dispersion):
    """Density by the series of Dunn and Smyth (2005), equations 3 and 4, with all the digits it takes."""
    with mp.workdps(60):
        p, v, m, f = (mp.mpf(x) for x in (power, value, mean, dispersion))
        a = (2 - p) / (1 - p)
        log_z = -a * mp.log(v) + a * mp.log(p - 1) - (1 - a) * mp.log(f) - mp.log(2 - p)
        largest = int(v ** (2 - p) / ((2 - p) * f)) + 1
        terms = range(1, 4 * largest + 200)
        series = mp.fsum(mp.exp(j * log_z - mp.loggamma(j + 1) - mp.loggamma(-j * a)) for j in terms)
        return float(mp.log(series / v) + (v * m ** (1 - p) / (1 - p) - m ** (2 - p) / (2 - p)) / f)


@pytest.mark.parametrize("power", [1.05, 1.5, 1.95])
@pytest.mark.parametrize("dispersion", [0.01, 0.4, 5.0])
def test_the_tweedie_density_is_the_series(power, dispersion):
    family = family_named("tweedie", power=power)
    for value in (1e-4, 0.3, 1.0, 6.0, 25.0):
        got = family.log_density(value, 1.3, dispersion)[0]
        np.testing.assert_allclose(got, tweedie_series(power, value, 1.3, dispersion), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("power", [1.0 + 1e-9, 1.0 + 1e-7, 1.0001])
@pytest.mark.parametrize("value", [0.3, 1.42, 1.48, 2.495, 7.5])
def test_the_tweedie_density_next_to_a_poisson_is_that_of_the_likeliest_number_of_amounts(power, value):
    """That number is not always the nearest: 1.48 is likelier of two amounts than of one."""
    got = family_named("tweedie", power=power).log_density(value, value, 1.0)[0]
    np.testing.assert_allclose(got, tweedie_series(power, value, value, 1.0), rtol=1e-11)


# ------------------------------------------------------------------------------------------------------------- deviances
STEP = 0.02
LOG_X = STEP * np.arange(-3750.0, 286.0)  # trapezoids of log x converge geometrically; on either side nothing is left


def deviance_integrals(variance, value, means):
    """Integrate ``2 (y - s) / V(s)`` from each mean to y, along ``s = y + (mu - y) exp(-x)``."""
    rest = sp.Symbol("rest", positive=True)
    # What is left to one has a letter of its own: nothing cancels at either end.
    at = sp.lambdify((mu, rest), variance.xreplace({1 - mu: rest}), "numpy")
    means, x = means[:, None], np.exp(LOG_X)
    near, far = np.exp(-x), -np.expm1(-x)
    variances = at(means * near + value * far, (1.0 - means) * near + (1.0 - value) * far)
    return 2.0 * (means[:, 0] - value) ** 2 * np.sum(near**2 * x / (variances * np.ones_like(x)), axis=-1) * STEP


@with_families
def test_the_deviance_is_the_integral_that_defines_it(family):
    variance = settled(family, family.variance_latex)
    for value in values_of(family):
        beside = value * (1.0 + np.array([1e-12, -1e-9, 1e-5, -0.03, 0.3, -0.5]))
        means = np.concatenate([means_of(family), beside[family.mean_span.holds(beside)]])
        true = deviance_integrals(variance, float(value), means)
        np.testing.assert_allclose(family.deviance(value, means), true, rtol=2e-13, atol=0.0)


@with_families
@given(st.floats(1e-8, 1.0), st.floats(1e-8, 1.0), st.floats(-1e-7, 1e-7))
def test_deviances_are_never_negative_and_vanish_at_y(family, value, mean, move):
    for scale in (1.0, 1e4) if family.mean_span.upper > 1.0 else (1.0 - 1e-9,):
        ys = np.array([value, value, mean * (1.0 + move)]) * scale
        means = np.array([mean, value, mean]) * scale
        deviance = family.deviance(ys, means)
        assert (deviance >= 0.0).all()
        assert deviance[1] == 0.0
        assert (deviance[ys != means] > 0.0).all() or abs(move) < 1e-15


@with_families
def test_the_slope_of_the_deviance_is_the_score(family):
    means = means_of(family)
    for value in values_of(family):
        step = 1e-4 * np.abs(means)
        step = np.minimum(step, 0.01 * (1.0 - means)) if family.mean_span.upper == 1.0 else step
        stencil = [(1, 8 / 12), (-1, -8 / 12), (2, -1 / 12), (-2, 1 / 12)]
        slope = sum(c * family.deviance(value, means + k * step) for k, c in stencil) / step
        want = -2.0 * (value - means) / family.variance(means)
        scale = np.abs(want) + family.deviance(value, means) / np.abs(means)
        assert (np.abs(slope - want) <= 1e-9 * scale + 1e-9 * np.abs(2.0 * means / family.variance(means))).all()


@with_densities
def test_deviances_and_log_likelihoods_say_the_same(family):
    value = values_of(family)[0]
    for dispersion in (0.5, 2.0):
        scale = 1.0 if family.fixed_dispersion else dispersion
        gap = family.saturated(value, dispersion) - family.log_density(value, means_of(family), dispersion)
        np.testing.assert_allclose(2.0 * scale * gap, family.deviance(value, means_of(family)), rtol=1e-12, atol=1e-12)


# --------------------------------------------------------------------------------------------- theta of a negative binomial
@pytest.mark.parametrize("shape", [0.3, 5.0, 19.0, 21.0, 1e3, 1e8])
def test_the_profile_of_theta_has_its_derivatives(shape):
    formula = read(family_named("negative_binomial", theta=1.0).formula.latex)
    orders = [sp.lambdify((y, mu, theta), sp.diff(formula, theta, k) if k else formula, NUMERIC) for k in range(3)]
    for value in (0.0, 1.0, 3.0, 50.0, 1e4):
        for mean in (0.1, 1.0, 60.0):
            got = profile_of_theta(np.array([value]), np.array([mean]), shape, weight=2.0)
            with mp.workdps(80):
                at = (mp.mpf(value), mp.mpf(mean), mp.mpf(shape))
                for part, order in zip(got, orders, strict=True):
                    np.testing.assert_allclose(part[0], float(2 * order(*at)), rtol=1e-11, atol=1e-14)


def test_theta_and_power_are_checked():
    for bad in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(DomainError, match=r"theta is .* must be a positive number"):
            family_named("negative_binomial", theta=bad)
    for bad in (1.0, 2.0, 0.0, 3.0, math.nan):
        with pytest.raises(DomainError, match=r"power is .*between 1 and 2; use 'gaussian' for 0"):
            family_named("tweedie", power=bad)
