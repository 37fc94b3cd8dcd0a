"""What is fitted from every source: one table, and models with the columns that they read."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mathlearn import linear_model
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from mathlearn.probability.families import FAMILIES

ROWS = 400


def _table() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=["a", "b", "c"])
    mean = np.exp(0.4 * table.a - 0.3 * table.b)
    table["gap"] = table.c.where(rng.random(ROWS) > 0.1)
    table["flag"] = table.c > 0
    table["level"] = rng.choice(["u", "v", "w"], ROWS)
    table["y"] = 1 + table.a - 2 * table.b + (table.level == "v") + rng.normal(size=ROWS)
    table["event"] = (table.a + rng.normal(size=ROWS) > 0).astype(int)
    table["count"] = rng.poisson(mean)
    table["spread"] = rng.negative_binomial(2, 2 / (2 + mean))
    table["size"] = mean * rng.gamma(3.0, size=ROWS) / 3
    table["kind"] = np.asarray(["p", "q", "r"], object)[
        np.argmax(np.column_stack([table.a, table.b, 0 * table.a]) + rng.gumbel(size=(ROWS, 3)), axis=1)
    ]
    table["trials"] = rng.integers(1, 9, ROWS)
    table["cluster"] = rng.integers(1, 40, ROWS)
    table["weight"] = rng.random(ROWS) + 0.5
    table["times"] = rng.integers(0, 4, ROWS)
    return table


TABLE = _table()


class Case(NamedTuple):
    """A model, the columns that it is given (all for a formula), and their roles.

    With `columns` it is given a source of these columns alone, or an array.
    """

    model: Any
    columns: tuple[str, ...] = ()
    roles: dict[str, str] = {}  # noqa: RUF012 -- read only

    @property
    def frame(self) -> pd.DataFrame:
        """The columns that are given."""
        return TABLE[[*self.columns, *self.roles.values()]] if self.columns else TABLE


ABC = ("a", "b", "c")

_FAMILIES = {
    "binomial": ("event", {}), "gamma": ("size", {"link": "log"}), "gaussian": ("y", {}), "inverse_gaussian": ("size", {"link": "log"}),
    "negative_binomial": ("spread", {}), "poisson": ("count", {}), "quasibinomial": ("event", {}), "quasipoisson": ("count", {}),
    "quasitweedie": ("size", {"power": 2.5, "link": "log"}), "tweedie": ("count", {"power": 1.5}),
}  # fmt: skip
"""A response and options for each family that there is."""

PLAIN = {
    "least squares": Case(LinearRegression(), ABC, {"y": "y"}),
    "logistic": Case(LogisticRegression(C=np.inf), ABC, {"y": "event"}),
    "classes": Case(LogisticRegression(C=np.inf), ABC, {"y": "kind"}),
    "Poisson": Case(PoissonRegressor(alpha=0), ABC, {"y": "count"}),
    "gamma": Case(GammaRegressor(alpha=0), ABC, {"y": "size"}),
    "Tweedie": Case(TweedieRegressor(power=3, alpha=0), ABC, {"y": "size"}),
}
"""Each estimator as it comes, and what it does with several classes."""

OPTIONS = {
    "no intercept": Case(LinearRegression(fit_intercept=False), ABC, {"y": "y"}),
    "non-negative": Case(LinearRegression(positive=True), ABC, {"y": "y"}),
    "HC3": Case(LinearRegression(covariance="HC3"), ABC, {"y": "y"}),
    "HAC": Case(LinearRegression(covariance="HAC"), ABC, {"y": "y"}),
    "clusters": Case(LinearRegression(covariance="cluster"), ABC, {"y": "y", "groups": "cluster"}),
    "weights": Case(LinearRegression(), ABC, {"y": "y", "sample_weight": "weight"}),
    "frequencies": Case(LinearRegression(weights_type="frequency"), ABC, {"y": "y", "sample_weight": "times"}),
    "gaps": Case(LinearRegression(missing="drop"), ("a", "gap"), {"y": "y"}),
    "logistic, penalised": Case(LogisticRegression(), ABC, {"y": "event", "sample_weight": "weight"}),
    "logistic, Firth": Case(LogisticRegression(C=np.inf, bias_reduction="firth"), ABC, {"y": "event"}),
    "Poisson, penalised": Case(PoissonRegressor(), ABC, {"y": "count"}),
    "Poisson, offset": Case(PoissonRegressor(alpha=0), ("a", "b"), {"y": "count", "offset": "c"}),
    "Poisson, HC3, gaps": Case(
        PoissonRegressor(alpha=0, covariance="HC3", missing="drop"),
        ("a", "gap"),
        {"y": "count", "sample_weight": "weight"},
    ),
}  # fmt: skip

FORMULAS = {
    "formula": Case(LinearRegression(formula="y ~ a * level + poly(b, 2) + gap + flag", missing="drop")),
    "numbers as categories": Case(
        LinearRegression(formula="y ~ a + C(trials)", covariance="cluster"), roles={"groups": "level"}
    ),
    "logistic, formula": Case(
        LogisticRegression(C=np.inf, formula='level == "v" ~ a + y + gap + flag', missing="drop"),
        roles={"sample_weight": "weight", "offset": "c"},
    ),
    "classes, clusters": Case(
        LogisticRegression(C=np.inf, covariance="cluster", formula="kind ~ a + b + gap", missing="drop"),
        roles={"groups": "cluster"},
    ),
    "Poisson, formula": Case(
        PoissonRegressor(
            alpha=0, formula="count ~ a + level + gap + offset(log(weight))", covariance="cluster", missing="drop"
        ),
        roles={"sample_weight": "weight", "groups": "cluster"},
    ),
    "gamma, formula": Case(
        GammaRegressor(alpha=0, formula="size ~ a + level + gap + flag", missing="drop"),
        roles={"sample_weight": "weight", "offset": "c"},
    ),
    "trials": Case(GeneralizedLinearRegressor(family="binomial", formula="cbind(event, trials) ~ a + level")),
}

FAMILY = {
    f"family {name}": Case(
        GeneralizedLinearRegressor(family=name, **_FAMILIES[name][1]), ABC, {"y": _FAMILIES[name][0]}
    )
    for name in FAMILIES
}
"""Each family that there is: a new one is without an entry above, and no test runs."""

CASES = PLAIN | OPTIONS | FORMULAS | FAMILY


def estimators_without_case() -> set[str]:
    """Names of the estimators of this library that no case fits."""
    return set(linear_model.__all__) - {type(case.model).__name__ for case in CASES.values()}
