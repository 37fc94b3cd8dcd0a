"""Fits by likelihood of every kind, which every law of derivations is tried on."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression, PoissonRegressor, TweedieRegressor

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.results.fit_result import FitResult

THREE = ["age", "dose", "group"]
ETA = (0.3, 0.8, -0.5, 0.4)


def table(seed: int = 0, n: int = 120, p: int = 3) -> pd.DataFrame:
    """Columns with means of their own, responses of every kind around one linear predictor, weights, clusters, an offset."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * 0.7 + np.linspace(0.5, 1.5, p)
    names = THREE if p == 3 else [f"x{j + 1}" for j in range(p)]
    eta = ETA[0] + X @ np.resize(ETA[1:], p) / max(p / 3, 1)
    mean = np.exp(eta)
    return pd.DataFrame(X, columns=names).assign(
        survived=np.where(rng.random(n) < 1 / (1 + np.exp(1.0 - eta)), "yes", "no"),
        hits=rng.binomial(6, 1 / (1 + np.exp(1.0 - eta))),
        misses=lambda d: 6 - d.hits,
        count=rng.poisson(mean),
        size=mean * rng.gamma(2.0, size=n) / 2,
        wide=rng.poisson(mean * rng.gamma(2.0, size=n) / 2),
        level=eta + 0.4 * rng.normal(size=n) + 5.0,
        w=rng.integers(1, 5, n) * 1.0,
        g=rng.integers(0, 12, n),
        exposure=rng.uniform(-0.3, 0.3, n),
    )


def _quiet(model: Any, *args: Any, **roles: Any) -> FitResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*args, **roles).result_


def _logit(
    C: float = np.inf, columns: list[str] | None = None, data: pd.DataFrame | None = None, **options: Any
) -> FitResult:
    data = table() if data is None else data
    roles = {name: data[options.pop(name)].to_numpy() for name in ("sample_weight", "groups") if name in options}
    return _quiet(LogisticRegression(C=C, **options), data[columns or THREE], data.survived, **roles)


def _glm(y: Any, family: str, *, offset: bool = False, columns: list[str] | None = None, **options: Any) -> FitResult:
    data = options.pop("data", None)
    data = table() if data is None else data
    roles = {name: data[options.pop(name)].to_numpy() for name in ("sample_weight", "groups") if name in options}
    if offset:
        roles["offset"] = data.exposure.to_numpy()
    return _quiet(GeneralizedLinearRegressor(family=family, **options), data[columns or THREE], data[y], **roles)


def _separated(*, complete: bool) -> FitResult:
    data = table()
    if complete:
        return _logit(data=data.assign(survived=np.where(data.age > data.age.median(), "yes", "no")))
    data["ward"] = (np.arange(len(data)) % 5 == 0) * 1.0
    data.loc[data.ward == 1, "survived"] = "yes"
    return _logit(data=data, columns=["age", "dose", "ward"])


def _unfinished() -> FitResult:
    return _logit(max_iter=1)


def _sampled() -> FitResult:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60_000, 4))
    y = rng.random(60_000) < 1 / (1 + np.exp(-X @ [0.5, -0.3, 0.2, 0.1] - 0.2))
    return _quiet(LogisticRegression(C=np.inf), X, y)


def _deficient(family: str = "poisson") -> FitResult:
    data = table().assign(twice=lambda d: 2 * d.age - d.dose)
    return _glm("count", family, data=data, columns=["age", "dose", "twice"])


def _raw_units() -> FitResult:
    data = table()
    data["age"], data["dose"] = 1.7e9 + 86400.0 * data.age, 1e-7 * data.dose
    return _logit(data=data)


def _formula() -> FitResult:
    data = table().assign(site=lambda d: np.array(["a", "b", "c"])[np.arange(len(d)) % 3])
    return _quiet(
        GeneralizedLinearRegressor(family="poisson", formula="count ~ age + C(site) + offset(exposure)"), data
    )


def _alone(formula: str) -> FitResult:
    return _quiet(GeneralizedLinearRegressor(family="poisson", formula=formula), table())


def _integers() -> FitResult:
    rng = np.random.default_rng(4)
    k = np.arange(80, dtype=np.int64)
    frame = pd.DataFrame({"id": 2**60 + 7 * k, "x": k % 5})
    return _quiet(PoissonRegressor(alpha=0), frame, pd.Series(rng.poisson(np.exp(0.01 * k + 0.1)), name="count"))


FITS: dict[str, Callable[[], FitResult]] = {
    "logit": _logit,
    "logit, 0 and 1": lambda: _glm("one", "binomial", data=table().assign(one=lambda d: (d.survived == "yes") * 1)),
    "logit, HC1": lambda: _logit(covariance="HC1"),
    "logit, HC3": lambda: _logit(covariance="HC3"),
    "logit, clusters": lambda: _logit(covariance="cluster", groups="g"),
    "logit, weights": lambda: _logit(sample_weight="w"),
    "logit, frequencies": lambda: _logit(sample_weight="w", weights_type="frequency"),
    "logit, no intercept": lambda: _logit(fit_intercept=False),
    "logit, penalised": lambda: _logit(C=1.0),
    "logit, Firth": lambda: _logit(bias_reduction="firth"),
    "logit, a sample first": _sampled,
    "logit, raw units": _raw_units,
    "logit, many columns": lambda: _logit(data=table(n=300, p=12), columns=[f"x{j + 1}" for j in range(12)]),
    "separated completely": lambda: _separated(complete=True),
    "separated in part": lambda: _separated(complete=False),
    "not converged": _unfinished,
    "probit": lambda: _glm("one", "binomial", link="probit", data=table().assign(one=lambda d: (d.survived == "yes") * 1)),
    "cloglog": lambda: _glm("one", "binomial", link="cloglog", data=table().assign(one=lambda d: (d.survived == "yes") * 1)),
    "cauchit, successes and failures": lambda: _glm(["hits", "misses"], "binomial", link="cauchit"),
    "logit, successes and failures": lambda: _glm(["hits", "misses"], "binomial"),
    "Poisson": lambda: _glm("count", "poisson"),
    "Poisson, offset": lambda: _glm("count", "poisson", offset=True),
    "Poisson, square root": lambda: _glm("more", "poisson", link="sqrt", data=table().assign(more=lambda d: d["count"] + 20)),
    "Poisson, dependent columns": _deficient,
    "Poisson, formula": _formula,
    "Poisson, huge integers": _integers,
    "Poisson, penalised": lambda: _quiet(PoissonRegressor(alpha=0.1), table()[THREE], table()["count"]),
    "Poisson, a mean": lambda: _alone("count ~ 1"),
    "Poisson, nothing": lambda: _alone("count ~ 0"),
    "Poisson, nothing but an offset": lambda: _alone("count ~ 0 + offset(exposure)"),
    "Poisson, one column": lambda: _glm("count", "poisson", columns=["age"]),
    "quasi-Poisson": lambda: _glm("wide", "quasipoisson"),
    "quasi-binomial": lambda: _glm("share", "quasibinomial", data=table().assign(share=lambda d: d.hits / 6)),
    "negative binomial": lambda: _glm("wide", "negative_binomial", theta=2.0),
    "gamma": lambda: _glm("size", "gamma", link="log"),
    "gamma, inverse": lambda: _glm("inverse", "gamma", link="inverse", data=table().assign(inverse=lambda d: d["size"] / np.exp(2 * d.level - 10) + 0.1)),
    "gamma, HC0": lambda: _glm("size", "gamma", link="log", covariance="HC0"),
    "gamma, weights": lambda: _glm("size", "gamma", link="log", sample_weight="w"),
    "inverse Gaussian": lambda: _glm("size", "inverse_gaussian"),
    "Gaussian": lambda: _glm("level", "gaussian"),
    "Gaussian, no intercept": lambda: _glm("level", "gaussian", fit_intercept=False),
    "Gaussian, log": lambda: _glm("level", "gaussian", link="log"),
    "Tweedie": lambda: _glm("wide", "tweedie", power=1.5),
    "Tweedie, penalised": lambda: _quiet(TweedieRegressor(power=1.5, alpha=0.1), table()[THREE], table().wide),
}  # fmt: skip


@cache
def fit(name: str) -> FitResult:
    return FITS[name]()


def row_of(result: FitResult, *, keeps: bool = True) -> np.ndarray:
    """A row half a unit from the means; where columns depend on each other or classes are separated, one that keeps to that, or not."""
    p = len(result.terms)
    x = np.full(p, 0.5) if result.curvature is None else result.curvature.mean + 0.5
    for alias in result.aliases:
        parts = [c * x[result.terms.index(name)] for c, name in zip(alias.coefficients, alias.others, strict=True)]
        x[result.terms.index(alias.term)] = sum(parts) + alias.constant + (0.0 if keeps else 1.0)
    if "ward" in result.terms:
        x[result.terms.index("ward")] = 0.0 if keeps else 1.0
    return x
