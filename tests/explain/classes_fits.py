"""Fits of more than two classes of every kind, which every law of derivations is tried on."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mathlearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.results.fit_result import FitResult

LABELS = ("bus", "car", "tram")
COLUMNS = ("age", "dose")


def table(seed: int = 0, n: int = 150, p: int = 2, labels: tuple[str, ...] = LABELS) -> tuple[pd.DataFrame, pd.Series]:
    """Columns with means of their own, and labels whose log odds are linear in them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + np.linspace(3.0, 5.0, p)
    away = X - X.mean(axis=0)
    slopes = rng.normal(size=(len(labels), p)) * 0.8 / np.sqrt(p / 2)
    chance = np.exp(away @ slopes.T + rng.normal(size=len(labels)) * 0.3)
    chance /= chance.sum(axis=1, keepdims=True)
    y = [labels[rng.choice(len(labels), p=each)] for each in chance]
    names = list(COLUMNS) if p == 2 else [f"x{j + 1}" for j in range(p)]
    return pd.DataFrame(X, columns=names), pd.Series(y, name="mode")


def _fit(X: pd.DataFrame, y: pd.Series, *, weight: object = None, **options: object) -> FitResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LogisticRegression(**{"C": np.inf, **options}).fit(X, y, sample_weight=weight).result_


def _weights(**options: object) -> FitResult:
    X, y = table()
    return _fit(X, y, weight=np.random.default_rng(1).integers(1, 4, len(y)) * 1.0, **options)


def _deficient() -> FitResult:
    X, y = table()
    return _fit(X.assign(twice=2 * X.age - X.dose), y)


def _raw_units() -> FitResult:
    X, y = table()
    return _fit(pd.DataFrame({"age": 1.7e9 + 86400.0 * X.age, "dose": 1e-7 * X.dose}), y)


def _integers() -> FitResult:
    X, y = table()
    return _fit(pd.DataFrame({"id": 2**60 + np.rint(1000 * X.age).astype(np.int64), "dose": X.dose}), y)


def _separated(*, complete: bool) -> FitResult:
    X, y = table()
    if complete:
        return _fit(X, pd.Series(np.array(LABELS)[np.argsort(np.argsort(X.age)) * 3 // len(X)], name="mode"))
    ward = (np.arange(len(X)) % 5 == 0) * 1.0
    return _fit(X.assign(ward=ward), y.where(ward == 0, "tram"))


def _sampled() -> FitResult:
    return _fit(*table(n=60_000, p=3))


FITS: dict[str, Callable[[], FitResult]] = {
    "classes": lambda: _fit(*table()),
    "classes, four": lambda: _fit(*table(n=240, labels=("bus", "car", "tram", "walk"))),
    "classes, one column": lambda: _fit(*table(p=1)),
    "classes, many columns": lambda: _fit(*table(n=400, p=10)),
    "classes, no intercept": lambda: _fit(*table(), fit_intercept=False),
    "classes, weights": _weights,
    "classes, frequencies": lambda: _weights(weights_type="frequency"),
    "classes, penalised": lambda: _fit(*table(), C=1.0),
    "classes, penalised, no intercept": lambda: _fit(*table(), C=0.5, fit_intercept=False),
    "classes, dependent columns": _deficient,
    "classes, raw units": _raw_units,
    "classes, huge integers": _integers,
    "classes, a sample first": _sampled,
    "classes, separated completely": lambda: _separated(complete=True),
    "classes, separated in part": lambda: _separated(complete=False),
    "classes, not converged": lambda: _fit(*table(), max_iter=1),
}


@cache
def fit(name: str) -> FitResult:
    return FITS[name]()


def row_of(result: FitResult, *, keeps: bool = True) -> np.ndarray:
    """A row half a unit from the middle; where columns depend on each other, or classes are separated, one that keeps to that, or not."""
    stack = result.stack
    assert stack is not None
    x = stack.mean + 0.5
    if "age" in stack.columns and stack.mean[0] > 1e8:
        x = stack.mean + np.array([86400.0, 1e-7]) / 2
    if result.aliases:
        x[2] = 2 * x[0] - x[1] + (0.0 if keeps else 1.0)
    if "ward" in stack.columns:
        x[2] = 0.0 if keeps else 1.0
    return x
