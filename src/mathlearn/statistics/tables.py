"""`tidy`, `glance`, `conf_int`: the fit as data frames, in the layout of broom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.statistics.coefficients import COLUMNS, coefficient_table
from mathlearn.statistics.frame import FrameKind, Reasons, to_frame
from mathlearn.statistics.labels import plain_names, predictor_names
from mathlearn.statistics.overall import overall

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["conf_int", "glance", "tidy"]


def tidy(result: FitResult, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
    """Return one row a term: estimate, standard error, test of zero, interval.

    Parameters
    ----------
    result : FitResult
    level : float
        Confidence of the interval, in (0, 1).
    as_ : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        Columns ``term, estimate, std_error, statistic, p_value, conf_low, conf_high``, with a leading ``response`` when there
        are several; of more than two classes it names the log odds, as in ``versicolor / setosa``. For pandas, ``.attrs["reasons"]`` maps ``(term, column)``, or ``(response, term, column)``, of each
        NaN cell to the reason. ``statistic`` is t; of a likelihood with a known dispersion it is z, of the normal law.

    Raises
    ------
    DomainError
        `level` outside (0, 1), or another `as_`.

    References
    ----------
    Robinson (2014), "broom: An R package for converting statistical analysis objects into tidy data frames".

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import tidy
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> tidy(model.result_)[["term", "estimate", "std_error", "p_value"]].round(3)
              term  estimate  std_error  p_value
    0  (Intercept)       0.7      0.794    0.471
    1           x0       2.2      0.424    0.035
    """
    return _terms(result, level, as_, COLUMNS)


def conf_int(result: FitResult, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
    """Return one row a term: estimate and its interval (columns ``term, estimate, conf_low, conf_high``); else as `tidy`.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import conf_int
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> conf_int(model.result_, level=0.9).round(3)
              term  estimate  conf_low  conf_high
    0  (Intercept)       0.7    -1.618      3.018
    1           x0       2.2     0.961      3.439
    """
    return _terms(result, level, as_, ("estimate", "conf_low", "conf_high"))


def _terms(result: FitResult, level: float, as_: FrameKind, columns: tuple[str, ...]) -> Any:
    table = coefficient_table(result, level)
    predictors, terms = predictor_names(result), plain_names(result)
    several, k = len(predictors) > 1, len(terms)
    leading: dict[str, Any] = {"response": np.repeat(np.asarray(predictors, dtype=object), k)} if several else {}
    leading["term"] = list(terms) * len(predictors)
    values = {column: getattr(table, column).ravel() for column in columns}
    reasons: Reasons = {}
    for response, parameter, column, reason in table.reasons():
        if column in values:
            place, term = divmod(response * len(table.names) + parameter, k)
            key = (terms[term], column)
            reasons[(predictors[place], *key) if several else key] = reason
    return to_frame(leading | values, as_, reasons)


def glance(result: FitResult, as_: FrameKind = "pandas") -> Any:
    """Return one row a model (one a response when there are several): the numbers about the fit as a whole.

    Returns
    -------
    frame
        Of least squares: columns ``n, n_dropped, r_squared, adj_r_squared, sigma, f_statistic, f_p_value, df_model, df_resid,
        log_likelihood, aic, bic, rss, rank, condition_raw, condition_scaled, digits, verdict, covariance``.

        Of a likelihood: ``n, n_dropped, family, link, dispersion, dispersion_from, deviance, df_model, df_resid, null_deviance, df_null,
        deviance_explained, pseudo_r_squared, pearson, lr_statistic, lr_p_value, wald_statistic, wald_p_value, log_likelihood,
        null_log_likelihood, aic, bic, penalty, iterations, passes, rank, condition_scaled, digits, verdict, covariance``;
        `LikelihoodGoodness` says by which conventions. Where ``dispersion_from`` is "fixed", the two statistics are chi-squared with
        ``df_model`` degrees of freedom; where it is "pearson" they are F with ``df_model`` and ``df_resid``.

        For pandas, ``.attrs["reasons"]`` maps the column, or ``(response, column)``, of each NaN cell to the reason.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import glance
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> glance(model.result_)[["n", "r_squared", "sigma", "verdict"]].round(3)
       n  r_squared  sigma    verdict
    0  4      0.931  0.949  certified
    """
    fit = overall(result)
    q = result.deviance.size
    several = q > 1
    leading: dict[str, Any] = {"response": list(result.responses)} if several else {}
    columns = leading | {
        "n": [result.n] * q,
        "n_dropped": [result.n_dropped] * q,
        **fit.columns(result),
        "digits": least_digits(result),
        "verdict": [result.certificate.verdict] * q,
        "covariance": ["none" if result.covariance is None else result.covariance.kind] * q,
    }
    reasons = dict(fit.reasons)
    for column in _BY_SOLVER & columns.keys():
        for i in np.flatnonzero(np.isnan(columns[column])).tolist():
            reasons[i, column] = "not computed by this solver"
    named = {(result.responses[i], column) if several else column: reason for (i, column), reason in reasons.items()}
    return to_frame(columns, as_, named)


_BY_SOLVER = frozenset({"condition_raw", "condition_scaled", "digits"})


def least_digits(result: FitResult) -> FloatArray:
    """Certified digits of the least accurate coefficient of each response (q,), NaN where unknown."""
    known = np.where(np.isnan(result.digits), np.inf, result.digits).min(axis=1, initial=np.inf)
    digits: FloatArray = np.where(np.isinf(known), np.nan, known)
    return digits
