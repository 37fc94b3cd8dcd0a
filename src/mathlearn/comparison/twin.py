"""`compare_with_sklearn`: a fit beside that of scikit-learn's estimator of the same name, on the same rows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.comparison.twin_record import TwinComparison
from mathlearn.comparison.twin_rows import all_rows
from mathlearn.comparison.why import Evidence, causes
from mathlearn.linalg.ladder import block_rows
from mathlearn.linalg.moments import power_of_two
from mathlearn.results.of_model import result_of
from mathlearn.statistics.functional import model_errors, no_curvature, parameter_labels, parameter_names, parameters

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.comparison.twin_rows import TwinRows
    from mathlearn.results.fit_result import FitResult

__all__ = ["compare_with_sklearn"]

# Parameters that mean the same in both; the others keep scikit-learn's defaults, which its users have.
SHARED = ("fit_intercept", "positive")
ALL_DIGITS = -float(np.log10(np.finfo(np.float64).eps / 2))


def compare_with_sklearn(
    model: Any, X: Any, y: Any = None, sample_weight: Any = None, *, groups: Any = None
) -> TwinComparison:
    """Fit scikit-learn's estimator of the same name to the same rows, and say how far apart the two are, and why.

    Parameters
    ----------
    model : fitted model
    X, y, sample_weight, groups
        The data of the fit, as it took them; groups only where rows without a label were dropped. scikit-learn's estimator gets
        the columns that the fit used (with a formula the encoded ones), without rows that were dropped.

    Returns
    -------
    TwinComparison
        Shown as text, HTML, LaTeX or Markdown; ``to_frame()`` has the numbers.

    Raises
    ------
    TypeError
        This is no model of mathlearn's, or scikit-learn has none of its name.
    NotFittedError
    SchemaError
        These are not the rows of the fit.
    ResourceError
        All rows at once, as scikit-learn needs them, take more than ``max_memory``.

    Examples
    --------
    >>> import mathlearn
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> twins = mathlearn.compare_with_sklearn(LinearRegression().fit(X, y), X, y)
    >>> twins.alike
    True
    >>> twins.to_frame()[["term", "mathlearn", "sklearn"]].round(6)
              term  mathlearn  sklearn
    0  (Intercept)        0.7      0.7
    1           x0        2.2      2.2
    """
    result = result_of(model, "the model")
    if model is result:
        raise TypeError("compare_with_sklearn() needs the fitted model: its result_ alone does not say how X is read")
    twin = _unfitted(model, result)
    bound = model._fit_rows(X, y, sample_weight=sample_weight, groups=groups, require_y=y is None)  # noqa: SLF001 - the project's own
    rows = all_rows(bound, result, X)
    error = _fit(twin, rows, one=model.design_.y_ndim == 1)
    evidence = _evidence(result, rows, twin, error)
    return _record(result, twin, evidence)


def _unfitted(model: Any, result: FitResult) -> Any:
    """Make scikit-learn's estimator of the same public name, with the parameters that both have."""
    for kind in type(model).__mro__:
        package, _, module = kind.__module__.partition(".")
        if package == "mathlearn":
            theirs = getattr(import_module(f"sklearn.{module.partition('.')[0]}"), kind.__name__, None)
            if theirs is None:
                break
            known = theirs().get_params()
            wanted = {**model.get_params(), "fit_intercept": result.fit_intercept}
            return theirs(**{name: wanted[name] for name in SHARED if name in known and name in wanted})
    raise TypeError(f"scikit-learn has no {type(model).__name__} to compare with")


def _fit(twin: Any, rows: TwinRows, *, one: bool) -> str:
    """Fit scikit-learn's estimator; return why it failed, or nothing."""
    y = rows.target(rows.y)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            twin.fit(rows.X, y[:, 0] if one else y, sample_weight=rows.weight)
    except (ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _evidence(result: FitResult, rows: TwinRows, twin: Any, error: str) -> Evidence:
    ours = parameters(result)
    if error:
        nothing = np.full_like(ours, np.nan)
        fitted = np.full_like(rows.fitted, np.nan)
        theirs = nothing
    else:
        theirs = _twin_parameters(twin, result)
        fitted = _predicted(twin, rows)
    std_error = _model_errors(result)
    correlation, lengths = _correlation(rows, fitted, result)
    return Evidence(
        result=result,
        names=parameter_labels(result),
        ours=ours,
        theirs=theirs,
        std_error=std_error,
        digits=_digits(ours, theirs, np.where(std_error > 0, std_error, _natural(rows, lengths, result))),
        r_squared=(_r_squared(rows, rows.fitted), _r_squared(rows, fitted)),
        gap=_gap(rows, fitted, result),
        correlation=correlation,
        means=_means(rows),
        float32=str(rows.X.dtype) == "float32",
        rounded=tuple(term for term, shift in zip(result.terms, rows.shifts, strict=False) if shift),
        sparse=rows.sparse,
        tol=float(getattr(twin, "tol", np.nan)),
        rank=getattr(twin, "rank_", None),
        singular=getattr(twin, "singular_", None),
        error=error,
    )


def _twin_parameters(twin: Any, result: FitResult) -> FloatArray:
    coef = np.atleast_2d(np.asarray(twin.coef_, np.float64))
    intercept = np.broadcast_to(np.asarray(twin.intercept_, np.float64), coef.shape[:1])
    return parameters(replace(result, coef=coef, intercept=intercept))


def _predicted(twin: Any, rows: TwinRows) -> FloatArray:
    fitted = np.asarray(twin.predict(rows.X), np.float64).reshape(rows.y.shape)
    return fitted if rows.offset is None else fitted + rows.offset[:, None]


def _model_errors(result: FitResult) -> FloatArray:
    """Model-based standard errors (q, k), whatever the covariance of the fit: the unit of the certificate too."""
    if no_curvature(result):
        return np.full((len(result.responses), len(parameter_names(result))), np.nan)
    return model_errors(result)


def _natural(rows: TwinRows, lengths: FloatArray, result: FitResult) -> FloatArray:
    """Coefficients (q, k) with which a column alone would be of the size of y: a unit where there is no standard error."""
    size = np.sqrt(np.average(rows.target(rows.y) ** 2, axis=0, weights=rows.weight))[:, None]
    spread = lengths / np.sqrt(result.weight_sum)
    slopes: FloatArray = size / np.where(spread > 0, spread, 1.0)
    return np.concatenate([size, slopes], axis=1) if result.fit_intercept else slopes


def _digits(ours: FloatArray, theirs: FloatArray, unit: FloatArray) -> FloatArray:
    """Digits in which two numbers agree, relative to the number or its unit, whichever is larger."""
    away = np.abs(ours - theirs)
    size = np.fmax(np.abs(ours), unit)
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = -np.log10(np.where(away == 0, 0.0, away / size))
    return np.clip(digits, 0.0, ALL_DIGITS)


def _r_squared(rows: TwinRows, fitted: FloatArray) -> FloatArray:
    """R² of each response; NaN where it does not vary (scikit-learn's score is then 1 or 0, as rounding falls)."""
    from sklearn.metrics import r2_score

    if np.isnan(fitted).any() or len(rows.y) < 2:
        return np.full(rows.y.shape[1], np.nan)
    score = np.asarray(r2_score(rows.y, fitted, sample_weight=rows.weight, multioutput="raw_values"))
    return np.where(np.ptp(rows.y, axis=0) > 0, score, np.nan)


def _gap(rows: TwinRows, fitted: FloatArray, result: FitResult) -> FloatArray:
    """Root mean square difference of predictions (q,), in standard deviations of y about its mean, or about zero."""
    apart = np.sqrt(np.average((fitted - rows.fitted) ** 2, axis=0, weights=rows.weight))
    spread = np.sqrt(result.tss / result.weight_sum)
    return np.divide(apart, spread, out=np.full_like(apart, np.nan), where=spread > 0)


def _weights(rows: TwinRows) -> FloatArray:
    return np.ones(len(rows.y)) if rows.weight is None else rows.weight


def _means(rows: TwinRows) -> FloatArray:
    w = _weights(rows)
    means: FloatArray = np.asarray(rows.X.T @ w, np.float64) / w.sum()
    return means


def _correlation(rows: TwinRows, fitted: FloatArray, result: FitResult) -> tuple[FloatArray, FloatArray]:
    """Correlation (q, p), in size, of scikit-learn's residuals with the columns, and the lengths (p,) of these.

    The correlation is zero at the minimum of least squares.
    """
    w = _weights(rows)
    unit = power_of_two(w.max())  # so that no square of a weight overflows
    w = w / unit
    centred = result.fit_intercept
    e = rows.y - fitted
    e = w[:, None] * (e - w @ e / w.sum() if centred else e)
    mean = _means(rows) if centred else np.zeros(rows.X.shape[1])
    products, squares = _sparse_products(rows.X, w, e, mean) if rows.sparse else _products(rows.X, w, e, mean)
    lengths = np.sqrt(squares)
    size = np.outer(np.sqrt((e**2 / w[:, None]).sum(axis=0)), lengths)
    correlation = np.abs(np.divide(products, size, out=np.zeros_like(products), where=size > 0))
    return correlation, lengths * np.sqrt(unit)


def _products(X: FloatArray, w: FloatArray, e: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Products (q, p) of the columns about their means with e, and their sums of squares (p,)."""
    products, squares = np.zeros((e.shape[1], X.shape[1])), np.zeros(X.shape[1])
    step = block_rows(X.shape[1])
    for start in range(0, len(e), step):
        part = slice(start, start + step)
        block = X[part].astype(np.float64) - mean
        products += e[part].T @ block
        squares += w[part] @ block**2
    return products, squares


def _sparse_products(X: Any, w: FloatArray, e: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the same for a matrix that cannot be centred."""
    squares = np.asarray(X.multiply(X).T @ w) - w.sum() * mean**2
    return np.asarray(X.T @ e).T - np.outer(e.sum(axis=0), mean), np.maximum(squares, 0.0)


def _record(result: FitResult, twin: Any, evidence: Evidence) -> TwinComparison:
    import sklearn

    return TwinComparison(
        twin=f"{type(twin).__name__}({', '.join(f'{name}={getattr(twin, name)}' for name in SHARED if hasattr(twin, name))})",
        version=sklearn.__version__,
        n=result.n,
        responses=result.responses,
        terms=evidence.names,
        mathlearn=evidence.ours,
        sklearn=evidence.theirs,
        std_error=evidence.std_error,
        in_se=evidence.in_se,
        digits=evidence.digits,
        estimable=result.estimable,
        r_squared=evidence.r_squared,
        rank=(result.rank, evidence.rank),
        verdict=evidence.verdict,
        alike=evidence.alike,
        causes=tuple(causes(evidence)),
    )
