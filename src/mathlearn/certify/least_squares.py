"""The certificate of a least-squares fit: evidence turned into checks a practitioner understands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.certify.dependence_rows import MEANING
from mathlearn.linalg.errorfree import EXACT_ROUNDINGS, ROUNDOFF, TINY
from mathlearn.linalg.small import every, largest
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.certify.evidence import Evidence
    from mathlearn.linalg.solution import LeastSquares

MOST_ERROR_IN_SE = 1e-6
MOST_RELATIVE_ERROR = 1e-8
MOST_SE_ERROR = 1e-6

_PROTECTED = 100.0  # standard errors below which the size of a coefficient says nothing about its accuracy
_LEAST_SHARE = 2 * ROUNDOFF
_MOST_DIGITS = -float(np.log10(_LEAST_SHARE))  # of a double
_MOST_CONDITION = 1e-2  # condition number times the rounding unit


class Judgement(NamedTuple):
    """Evidence set against the numbers shown; (q, k), intercept first.

    Attributes
    ----------
    theta, se : parameters and their model-based standard errors (NaN for an exact fit)
        Errors are also set against the standard errors that the rounding of y alone would give.
    in_se : error beyond the rounding of the number shown, in standard errors; 0 where there is none
    relative : error relative to the parameter or to 100 standard errors, whichever is larger. A coefficient of fewer standard
        errors is protected by the limit of 1e-6 standard errors: further digits of it say nothing.
    digits : correct digits relative to the parameter or to its standard error, whichever is larger
    """

    theta: FloatArray
    se: FloatArray
    in_se: FloatArray
    relative: FloatArray
    digits: FloatArray


def judge(
    evidence: Evidence, solution: LeastSquares, sigma: FloatArray, effect: FloatArray | None = None, *, centred: bool
) -> Judgement:
    """Set the errors found against the parameters and their standard errors.

    Parameters
    ----------
    sigma : (q,) residual scale; NaN where there is none
    effect : (q, k), optional
        Sizes that stand in for 100 standard errors where those are smaller or unknown.
    """
    theta = np.concatenate([solution.intercept[:, None], solution.coef], axis=1) if centred else solution.coef
    size = evidence.factor.unit_se
    se = sigma[:, None] * size
    known = np.fmax(se, _rounding_of_y(solution)[:, None] * size)
    if effect is not None:
        known = np.maximum(known, effect / _PROTECTED)
    magnitude = np.maximum(np.abs(theta), TINY)
    beyond = np.maximum(evidence.error - 4 * ROUNDOFF * magnitude, 0.0)
    share = evidence.error / np.maximum(magnitude, known)
    in_se = beyond / np.maximum(se, TINY)
    in_se[beyond == 0] = 0.0
    return Judgement(
        theta=theta,
        se=se,
        in_se=in_se,
        relative=evidence.error / np.maximum(magnitude, _PROTECTED * known),
        digits=-np.log10(np.minimum(np.maximum(share, _LEAST_SHARE), 1.0)),
    )


def enough(evidence: Evidence, solution: LeastSquares, sigma: FloatArray, *, centred: bool) -> bool:
    """Whether the gradient is at its rounding level, the error below 1e-6 SE and 1e-8 of each coefficient, and SE have 6 digits."""
    found = judge(evidence, solution, np.where(sigma == 0, np.nan, sigma), centred=centred)
    scale = _scale_error(evidence, solution, np.zeros(sigma.shape, np.bool_))
    return bool(
        evidence.residual <= evidence.residual_limit
        and every(found.in_se <= MOST_ERROR_IN_SE)
        and every(found.relative <= MOST_RELATIVE_ERROR)
        and scale + largest(evidence.factor.se_error) <= MOST_SE_ERROR
    )


def certificate(
    evidence: Evidence,
    solution: LeastSquares,
    sigma: FloatArray,
    exact: BoolArray,
    shown: BoolArray,
    effect: FloatArray | None = None,
    *,
    centred: bool,
) -> tuple[Certificate, FloatArray]:
    """Judge the evidence.

    Parameters
    ----------
    sigma : (q,) residual scale (NaN without residual degrees of freedom)
    exact : (q,) residuals at the rounding level of y: standard errors are zero and errors are judged by digits alone
    shown : (k,) parameters that are not withheld; the others are moved along the null directions on purpose
    effect : (q, k), optional
        As in `judge`.

    Returns
    -------
    certificate : Certificate
    digits : (q, k)
    """
    if np.count_nonzero(exact):
        sigma = np.where(exact, np.nan, sigma)
    found = judge(evidence, solution, sigma, effect, centred=centred)
    unique, factor = every(shown), evidence.factor
    error, relative, se = factor.se_error, found.relative, found.se
    in_se, digits, theta = found.in_se, found.digits, found.theta
    if not unique:
        error, relative, se, in_se, digits, theta = (a[..., shown] for a in (error, relative, se, in_se, digits, theta))
    worst = float(np.fmax.reduce(in_se, axis=None, initial=-np.inf))
    checks = (
        Check("normal_equations", evidence.residual, evidence.residual_limit, _MEANING["normal_equations"]),
        *([Check("optimisation_error", worst, MOST_ERROR_IN_SE, _MEANING["optimisation_error"])] if worst >= 0 else []),
        Check(
            "relative_error",
            largest(relative),
            MOST_RELATIVE_ERROR,
            _MEANING["relative_error" if effect is None else "relative_to_effect"],
        ),
        Check("curvature", factor.whiteness, max(factor.whiteness_limit, 2 * ROUNDOFF), _MEANING["curvature"]),
        Check(
            "standard_errors",
            _scale_error(evidence, solution, exact) + largest(error),
            MOST_SE_ERROR,
            _MEANING["standard_errors"],
        ),
        Check("centring", factor.centring, MOST_ERROR_IN_SE, _MEANING["centring"]),
        Check("conditioning", solution.condition_scaled * ROUNDOFF, _MOST_CONDITION, _MEANING["conditioning"]),
        *(
            [Check("dependence", evidence.dependence, solution.dependence.tolerance, _MEANING["dependence"])]
            if solution.dependence.dropped.size
            else []
        ),
    )
    return Certificate(
        checks=checks,
        grade=evidence.grade,
        unique=unique,
        digits=float(digits.min(initial=_MOST_DIGITS)),
        error_in_se=worst if worst >= 0 else float("nan"),
        statistical_digits=statistical_digits(theta, se),
    ), found.digits


_MEANING = {
    "normal_equations": "the gradient of the loss at the solution, in units of its rounding level",
    "optimisation_error": "largest distance of a coefficient from the optimum, in standard errors",
    "relative_error": "largest possible error of a coefficient, relative to it or to 100 standard errors",
    "relative_to_effect": "largest possible error of a coefficient, relative to it, to 100 standard errors or, where the variance of "
    "the errors is not known, to a coefficient that would make up the whole response",
    "curvature": "the second derivative agrees with the factor from which standard errors are made, and is positive",
    "standard_errors": "largest possible relative error of a standard error",
    "centring": "distance of the means about which columns are centred from those of the rows, in standard errors of a mean",
    "conditioning": "condition number of the centred, scaled columns times the rounding unit: far below 1 the rank is certain",
    "dependence": MEANING,
}


def exact_fit(rss: FloatArray, tss: FloatArray, weight: float, mean_y: FloatArray) -> BoolArray:
    """Whether residuals (q,) are no larger than 8 roundings of y, in the root mean square."""
    tiny: BoolArray = rss <= (EXACT_ROUNDINGS * ROUNDOFF) ** 2 * (tss + weight * mean_y**2)
    return tiny


def _rounding_of_y(solution: LeastSquares) -> FloatArray:
    """Residual scale (q,) of a fit whose only errors are roundings of y."""
    total = solution.tss + solution.moments.weight * solution.mean_y**2
    size: FloatArray = EXACT_ROUNDINGS * ROUNDOFF * np.sqrt(total / solution.moments.n)
    return size


def _scale_error(evidence: Evidence, solution: LeastSquares, exact: BoolArray) -> float:
    """Relative error of sigma, from the residual sum of squares found; none for an exact fit, where sigma is zero."""
    share = scale_errors(evidence, solution)
    share[exact] = 0.0
    return largest(share)


def scale_errors(evidence: Evidence, solution: LeastSquares) -> FloatArray:
    """Relative error (q,) of each residual scale, from the residual sum of squares found."""
    share: FloatArray = (np.abs(evidence.rss - solution.rss) + evidence.rss_error) / np.maximum(2 * solution.rss, TINY)
    return share


def effects(solution: LeastSquares, *, centred: bool) -> FloatArray:
    """Sizes (q, k) of a coefficient that would make up the whole response; of the intercept, the size of the response."""
    moments, p = solution.moments, solution.mean.size
    sizes = np.maximum(moments.norms(centred=centred)[:p], TINY)
    slopes = np.sqrt(solution.tss)[:, None] / sizes
    if not centred:
        return slopes
    level = np.sqrt(solution.tss / moments.weight + solution.mean_y**2)
    return np.concatenate([level[:, None], slopes], axis=1)


def statistical_digits(theta: FloatArray, se: FloatArray) -> float:
    """Digits of the coefficients that the data support: the median of ``-log10(SE / |coefficient|)``."""
    every_pair = zip(theta.ravel().tolist(), se.ravel().tolist(), strict=True)
    ratio = sorted(r for value, error in every_pair if error > 0 and 0 < (r := abs(value) / error) < math.inf)
    if not ratio:
        return float("nan")
    half = len(ratio) // 2
    return (
        math.log10(ratio[half]) + math.log10(ratio[~half])
    ) / 2  # the middle one, or the geometric mean of the middle two
