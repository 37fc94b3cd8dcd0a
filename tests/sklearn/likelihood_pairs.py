"""Likelihood models of ours beside scikit-learn's, with data for both."""

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.linear_model

from mathlearn.linear_model import (
    GammaRegressor,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)

PAIRS = {
    kind.__name__: (kind, getattr(sklearn.linear_model, kind.__name__))
    for kind in (LogisticRegression, PoissonRegressor, GammaRegressor, TweedieRegressor)
}
EXACT = {"solver": "newton-cholesky", "tol": 1e-12}
rng = np.random.default_rng(7)
X = rng.normal(size=(90, 3))
MEAN = np.exp(0.2 + X @ [0.5, -0.3, 0.1])
COUNTS, AMOUNTS = rng.poisson(MEAN).astype(float), rng.gamma(2.0, MEAN / 2.0)
LABELS = np.array(["no", "yes"])[(X @ [1.5, -1.0, 0.2] + rng.logistic(size=90) > 0.8).astype(int)]
WEIGHTS = rng.uniform(0.2, 3.0, 90)
FRAME = pd.DataFrame(X, columns=["height", "width", "depth"])
TARGETS = {
    "LogisticRegression": LABELS,
    "PoissonRegressor": COUNTS,
    "GammaRegressor": AMOUNTS,
    "TweedieRegressor": COUNTS,
}
with_pairs = pytest.mark.parametrize("name", PAIRS)


def options(name):
    return {"power": 1.5} if name == "TweedieRegressor" else {}
