"""The reference cases of one linear predictor, fitted by the estimators."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from mathlearn.linear_model import GeneralizedLinearRegressor
from mathlearn.statistics.functional import covariance_matrix, parameter_coordinates, parameters, standard_errors
from tests.reference.glm.cases import Case, Numbers, case, names

_TWEEDIE = {
    1.0: {"family": "quasipoisson"},
    2.0: {"family": "gamma"},
}  # the ends of the range are families of their own


@dataclass(frozen=True)
class Fit:
    """A case, its fit, and how the rows were given to it."""

    case: Case
    model: Any
    rows: dict[str, Any]

    @property
    def result(self) -> Any:
        return self.model.result_

    @property
    def params(self) -> Numbers:
        return parameters(self.result)[0]

    @property
    def bse(self) -> Numbers:
        return standard_errors(self.result, parameter_coordinates(self.result))[0]

    @property
    def cov(self) -> Numbers:
        return covariance_matrix(self.result)[0]

    @property
    def weight(self) -> Numbers:
        """Precision weights times trials: what R calls prior weights."""
        trials = self.case.y.sum(axis=1) if self.case.y.ndim == 2 else np.ones(len(self.case.y))
        weight = self.rows.get("sample_weight")
        return trials if weight is None or self.case.weights_type == "frequency" else trials * weight

    def with_covariance(self, kind: str) -> Fit:
        groups = {"groups": self.case.groups} if kind == "cluster" else {}
        model = self.model.infer(self.case.X, self.case.y, covariance=kind, **groups, **self.rows)
        return Fit(self.case, model, self.rows)


def parameters_of(c: Case) -> dict[str, Any]:
    """Return the parameters of `GeneralizedLinearRegressor` for a case."""
    given = {key: value for key, value in c.parameters.items() if key in {"power", "theta"} and value != "ml"}
    law = {"family": c.family, **given}
    if c.family == "tweedie":
        law = _TWEEDIE.get(c.parameters["power"], law)
    weights_type = "frequency" if c.weights_type == "frequency" else "precision"
    return law | {
        "link": c.link,
        "bias_reduction": "firth" if c.parameters.get("penalty") == "jeffreys" else "none",
        "alpha": c.parameters.get("l2", 0.0),
        "fit_intercept": c.intercept,
        "weights_type": weights_type,
    }


def rows_of(c: Case) -> dict[str, Any]:
    """Return what `fit` takes beside X and y."""
    weight = c.weights
    if weight is not None and c.parameters.get("normalised"):
        weight = weight * len(weight) / weight.sum()
    return {name: value for name, value in (("sample_weight", weight), ("offset", c.offset)) if value is not None}


def with_one_predictor(kind: str) -> tuple[str, ...]:
    """Return the names of the cases that are not multinomial."""
    return tuple(name for name in names(kind) if case(kind, name).family != "multinomial")


@cache
def fitted(kind: str, name: str) -> Fit:
    """Fit a case, once."""
    c = case(kind, name)
    rows = rows_of(c)
    return Fit(c, GeneralizedLinearRegressor(**parameters_of(c)).fit(c.X, c.y, **rows), rows)
