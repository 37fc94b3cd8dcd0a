"""What a family displays is what it computes: its formula is differentiated symbolically, and the kernels must equal that.

The families, their parameters and their links are those of the registry.
"""

import math
from functools import cache
from itertools import combinations

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from mathlearn.probability import FAMILIES, Kernels, family_named
from mathlearn.probability.link import DOUBLE_DOUBLE
from tests.unit.test_probability_latex import NUMERIC, Phi, eta, mu, phi, read, tau, theta, xi, y

TINIEST = 5e-324
ETAS = [
    0.3,
    0.5,
    1.0,
    1.7,
    2.3,
    3.1,
    5.0,
    6.1,
    6.6,
    10.0,
    37.5,
    38.4,
    50.0,
    300.0,
    709.3,
    720.0,
    745.2,
    800.0,
    1e-8,
    1e-300,
]
ETAS = np.array([*(-e for e in ETAS), *ETAS, *np.random.default_rng(8).uniform(-7.0, 7.0, 24)])
YS = np.array([0.0, 1.0, 0.5, 0.3, 1.0 - 1e-10, 2.0, 3.0, 7.0, 1e5, 1e-300, 1e300, -1.5, -1e300])
FAMILY_LIST = [maker.make(**dict(example)) for maker in FAMILIES.values() for example in maker.examples]
PAIRS = [(family, link) for family in FAMILY_LIST for link in family.links]
FAMILY_NAMES = [f"{family.name}{dict(family.parameters) or ''}" for family in FAMILY_LIST]
PAIR_NAMES = [f"{family.name}{dict(family.parameters) or ''}-{link.name}" for family, link in PAIRS]
with_families = pytest.mark.parametrize("family", FAMILY_LIST, ids=FAMILY_NAMES)
with_pairs = pytest.mark.parametrize(("family", "link"), PAIRS, ids=PAIR_NAMES)


def settled(family, expression):
    """Put in the family's own parameters, and dispersion and trials of 1."""
    parameters = dict(family.parameters)
    values = {phi: sp.Integer(1), tau: sp.Integer(1)}
    values |= {theta: exact(parameters["theta"])} if "theta" in parameters else {}
    values |= {xi: exact(parameters["power"])} if "power" in parameters else {}
    return expression.subs(values)


def exact(x):
    return sp.Rational(*float(x).as_integer_ratio())


@cache
def symbolic(family, link):
    """Return the true loss (None for a score), gradient, curvature and observed curvature as expressions in y and eta."""
    above = sp.Symbol("eta", positive=True)
    mean = read(link.mean_latex)
    if link.eta_span.lower == 0.0:
        mean = mean.subs(eta, above)  # or the square of a root is an absolute value
    return [None if each is None else each.subs(above, eta) for each in _derivatives(family, mean)]


def _derivatives(family, mean):
    (at,) = mean.free_symbols
    variance = settled(family, read(family.variance_latex)).subs(mu, mean)
    formula = settled(family, read(family.formula.latex))
    slope = sp.diff(mean, at)
    if family.formula.kind == "score":
        loss, gradient = None, -formula.subs(mu, mean) * slope
    else:
        constant = settled(family, read(family.constant_latex))
        loss = constant - formula.subs(mu, mean)
        gradient = sp.diff(loss, at)
    return [
        None if each is None else each.subs(1 - Phi(eta), Phi(-eta))
        for each in (loss, gradient, slope**2 / variance, sp.diff(gradient, at))
    ]


@cache
def truth(family, link, value):
    """Return the functions of eta that the kernels should be at this y."""
    functions = []
    for expression in symbolic(family, link):
        if expression is None:
            functions.append(None)
            continue
        settled_at = expression.subs({y * sp.log(y): 0}) if value == 0.0 else expression
        functions.append(sp.lambdify(eta, settled_at.subs(y, exact(value)), NUMERIC))
    return functions


def digits(e, value):
    """Enough for what cancels: exp(-800), 1e-300 squared beside 1, and numbers of 300 digits."""
    plain = 1e-20 < abs(e) <= 40.0 and (value == 0.0 or 1e-20 < abs(value) < 1e20)
    return 70 if plain else 750


def evaluate(function, e, value):
    with mp.workdps(digits(e, value)):
        true = mp.mpf(function(mp.mpf(float(e))))
        plenty = mp.mp.dps > 700 or abs(true) > 1e-50
    if plenty:
        return true if abs(true) > mp.mpf(10) ** -690 else mp.mpf(0)
    with mp.workdps(750):
        true = mp.mpf(function(mp.mpf(float(e))))
    return true if abs(true) > mp.mpf(10) ** -690 else mp.mpf(0)


def error_in_ulps(got, true, scale=None):
    """Distance in units in the last place of the true value, or of `scale`; 0 where both have left the range of doubles."""
    assert not math.isnan(got)
    near = float(true)
    if math.isinf(near) or math.isinf(got):
        return 0.0 if got == near else float(abs(got) < 1.797e308 or abs(near) < 1.797e308) * math.inf
    if got == 0.0 and true != 0 and scale is None:
        assert math.copysign(1.0, got) == mp.sign(true)
    unit = math.ulp(near if scale is None else max(abs(near), scale))
    return float(abs(mp.mpf(float(got)) - true) / mp.mpf(unit))


def grid(family, link, value):
    """Linear predictors: the extremes, and those whose mean is this y, or next to it."""
    with np.errstate(all="ignore"):
        here = np.asarray(link.eta(np.abs(value) if link.name != "identity" else value)).reshape(-1)
    beside = np.concatenate([here, np.nextafter(here, np.inf), here * (1.0 + 1e-9), here * 1.1, here + 1e-4])
    etas = np.concatenate([ETAS, beside[np.isfinite(beside) & (np.abs(beside) <= 800.0)]])
    positive = family.mean_span.lower == 0.0 and link.inverse_power not in {None, 0.0}
    return etas[(etas > 0.0) if positive else (etas != 0.0)]


def largest_term(family, link, value, e):
    """Size of the terms that cancel in the gradient of a link whose bound is in units of these."""
    terms = link.odds.terms(np.array([e]), np.array([1.0 - value]))
    return max(abs(terms.fall[0]), abs(value * terms.rise[0]))


@cache
def mean_function(link):
    return sp.lambdify(eta, read(link.mean_latex), NUMERIC)


def slack(family, link, value, e, part):
    """What double-double lets through where the mean is a neighbour of y."""
    with np.errstate(all="ignore"):
        if value == 0.0 or part == 2 or abs(link.mu(np.array(e)) / value - 1.0) > 2.0**-40:
            return 0.0
    with mp.workdps(60):
        apart = abs(mean_function(link)(mp.mpf(e)) / mp.mpf(float(value)) - 1)
        return float((2 - part) * DOUBLE_DOUBLE / apart * 2**53) if apart > 1e-50 else math.inf


def measure(family, link):
    """Largest error of each kernel over the grid, in units in the last place, and where it is."""
    worst, bound = [(0.0, ())] * 3, family.bound(link)
    for value in YS[family.domain.inside(YS) | (family.takes_trials & (YS >= 0.0) & (YS <= 1.0))]:
        etas = grid(family, link, value)
        functions = truth(family, link, float(value))
        kernels = family.kernels(np.full_like(etas, value), etas, link)
        for part in range(3):
            if functions[part] is None:
                continue
            for e, got in zip(etas, kernels[part], strict=True):
                terms = part == 1 and bound.of == "terms" and 0.0 < value < 1.0
                true = evaluate(functions[part], e, value)
                with mp.workdps(30):
                    scale = largest_term(family, link, value, float(e)) if terms else None
                    error = error_in_ulps(float(got), true, scale) * (4.0 / bound.gradient if terms else 1.0)
                error -= slack(family, link, value, float(e), part)
                worst[part] = max(
                    worst[part], (error, (float(value), float(e), float(got), mp.nstr(true, 18))), key=lambda p: p[0]
                )
    return worst


@with_pairs
def test_the_kernels_are_the_derivatives_of_the_formula(family, link):
    bound = family.bound(link)
    gradient = 4.0 if bound.of == "terms" else bound.gradient
    for (error, where), limit in zip(measure(family, link), (bound.loss, gradient, bound.curvature), strict=True):
        assert error <= limit, where


def test_bounds_above_four_units_say_why():
    for family, link in PAIRS:
        bound = family.bound(link)
        plain = max(bound.loss, bound.gradient, bound.curvature) <= 4.0 and bound.of == "value"
        assert plain == (not bound.why)


@with_pairs
def test_the_curvature_is_the_expectation_of_the_observed_one(family, link):
    # The second derivative is linear in y: its expectation is its value at y = mu.
    _, _, expected, second = symbolic(family, link)
    mean = read(link.mean_latex)
    difference = sp.lambdify(eta, second.subs(y, mean) / expected - 1, NUMERIC)
    with mp.workdps(60):
        for e in (mp.mpf("0.3"), mp.mpf("1.7"), mp.mpf("4.1")):
            assert abs(difference(e)) < 1e-40


@with_pairs
def test_the_observed_curvature_is_the_second_derivative(family, link):
    _, _, expected, second = symbolic(family, link)
    fisher = sp.lambdify(eta, expected, NUMERIC)
    at_one, at_two = (sp.lambdify(eta, second.subs(y, each), NUMERIC) for each in (1, 2))  # it is linear in y
    values = YS[family.domain.inside(YS) & (np.abs(YS) < 1e6)]
    for value in values:
        etas = grid(family, link, value)
        etas = etas[(np.abs(etas) < 30.0) & (np.abs(etas) > 1e-9)]
        for e, got in zip(etas, family.observed(np.full_like(etas, value), etas, link), strict=True):
            with mp.workdps(80):
                one, two = at_one(mp.mpf(float(e))), at_two(mp.mpf(float(e)))
                constant, slope = 2 * one - two, two - one
                terms = abs(constant) + abs(slope * mp.mpf(value)) + fisher(mp.mpf(float(e)))
                assert (
                    abs(mp.mpf(float(got)) - constant - slope * mp.mpf(value))
                    <= 16 * 2.0**-53 * terms + 1e-60 * abs(one) + TINIEST
                )


@with_pairs
def test_the_loss_is_half_the_deviance_above_its_least(family, link):
    # This says what the loss is where there is no density, only a score.
    for value in YS[family.domain.inside(YS) & (YS > 1e-6) & (YS < 1e6)]:
        with np.errstate(all="ignore"):
            here = link.eta(value)
        if not np.isfinite(here) or not family.mean_span.holds(np.array(value)):
            continue
        etas = np.array([0.2, 0.9, 1.7, 2.4])
        loss, least = (family.kernels(value, at, link).loss for at in (etas, here))
        deviance = family.deviance(value, link.mu(etas))
        np.testing.assert_allclose(loss - least, 0.5 * deviance, rtol=1e-9, atol=1e-14 * float(np.max(loss)))


@with_pairs
def test_the_least_loss_is_that_at_the_observation_itself(family, link):
    if family.least_of is None:
        return  # its deviances are summed row by row
    y = YS[family.domain.inside(YS) & (YS < 1e6) & ((YS > 1e-6) | (YS == 0.0))]
    loss, least = family.loss_at(y, np.asarray(0.7), link), family.least_of(y)
    deviance = family.deviance(y, np.broadcast_to(link.mu(np.array([0.7])), y.shape))
    assert (least >= 0.0).all()
    np.testing.assert_allclose(loss - least, 0.5 * deviance, rtol=1e-9, atol=4e-15 * float(np.max(loss)))


@with_pairs
@pytest.mark.parametrize("values", [[0.0, 1.0, 1.0], [0.5, 1.0, 1.0]])
def test_one_predictor_for_all_gives_the_losses_of_as_many_alike(family, link, values):
    y = np.array(values)
    if not family.domain.inside(y).all():
        return
    alone, each = family.loss_at(y, np.asarray(0.7), link), family.loss_at(y, np.full(3, 0.7), link)
    np.testing.assert_array_equal(alone, each)


@with_families
def test_the_canonical_link_observes_what_it_expects(family):
    links = [link for link in family.links if link.name == family.canonical]
    assert len(links) == bool(family.canonical)
    etas = np.array([0.1, 0.7, 2.0, 5.0])
    for link in links:
        for value in YS[family.domain.inside(YS) & (np.abs(YS) < 1e6)]:
            curvature = family.kernels(value, etas, link).curvature
            np.testing.assert_allclose(family.observed(value, etas, link), curvature, rtol=1e-14)


@with_pairs
@pytest.mark.parametrize("refine", [True, False])
def test_nothing_is_nan_and_a_predictor_without_a_mean_costs_infinitely_much(family, link, refine):
    etas = np.concatenate([ETAS, [0.0, -0.0, 1e100, -1e100]])
    barred = (etas < 0.0) & (family.mean_span.lower == 0.0) & (link.inverse_power not in {None, 0.0})
    for value in YS[family.domain.inside(YS)]:
        with np.errstate(all="raise"):  # they raise no flag either
            kernels = family.kernels(value, etas, link, refine=refine)
            observed = family.observed(value, etas, link)
        assert not np.isnan(np.array([*kernels, observed])).any()
        assert np.isposinf(kernels.loss[barred]).all()
        assert not kernels.gradient[barred].any()
        assert not kernels.curvature[barred].any()
        assert (kernels.curvature >= 0.0).all()


def near_and_far(family, link, value, rng):
    """Linear predictors about that of y, all over the plain ones, and at the ends of their span."""
    centre = float(link.eta(np.abs(value))) if link.mean_span.upper - value > 0.0 and value != 0.0 else 2.0
    beside = centre * (1.0 + rng.normal(size=200) * 10.0 ** rng.uniform(-16, -1, 200))
    over = link.eta(
        rng.uniform(0.001, 0.999, 100) if family.mean_span.upper == 1.0 else 10.0 ** rng.uniform(-6, 6, 100)
    )
    span = link.plain_span
    ends = np.array([span.lower, span.upper])[np.isfinite([span.lower, span.upper])]
    etas = np.concatenate([beside, over, ends, ends * 0.99, ends * 1.01, rng.uniform(-6.0, 6.0, 50), [0.0, -0.0]])
    positive = family.mean_span.lower == 0.0 and link.inverse_power not in {None, 0.0}
    return etas[(etas > 0.0) if positive or link.inverse_power else np.isfinite(etas)]


def unrefined_slack(family, link, value, etas):
    """What rounding y, the mean, the terms of the loss and, for the links onto 0 to 1, the predictor may cost each kernel."""
    exact_ones, moved = (family.kernels(value, at, link) for at in (etas, etas * (1.0 + 2.0**-52)))
    both = np.abs(link.mu(etas)) + abs(value)
    with np.errstate(all="ignore"):  # at the ends of the span
        over = np.nan_to_num(both / family.variance(link.mu(etas)), posinf=0.0)
        logs = 1.0 + np.abs(np.log(abs(value) or 1.0)) + np.nan_to_num(np.abs(link.log_mu(etas)))
    gradient = np.nan_to_num(np.abs(link.dmu(etas)) * over)
    loss, steps = np.nan_to_num(exact_ones.loss + both * over) * logs, (4.0, 0.0, 4.0)
    if link.odds is not None:
        loss, steps = np.abs(exact_ones.loss), (4.0, 4.0, 4.0)
        gradient *= 0.0 < value < 1.0  # else it has but one term
    return [
        8 * 2.0**-53 * (size + np.abs(at)) + step * np.abs(beside - at) + 1e-290
        for size, at, beside, step in zip((8.0 * loss, gradient, 0.0), exact_ones, moved, steps, strict=True)
    ]


@with_pairs
def test_without_refinement_only_the_last_places_of_y_and_the_mean_are_lost(family, link):
    rng = np.random.default_rng(0)
    for value in YS[family.domain.inside(YS) & (np.abs(YS) < 1e6) & ((np.abs(YS) > 1e-6) | (YS == 0.0))]:
        etas = near_and_far(family, link, value, rng)
        exact_ones, quick = (family.kernels(value, etas, link, refine=refine) for refine in (True, False))
        slack = unrefined_slack(family, link, value, etas)
        for name, got, want, allowed in zip(Kernels._fields, quick, exact_ones, slack, strict=True):
            assert (np.abs(got - want) <= allowed).all(), (name, value)


@with_pairs
def test_the_plain_kernels_are_the_careful_ones_and_serve_their_span_only(family, link):
    etas = ETAS[(ETAS > 0.0) | (link.monomial is None) | (link.inverse_power == 0.0)]
    far = ~link.plain_span.holds(etas)
    for value in YS[family.domain.inside(YS)]:
        quick = family.kernels(value, etas, link, refine=False)
        with np.errstate(all="ignore"):
            careful = family.kernels_of(np.full_like(etas, value), etas, link, False)
        for one, other in zip(quick, careful, strict=True):
            np.testing.assert_array_equal(one[far], other[far])
            moderate = ~far & (np.abs(other) < 1e290)
            assert np.isfinite(one[moderate]).all()


@with_pairs
@pytest.mark.parametrize("refine", [True, False])
@pytest.mark.parametrize("copies", [1, 2000])
def test_the_kernels_may_be_overwritten(family, link, refine, copies):
    values = np.tile(YS[family.domain.inside(YS)], copies)
    etas = np.linspace(0.3, 3.0, values.size)
    kernels = family.kernels(values, etas, link, refine=refine)
    arrays = [*kernels, values, etas]
    assert not any(np.shares_memory(one, other) for one, other in combinations(arrays, 2))
    for part in kernels:
        assert part.shape == etas.shape
        part[...] = 0.0  # it may be written to


@with_pairs
@pytest.mark.parametrize("refine", [True, False])
def test_rows_do_not_know_of_each_other_and_inputs_are_left_alone(family, link, refine):
    values = YS[family.domain.inside(YS)]
    etas = np.abs(np.resize(ETAS, values.size))
    values.flags.writeable = etas.flags.writeable = False
    together = family.kernels(values, etas, link, refine=refine)
    many = family.kernels(np.tile(values, 1500), np.tile(etas, 1500), link, refine=refine)  # in blocks
    assert all(np.array_equal(np.tile(part, 1500), whole) for part, whole in zip(together, many, strict=True))
    for i, (value, e) in enumerate(zip(values, etas, strict=True)):
        alone = family.kernels(np.array([value]), np.array([e]), link, refine=refine)
        assert [part[0] for part in alone] == [part[i] for part in together]
    empty = family.kernels(values[:0], etas[:0], link, refine=refine)
    assert [part.size for part in empty] == [0, 0, 0]


EXACT_DEVIANCES = {
    "poisson": ({}, lambda y, mu: 2 * (mu - y + (y * mp.log(y / mu) if y else 0))),
    "negative_binomial": (
        {"theta": 2.0},
        lambda y, mu: 2 * ((y * mp.log(y / mu) if y else 0) - (y + 2) * mp.log((y + 2) / (mu + 2))),
    ),
    "tweedie": ({"power": 1.5}, lambda y, mu: 4 * (mp.sqrt(mu) + y / mp.sqrt(mu) - 2 * mp.sqrt(y))),
}


@pytest.mark.parametrize("name", EXACT_DEVIANCES)
def test_a_deviance_has_its_digits_where_the_mean_has_none_left(name):
    """Of ``exp(-740)`` a double keeps one digit, of ``exp(-800)`` none."""
    parameters, exact = EXACT_DEVIANCES[name]
    family = family_named(name, **parameters)
    seen, predictors = np.array([1.0, 3.0, 0.0, 2.0]), np.array([-800.0, -740.0, -800.0, 1.0])
    with mp.workdps(40):
        true = [float(exact(mp.mpf(float(a)), mp.exp(mp.mpf(float(b))))) for a, b in zip(seen, predictors, strict=True)]
    np.testing.assert_allclose(family.deviance_at(seen, predictors, family.link("log")), true, rtol=1e-14)
