"""Random fits by likelihood of small, ill-scaled tables, by seed."""

from __future__ import annotations

import warnings

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.linear_model import GeneralizedLinearRegressor

# Family, link, its parameters, and how y is drawn from means near one.
LAWS = (
    ("binomial", "logit", {}),
    ("binomial", "probit", {}),
    ("binomial", "cloglog", {}),
    ("binomial", "cauchit", {}),
    ("poisson", "log", {}),
    ("poisson", "identity", {}),
    ("quasipoisson", "log", {}),
    ("quasibinomial", "logit", {}),
    ("negative_binomial", "log", {"theta": 1.5}),
    ("gamma", "log", {}),
    ("gamma", "inverse", {}),
    ("inverse_gaussian", "log", {}),
    ("tweedie", "log", {"power": 1.4}),
    ("gaussian", "identity", {}),
    ("gaussian", "log", {}),
)


def _drawn(rng: np.random.Generator, family: str, eta: np.ndarray) -> np.ndarray:
    mean = np.exp(np.clip(eta, -3, 3))
    share = mean / (1 + mean)
    return {
        "binomial": lambda: rng.binomial(1, share) * 1.0,
        "quasibinomial": lambda: rng.binomial(4, share) / 4,
        "poisson": lambda: rng.poisson(mean) * 1.0,
        "quasipoisson": lambda: rng.poisson(mean) * 1.5,
        "negative_binomial": lambda: rng.poisson(mean * rng.gamma(1.5, size=mean.size)) * 1.0,
        "gamma": lambda: mean * rng.gamma(2.0, size=mean.size) + 1e-3,
        "inverse_gaussian": lambda: rng.wald(mean, 2.0),
        "tweedie": lambda: rng.poisson(mean) * rng.gamma(2.0, size=mean.size),
        "gaussian": lambda: mean + 5 + rng.normal(size=mean.size),
    }[family]()


def random_model(seed: int) -> tuple[GeneralizedLinearRegressor, np.ndarray] | None:
    """Fit 6 to 80 rows of 1 to 5 columns, of many scales, means and weights; with a row to explain. None where the data are refused."""
    rng = np.random.default_rng(seed)
    family, link, parameters = LAWS[seed % len(LAWS)]
    n, p = int(rng.integers(6, 81)), int(rng.integers(1, 6))
    scale = 10.0 ** rng.uniform(-8, 8, p)
    X = rng.normal(size=(n, p)) + rng.choice([0.0, 1.0, 1e3], p) * rng.normal(size=p)
    if p > 1 and rng.random() < 0.3:
        X[:, 1] = X[:, 0] + 10.0 ** rng.uniform(-9, -1) * rng.normal(size=n)  # nearly dependent
    y = _drawn(rng, family, (X - X.mean(axis=0)) @ rng.normal(size=p) * rng.choice([0.1, 0.5, 1.5]) + rng.normal() / 2)
    weighting = str(rng.choice(["none", "none", "precision", "frequency"]))
    weight = {"none": None, "precision": 10.0 ** rng.uniform(-2, 2, n), "frequency": rng.integers(0, 4, n) * 1.0}[
        weighting
    ]
    model = GeneralizedLinearRegressor(
        family=family,
        link=link,
        alpha=float(rng.choice([0.0, 0.0, 0.0, 1.0])),
        fit_intercept=bool(rng.random() < 0.8),
        covariance=str(rng.choice(["classical", "classical", "HC0", "HC3"])),
        weights_type="frequency" if weighting == "frequency" else "precision",
        **parameters,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(X * scale, y, sample_weight=weight)
        except DomainError:
            return None
    return model, (X[0] + rng.normal(size=p) * rng.choice([0.0, 1.0, 30.0])) * scale
