"""Scores: those of scikit-learn, however the rows are cut; exact where y is constant; from every kind of source; in bounded memory."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from itertools import pairwise

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, d2_tweedie_score, r2_score

import mathlearn
from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.dask_part import at_hand
from mathlearn.data.dask_source import DaskSource
from mathlearn.fitting import scores
from mathlearn.fitting.scores import accuracy, deviance_explained, r_squared
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
)
from mathlearn.probability import family_named
from mathlearn.statistics.spread import Spread

seeds = st.integers(0, 2**32 - 1)
sizes = st.sampled_from([1, 2, 7, 1000])
"""Rows of a block."""


LAWS = {
    0.0: family_named("gaussian"),
    1.0: family_named("quasipoisson"),
    1.5: family_named("tweedie", power=1.5),
    2.0: family_named("gamma"),
    3.0: family_named("inverse_gaussian"),
}
"""Families by the power of their variance."""


@contextmanager
def blocks_of(size):
    """Score blocks of so many rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "block_rows", lambda _: size)
        yield


# ------------------------------------------------------------------------------------------------------------- spread
@given(
    seed=seeds,
    cuts=st.lists(st.integers(0, 40), max_size=5),
    offset=st.sampled_from([0.0, 1e8, -1e15]),
    weighted=st.booleans(),
)
def test_a_spread_is_exact_to_rounding_however_it_is_merged(seed, cuts, offset, weighted):
    rng = np.random.default_rng(seed)
    y, w = np.round(rng.normal(size=(40, 1)) * 64) / 8 + offset, rng.integers(0, 4, 40) / 2
    edges = [0, *sorted(cuts), 40]
    parts = [Spread.of(y[a:b], w[a:b] if weighted else None) for a, b in pairwise(edges)]
    found = reduce(Spread.merge, parts)
    values, weights = [Fraction(v) for v in y[:, 0]], [Fraction(v) for v in (w if weighted else np.ones(40))]
    total = sum(weights)
    mean = sum(a * b for a, b in zip(weights, values, strict=True)) / total
    squares = sum(a * (b - mean) ** 2 for a, b in zip(weights, values, strict=True))
    assert found.weight == total
    assert abs(Fraction(found.mean[0]) - mean) <= Fraction(2**-52) * max(map(abs, values))
    assert_allclose(found.squares[0], float(squares), rtol=1e-13)


@given(value=st.floats(-1e12, 1e12), n=st.integers(1, 60), size=st.integers(1, 9), seed=seeds)
def test_one_value_has_exactly_itself_as_mean_and_no_spread(value, n, size, seed):
    w = np.random.default_rng(seed).random(n) + 0.1
    parts = [Spread.of(np.full((len(w[a : a + size]), 1), value), w[a : a + size]) for a in range(0, n, size)]
    found = reduce(Spread.merge, parts)
    assert (found.mean[0], found.squares[0]) == (value, 0.0)


# ------------------------------------------------------------------------------------------------------ scikit-learn's
@given(
    seed=seeds, n=st.integers(2, 60), q=st.integers(1, 3), size=sizes, offset=st.sampled_from([0, 1e8]), w=st.booleans()
)
def test_r_squared_is_that_of_scikit_learn(seed, n, q, size, offset, w):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(n, q)) + offset
    predicted = y + rng.normal(size=q) * rng.normal(size=(n, q))
    weight = rng.random(n) + 0.1 if w else None
    with blocks_of(size):
        found = r_squared(bind(np.zeros((n, 1)), y, sample_weight=weight), lambda chunk: predicted[chunk.index])
    # Subtracting the offset rounds nothing, and spares scikit-learn's mean its rounding.
    expected = r2_score(y - offset, predicted - offset, sample_weight=weight)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(seed=seeds, n=st.integers(2, 60), size=sizes, power=st.sampled_from([*LAWS]), w=st.booleans())
def test_the_deviance_explained_is_that_of_scikit_learn(seed, n, size, power, w):
    rng = np.random.default_rng(seed)
    y, eta = rng.gamma(2, size=n), rng.normal(size=(n, 1))
    y[:2] = 0.1, 5.0  # of responses that are nearly the same, scikit-learn's deviances lose their digits
    weight = rng.random(n) + 0.1 if w else None
    family = LAWS[power]
    link = family.link("log")
    with blocks_of(size):
        rows = bind(np.zeros((n, 1)), y, sample_weight=weight)
        found = deviance_explained(rows, lambda chunk: eta[chunk.index], family, link)
    expected = d2_tweedie_score(y, np.exp(eta[:, 0]), sample_weight=weight, power=power)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(seed=seeds, n=st.integers(1, 60), size=sizes, w=st.booleans())
def test_the_accuracy_is_that_of_scikit_learn(seed, n, size, w):
    rng = np.random.default_rng(seed)
    y, place = rng.integers(0, 3, (2, n))
    weight = rng.random(n) + 0.1 if w else None
    with blocks_of(size):
        found = accuracy(bind(np.zeros((n, 1)), y.astype(float), sample_weight=weight), lambda c: place[c.index])
    assert found == pytest.approx(accuracy_score(y, place, sample_weight=weight), rel=1e-14)


# ------------------------------------------------------------------------------------------------------------ the ends
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_constant_response_scores_all_or_nothing(size):
    X, y = np.arange(30.0)[:, None], np.full(30, 0.1)
    law, rows = family_named("gaussian"), bind(X, y)
    off = {0.0: lambda chunk: chunk.y, 1e-9: lambda chunk: chunk.y + (chunk.index[:, None] == 7) * 1e-9}
    with blocks_of(size):
        for miss, predicted in off.items():
            assert r_squared(rows, predicted) == (miss == 0.0)
            assert deviance_explained(rows, predicted, law, law.link("identity")) == (miss == 0.0)
        assert LinearRegression().fit(X, X[:, 0] ** 2).score(X, y) == 0.0
        assert PoissonRegressor(alpha=0).fit(X, np.arange(30) % 5).score(X, y) == 0.0


def test_one_response_that_is_constant_among_others():
    X = np.arange(20.0)[:, None]
    Y = np.column_stack([X[:, 0] ** 2, np.full(20, 0.1)])
    model = LinearRegression().fit(X, np.column_stack([X[:, 0] ** 2, X[:, 0]]))
    expected = r2_score(Y[:, 0], model.predict(X)[:, 0]) / 2
    assert model.score(X, Y) == pytest.approx(expected, rel=1e-12)


def test_one_row_has_no_r_squared():
    model = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 4.0])
    with pytest.warns(UndefinedMetricWarning, match="less than two samples") as told:
        assert np.isnan(model.score([[3.0]], [7.0]))
    assert told[0].filename == __file__
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(model.score([[3.0], [4.0]], [7.0, 8.0], sample_weight=[1.0, 0.0]))


def test_what_cannot_be_scored_is_refused():
    X, y = np.arange(6.0)[:, None], np.arange(6.0) ** 2
    linear, poisson = LinearRegression(missing="drop").fit(X, y), PoissonRegressor(missing="drop", alpha=0).fit(X, y)
    classes = LogisticRegression(missing="drop").fit(X, [0, 1, 0, 1, 0, 1])
    for model in (linear, poisson, classes):
        with pytest.raises(SchemaError, match="no row is left to score"):
            model.score(np.full((6, 1), np.nan), [0, 1, 0, 1, 0, 1])
    with pytest.raises(DomainError, match=r"squares of y, .*divide them by their units"):
        linear.score(X, y * 1e200)
    with pytest.raises(DomainError, match=r"y has 1 of 6 values outside the domain .* in row 3"):
        poisson.score(X, np.where(np.arange(6) == 3, -1.0, y))
    with pytest.raises(NonFiniteInputError, match="row 4"):
        LinearRegression().fit(X, y).score(np.where(X == 4, np.inf, X), y)


# --------------------------------------------------------------------------------------------------------- the sources
def _table():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(np.round(rng.normal(size=(600, 2)), 6), columns=["a", "b"])
    return table.assign(
        y=np.round(table.a + rng.normal(size=600), 6),
        count=rng.poisson(np.exp(0.3 * table.a)),
        size=np.round(rng.gamma(2, size=600), 6) + 1e-6,
        kind=rng.choice(["p", "q", "r"], 600),
        share=rng.integers(0, 5, 600) / 4,
        w=rng.integers(1, 4, 600) / 2,
        beside=np.round(rng.normal(size=600), 3),
    )


TABLE = _table()
LATER = TABLE.sample(frac=0.7, random_state=1).reset_index(drop=True)

SOURCES = {
    "csv": lambda t, d: mathlearn.scan(_written(t, d / "t.csv", "to_csv", index=False)),
    "parquet": lambda t, d: mathlearn.scan(_written(t, d / "t.parquet", "to_parquet", row_group_size=100)),
    "sql": lambda t, d: mathlearn.scan(sql="FROM t", files={"t": _written(t, d / "t.parquet", "to_parquet")}),
    "polars": lambda t, _: pl.from_pandas(t),
    "dask": lambda t, _: dd.from_pandas(t, npartitions=3),
}

MODELS = {
    "least squares": (LinearRegression(), "y", {"sample_weight": "w"}),
    "Poisson": (PoissonRegressor(alpha=0), "count", {"sample_weight": "w"}),
    "Poisson, offset": (PoissonRegressor(alpha=0), "count", {"offset": "beside"}),
    "gamma": (GammaRegressor(alpha=0), "size", {}),
    "classes": (LogisticRegression(), "kind", {"sample_weight": "w"}),
    "proportions": (GeneralizedLinearRegressor(family="quasibinomial"), "share", {}),
}


def _written(table, path, how, **options):
    getattr(table, how)(path, **options)
    return path


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("name", MODELS)
def test_every_source_has_the_score_of_the_frame(name, kind, tmp_path):
    model, y, roles = MODELS[name]
    columns = ["a", "b", y, *roles.values()]
    model.fit(TABLE[columns], y, **roles)
    expected = model.score(LATER[columns], y, **roles)
    with blocks_of(64), dask.config.set(scheduler="synchronous"):
        found = model.score(SOURCES[kind](LATER[columns], tmp_path), y, **roles)
    assert found == pytest.approx(expected, rel=1e-12)
    assert 0.0 < found < 1.0


@pytest.mark.parametrize("name", MODELS)
def test_rows_of_dask_are_scored_where_they_lie(name, monkeypatch):
    batches = DaskSource.batches

    def on_a_worker(self, *args, **kwargs):
        assert at_hand() is not None
        return batches(self, *args, **kwargs)

    monkeypatch.setattr(DaskSource, "batches", on_a_worker)
    model, y, roles = MODELS[name]
    columns = ["a", "b", y, *roles.values()]
    with dask.config.set(scheduler="synchronous"):
        model.fit(TABLE[columns], y, **roles).score(dd.from_pandas(LATER[columns], npartitions=3), y, **roles)


@pytest.mark.parametrize(
    "model", [LinearRegression(), PoissonRegressor(alpha=0), LogisticRegression()], ids=lambda m: type(m).__name__
)
def test_a_score_holds_a_fraction_of_a_column(model):
    n = 1_000_000
    X = np.random.default_rng(0).normal(size=(n, 1))
    y = (X[:, 0] > 0).astype(float)
    model.fit(X[:1000], np.roll(y[:1000], 7))
    tracemalloc.start()
    try:
        assert model.score(X, y) < 1.0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < X.nbytes / 2
