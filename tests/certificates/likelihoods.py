"""Fits by likelihood of every kind: families, links, weights, offsets, penalties."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mathlearn.linear_model import GeneralizedLinearRegressor

N, P = 80, 3


@dataclass(frozen=True)
class Fitting:
    """A model to fit, and its rows: X, y and what else `fit` takes."""

    parameters: dict[str, Any]
    X: np.ndarray
    y: np.ndarray
    rows: dict[str, Any] = field(default_factory=dict)

    def fit(self, **more: Any) -> GeneralizedLinearRegressor:
        return GeneralizedLinearRegressor(**self.parameters, **more).fit(self.X, self.y, **self.rows)


def _columns(seed: int, shift: float = 0.0) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(N, P)), 3)
    return rng, X + shift, X @ [0.6, -0.4, 0.2]


def _binary(link: str, **parameters: Any) -> Fitting:
    rng, X, eta = _columns(1)
    y = (eta + rng.logistic(size=N) > 0).astype(float)
    return Fitting({"family": "binomial", "link": link, **parameters}, X, y)


def _counts(family: str = "poisson", **parameters: Any) -> Fitting:
    rng, X, eta = _columns(2, shift=1000.0)
    return Fitting({"family": family, **parameters}, X, rng.poisson(np.exp(0.5 + eta)).astype(float))


def _positive(family: str, link: str, **parameters: Any) -> Fitting:
    rng, X, eta = _columns(3)
    mean = {"log": np.exp(0.5 + eta), "inverse": 1 / (2.0 + 0.3 * eta), "inverse_squared": (2.0 + 0.3 * eta) ** -0.5}[
        link
    ]
    return Fitting({"family": family, "link": link, **parameters}, X, mean * rng.gamma(4.0, 0.25, N))


def _grouped() -> Fitting:
    rng, X, eta = _columns(4)
    trials = rng.integers(1, 9, N)
    hits = rng.binomial(trials, 1 / (1 + np.exp(-eta)))
    return Fitting({"family": "binomial"}, X, np.column_stack([hits, trials - hits]).astype(float))


def _gaussian(link: str, **parameters: Any) -> Fitting:
    rng, X, eta = _columns(5)
    mean = np.exp(0.3 * eta) if link == "log" else eta
    return Fitting({"family": "gaussian", "link": link, **parameters}, X, mean + 0.2 * rng.normal(size=N))


def _tweedie() -> Fitting:
    rng, X, eta = _columns(6)
    y = [rng.gamma(1.0, 0.6, k).sum() for k in rng.poisson(np.exp(0.3 + eta))]
    return Fitting({"family": "tweedie", "power": 1.5}, X, np.array(y))


def _with_rows(base: Fitting, **rows: Any) -> Fitting:
    return Fitting(base.parameters, base.X, base.y, rows)


def _dependent(base: Fitting, share: float) -> Fitting:
    """Make the last column the sum of the others, up to a share of noise."""
    X = base.X.copy()
    X[:, 2] = X[:, 0] + X[:, 1] + share * np.random.default_rng(10).normal(size=N)
    return Fitting(base.parameters, X, base.y, base.rows)


def _weights() -> np.ndarray:
    return np.random.default_rng(7).uniform(0.2, 4.0, N)


def fittings() -> dict[str, Fitting]:
    """Return name: what to fit."""
    counts = np.random.default_rng(8).integers(1, 4, N).astype(float)
    offset = np.random.default_rng(9).uniform(-1.0, 1.0, N)
    return {
        "logit": _binary("logit"),
        "logit, penalised": _binary("logit", alpha=1.0),
        "logit, grouped": _grouped(),
        "logit, no intercept": _binary("logit", fit_intercept=False),
        "probit, weights": _with_rows(_binary("probit"), sample_weight=_weights()),
        "cloglog": _binary("cloglog"),
        "cauchit": _binary("cauchit"),
        "poisson, offset": _with_rows(_counts(), offset=offset),
        "poisson, frequencies": _with_rows(_counts(weights_type="frequency"), sample_weight=counts),
        "poisson, penalised, offset": _with_rows(_counts(alpha=2.0), offset=offset),
        "quasipoisson": _counts("quasipoisson"),
        "negative binomial": _counts("negative_binomial", theta=2.0),
        "gamma, weights": _with_rows(_positive("gamma", "log"), sample_weight=_weights()),
        "gamma, inverse": _positive("gamma", "inverse"),
        "inverse Gaussian": _positive("inverse_gaussian", "inverse_squared"),
        "inverse Gaussian, log": _positive("inverse_gaussian", "log"),
        "gaussian": _gaussian("identity"),
        "gaussian, log": _gaussian("log"),
        "tweedie": _tweedie(),
        "logit, nearly dependent": _dependent(_binary("logit"), 1e-6),
        "gamma, nearly dependent": _dependent(_positive("gamma", "log"), 1e-5),
        "probit, nearly dependent, penalised": _dependent(_binary("probit", alpha=1e-6), 1e-6),
        "logit, nearly dependent, no intercept": _dependent(_binary("logit", fit_intercept=False), 1e-6),
    }
