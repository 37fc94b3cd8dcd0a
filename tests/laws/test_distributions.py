"""Distribution functions of the families in the folder: two tails of one law, which is that of the displayed density.

The families are those of the registry; reference values are mpmath's.
"""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.testing import assert_allclose
from scipy import stats

from mathlearn.probability import FAMILIES, family_named

LAWS = [
    family
    for maker in FAMILIES.values()
    for example in maker.examples
    if (family := maker.make(**dict(example))).distribution is not None
]
NAMES = [f"{family.name}{dict(family.parameters) or ''}" for family in LAWS]
with_laws = pytest.mark.parametrize("family", LAWS, ids=NAMES)
few = settings(max_examples=60, deadline=None)
tens = some.floats(-6, 4).map(lambda x: 10.0**x)


def mean_of(family, size):
    return size / (1 + size) if family.support == "binary" else size


def points(family, mean, phi):
    """Values in the middle and far out on both sides."""
    spread = math.sqrt(phi * float(family.variance(np.array([mean]))[0]))
    values = mean + spread * np.array([-6.0, -2.0, -0.5, 0.0, 0.7, 3.0, 9.0, 30.0])
    if family.distribution.whole:
        values = np.unique(np.floor(values.clip(0, 1 if family.support == "binary" else None)))
    return values[values > family.distribution.least - family.distribution.whole]


def test_families_with_a_density_have_a_distribution_but_tweedie():
    assert {family.name for family in LAWS} == {
        name
        for name, maker in FAMILIES.items()
        if name != "tweedie" and maker.make(**dict(maker.examples[0])).saturated_of
    }


@with_laws
@few
@given(size=tens, dispersion=tens)
def test_both_tails_make_one(family, size, dispersion):
    mean, phi = mean_of(family, size), 1.0 if family.fixed_dispersion else min(dispersion, 1e3)
    y = points(family, mean, phi)
    below, above = family.distribution.below(y, mean, phi), family.distribution.above(y, mean, phi)
    assert_allclose(below + above, 1.0, rtol=0, atol=1e-10)
    assert ((below >= 0) & (above >= 0)).all()
    assert (np.diff(below) >= -1e-15).all()
    assert (np.diff(above) <= 1e-15).all()


@with_laws
@few
@given(size=some.floats(-2, 2).map(lambda x: 10.0**x), dispersion=some.floats(0.01, 3.0))
def test_the_law_is_that_of_the_density(family, size, dispersion):
    """Steps of a discrete law are its probabilities; the slope of a smooth one is its density, by a central difference.

    The difference has an error of h**2 / 6 times the third derivative, some tens in units of the spread, and rounding over h.
    """
    mean, phi = mean_of(family, size), 1.0 if family.fixed_dispersion else dispersion
    y, law = points(family, mean, phi), family.distribution
    if law.whole:
        steps = law.below(y, mean) - np.where(y > 0, law.below(y - 1, mean), 0.0)
        assert_allclose(steps, np.exp(family.log_density(y, mean)), rtol=1e-8, atol=1e-13)
    else:
        y = y[(y > mean * 0.3) | (law.least < 0)]
        h = 1e-4 * math.sqrt(phi * float(family.variance(np.array([mean]))[0]))
        h = np.minimum(h, 1e-4 * np.abs(y) if law.least == 0 else h)
        slope = (law.below(y + h, mean, phi) - law.below(y - h, mean, phi)) / (2 * h)
        density = np.exp(family.log_density(y, mean, phi))
        assert_allclose(slope, density, rtol=1e-5, atol=1e-10 * density.max() + 1e-13 / h.min())


@with_laws
def test_nothing_is_below_the_support(family):
    law, mean = family.distribution, mean_of(family, 2.0)
    least = law.least if np.isfinite(law.least) else -np.inf
    assert law.below(least - 1.0, mean)[0] == 0
    assert law.above(least - 1.0, mean)[0] == 1


@with_laws
def test_tails_are_those_of_scipy(family):
    mean, phi = mean_of(family, 1.7), 1.0 if family.fixed_dispersion else 0.4
    shape = dict(family.parameters).get("theta", 1.0)
    peer = {
        "gaussian": stats.norm(mean, math.sqrt(phi)),
        "gamma": stats.gamma(1 / phi, scale=phi * mean),
        "inverse_gaussian": stats.invgauss(phi * mean, scale=1 / phi),
        "poisson": stats.poisson(mean),
        "binomial": stats.bernoulli(mean),
        "negative_binomial": stats.nbinom(shape, shape / (shape + mean)),
    }[family.name]
    y = points(family, mean, phi)
    assert_allclose(family.distribution.below(y, mean, phi), peer.cdf(y), rtol=1e-10)
    assert_allclose(family.distribution.above(y, mean, phi), peer.sf(y), rtol=1e-9)


@pytest.mark.parametrize("trials", [1, 7, 1000])
def test_proportions_count_their_trials(trials):
    k, law = np.arange(trials + 1), family_named("binomial").distribution
    assert_allclose(law.below(k / trials, 0.3, trials=trials), stats.binom.cdf(k, trials, 0.3), rtol=1e-10)
    assert_allclose(law.above(k / trials, 0.3, trials=trials), stats.binom.sf(k, trials, 0.3), rtol=1e-9, atol=1e-300)


# ------------------------------------------------------------------------------------------------------------- far tails
@pytest.mark.parametrize("mean", [1e-3, 0.5, 1.0, 30.0, 1e5])
@pytest.mark.parametrize("phi", [1e-4, 0.1, 1.0, 50.0, 1e4])
def test_both_tails_of_the_inverse_gaussian_keep_their_digits(mean, phi):
    law = family_named("inverse_gaussian").distribution
    for times in (1e-6, 1e-3, 0.1, 0.5, 0.9, 0.999, 1.0, 1.001, 1.5, 3.0, 10.0, 100.0, 1e4):
        y = mean * times
        with mp.workdps(500 if mean * phi < 0.02 else 90):
            root, m, value = mp.sqrt(mp.mpf(1) / mp.mpf(phi) / mp.mpf(y)), mp.mpf(mean), mp.mpf(y)
            a, b, factor = root * (value / m - 1), root * (value / m + 1), mp.exp(2 / mp.mpf(phi) / m)
            below = float(mp.ncdf(a) + factor * mp.ncdf(-b))
            above = float(mp.ncdf(-a) - factor * mp.ncdf(-b))
        # A few roundings of a turn exp(-a**2 / 2) by as many times a**2, and Mills' ratios of a and b, which are at least 0.05 apart where
        # they are subtracted, are about 20 (1 + a) times their difference.
        digits = 1e-15 * (4 + float(a) ** 2 + 20 * (1 + abs(float(a))))
        if below > 1e-290:
            assert_allclose(law.below(y, mean, phi), below, rtol=digits)
        if above > 1e-290:
            assert_allclose(law.above(y, mean, phi), above, rtol=digits)


@pytest.mark.parametrize(("k", "mean"), [(0, 1e-8), (3, 1e-8), (0, 40.0), (90, 7.0), (500, 30.0), (250, 300.0)])
def test_both_tails_of_counts_keep_their_digits(k, mean):
    with mp.workdps(80):
        poisson = [mp.gammainc(k + 1, mean, mp.inf, regularized=True), mp.gammainc(k + 1, 0, mean, regularized=True)]
        share = mp.mpf(mean) / (mp.mpf(mean) + 2)
        negative = [
            mp.betainc(2, k + 1, 0, 1 - share, regularized=True),
            mp.betainc(k + 1, 2, 0, share, regularized=True),
        ]
    for family, expected in (
        (family_named("poisson"), poisson),
        (family_named("negative_binomial", theta=2.0), negative),
    ):
        found = [family.distribution.below(k, mean)[0], family.distribution.above(k, mean)[0]]
        assert_allclose(found, [float(each) for each in expected], rtol=1e-11)
