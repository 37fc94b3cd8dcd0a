"""The certificate of a least-squares fit: evidence turned into checks a practitioner understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.certify.evidence import Evidence
    from mathlearn.linalg.solution import LeastSquares

MOST_ERROR_IN_SE = 1e-6
MOST_RELATIVE_ERROR = 1e-8
_PROTECTED = 100.0
MOST_SE_ERROR = 1e-6
_MOST_DIGITS = -float(np.log10(2 * ROUNDOFF))
_DEPENDENT = 1e-10


def standard_errors(solution: LeastSquares, sigma: FloatArray, *, centred: bool) -> FloatArray:
    """Model-based standard errors (q, k), from the curvature factor and the residual scale; intercept first."""
    white = solution.whitener
    size = np.sqrt(np.einsum("ij,ij->i", white, white))
    if centred:
        constant = np.sqrt(1.0 / solution.moments.weight + solution.mean_white @ solution.mean_white)
        size = np.concatenate([[constant], size])
    return np.outer(sigma, size)


def parameters(solution: LeastSquares, *, centred: bool) -> FloatArray:
    """Parameters (q, k), intercept first."""
    if not centred:
        return solution.coef
    return np.concatenate([solution.intercept[:, None], solution.coef], axis=1)


def error_in_se(evidence: Evidence, theta: FloatArray, se: FloatArray) -> FloatArray:
    """Error of each parameter beyond the rounding of the number shown, in standard errors; 0 where there is no error."""
    beyond = np.maximum(evidence.error - 4 * ROUNDOFF * np.abs(theta), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(beyond == 0, 0.0, beyond / se)


def digits(evidence: Evidence, theta: FloatArray, se: FloatArray) -> FloatArray:
    """Correct digits (q, k) of each parameter, relative to it or to its standard error, whichever is larger."""
    size = np.maximum(np.abs(theta), np.nan_to_num(se))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(evidence.error == 0, 0.0, evidence.error / size)
        return np.minimum(-np.log10(np.maximum(relative, 10.0**-_MOST_DIGITS)), _MOST_DIGITS)


def relative_error(evidence: Evidence, theta: FloatArray, se: FloatArray) -> FloatArray:
    """Error of each parameter relative to it or to 100 standard errors, whichever is larger.

    A coefficient of fewer standard errors is protected by the limit of 1e-6 standard errors: further digits of it say nothing.
    """
    size = np.maximum(np.abs(theta), _PROTECTED * np.nan_to_num(se))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(evidence.error == 0, 0.0, evidence.error / size)


def certificate(
    evidence: Evidence,
    solution: LeastSquares,
    sigma: FloatArray,
    exact: BoolArray,
    shown: BoolArray,
    *,
    centred: bool,
) -> tuple[Certificate, FloatArray]:
    """Judge the evidence.

    Parameters
    ----------
    sigma : (q,) residual scale (NaN without residual degrees of freedom)
    exact : (q,) residuals at the rounding level of y: standard errors are zero and errors are judged by digits alone
    shown : (k,) parameters that are not withheld; the others are moved along the null directions on purpose

    Returns
    -------
    certificate : Certificate
    digits : (q, k)
    """
    theta = parameters(solution, centred=centred)
    se = standard_errors(solution, np.where(exact, np.nan, sigma), centred=centred)
    in_se = error_in_se(evidence, theta, se)[:, shown]
    in_se = float(np.nanmax(in_se)) if np.isfinite(in_se).any() else float("nan")
    known = digits(evidence, theta, se)
    least = float(known[:, shown].min(initial=_MOST_DIGITS))
    checks = [
        Check(
            "normal_equations",
            evidence.residual,
            evidence.residual_limit,
            "the gradient of the loss at the solution, in units of its rounding level",
        ),
        Check(
            "relative_error",
            float(relative_error(evidence, theta, se)[:, shown].max(initial=0.0)),
            MOST_RELATIVE_ERROR,
            "largest possible error of a coefficient, relative to it or to 100 standard errors",
        ),
        Check(
            "curvature",
            evidence.whiteness,
            max(evidence.whiteness_limit, 2 * ROUNDOFF),
            "the second derivative agrees with the factor from which standard errors are made, and is positive",
        ),
        Check(
            "standard_errors",
            _se_error(evidence, solution, exact, shown),
            MOST_SE_ERROR,
            "largest possible relative error of a standard error",
        ),
        Check(
            "conditioning",
            solution.condition_scaled * ROUNDOFF,
            1e-2,
            "condition number of the centred, scaled columns times the rounding unit: below 1 the rank is certain",
        ),
    ]
    if np.isfinite(in_se):
        meaning = "largest distance of a coefficient from the optimum, in standard errors"
        checks.insert(1, Check("optimisation_error", in_se, MOST_ERROR_IN_SE, meaning))
    if solution.dependence.dropped.size:
        meaning = "largest relative residual of the linear dependences by which terms are withheld"
        checks.append(Check("dependence", evidence.dependence, _DEPENDENT, meaning))
    return Certificate(
        checks=tuple(checks),
        grade=evidence.grade,
        unique=bool(shown.all()),
        digits=least,
        error_in_se=in_se,
        statistical_digits=_statistical_digits(theta[:, shown], se[:, shown]),
    ), known


def _se_error(evidence: Evidence, solution: LeastSquares, exact: BoolArray, shown: BoolArray) -> float:
    """Relative error of sigma (from the residual sum of squares found) plus that of the curvature factor."""
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = (np.abs(evidence.rss - solution.rss) + evidence.rss_error) / (2 * solution.rss)
    sigma = np.where(exact | np.isnan(sigma), 0.0, sigma)
    return float(sigma.max(initial=0.0) + evidence.se_error[shown].max(initial=0.0))


def _statistical_digits(theta: FloatArray, se: FloatArray) -> float:
    """Digits of the coefficients that the data support: the median of ``-log10(SE / |coefficient|)``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = -np.log10(se / np.abs(theta))
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else float("nan")
