"""Fits by likelihood are the same from every kind of source, in memory or streamed, named or not, dense or sparse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn._config import config_context
from mathlearn.linear_model import GammaRegressor, GeneralizedLinearRegressor, LogisticRegression, PoissonRegressor

SAME = 1e-12


def two_classes(y):
    """Every third row is of the other class, so that none of the columns parts them."""
    return ((y > np.median(y)) != (np.arange(len(y)) % 3 == 0)).astype(int)


def counts(y):
    return np.round(np.exp(y / np.abs(y).max()))


def positive(y):
    return np.exp(y / np.abs(y).max())


RESPONSES = {"binomial": two_classes, "poisson": counts, "gamma": positive, "gaussian": np.asarray}


def assert_same(found, expected):
    assert found.certificate_.ok, found.certificate_
    tables = [model.tidy() for model in (found, expected)]
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(tables[0][column], tables[1][column], rtol=SAME)
    for column in ("n", "deviance", "null_deviance", "pearson", "log_likelihood", "lr_statistic"):
        np.testing.assert_allclose(found.glance()[column], expected.glance()[column], rtol=SAME)


@pytest.mark.parametrize("family", RESPONSES)
def test_in_memory(features, table, family):
    y = RESPONSES[family](table.y)
    link = "log" if family == "gamma" else None
    weight = 1.0 + np.arange(len(y)) % 3

    def fit(X):
        return GeneralizedLinearRegressor(family=family, link=link).fit(X, y, sample_weight=weight)

    assert_same(fit(features), fit(table.X))


MODELS = {
    "logit": (LogisticRegression(C=np.inf), two_classes),
    "poisson": (PoissonRegressor(alpha=0), counts),
    "gamma": (GammaRegressor(alpha=0), positive),
}


@pytest.mark.parametrize("name", MODELS)
def test_formulas_and_columns(name, mixed):
    model, response = MODELS[name]
    frame = mixed[["x", "k"]].fillna(0.0).assign(y=response(mixed.y.to_numpy()))
    by_formula = model.set_params(formula="y ~ x + k").fit(frame)
    expected = by_formula.tidy(), by_formula.glance()
    by_name = model.set_params(formula=None).fit(frame, "y")
    assert by_name.certificate_.ok
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(by_name.tidy()[column], expected[0][column], rtol=SAME)
    np.testing.assert_allclose(by_name.glance()["log_likelihood"], expected[1]["log_likelihood"], rtol=SAME)


@pytest.mark.parametrize("name", MODELS)
def test_streams(name, tmp_path):
    """Many blocks, of files and in memory: the same, whichever rows the search for a start has seen."""
    rng = np.random.default_rng(3)
    n = 60_000
    frame = pd.DataFrame({f"x{i}": rng.normal(size=n) for i in range(4)})
    model, response = MODELS[name]
    frame["y"] = response(frame.sum(axis=1).to_numpy() + rng.normal(size=n))
    for i, (start, end) in enumerate(((0, 1000), (1000, 40_000), (40_000, n))):
        frame.iloc[start:end].to_parquet(tmp_path / f"{i}.parquet", row_group_size=7777)
    model = model.set_params(formula=None, missing="raise")
    expected = model.fit(frame.drop(columns="y"), frame.y)
    params, se = np.append(expected.coef_, expected.intercept_), expected.tidy()["std_error"].to_numpy()
    error = expected.certificate_.error_in_se
    for threads in (1, 2):
        with config_context(threads=threads):
            streamed = model.fit(mathlearn.scan(tmp_path), "y")
        assert streamed.certificate_.ok
        away = np.abs(np.append(streamed.coef_, streamed.intercept_) - params)
        assert (away <= (error + streamed.certificate_.error_in_se) * np.append(se[1:], se[0])).all()
        np.testing.assert_allclose(streamed.tidy()["std_error"], se, rtol=1e-6)
