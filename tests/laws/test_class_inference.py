"""Laws of inference about more than two classes: what two of them must agree with, and what may not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from mathlearn.data.bind import bind
from mathlearn.data.terms import terms_of
from mathlearn.fitting.likelihood_spec import LikelihoodSpec
from mathlearn.fitting.likelihood_tests import term_tests
from mathlearn.fitting.multinomial import fit_multinomial
from mathlearn.fitting.profile import profile_intervals
from mathlearn.fitting.refit import with_covariance
from mathlearn.linear_model import LogisticRegression
from mathlearn.probability import family_named
from mathlearn.probability.multinomial import softmax
from mathlearn.statistics.augment import augment
from mathlearn.statistics.class_rows import class_scores
from mathlearn.statistics.diagnostics import influence
from mathlearn.statistics.functional import covariance_matrix
from mathlearn.statistics.labels import in_parameters
from mathlearn.statistics.marginal_effects import marginal_effects
from mathlearn.statistics.probability_intervals import logit_errors, logits, probability_intervals
from tests.laws.test_multinomial import SCORES, fit, tables

few = settings(max_examples=12)

# Two fits end within 1e-9 standard errors of one optimum; what is computed there differs as little, relative to its size.
SAME = 1e-7


@pytest.fixture(scope="module")
def family():
    return family_named("binomial")


@st.composite
def pairs(draw):
    """Return rows of two classes that overlap, their clusters, and rows elsewhere."""
    n, p = draw(st.integers(40, 80)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 10.0 ** rng.integers(-4, 5, p)
    z = rng.normal(size=(n, p))
    y = (rng.random(n) < 1.0 / (1.0 + np.exp(-z @ rng.normal(size=p) * 0.5))).astype(int)
    y[:4] = [0, 1, 0, 1]
    z[:4] = [[3.0] * p, [-3.0] * p, [-3.0] * p, [3.0] * p]
    return (z + rng.normal(size=p)) * scale, y, rng.integers(0, 9, n), rng.normal(size=(5, p)) * scale


def as_classes(X, y, family, **roles):
    """Fit two classes as several are fitted."""
    rows = bind(X, y, **roles)
    return fit_multinomial(rows, LikelihoodSpec(family=family, link=family.link("logit"), classes=(0, 1))), rows


# ------------------------------------------------------------------------------------------ two classes as one of several


@given(case=pairs())
@few
def test_two_classes_have_the_binary_intervals(case, family):
    X, y, _, elsewhere = case
    result, _ = as_classes(X, y, family)
    found = probability_intervals(result, elsewhere, class_scores(result, elsewhere), 0.9)
    one = LogisticRegression(C=np.inf).fit(X, y).predict_interval(elsewhere, 0.9)
    for name in ("estimate", "lower", "upper"):
        assert_allclose(getattr(found, name)[:, 1], getattr(one, name), rtol=SAME)
    other = LogisticRegression(C=np.inf).fit(X, 1 - y).predict_interval(elsewhere, 0.9)
    for name in ("estimate", "lower", "upper"):
        assert_allclose(getattr(found, name)[:, 0], getattr(other, name), rtol=SAME)


@given(case=pairs(), kind=st.sampled_from(["HC0", "HC1", "cluster", "HAC"]))
@few
def test_two_classes_have_the_binary_covariances(case, kind, family):
    X, y, groups, _ = case
    result, rows = as_classes(X, y, family, groups=groups)
    model = LogisticRegression(C=np.inf).fit(X, y)
    given_groups = {"groups": groups} if kind == "cluster" else {}
    one = covariance_matrix(model.infer(X, y, covariance=kind, **given_groups).result_)[0]
    found = covariance_matrix(with_covariance(result, rows, kind, {}))[0]
    se = np.sqrt(np.diag(one))
    assert_allclose(found / np.outer(se, se), one / np.outer(se, se), rtol=SAME, atol=SAME)


@given(case=pairs(), at=st.sampled_from(["average", "mean"]))
@few
def test_two_classes_have_the_binary_effects(case, at, family):
    X, y, _, _ = case
    X = np.column_stack([X, np.arange(len(y)) % 3 == 0])
    result, rows = as_classes(X, y, family)
    model = LogisticRegression(C=np.inf).fit(X, y)
    for discrete in (False, True):
        one = model.marginal_effects(X, at=at, discrete=discrete).set_index(["term", "contrast"])
        found = marginal_effects(result, rows, max_rows=17, at=at, discrete=discrete).set_index(["term", "contrast"])
        second, first = (found[found.response == name] for name in ("1", "0"))
        for name, sign in (("estimate", -1.0), ("std_error", 1.0)):
            assert_allclose(second[name], one[name], rtol=SAME)
            assert_allclose(first[name], sign * one[name], rtol=SAME)


@given(case=pairs())
@few
def test_two_classes_have_the_binary_influence(case, family):
    X, y, _, _ = case
    result, rows = as_classes(X, y, family)
    model = LogisticRegression(C=np.inf).fit(X, y)
    one, found = model.augment(X, y), augment(result, rows, max_rows=13)
    for name in ("hat", "cooks_d"):
        assert_allclose(found[name], one[name], rtol=SAME)
    assert_allclose(found["resid_deviance"], one["resid_deviance"].abs(), rtol=SAME)
    assert_allclose(found["resid_pearson_1"], one["resid_pearson"], rtol=SAME)
    assert_allclose(found["resid_pearson_0"], -one["resid_pearson"], rtol=SAME)
    moved, ours = model.influence(X, y).filter(like="dfbetas"), influence(result, rows).filter(like="dfbetas")
    assert_allclose(ours.to_numpy(), moved.to_numpy(), rtol=SAME, atol=SAME)


@given(case=pairs(), kind=st.sampled_from(["lr", "score", "wald"]))
@few
def test_two_classes_have_the_binary_tests(case, kind, family):
    X, y, _, _ = case
    result, rows = as_classes(X, y, family)
    one = LogisticRegression(C=np.inf).fit(X, y).test_terms(X, y, kind=kind)
    found = term_tests(result, rows, in_parameters(result, terms_of(rows.design)), kind=kind)
    assert (found.terms, found.df.tolist()) == (one.terms, one.df.tolist())
    assert_allclose(found.statistic, one.statistic, rtol=1e-6, atol=1e-9)
    assert_allclose(found.p_value, one.p_value, rtol=1e-6, atol=1e-9)


@given(case=pairs())
@settings(max_examples=5)
def test_two_classes_have_the_binary_profile(case, family):
    X, y, _, _ = case
    result, rows = as_classes(X, y, family)
    one = LogisticRegression(C=np.inf).fit(X, y).profile_intervals(X, y, level=0.8)
    found = profile_intervals(result, rows, level=0.8)
    width = (one.conf_high - one.conf_low).to_numpy()
    for name in ("estimate", "conf_low", "conf_high"):
        assert_allclose((found[name] - one[name]) / width, 0.0, atol=SAME)


# ---------------------------------------------------------------------------------------------------- logits and intervals


@given(st.lists(SCORES, min_size=3, max_size=4), st.integers(0, 2))
def test_logits_against_many_digits(scores, k):
    mp = pytest.importorskip("mpmath")
    with mp.workdps(700):
        tops = [mp.exp(mp.mpf(s)) for s in scores]
        rest = sum(tops) - tops[k]
        found = logits(np.array([scores]))
        assert abs(found.value[0, k] - mp.log(tops[k] / rest)) <= 16 * 2**-53 * max(1.0, *map(abs, scores))
        for other, share in enumerate(found.others[0, k]):
            true = 0 if other == k else tops[other] / rest
            # The difference of two scores is rounded once, which an exponential of 600 multiplies.
            assert abs(share - true) <= 1300 * 2**-53 * true + mp.mpf(5e-324)


@given(st.lists(st.lists(st.floats(-30.0, 30.0), min_size=4, max_size=4), min_size=1, max_size=4), st.data())
def test_a_closed_class_is_as_good_as_none(scores, data):
    scores = np.array(scores)
    closed = data.draw(st.integers(0, 3))
    open_ = [k for k in range(4) if k != closed]
    there = scores.copy()
    there[:, closed] = -np.inf
    found, without = logits(there), logits(scores[:, open_])
    assert_allclose(found.value[:, open_], without.value, rtol=1e-14, atol=1e-14)
    assert_allclose(found.others[:, open_][:, :, open_], without.others, rtol=1e-13)
    assert (found.value[:, closed] == -np.inf).all()


@given(tables(), st.floats(0.5, 0.99))
@few
def test_an_interval_holds_its_probability_and_no_class_is_special(table, level):
    classes = table.y.max() + 1
    model, turned = fit(table.X, table.y), fit(table.X, (table.y + 1) % classes)
    found, other = (each.predict_interval(table.X[:20], level) for each in (model, turned))
    assert ((found.lower > 0.0) & (found.lower < found.estimate)).all()
    assert ((found.upper < 1.0) & (found.upper > found.estimate)).all()
    for name in ("estimate", "lower", "upper"):
        assert_allclose(getattr(other, name), np.roll(getattr(found, name), 1, axis=1), rtol=SAME)


@given(tables())
@settings(max_examples=5)
def test_errors_of_logits_are_those_of_numeric_derivatives(table):
    mp = pytest.importorskip("mpmath")
    z = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    result = fit(z, table.y).result_
    classes, theta, V = table.y.max() + 1, result.coef[0], covariance_matrix(result)[0]
    row = [1.0, *z[0]]

    def logit(parameters, k):
        each = [mp.mpf(0)] + [mp.fdot(row, parameters[j * len(row) : (j + 1) * len(row)]) for j in range(classes - 1)]
        tops = [mp.exp(score) for score in each]
        return mp.log(tops[k] / (sum(tops) - tops[k]))

    value, errors = logit_errors(result, z[:1], class_scores(result, z[:1]))
    with mp.workdps(40):
        h = mp.mpf(10) ** -12
        for k in range(classes):
            slope = [
                (logit(theta + h * (np.arange(theta.size) == j), k) - logit(theta, k)) / h for j in range(theta.size)
            ]
            slope = np.array(slope, dtype=float)
            assert_allclose(value[0, k], float(logit(theta, k)), rtol=1e-9, atol=1e-11)
            assert_allclose(errors[0, k], np.sqrt(slope @ V @ slope), rtol=1e-8)


# ----------------------------------------------------------------------------------------------------------------- effects


@given(tables(), st.sampled_from(["average", "mean"]))
@few
def test_effects_sum_to_zero_over_the_classes(table, at):
    found = fit(table.X, table.y).marginal_effects(table.X, at=at)
    total = found.groupby("term").estimate.sum().abs()
    assert (total <= 1e-13 * found.groupby("term").estimate.agg(lambda each: each.abs().max())).all()


@given(tables())
@few
def test_effects_are_derivatives_of_the_mean_probability(table):
    z = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    model, h = fit(z, table.y), 1e-5
    found = model.marginal_effects(z).set_index(["term", "response"]).estimate
    for j in range(z.shape[1]):
        step = h * (np.arange(z.shape[1]) == j)
        slope = (model.predict_proba(z + step) - model.predict_proba(z - step)).mean(axis=0) / (2 * h)
        # Probabilities are rounded to 1e-16, which the difference divides by 2e-5; what a central difference leaves out is h squared.
        assert_allclose(found.loc[f"x{j}"], slope, atol=1e-10 + h**2 * np.abs(model.coef_).max() ** 3)


@given(tables(), st.booleans())
@settings(max_examples=6)
def test_errors_of_effects_are_those_of_numeric_derivatives(table, discrete):
    z = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    z[:, 0] = z[:, 0] > 0.0 if discrete else z[:, 0]
    model = fit(z, table.y)
    result, classes = model.result_, table.y.max() + 1
    V, one = covariance_matrix(result)[0], np.column_stack([np.ones(len(z)), z])

    def effects(theta):
        slopes = np.concatenate([np.zeros((1, one.shape[1])), theta.reshape(classes - 1, -1)])
        if discrete:
            ends = [one.copy(), one.copy()]
            ends[0][:, 1], ends[1][:, 1] = 0.0, 1.0
            return (softmax(ends[1] @ slopes.T) - softmax(ends[0] @ slopes.T)).mean(axis=0)
        chance = softmax(one @ slopes.T)
        return (chance * (slopes[:, 1] - (chance @ slopes[:, 1])[:, None])).mean(axis=0)

    theta, h = result.coef[0], 1e-5
    steps = h * np.eye(theta.size)
    slope = np.array([(effects(theta + step) - effects(theta - step)) / (2 * h) for step in steps])
    found = model.marginal_effects(z, discrete=discrete, columns=["x0"])
    assert_allclose(found.estimate, effects(theta), rtol=1e-9, atol=1e-13)
    assert_allclose(found.std_error, np.sqrt(np.einsum("ik,ij,jk->k", slope, V, slope)), rtol=1e-6)


# ----------------------------------------------------------------------------------------------------------- rows and tests


@given(tables())
@few
def test_rows_add_up(table):
    model = fit(table.X, table.y)
    found, result = model.augment(table.X, table.y), model.result_
    assert_allclose(found.hat.sum(), result.rank, rtol=1e-9)
    assert_allclose((found.resid_deviance**2).sum(), result.deviance[0], rtol=1e-9)
    own = found[[f"resid_pearson_{k}" for k in range(table.y.max() + 1)]].to_numpy()[np.arange(len(table.y)), table.y]
    assert_allclose((own**2).sum(), result.likelihood.pearson, rtol=1e-8)


@given(tables())
@few
def test_influence_is_one_newton_step_without_the_row(table):
    z = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    w = table.rng.uniform(0.5, 2.0, len(z))
    model = fit(z, table.y, sample_weight=w)
    result, classes = model.result_, table.y.max() + 1
    one, chance = np.column_stack([np.ones(len(z)), z]), model.predict_proba(z)[:, 1:]
    score = np.array(
        [np.kron((np.arange(1, classes) == c) - p, x) for c, p, x in zip(table.y, chance, one, strict=True)]
    )
    inner = np.array([np.kron(np.diag(p) - np.outer(p, p), np.outer(x, x)) for p, x in zip(chance, one, strict=True)])
    score, inner = w[:, None] * score, w[:, None, None] * inner
    H = inner.sum(axis=0)
    moved = np.array([np.linalg.solve(H - inner[i], score[i]) for i in range(20)])
    rows, changed = model.augment(z, table.y, sample_weight=w), model.influence(z, table.y, sample_weight=w)
    assert_allclose(rows.hat, np.trace(np.linalg.solve(H, inner), axis1=1, axis2=2), rtol=1e-7)
    assert_allclose(rows.cooks_d[:20], np.einsum("ij,jk,ik->i", moved, H, moved) / result.rank, rtol=1e-6)
    se = np.sqrt(np.diag(np.linalg.inv(H)))
    assert_allclose(changed.filter(like="dfbetas").to_numpy()[:20], moved / se, rtol=1e-6, atol=1e-9)


@given(tables())
@settings(max_examples=6)
def test_a_likelihood_ratio_is_a_difference_of_fits_and_no_class_is_special(table):
    p, classes = table.X.shape[1], table.y.max() + 1
    X = np.column_stack([table.X, table.rng.normal(size=len(table.y))])
    model, turned = fit(X, table.y), fit(X, (table.y + 1) % classes)
    found = model.test_terms(X, table.y, terms=[f"x{p}"])
    fewer = fit(table.X, table.y).result_
    assert found.df[0] == classes - 1
    assert_allclose(found.statistic[0], fewer.deviance[0] - model.result_.deviance[0], rtol=1e-6, atol=1e-8)
    for kind in ("lr", "score", "wald"):
        here = model.test_terms(X, table.y, kind=kind)
        there = turned.test_terms(X, (table.y + 1) % classes, kind=kind)
        assert_allclose(there.statistic, here.statistic, rtol=1e-6, atol=1e-8)


@given(tables())
@settings(max_examples=6)
def test_a_score_test_is_that_of_the_gradient_at_the_fit_without_the_term(table):
    z = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    z = np.column_stack([z, table.rng.normal(size=len(z))])
    model, fewer = fit(z, table.y), fit(z[:, :-1], table.y)
    one, chance = np.column_stack([np.ones(len(z)), z]), fewer.predict_proba(z[:, :-1])[:, 1:]
    seen = table.y[:, None] == np.arange(1, table.y.max() + 1)
    g = ((seen - chance).T @ one).ravel()
    H = sum(np.kron(np.diag(q) - np.outer(q, q), np.outer(x, x)) for q, x in zip(chance, one, strict=True))
    found = model.test_terms(z, table.y, kind="score", terms=[f"x{z.shape[1] - 1}"])
    assert_allclose(found.statistic[0], g @ np.linalg.solve(H, g), rtol=1e-6, atol=1e-9)


@given(tables())
@few
def test_frequencies_are_repeated_rows_in_covariances_and_effects(table):
    counts = table.rng.integers(0, 3, len(table.y))
    counts[: table.y.max() + 1] = 1
    X, y = np.repeat(table.X, counts, axis=0), np.repeat(table.y, counts)
    groups = np.arange(len(table.y)) % 11
    weighted = fit(table.X, table.y, sample_weight=counts, weights_type="frequency")
    repeated = fit(X, y)
    for kind in ("HC0", "HC1", "cluster"):
        roles = ({"groups": groups}, {"groups": np.repeat(groups, counts)}) if kind == "cluster" else ({}, {})
        one = weighted.infer(table.X, table.y, covariance=kind, sample_weight=counts, **roles[0])
        two = repeated.infer(X, y, covariance=kind, **roles[1])
        assert_allclose(one.tidy().std_error, two.tidy().std_error, rtol=SAME)
    one = weighted.augment(table.X, table.y, sample_weight=counts)
    two = repeated.augment(X, y)
    assert_allclose(np.repeat(one.cooks_d, counts[counts > 0]), two.cooks_d, rtol=SAME)
    one = weighted.marginal_effects(table.X, sample_weight=counts)
    assert_allclose(one.std_error, repeated.marginal_effects(X).std_error, rtol=SAME)
