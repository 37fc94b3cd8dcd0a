"""A least-squares fit beside scikit-learn's: the evidence of how far apart they are, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.comparison.twin_measures import Pairing, agreed_digits, fitted, twin_parameters
from mathlearn.comparison.twin_record import Score, TwinComparison
from mathlearn.comparison.twin_rows import require_same_squares
from mathlearn.comparison.why import Evidence, causes
from mathlearn.linalg.ladder import block_rows
from mathlearn.linalg.moments import power_of_two
from mathlearn.statistics.functional import model_errors, no_curvature, parameter_labels, parameter_names, parameters

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.comparison.twin_rows import TwinRows
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult

__all__ = ["LEAST_SQUARES"]

# Parameters that mean the same in both; the others keep scikit-learn's defaults, which its users have.
SHARED = ("fit_intercept", "positive")
_CONSTANT = "does not exist: the response does not vary on these rows"


def _compare(result: FitResult, design: Design, rows: TwinRows, twin: Any) -> TwinComparison:
    """Fit the twin, and set it beside the fit."""
    y = rows.target(rows.y)
    fitting = fitted(twin, rows, y[:, 0] if design.y_ndim == 1 else y)
    predicted = np.full_like(rows.fitted, np.nan) if fitting.error else _predicted(twin, rows)
    evidence = _evidence(result, rows, twin, predicted, fitting.error)
    return _record(result, twin, evidence, (_r_squared(rows, rows.fitted), _r_squared(rows, predicted)))


def _evidence(result: FitResult, rows: TwinRows, twin: Any, fitted: FloatArray, error: str) -> Evidence:
    ours = parameters(result)
    theirs = np.full_like(ours, np.nan) if error else twin_parameters(twin, result)
    std_error = _model_errors(result)
    correlation, lengths = _correlation(rows, fitted, result)
    return Evidence(
        result=result,
        names=parameter_labels(result),
        ours=ours,
        theirs=theirs,
        std_error=std_error,
        digits=agreed_digits(ours, theirs, np.where(std_error > 0, std_error, _natural(rows, lengths, result))),
        gap=_gap(rows, fitted, result),
        correlation=correlation,
        means=rows.means,
        float32=str(rows.X.dtype) == "float32",
        rounded=tuple(term for term, shift in zip(result.terms, rows.shifts, strict=False) if shift),
        sparse=rows.sparse,
        tol=float(getattr(twin, "tol", np.nan)),
        rank=getattr(twin, "rank_", None),
        singular=getattr(twin, "singular_", None),
        error=error,
    )


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
    spread = np.sqrt(result.null_deviance / result.weight_sum)
    return np.divide(apart, spread, out=np.full_like(apart, np.nan), where=spread > 0)


def _correlation(rows: TwinRows, fitted: FloatArray, result: FitResult) -> tuple[FloatArray, FloatArray]:
    """Correlation (q, p), in size, of scikit-learn's residuals with the columns, and the lengths (p,) of these.

    The correlation is zero at the minimum of least squares.
    """
    w = rows.weights
    unit = power_of_two(w.max())  # so that no square of a weight overflows
    w = w / unit
    centred = result.fit_intercept
    e = rows.y - fitted
    e = w[:, None] * (e - w @ e / w.sum() if centred else e)
    mean = rows.means if centred else np.zeros(rows.X.shape[1])
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


def _record(
    result: FitResult, twin: Any, evidence: Evidence, r_squared: tuple[FloatArray, FloatArray]
) -> TwinComparison:
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
        scores=(Score("R² on these rows", *r_squared, missing=_CONSTANT),),
        rank=(result.rank, evidence.rank),
        verdict=evidence.verdict,
        alike=evidence.alike,
        causes=tuple(causes(evidence)),
    )


LEAST_SQUARES = Pairing(
    shared=lambda both: [name for name in both if name in SHARED],
    require_same=require_same_squares,
    compare=_compare,
)
