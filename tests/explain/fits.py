"""Fits of every kind, which every law of derivations is tried on."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from mathlearn._errors import RankDeficiencyWarning
from mathlearn.datasets import load_penguins
from mathlearn.linear_model import LinearRegression
from tests.reference.designs import nist_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.results.fit_result import FitResult


def _table(seed: int = 0, n: int = 60, p: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + rng.normal(size=p)
    y = 1.0 + X @ np.arange(1.0, p + 1) + rng.normal(size=n) * (1 + X[:, 0] ** 2) ** 0.5
    return pd.DataFrame(X, columns=[f"x{j + 1}" for j in range(p)]).assign(
        y=y, w=rng.integers(1, 5, n) * 1.0, g=rng.integers(0, 9, n)
    )


def _model(
    data: pd.DataFrame,
    columns: list[str],
    y: str | list[str] = "y",
    *,
    weight: str = "",
    group: str = "",
    **options: object,
) -> FitResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankDeficiencyWarning)
        model = LinearRegression(**options)
        model.fit(
            data[columns],
            data[y],
            sample_weight=data[weight].to_numpy() if weight else None,
            groups=data[group].to_numpy() if group else None,
        )
    return model.result_


def _penguins(formula: str = "body_mass_g ~ flipper_length_mm + species", **options: object) -> FitResult:
    return LinearRegression(formula=formula, missing="drop", **options).fit(load_penguins()).result_


def _raw_units() -> FitResult:
    rng = np.random.default_rng(3)
    n = 200
    time = 1.7e9 + 3600.0 * np.arange(n)
    area = rng.uniform(1e6, 5e6, n)
    tiny = rng.normal(size=n) * 1e-7
    y = 20 + 1e-6 * (time - 1.7e9) + 2e-6 * area + 1e7 * tiny + rng.normal(size=n)
    return (
        LinearRegression()
        .fit(pd.DataFrame({"timestamp": time, "area_m2": area, "thickness": tiny}), pd.Series(y, name="price"))
        .result_
    )


def _nist(name: str) -> FitResult:
    problem = nist_problem(name)
    return LinearRegression(fit_intercept=problem.intercept).fit(problem.X, problem.y).result_


def _deficient(*, constant: bool = False) -> FitResult:
    data = _table().assign(x4=lambda d: 2 * d.x1 - d.x2)
    if constant:
        data = data.assign(c=5.0, x5=lambda d: d.x3 + 2.0)
    return _model(data, ["x1", "x2", "x3", "x4", *(["c", "x5"] if constant else [])])


def _integers() -> FitResult:
    k = np.arange(40, dtype=np.int64)
    frame = pd.DataFrame({"id": 2**60 + 7 * k, "x": k % 5})
    rng = np.random.default_rng(1)
    return LinearRegression().fit(frame, pd.Series(3.0 + 0.5 * k + rng.normal(size=40), name="y")).result_


def _wide() -> FitResult:
    rng = np.random.default_rng(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankDeficiencyWarning)
        return LinearRegression().fit(rng.normal(size=(8, 20)), rng.normal(size=8)).result_


def _sparse(p: int = 30) -> FitResult:
    rng = np.random.default_rng(6)
    X = sparse.random_array((300, p), density=0.2, rng=rng, format="csr")
    return LinearRegression().fit(X, rng.normal(size=300) + X @ np.ones(p)).result_


def _saturated() -> FitResult:
    rng = np.random.default_rng(8)
    return LinearRegression().fit(rng.normal(size=(4, 3)), rng.normal(size=4)).result_


def _streamed() -> FitResult:
    """A fit by the first rung."""
    from tests.certificates.problems import problems

    return problems()["cholesky"][1].fit()


def _exact() -> FitResult:
    data = _table()
    return _model(data.assign(y=2.0 + 3.0 * data.x1 - data.x2), ["x1", "x2"])


def _high_leverage() -> FitResult:
    """HC3 with a row that has a parameter of its own: no standard error exists."""
    data = _table().assign(only=lambda d: (np.arange(len(d)) == 7) * 1.0)
    return _model(data, ["x1", "only"], covariance="HC3")


THREE = ["x1", "x2", "x3"]
FITS: dict[str, Callable[[], FitResult]] = {
    "penguins": _penguins,
    "penguins, HC3": lambda: _penguins(covariance="HC3"),
    "raw units": _raw_units,
    "Longley": lambda: _nist("Longley"),
    "Filip": lambda: _nist("Filip"),
    "Wampler1, exact": lambda: _nist("Wampler1"),
    "Wampler4": lambda: _nist("Wampler4"),
    "NoInt1": lambda: _nist("NoInt1"),
    "NoInt2": lambda: _nist("NoInt2"),
    "Pontius": lambda: _nist("Pontius"),
    "plain": lambda: _model(_table(), THREE),
    "precision weights": lambda: _model(_table(), THREE, weight="w"),
    "frequency weights": lambda: _model(_table(), THREE, weight="w", weights_type="frequency"),
    "no intercept": lambda: _model(_table(), THREE, fit_intercept=False),
    "no intercept, weights": lambda: _model(_table(), THREE, weight="w", fit_intercept=False, covariance="HC1"),
    "HC0": lambda: _model(_table(), THREE, covariance="HC0"),
    "HC1": lambda: _model(_table(), THREE, covariance="HC1"),
    "HC2, weights": lambda: _model(_table(), THREE, weight="w", covariance="HC2"),
    "HC3, frequency": lambda: _model(_table(), THREE, weight="w", weights_type="frequency", covariance="HC3"),
    "cluster": lambda: _model(_table(), THREE, group="g", covariance="cluster"),
    "HAC": lambda: _model(_table(), THREE, covariance="HAC"),
    "rank-deficient": _deficient,
    "rank-deficient, constants": lambda: _deficient(constant=True),
    "two responses": lambda: _model(_table().assign(z=lambda d: d.x1 - d.y), THREE, ["y", "z"]),
    "exact fit": _exact,
    "constant target": lambda: _model(_table().assign(y=3.0), THREE),
    "huge integers": _integers,
    "many columns": lambda: _model(_table(p=12), [f"x{j + 1}" for j in range(12)]),
    "seventy columns": lambda: _model(_table(n=300, p=70), [f"x{j + 1}" for j in range(70)]),
    "one column": lambda: _model(_table(), ["x1"]),
    "no column": lambda: LinearRegression(formula="y ~ 1").fit(_table()).result_,
    "p > n": _wide,
    "saturated": _saturated,
    "positive": lambda: _model(_table(), THREE, positive=True),
    "sparse": _sparse,
    "sparse, no intercept": lambda: (
        LinearRegression(fit_intercept=False).fit(sparse.csr_array(_table()[THREE].to_numpy()), _table().y).result_
    ),
    "first rung": _streamed,
    "undefined HC3": _high_leverage,
}


@cache
def fit(name: str) -> FitResult:
    return FITS[name]()


def row_of(result: FitResult, *, keeps: bool = True) -> np.ndarray:
    """A row that lies one unit from the means; where columns depend on each other, one that keeps to that, or not."""
    x = np.zeros(len(result.terms)) if result.curvature is None else result.curvature.mean + 0.0
    if not result.aliases:
        return x + 1.0
    x = x + np.array([term in {"x1", "x2"} for term in result.terms]) * 0.5
    for alias in result.aliases:
        parts = [c * x[result.terms.index(name)] for c, name in zip(alias.coefficients, alias.others, strict=True)]
        x[result.terms.index(alias.term)] = sum(parts) + alias.constant + (0.0 if keeps else 1.0)
    return x
