"""What the records of all likelihood fits say alike: the fields that follow from the rows and from what was asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.survey import Survey

__all__ = ["fit_fields", "law_fields"]


class Counted(Protocol):
    """What a survey has counted: rows, rows dropped, weights and their logarithms."""

    @property
    def n(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    @property
    def weight(self) -> float: ...
    @property
    def log_weight(self) -> float: ...


def fit_fields(rows: Rows, spec: LikelihoodSpec, survey: Counted, rank: int) -> dict[str, Any]:
    """Return fields of `FitResult`, given the rank of the slopes."""
    count = spec.count(survey.n, survey.weight)
    return {
        "terms": rows.terms,
        "responses": rows.responses[:1],
        "fit_intercept": spec.fit_intercept,
        "offset": spec.offset,
        "weights_type": spec.weights_type,
        "n": count,
        "n_dropped": survey.dropped,
        "log_weight_sum": survey.log_weight,
        "rank": rank,
        "df_model": rank,
        "df_resid": count - rank - spec.fit_intercept,
        "statistic": None,
        "condition_raw": math.nan,
    }


def law_fields(spec: LikelihoodSpec, survey: Survey, penalty: float) -> dict[str, Any]:
    """Return fields of `Likelihood`."""
    return {
        "family": spec.family.name,
        "link": spec.link.name,
        "parameters": spec.family.parameters,
        "penalty": penalty,
        "bias_reduction": spec.bias_reduction,
        "dispersion_from": "fixed" if spec.family.fixed_dispersion else "pearson",
        "response": spec.response,
        "trials": survey.trials,
        "fractional": survey.fractional,
        "classes": spec.classes,
    }
