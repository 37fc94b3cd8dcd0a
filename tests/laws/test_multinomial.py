"""Laws of logistic regression of more than two classes: what may not change the fit, and what must change it exactly."""

import contextlib
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mathlearn.calculus import multinomial, objective
from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.multinomial import MultinomialObjective
from mathlearn.certify.multinomial_rows import MultinomialShown, look_at_classes
from mathlearn.data.chunk import Chunk
from mathlearn.linear_model import LogisticRegression
from mathlearn.probability.multinomial import MULTINOMIAL, Softmax, log_softmax, softmax

# Every example is several fits of tables that are random in all their entries, so that few examples say much.
few = settings(max_examples=12)

# Fits end within 1e-10 standard errors of the optimum; their estimates, in standard errors, then differ by no more than this.
SE = 1e-8
SCORES = st.floats(-600.0, 600.0)


@dataclass(frozen=True)
class Table:
    X: np.ndarray
    y: np.ndarray
    rng: np.random.Generator


@st.composite
def tables(draw):
    """Return a table with columns in unlike units, far from zero, and classes that overlap."""
    p, classes = draw(st.integers(1, 3)), draw(st.integers(3, 5))
    n = draw(st.integers(40, 80)) * (classes - 1)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = 10.0 ** np.array(draw(st.lists(st.integers(-6, 6), min_size=p, max_size=p)))
    offset = np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 1e3, 1e6]), min_size=p, max_size=p)))
    z = rng.normal(size=(n, p))
    chance = softmax(0.5 * z @ rng.normal(size=(p, classes)))
    y = np.array([rng.choice(classes, p=each) for each in chance])
    y[:classes] = np.arange(classes)
    return Table((z + offset) * scale, y, rng)


def fit(X, y, **options):
    rows = {name: options.pop(name) for name in ("sample_weight",) if name in options}
    return LogisticRegression(**{"C": np.inf, **options}).fit(X, y, **rows)


def apart(a, b):
    """Largest difference of two fits with finite estimates, in standard errors."""
    first, second = a.tidy(), b.tidy()
    assert list(first.term) == list(second.term)
    se = first.std_error.to_numpy()
    assert_allclose(second.std_error, se, rtol=SE)
    return np.max(np.abs(first.estimate - second.estimate).to_numpy() / se)


@contextlib.contextmanager
def blocks_of(rows):
    """Cut the rows into blocks of this many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objective, "_MOST_ROWS", rows)
        patch.setattr(objective, "_FEWEST_ROWS", rows)
        yield


# ----------------------------------------------------------------------------------------------------------------- the law


@given(st.lists(st.lists(SCORES, min_size=3, max_size=3), min_size=1, max_size=5), SCORES)
def test_only_differences_of_scores_matter(scores, shift):
    scores = np.array(scores)
    moved = scores + shift
    # Adding the shift rounds each score to a unit in the last place of 1200.
    assert_allclose(softmax(moved), softmax(scores), rtol=4e-13, atol=0)
    assert_allclose(log_softmax(moved), log_softmax(scores), rtol=1e-15, atol=1e-12)


@given(st.lists(st.lists(SCORES, min_size=4, max_size=4), min_size=1, max_size=5), st.integers(0, 3))
def test_probabilities_and_complements_add_up(scores, code):
    scores = np.array(scores)
    row = Softmax.of(scores, np.full(len(scores), code))
    assert_allclose(row.probability.sum(axis=1), 1.0, rtol=1e-15)
    assert_allclose(row.probability + row.complement, 1.0, rtol=1e-15)
    assert_array_equal(row.probability, softmax(scores))
    assert_allclose(row.loss, -log_softmax(scores)[:, code], rtol=1e-14, atol=0)


@given(st.lists(SCORES, min_size=3, max_size=3), st.integers(0, 2))
def test_against_many_digits(scores, code):
    mp = pytest.importorskip("mpmath")
    with mp.workdps(400):
        tops = [mp.exp(mp.mpf(s)) for s in scores]
        chance, other = tops[code] / sum(tops), (sum(tops) - tops[code]) / sum(tops)
        loss = -mp.log(chance)
        row = Softmax.of(np.array([scores]), np.array([code]))
        # The difference of two scores is rounded once, which an exponential of 600 multiplies.
        for found, true in ((row.probability[0, code], chance), (row.complement[0, code], other)):
            assert abs(found - true) <= 1200 * 2**-53 * true + mp.mpf(5e-324)
        of_top = -mp.log(max(tops) / sum(tops))
        assert abs(row.loss[0] - loss) <= 4 * 2**-53 * loss + 1200 * 2**-53 * of_top + mp.mpf(5e-324)


def test_the_displayed_density_is_the_one_computed():
    sympy = pytest.importorskip("sympy")
    assert MULTINOMIAL.formula.latex == r"s_y-\log\sum_{k=1}^{K}e^{s_k}"
    s = sympy.symbols("s0:3")
    density = s[1] - sympy.log(sum(sympy.exp(each) for each in s))
    at = {s[0]: 0.3, s[1]: -1.2, s[2]: 2.0}
    row = Softmax.of(np.array([[0.3, -1.2, 2.0]]), np.array([1]))
    assert_allclose(-row.loss[0], float(density.subs(at)), rtol=1e-14)
    slopes = [float(density.diff(each).subs(at)) for each in s]
    assert_allclose((np.arange(3) == 1) - row.probability[0], slopes, rtol=1e-13)
    for a in range(3):
        for b in range(3):
            other = row.complement[0, a] if a == b else -row.probability[0, b]
            second = float(density.diff(s[a]).diff(s[b]).subs(at))
            assert_allclose(-row.probability[0, a] * other, second, rtol=1e-13)


# ----------------------------------------------------------------------------------------------------------- the objective


@st.composite
def problems(draw):
    """Return a block, an objective with a penalty, and a point."""
    n, p, classes = draw(st.integers(3, 20)), draw(st.integers(1, 3)), draw(st.integers(3, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    intercept = draw(st.booleans())
    X, y = rng.normal(size=(n, p)), rng.integers(0, classes, n)
    weight = draw(st.sampled_from([None, rng.uniform(0.1, 3.0, n)]))
    chunk = Chunk(X=X, y=y[:, None].astype(float), weight=weight)
    k = p + intercept
    penalty = np.concatenate([np.zeros(int(intercept)), rng.uniform(0.1, 2.0, p)]) if draw(st.booleans()) else None
    where = Coordinates(rng.normal(size=p) if intercept else np.zeros(p), 2.0 ** rng.integers(-2, 3, p), intercept)
    return MultinomialObjective(classes, where, penalty), chunk, rng.normal(size=(classes - 1) * k)


def evaluated(problem, chunk, theta):
    return problem.penalised(problem.of_block(chunk, theta), theta)


@given(problems())
def test_gradient_and_curvature_are_derivatives(case):
    problem, chunk, theta = case
    here, h = evaluated(problem, chunk, theta), 1e-5
    for j in range(theta.size):
        step = h * (np.arange(theta.size) == j)
        after, before = evaluated(problem, chunk, theta + step), evaluated(problem, chunk, theta - step)
        size = 1.0 + abs(here.loss)
        assert_allclose((after.loss - before.loss) / (2 * h), here.gradient[j], atol=1e-8 * size)
        assert_allclose((after.gradient - before.gradient) / (2 * h), here.curvature[j], atol=1e-7 * size)


@given(problems())
def test_the_curvature_is_symmetric_and_along_a_direction_the_same(case):
    problem, chunk, theta = case
    sums = problem.of_block(chunk, theta)
    assert_array_equal(sums.curvature, sums.curvature.T)
    assert np.linalg.eigvalsh(sums.curvature)[0] >= -1e-12 * np.trace(sums.curvature)
    direction = theta[::-1]
    along = problem._curved_block(chunk, theta, direction)
    assert_allclose(along, sums.curvature @ direction, atol=1e-12 * np.trace(sums.curvature))


@given(problems())
def test_sums_are_a_monoid(case):
    problem, chunk, theta = case
    cut = chunk.n // 2
    parts = [
        Chunk(X=chunk.X[at], y=chunk.y[at], weight=None if chunk.weight is None else chunk.weight[at])
        for at in (slice(0, 1), slice(1, cut + 1), slice(cut + 1, None))
    ]
    first, second, third = (problem.of_block(part, theta) for part in parts)
    whole = problem.of_block(chunk, theta)
    for found in (first.merge(second).merge(third), first.merge(second.merge(third))):
        assert found.n == whole.n
        assert_allclose(found.loss, whole.loss, rtol=1e-13)
        assert_allclose(found.gradient, whole.gradient, atol=1e-12)
        assert_allclose(found.curvature, whole.curvature, atol=1e-12)


@given(problems())
def test_the_evidence_finds_the_same_sums_by_its_own_way(case):
    problem, chunk, theta = case
    c = problem.coordinates
    each = theta.reshape(problem.classes - 1, -1)
    first = int(c.intercept)
    shown = MultinomialShown(
        coef=np.array([c.slopes(row) for row in each]),
        level=each[:, 0] if first else np.zeros(len(each)),
        mean=c.shift,
        scale=c.scale,
        intercept=c.intercept,
        null=np.zeros(problem.classes),
    )
    found, sums = look_at_classes(chunk, shown), problem.of_block(chunk, theta)
    size = np.trace(sums.curvature)
    assert_allclose(found.deviance, 2 * sums.loss, rtol=1e-13)
    assert_allclose(found.gradient, sums.gradient, atol=1e-13 * (size + np.abs(sums.gradient).max()))
    assert_allclose(found.expected, sums.curvature, atol=1e-13 * size)


@given(st.integers(3, 6), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_penalty_is_the_smallest_over_all_classes(classes, p, seed):
    """Half the squares of all classes, where their common shift is free, is the quadratic of the differences from the first."""
    rng = np.random.default_rng(seed)
    differences, each = rng.normal(size=(classes - 1, p)), rng.uniform(0.1, 2.0, p)
    whole = np.concatenate([np.zeros((1, p)), differences])
    least = 0.5 * float((each * (whole - whole.mean(axis=0)) ** 2).sum())
    theta = differences.reshape(-1)
    square = multinomial.class_penalty(each, classes)
    assert_allclose(0.5 * theta @ square @ theta, least, rtol=1e-12)
    assert_allclose(multinomial.penalty_slope(each, theta, classes), square @ theta, rtol=1e-12, atol=1e-13)


# ------------------------------------------------------------------------------------------------------------------ the fit


@given(tables())
@few
def test_every_fit_is_certified_and_verified(table):
    model = fit(table.X, table.y)
    assert model.certificate_.verdict == "certified"
    assert model.verify(table.X, table.y).verdict == "certified"
    assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-12 * np.abs(model.coef_).max())


@given(tables(), st.integers(7, 40))
@few
def test_chunks_do_not_change_the_fit(table, rows):
    whole = fit(table.X, table.y)
    with blocks_of(rows):
        assert apart(whole, fit(table.X, table.y)) <= SE


@given(tables())
@few
def test_unit_weights_change_nothing(table):
    assert apart(fit(table.X, table.y), fit(table.X, table.y, sample_weight=np.ones(len(table.y)))) <= SE


@given(tables())
@few
def test_frequencies_are_repeated_rows(table):
    counts = table.rng.integers(0, 3, len(table.y))
    counts[: table.y.max() + 1] = 1
    weighted = fit(table.X, table.y, sample_weight=counts, weights_type="frequency")
    repeated = fit(np.repeat(table.X, counts, axis=0), np.repeat(table.y, counts))
    assert apart(weighted, repeated) <= SE
    names = ["n", "df_model", "df_resid"]
    assert weighted.glance()[names].equals(repeated.glance()[names])
    for name in ("aic", "bic", "deviance", "null_deviance", "pearson", "lr_statistic", "wald_statistic"):
        assert_allclose(weighted.glance()[name], repeated.glance()[name], rtol=1e-8)


@given(tables())
@few
def test_units_and_origins_do_not_matter(table):
    p = table.X.shape[1]
    scale, shift = 10.0 ** table.rng.integers(-6, 7, p), table.rng.normal(size=p)
    model, moved = fit(table.X, table.y), fit((table.X - table.X.mean(axis=0)) / table.X.std(axis=0) + shift, table.y)
    slopes = model.tidy().term != "(Intercept)"
    # What is lost by moving columns of a mean of 1e6 standard deviations is 1e6 roundings of their entries.
    assert_allclose(moved.tidy().statistic[slopes], model.tidy().statistic[slopes], rtol=1e-7, atol=1e-7)
    scaled = fit(table.X * scale, table.y)
    assert_allclose(scaled.tidy().statistic, model.tidy().statistic, rtol=1e-8, atol=1e-8)


@given(tables())
@few
def test_order_of_the_classes_changes_names_only(table):
    """Log odds between two classes do not depend on the class that all are compared with."""
    classes = table.y.max() + 1
    turned = (table.y + 1) % classes
    model, other = fit(table.X, table.y), fit(table.X, turned)
    assert_allclose(other.predict_proba(table.X), np.roll(model.predict_proba(table.X), 1, axis=1), rtol=1e-9)
    for term in range(table.X.shape[1]):
        one = model.contrast({f"1: x{term}": 1.0, f"2: x{term}": -1.0})
        two = other.contrast(
            {f"2: x{term}": 1.0, f"{3 % classes}: x{term}": -1.0} if classes > 3 else {f"2: x{term}": 1.0}
        )
        for name in ("estimate", "std_error"):
            assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-7, atol=SE * one.std_error.max())


@given(tables())
@few
def test_a_penalty_is_the_same_for_all_classes(table):
    """With the symmetric penalty no class stands apart, so that turning them turns the coefficients."""
    classes = table.y.max() + 1
    z = (table.X - table.X.mean(axis=0)) / table.X.std(axis=0)
    model, other = fit(z, table.y, C=0.5), fit(z, (table.y + 1) % classes, C=0.5)
    assert_allclose(other.coef_, np.roll(model.coef_, 1, axis=0), atol=1e-8)
    assert_allclose(other.intercept_, np.roll(model.intercept_, 1), atol=1e-8)


@given(tables())
@few
def test_a_dependent_column_changes_no_prediction(table):
    doubled = np.column_stack([table.X, 2.0 * table.X[:, 0]])
    with pytest.warns(match="linearly dependent"):
        model = fit(doubled, table.y)
    assert model.certificate_.verdict == "certified, with terms withheld"
    assert_allclose(model.predict_proba(doubled), fit(table.X, table.y).predict_proba(table.X), rtol=1e-6)
    assert model.verify(doubled, table.y).ok


@given(tables())
@few
def test_scores_of_the_null_model_are_the_shares(table):
    """Without a column that tells, fitted probabilities are the shares, whose log-likelihood is that of the null model."""
    model = fit(table.X, table.y)
    shares = np.bincount(table.y) / len(table.y)
    assert_allclose(model.predict_proba(table.X).mean(axis=0), shares, rtol=1e-9)
    null = float(np.log(shares)[table.y].sum())
    assert_allclose(model.result_.likelihood.null_log_likelihood, null, rtol=1e-12)
