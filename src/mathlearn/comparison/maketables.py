"""A fit as `maketables <https://github.com/py-econometrics/maketables>`_ reads it.

The protocol is written down in that project's ``PLUGIN_EXTRACTOR_FORMAT.md``; names and keys below are its own.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.functional import INTERCEPT, parameter_labels
from mathlearn.statistics.overall import overall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["STAT_LABELS", "coef_table", "depvar", "stat", "stat_keys", "vcov_info"]

STAT_LABELS = {
    "sigma": "Sigma",
    "dispersion": "Dispersion",
    "deviance": "Deviance",
    "deviance_explained": "Deviance explained",
    "rank": "Rank",
    "digits": "Certified digits",
    "verdict": "Certificate",
}
_INTERCEPT = "Intercept"  # as the other packages write it, so that rows meet


def stat_keys(result: FitResult) -> list[str]:
    """Return the statistics that stand below the coefficients by default."""
    kind = (
        ["r2", "adj_r2", "sigma"] if result.likelihood is None else ["dispersion", "deviance_explained", "aic", "bic"]
    )
    return ["N", *kind, "se_type", "verdict"]


def coef_table(result: FitResult) -> Any:
    """Return a pandas frame indexed by term: b, se, t, p and the bounds of 95 % and 90 % intervals.

    NaN where a number is withheld. With several responses a term is named ``response / term``.
    """
    import pandas as pd

    table, wider = coefficient_table(result, 0.95), coefficient_table(result, 0.90)
    columns = {
        "b": table.estimate,
        "se": table.std_error,
        "t": table.statistic,
        "p": table.p_value,
        "ci95l": table.conf_low,
        "ci95u": table.conf_high,
        "ci90l": wider.conf_low,
        "ci90u": wider.conf_high,
    }
    index = pd.Index(_names(result), name="Coefficient")
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index=index)


def _names(result: FitResult) -> list[str]:
    terms = list(parameter_labels(result))
    if terms[:1] == [INTERCEPT] and result.fit_intercept and _INTERCEPT not in terms:
        terms[0] = _INTERCEPT
    if len(result.responses) == 1:
        return terms
    return [f"{response} / {term}" for response in result.responses for term in terms]


def depvar(result: FitResult) -> str:
    """Return the name of the response, or the names of several."""
    return ", ".join(result.responses)


def vcov_info(result: FitResult, clusters: Iterable[str]) -> dict[str, Any]:
    """Return the kind of the covariance, and the columns that hold the clusters."""
    if result.covariance is None or result.withheld is not None:
        return {"vcov_type": None, "clustervar": None}
    kind = result.covariance.kind
    return {"vcov_type": kind, "clustervar": ("+".join(clusters) or None) if kind == "cluster" else None}


def stat(result: FitResult, key: str) -> Any:
    """Return a statistic of the fit by maketables' key; None where there is none.

    Numbers of several responses are returned as text, in the order of the responses.
    """
    if key in _WHOLE:
        return _WHOLE[key](result)
    found = getattr(overall(result), _EACH[key], None) if key in _EACH else None
    found = _rmse(result) if key == "rmse" and result.likelihood is None else found
    if found is None:
        return None
    values = [float(value) for value in found]
    if len(values) == 1:
        return None if isnan(values[0]) else values[0]
    return ", ".join("-" if isnan(value) else f"{value:.4g}" for value in values)


def _rmse(result: FitResult) -> FloatArray:
    total = result.weight_sum if result.weights_type == "precision" else result.n
    return np.asarray(np.sqrt(result.deviance / total))


def _clusters(result: FitResult) -> int | None:
    """Return the number of clusters, of two ways the smaller: one more than the degrees of freedom."""
    covariance = result.covariance
    return round(covariance.df) + 1 if covariance is not None and covariance.kind == "cluster" else None


def _digits(result: FitResult) -> int | None:
    return None if isnan(result.certificate.digits) else int(result.certificate.digits)


_WHOLE: dict[str, Callable[[FitResult], Any]] = {
    "N": lambda result: result.n,
    "n_clusters": _clusters,
    "df_model": lambda result: result.df_model,
    "df_resid": lambda result: result.df_resid,
    "rank": lambda result: result.rank,
    "digits": _digits,
    "verdict": lambda result: result.certificate.verdict,
}
# By maketables' keys, the names of statistics; a fit has those of its kind.
_EACH = {
    "r2": "r_squared",
    "adj_r2": "adj_r_squared",
    "sigma": "sigma",
    "ll": "log_likelihood",
    "aic": "aic",
    "bic": "bic",
    "fvalue": "f_statistic",
    "f_pvalue": "f_p_value",
    "pseudo_r2": "pseudo_r_squared",
    "deviance": "deviance",
    "deviance_explained": "deviance_explained",
    "dispersion": "dispersion",
}
