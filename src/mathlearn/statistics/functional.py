"""Linear functionals of the parameters: coordinates in the whitened basis, estimability, standard errors.

A functional is a row ``(l0, l)`` over the k parameters of a fit, intercept first when there is one. In the whitened basis of
`Curvature` the classical covariance is ``sigma**2 * I`` and every other kind is one small matrix M, so that a
standard error is ``sqrt(b' M b)`` and no p x p covariance is ever formed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.data.chunk import dense_rows
from mathlearn.results.stack import INTERCEPT

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import CovarianceEstimate, Curvature, FitResult

__all__ = [
    "INTERCEPT",
    "centred_times",
    "combinations",
    "coordinates",
    "covariance_matrix",
    "dispersion_known",
    "estimable_at",
    "estimable_rows",
    "fitted_values",
    "intercepts",
    "model_errors",
    "no_curvature",
    "no_estimates",
    "parameter_coordinates",
    "parameter_directions",
    "parameter_labels",
    "parameter_names",
    "parameters",
    "require_covariance",
    "require_curvature",
    "require_estimates",
    "require_numbers",
    "row_lengths",
    "sigma",
    "standard_errors",
    "whiten_rows",
    "with_constant",
    "without_error",
]

# The null directions are known to about the square root of the rounding unit when a singular value sits at the rank
# decision; a functional whose component along them is relatively smaller than this is taken as estimable.
ESTIMABLE_TOLERANCE = 1e-8


def parameter_names(result: FitResult) -> tuple[str, ...]:
    """Names of the k parameters, intercept first."""
    return (INTERCEPT, *result.terms) if result.fit_intercept else result.terms


def parameter_labels(result: FitResult) -> tuple[str, ...]:
    """Names of the k parameters, of which no two are equal: a column called "(Intercept)" stands in backquotes, as in a formula."""
    columns = (f"`{term}`" if term.strip("`") == INTERCEPT else term for term in result.terms)
    return (INTERCEPT, *columns) if result.fit_intercept else tuple(columns)


def intercepts(result: FitResult) -> BoolArray:
    """Which of the k parameters are intercepts."""
    if result.stack is not None:
        return result.stack.intercepts
    return np.arange(len(result.terms) + result.fit_intercept) < int(result.fit_intercept)


def parameters(result: FitResult) -> FloatArray:
    """Estimates as (q, k), intercept first."""
    if not result.fit_intercept:
        return result.coef
    return np.concatenate([result.intercept[:, None], result.coef], axis=1)


def sigma(result: FitResult) -> FloatArray:
    """Residual standard error of each response, shape (q,): zero for an exact fit, NaN without residual degrees of freedom.

    Of a fit by likelihood it is the root of the dispersion.
    """
    if result.likelihood is not None:
        return np.where(without_error(result), 0.0, np.sqrt([result.likelihood.dispersion]))
    if result.df_resid <= 0:
        return np.full(len(result.responses), np.nan)
    s: FloatArray = np.where(result.exact, 0.0, np.sqrt(result.deviance / result.df_resid))
    return s


def combinations(result: FitResult, L: FloatArray) -> FloatArray:
    """Estimates (q, m) of the functionals `L` (m, k).

    Those that mix slopes with the intercept are formed about the mean of the columns, where they keep the digits that an
    intercept far outside the data would cost.

    Raises
    ------
    DomainError
        Inference is withheld for this fit.
    """
    if not result.fit_intercept:
        return result.coef @ L.T
    l0, slopes = L[:, :1], L[:, 1:]
    about_mean = result.coef @ _from_mean(require_curvature(result), l0, slopes).T + result.centre[:, None] * l0.T
    alone = ~slopes.any(axis=1)
    value: FloatArray = np.where(alone, result.intercept[:, None] * l0.T, about_mean)
    return value


def _from_mean(curvature: Curvature, l0: FloatArray, slopes: FloatArray) -> FloatArray:
    """``slopes - l0 (origin + mean)``: the origin, a double that is near the slopes if they matter, is subtracted first."""
    return (slopes - l0 * curvature.origin) - l0 * curvature.mean


def require_curvature(result: FitResult) -> Curvature:
    """Return the curvature that inference needs, or say why there is none.

    Raises
    ------
    DomainError
        Inference is withheld for this fit.
    """
    if result.withheld is not None or result.curvature is None:
        raise _no_inference(result, no_curvature(result) or "")
    return result.curvature


def no_estimates(result: FitResult) -> bool:
    """Whether not even the coefficients are known: those of a statistic that holds too few digits."""
    return result.withheld is not None and bool(np.isnan(result.coef).any())


def require_estimates(result: FitResult) -> None:
    """Refuse a prediction by a fit without coefficients.

    Raises
    ------
    DomainError
    """
    if no_estimates(result):
        raise DomainError(f"no prediction can be made: {result.withheld}")


def require_numbers(result: FitResult, what: str) -> None:
    """Refuse what is made of all numbers of a fit, where its statistic holds too few digits for some.

    Raises
    ------
    DomainError
    """
    if result.withheld is not None and np.isnan(result.deviance).any():
        raise DomainError(f"no {what} can be made: {result.withheld}")


def no_curvature(result: FitResult) -> str | None:
    """Say why nothing can be measured by the curvature, or return None."""
    return result.withheld or ("this fit carries no curvature" if result.curvature is None else None)


def require_covariance(result: FitResult) -> CovarianceEstimate:
    """Return the covariance of the estimates, or say why there is none.

    Raises
    ------
    DomainError
        Inference is withheld for this fit.
    """
    if result.withheld is not None or result.covariance is None:
        raise _no_inference(result, result.withheld or "this fit carries no covariance of its estimates")
    return result.covariance


def _no_inference(result: FitResult, reason: str) -> DomainError:
    kept = "" if no_estimates(result) else ". Predictions are not affected"
    return DomainError(f"no standard error, interval or test can be given: {reason}{kept}")


def coordinates(result: FitResult, L: FloatArray) -> FloatArray:
    """Coordinates (m, r + intercept) in the whitened basis of the functionals `L` (m, k)."""
    curvature = require_curvature(result)
    if not result.fit_intercept:
        return L @ curvature.whitener
    l0, slopes = L[:, :1], L[:, 1:]
    white = _from_mean(curvature, l0, slopes) @ curvature.whitener
    # For the intercept alone, the image of the mean was formed by the solver without cancellation.
    alone = ~slopes.any(axis=1)
    white[alone] = -l0[alone] * curvature.mean_white
    return np.concatenate([l0 / np.sqrt(result.weight_sum), white], axis=1)


def parameter_coordinates(result: FitResult) -> FloatArray:
    """Coordinates (k, r + intercept) of the parameters themselves."""
    curvature = require_curvature(result)
    if not result.fit_intercept:
        return curvature.whitener
    p, r = curvature.whitener.shape
    out = np.zeros((p + 1, r + 1))
    out[0, 0] = 1 / np.sqrt(result.weight_sum)
    out[0, 1:] = -curvature.mean_white
    out[1:, 1:] = curvature.whitener
    return out


def parameter_directions(result: FitResult) -> FloatArray:
    """Coordinates (k, r + intercept) of the parameters in their standard errors: of length one, zeros for one without error.

    NaN where the data do not determine the parameter.
    """
    b = parameter_coordinates(result)
    length = row_lengths(b)[:, None]
    return np.where(result.estimable[:, None], b / np.where(length > 0.0, length, 1.0), np.nan)


def whiten_rows(result: FitResult, X: FloatArray | csr_array) -> FloatArray:
    """Coordinates (n, r + intercept) of the functionals "prediction at this row of X"."""
    curvature = require_curvature(result)
    return with_constant(result, centred_times(curvature, X, curvature.whitener, curvature.mean_white))


def centred_times(curvature: Curvature, X: FloatArray | csr_array, A: FloatArray, image: FloatArray) -> FloatArray:
    """Compute ``(X - mean) @ A``, given ``image = mean @ A``, from which a sparse X is corrected since it cannot be centred."""
    if isinstance(X, np.ndarray):
        return (X - curvature.mean if curvature.mean.any() else X) @ A
    return np.asarray(X @ A) - image


def fitted_values(result: FitResult, chunk: Chunk) -> FloatArray:
    """Fitted values (n, q) at the rows of a chunk, offset and all; about the mean of the columns where it is known."""
    if result.curvature is None:
        mean = np.asarray(chunk.X @ result.coef.T) + result.intercept
    else:
        slopes = result.coef.T
        mean = result.centre + centred_times(result.curvature, chunk.X, slopes, result.curvature.mean @ slopes)
    return mean if chunk.offset is None else mean + chunk.offset[:, None]


def with_constant(result: FitResult, white: FloatArray) -> FloatArray:
    """Put the coordinate of the intercept, if there is one, before those of the slopes (n, r)."""
    if not result.fit_intercept:
        return white
    out = np.empty((white.shape[0], white.shape[1] + 1))
    out[:, 0] = 1 / np.sqrt(result.weight_sum)
    out[:, 1:] = white
    return out


def standard_errors(result: FitResult, b: FloatArray) -> FloatArray:
    """Compute the standard errors (q, m) of functionals with whitened coordinates `b` (m, r + intercept)."""
    covariance = require_covariance(result)
    s = sigma(result)
    if covariance.meat is None:
        return model_errors(result, b)
    unit = _row_units(b)
    b = b / unit[:, None]
    variance = np.einsum("ij,qjk,ik->qi", b, covariance.meat, b, optimize=True)
    # Rounding may leave a variance of zero slightly negative; an exact fit has residuals of rounding only.
    errors: FloatArray = np.sqrt(np.maximum(variance, 0.0)) * unit
    errors[without_error(result)] = 0.0
    errors[np.isnan(s)] = np.nan
    return errors


def without_error(result: FitResult) -> BoolArray:
    """Which responses are fitted exactly, so that the estimated variance of their errors is zero."""
    return np.zeros_like(result.exact) if dispersion_known(result) else result.exact


def dispersion_known(result: FitResult) -> bool:
    """Whether the variance of a row is known once its mean is, as for counts and proportions."""
    return result.likelihood is not None and result.likelihood.dispersion_from == "fixed"


def model_errors(result: FitResult, b: FloatArray | None = None) -> FloatArray:
    """Compute the standard errors (q, m) under independent errors of one variance, whatever the covariance of the fit.

    Parameters
    ----------
    result : FitResult
    b : (m, r + intercept), optional
        Whitened coordinates; those of the parameters by default, whose errors are NaN where the data do not determine them.
    """
    errors: FloatArray = sigma(result)[:, None] * row_lengths(parameter_coordinates(result) if b is None else b)
    if b is None:
        errors[:, ~result.estimable] = np.nan
    return errors


def row_lengths(A: FloatArray) -> FloatArray:
    """Euclidean lengths (m,) of the rows of A (m, k), whose squares may be too large or too small for a double."""
    unit = _row_units(A)
    lengths: FloatArray = unit * np.linalg.norm(A / unit[:, None], axis=1)
    return lengths


def _row_units(A: FloatArray) -> FloatArray:
    """Powers of two (m,) of the size of each row's largest element; one for a row of zeros, or one that is not finite."""
    largest = np.abs(A).max(axis=1, initial=0.0)
    usual = (largest > 0) & np.isfinite(largest)
    units: FloatArray = np.ldexp(1.0, np.frexp(np.where(usual, largest, 1.0))[1] - 1)
    return units


def estimable_rows(result: FitResult, L: FloatArray) -> BoolArray:
    """Whether the data determine each functional in `L` (m, k): its gradient is orthogonal to the null directions.

    References
    ----------
    Searle (1971), "Linear Models", section 5.4.
    """
    curvature = require_curvature(result)
    if curvature.null.shape[1] == 0:
        return np.ones(L.shape[0], dtype=np.bool_)
    if not result.fit_intercept:
        return _orthogonal_to_null(curvature, L, np.zeros_like(L))
    # Coefficients are taken from the origin of huge integers, as the rows were: this subtraction is exact near it.
    l0 = L[:, :1]
    return _orthogonal_to_null(curvature, L[:, 1:] - l0 * curvature.origin, l0 * curvature.mean)


def estimable_at(result: FitResult, X: FloatArray | csr_array) -> BoolArray:
    """Whether the data determine the prediction at each row of X (n, p)."""
    curvature = require_curvature(result)
    dense = dense_rows(X)
    if curvature.null.shape[1] == 0:
        return np.ones(dense.shape[0], dtype=np.bool_)
    return _orthogonal_to_null(curvature, dense, np.broadcast_to(curvature.mean, dense.shape))


def _orthogonal_to_null(curvature: Curvature, slopes: FloatArray, shift: FloatArray) -> BoolArray:
    """Test ``(slopes - shift)`` against the null directions, in scaled units and allowing for the rounding of the difference."""
    null = curvature.null * curvature.scale[:, None]
    gradient = (slopes - shift) / curvature.scale
    along = np.abs(gradient @ null)
    size = np.linalg.norm(gradient, axis=1, keepdims=True) * np.linalg.norm(null, axis=0)
    eps = np.finfo(np.float64).eps
    rounding = 8 * eps * ((np.abs(slopes) + np.abs(shift)) / curvature.scale) @ np.abs(null)
    ok: BoolArray = (along <= ESTIMABLE_TOLERANCE * size + rounding).all(axis=1)
    return ok


def covariance_matrix(result: FitResult) -> FloatArray:
    """Covariance matrices (q, k, k) of the estimates, intercept first; NaN where a parameter is not estimable.

    Nothing in the library needs this matrix; it is formed for callers who do.

    Raises
    ------
    DomainError
        Inference is withheld for this fit.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import covariance_matrix
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> covariance_matrix(model.result_).round(3)
    array([[[ 0.63, -0.27],
            [-0.27,  0.18]]])
    """
    covariance = require_covariance(result)
    b = parameter_coordinates(result)
    s = sigma(result)
    if covariance.meat is None:
        out = s[:, None, None] ** 2 * (b @ b.T)
    else:
        out = b @ covariance.meat @ b.T
        out[without_error(result)] = 0.0
        out[np.isnan(s)] = np.nan
    out[:, ~result.estimable, :] = np.nan
    out[:, :, ~result.estimable] = np.nan
    return out
