"""Random fits of small, ill-scaled tables, by seed."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from mathlearn.linear_model import LinearRegression


def random_model(seed: int) -> tuple[LinearRegression, np.ndarray]:
    """Fit 3 to 60 rows of 0 to 6 columns, with noise, scales, means and weights of many sizes; with a row to explain."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(3, 61)), int(rng.integers(0, 7))
    scale = 10.0 ** rng.uniform(-8, 8, p)
    X = rng.normal(size=(n, p)) + rng.choice([0.0, 1.0, 1e3, 1e6], p) * rng.normal(size=p)
    if p > 1 and rng.random() < 0.4:
        X[:, 1] = X[:, 0] + 10.0 ** rng.uniform(-10, -1) * rng.normal(size=n)  # nearly dependent
    beta = rng.normal(size=p) * 10.0 ** rng.uniform(-2, 2, p)
    noise = 10.0 ** rng.uniform(-14, 0)
    y = rng.normal() * rng.choice([0.0, 1.0, 1e4]) + X @ beta + noise * rng.normal(size=n)
    y *= 10.0 ** rng.uniform(-8, 8)
    weighting = str(rng.choice(["none", "precision", "frequency"]))
    weight = {"none": None, "precision": 10.0 ** rng.uniform(-3, 3, n), "frequency": rng.integers(0, 4, n) * 1.0}[
        weighting
    ]
    if weight is not None and not weight.any():
        weight[0] = 1.0
    covariance = str(rng.choice(["classical", "classical", "HC0", "HC1", "HC3"]))
    intercept = bool(rng.random() < 0.7)
    options = {"covariance": covariance, "weights_type": "frequency" if weighting == "frequency" else "precision"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if p:
            model = LinearRegression(fit_intercept=intercept, **options).fit(X * scale, y, sample_weight=weight)
        else:
            model = LinearRegression(formula="y ~ 1" if intercept else "y ~ 0", **options)
            model.fit(pd.DataFrame({"y": y}), sample_weight=weight)
    row = (X[0] + rng.normal(size=p) * rng.choice([0.0, 1.0, 30.0])) * scale
    return model, row
