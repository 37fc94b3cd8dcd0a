"""Sums over the columns of a block are those of long-double arithmetic about the mean shown, wherever the columns lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from mathlearn.certify.shown_columns import Shown, ShownColumns
from mathlearn.data.chunk import Chunk
from mathlearn.probability import family_named

N, P = 700, 4
POISSON = family_named("poisson")
DOUBLE, SINGLE = float(np.finfo(np.float64).eps), float(np.finfo(np.float32).eps)


def shown_of(X, *, near, intercept=True, **changes):
    """Return numbers to show, about the means of these columns."""
    mean = X.mean(axis=0) if intercept else np.zeros(X.shape[1])
    most = np.abs(X - mean).max(axis=0)
    size = most * np.linalg.norm((X - mean) / most, axis=0)
    shown = Shown(
        family=POISSON,
        link=POISSON.link("log"),
        coef=np.linspace(-0.4, 0.5, X.shape[1]) / size * np.sqrt(len(X)),
        mean=mean,
        centre=0.3,
        intercept=intercept,
        null_eta=0.0,
        scale=2.0 ** np.round(np.log2(size)),
        careful=True,
        near=near,
    )
    return replace(shown, **changes)


def chunk_of(X, offset=None):
    return Chunk(X, np.ones((len(X), 1)), None, offset, None)


def exact(X, shown, pull, weight):
    """Return predictors, gradient and products in long double, with what rounding may leave of each in units of its terms."""
    z = (X.astype(np.longdouble) - shown.mean) / shown.scale
    eta = z @ (shown.coef * shown.scale).astype(np.longdouble) + (shown.centre if shown.intercept else 0.0)
    if shown.basis is not None:
        z = z @ shown.basis.astype(np.longdouble)
    if shown.intercept:
        z = np.column_stack([np.ones(len(X), np.longdouble), z])
    terms = np.abs(pull) @ np.abs(z), (np.abs(z).T * np.abs(weight)) @ np.abs(z)
    return eta, pull @ z, (z.T * weight) @ z, terms


def columns(seed, away):
    """Columns whose means are so many standard deviations from zero."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) * [1.0, 30.0, 1e-3, 1e5]
    X -= X.mean(axis=0)
    return X + away * X.std(axis=0), rng


def agree(X, shown, pull, curve, bent, growth):
    """Compare all sums; `growth` says how many times the rounding of its terms a sum may be off."""
    at = ShownColumns.of(chunk_of(X), shown)
    eta, gradient, expected, (gradient_terms, terms) = exact(X, shown, pull, curve)
    _, _, observed, (_, bent_terms) = exact(X, shown, pull, bent)
    assert_allclose(at.eta, eta.astype(float), rtol=0, atol=growth * 8 * DOUBLE)
    found = at.sums(pull, curve, bent)
    assert (np.abs(found[0] - gradient) <= growth * DOUBLE * gradient_terms).all()
    assert (np.abs(found[1] - expected) <= growth * DOUBLE * terms).all()
    assert (np.abs(found[2] - observed) <= growth * SINGLE * bent_terms).all()


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    away=st.lists(st.floats(-1.0, 1.0), min_size=P, max_size=P),
    negative=st.floats(0.0, 1.0),
    size=st.sampled_from([1e-6, 1.0, 1e5]),
)
def test_columns_near_zero_are_taken_as_they_are(seed, away, negative, size):
    """Up to one standard deviation from zero, sums about the mean lose next to nothing by following from those about zero."""
    X, rng = columns(seed, np.array(away))
    shown = shown_of(X * size, near=True)
    at = ShownColumns.of(chunk_of(X * size), shown)
    assert not at.own
    assert not at.scaled
    weight = rng.exponential(size=N)
    bent = np.where(rng.uniform(size=N) < negative, -1.0, 1.0) * rng.exponential(size=N)
    agree(X * size, shown, rng.normal(size=N), weight, bent, growth=16.0)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    away=st.floats(1.0, 1e9),
    negative=st.floats(0.0, 1.0),
    size=st.sampled_from([1e-150, 1e-9, 1.0, 1e9, 1e150]),
)
def test_columns_far_from_zero_are_centred_first(seed, away, negative, size):
    X, rng = columns(seed, away)
    shown = shown_of(X * size, near=False)
    assert ShownColumns.of(chunk_of(X * size), shown).own
    weight = rng.exponential(size=N)
    bent = np.where(rng.uniform(size=N) < negative, -1.0, 1.0) * rng.exponential(size=N)
    agree(X * size, shown, rng.normal(size=N), weight, bent, growth=16.0)


def test_columns_far_from_zero_would_lose_their_digits_as_they_are():
    """What `near` is there to prevent."""
    X, rng = columns(0, 1e6)
    pull, weight = rng.normal(size=N), rng.exponential(size=N)
    shown = shown_of(X, near=True)
    _, _, expected, (_, terms) = exact(X, shown, pull, weight)
    found = ShownColumns.of(chunk_of(X), shown).sums(pull, weight, None)[1]
    assert (np.abs(found - expected)[1:, 1:] > 1e3 * DOUBLE * terms[1:, 1:]).any()


@pytest.mark.parametrize("near", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
def test_columns_multiplied_by_a_basis(near, intercept):
    X, rng = columns(1, 0.5)
    basis = rng.normal(size=(P, P - 1)) / np.sqrt(N)
    shown = shown_of(X, near=near, intercept=intercept, basis=basis)
    bent = rng.normal(size=N)
    agree(X, shown, rng.normal(size=N), rng.exponential(size=N), bent, growth=16.0)


@pytest.mark.parametrize("near", [True, False])
def test_without_an_intercept_nothing_is_taken_off(near):
    X, rng = columns(2, 3.0)
    agree(
        X,
        shown_of(X, near=near, intercept=False),
        rng.normal(size=N),
        rng.exponential(size=N),
        rng.normal(size=N),
        16.0,
    )


def test_an_offset_is_part_of_the_predictor():
    X, rng = columns(3, 0.0)
    shown, offset = shown_of(X, near=True), rng.normal(size=N)
    plain, other = ShownColumns.of(chunk_of(X), shown).eta.copy(), ShownColumns.of(chunk_of(X, offset), shown).eta
    assert_allclose(other, plain + offset, rtol=0, atol=4e-15)


def test_the_rows_are_not_written_to():
    X, rng = columns(4, 0.5)
    for near in (True, False):
        before = X.copy()
        ShownColumns.of(chunk_of(X), shown_of(X, near=near)).sums(rng.normal(size=N), np.ones(N), rng.normal(size=N))
        np.testing.assert_array_equal(X, before)
