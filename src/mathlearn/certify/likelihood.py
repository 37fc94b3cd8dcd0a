"""The certificate of a likelihood fit: gradient, decrement, distance to the optimum in standard errors, curvature.

With T the factor shown, ``T T^T = H^-1`` for the parameters (level at the mean, slopes), the gradient g at the numbers shown and the
curvature H that the rows give there,

    newton decrement  = |T^T g| / sqrt(phi)                 the distance to the optimum in standard errors,
    step              = T (T^T Hobs T)^-1 T^T g              what is missing from each parameter, to first order,
    far               = T^T H T - I                          how far the standard errors shown are from those of the rows.

Close to the optimum the objective is the quadratic that these describe, so that the step is the error up to its square.

References
----------
Boyd and Vandenberghe (2004), "Convex Optimization", section 9.5 (the Newton decrement).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, TINY, gamma
from mathlearn.results.certificate import Certificate, Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.certify.likelihood_rows import LikelihoodRows

__all__ = ["Factor", "LikelihoodEvidence", "likelihood_certificate", "likelihood_evidence"]

MOST_ERROR = 1e-6
"""Standard errors from the optimum, and relative error of a standard error, that are let pass."""

MOST_GRADIENT = 1e-8
"""Cosine between a column and the residuals that is let pass."""

_LEAST_CURVATURE = 1e-3
_MOST_CONDITION = 1e-2


class Factor(NamedTuple):
    """The curvature factor shown, for ``[level at the mean, slopes]`` in units of the columns' scales.

    Attributes
    ----------
    root : (k, r)
        T.
    shown : (k, r)
        Coordinates of the parameters as they are shown: those of T, but of the intercept at zero for the level.
    penalty : (k,) or (k, k)
        Λ, or its diagonal, in these units.
    beta : (k,)
        The level at the mean and the slopes shown, in these units.
    sizes : (k,)
        Sizes of the parameters as they are shown, the intercept at zero, in these units.
    loose : (r - 1,) or None
        What rounding of the mean shown leaves of the products of the level with the slopes, in the whitened basis; None where no level
        stands apart.
    plain : Factor or None
        Where the columns were multiplied by the slopes' part of T before they were summed: this factor before that, see
        `of_white_columns`.
    """

    root: FloatArray
    shown: FloatArray
    penalty: FloatArray
    beta: FloatArray
    sizes: FloatArray
    loose: FloatArray | None = None
    plain: Factor | None = None


def of_white_columns(factor: Factor, *, intercept: bool) -> Factor:
    """Return the factor for rows whose columns were multiplied by the slopes' part of T, which leaves hardly anything to factor.

    The products of such columns keep the digits that those of dependent columns lose.
    """
    root = np.eye(factor.root.shape[1])
    if intercept:
        root[0, 0] = factor.root[0, 0]
    square = np.diag(factor.penalty) if factor.penalty.ndim == 1 else factor.penalty
    return factor._replace(root=root, penalty=factor.root.T @ square @ factor.root, plain=factor)


class LikelihoodEvidence(NamedTuple):
    """What follows from the sums over the rows.

    Attributes
    ----------
    gradient : float
        Largest cosine between a column and the residuals, both in the metric of the working weights.
    decrement : float
        Distance to the optimum in standard errors.
    error : (k,)
        Distance of each parameter from the optimum, in its standard error; the intercept at zero first, if any.
    relative : (k,)
        The same over the size of the parameter, or over its standard error if that is larger.
    se_error : float
        Largest relative error of the standard error of a parameter, or of any sum of multiples of parameters.
    curvature : float
        Smallest eigenvalue of the observed curvature in the whitened basis: 1 where it is the expected one.
    """

    gradient: float
    decrement: float
    error: FloatArray
    relative: FloatArray
    se_error: float
    curvature: float


def likelihood_evidence(rows: LikelihoodRows, factor: Factor, dispersion: float) -> LikelihoodEvidence:
    """Turn the sums over the rows into evidence about the numbers shown.

    Parameters
    ----------
    rows : LikelihoodRows
    factor : Factor
    dispersion : float
        Of the fit; where it is not known, 1.
    """
    root, penalty, functionals = factor.root, factor.penalty, factor.shown
    plain = factor if factor.plain is None else factor.plain
    pull = plain.penalty * plain.beta if plain.penalty.ndim == 1 else plain.penalty @ plain.beta
    length_of = np.sqrt(rows.expected.diagonal())
    columns = length_of if plain is factor else np.linalg.norm(np.linalg.pinv(plain.root), axis=0)
    rounding = _rounding(rows, plain, columns)
    hidden = rounding + _summing(rows, plain, columns, pull)
    pull = pull if plain is factor else plain.root.T @ pull
    slope = rows.gradient + pull
    # Residuals no larger than the rounding of the predictors have no direction, and an exact fit has no dispersion.
    added = rows.terms if plain is factor else rows.terms._replace(far=np.abs(plain.root).T @ rows.terms.far)
    terms = np.maximum(added.bound(length_of), rounding / MOST_GRADIENT * length_of) + np.abs(pull)
    phi = dispersion if dispersion > 0.0 and math.isfinite(dispersion) and not rows.exact else 1.0
    image = root.T @ slope
    far = root.T @ _with(rows.expected, penalty) @ root - np.eye(root.shape[1])
    bend = root.T @ _with(rows.observed, penalty) @ root
    if not (math.isfinite(hidden) and all(np.isfinite(each).all() for each in (slope, far, bend))):
        return _unknown(functionals.shape[0])
    eigenvalues = np.linalg.eigvalsh(bend) if bend.size else np.ones(1)
    least = float(eigenvalues[0])
    step = np.linalg.solve(bend, image) if least > _LEAST_CURVATURE else image / _LEAST_CURVATURE
    length = np.sqrt(np.einsum("ij,ij->i", functionals, functionals))
    length = np.where(length > 0.0, length, 1.0)
    error = (np.abs(functionals @ step) / length + hidden) / math.sqrt(phi)
    se = length * math.sqrt(phi)
    return LikelihoodEvidence(
        gradient=float((np.abs(slope) / np.maximum(terms, TINY)).max(initial=0.0)),
        decrement=float(np.sqrt(image @ image)) / math.sqrt(phi),
        error=error,
        relative=error * se / np.maximum(factor.sizes, np.maximum(se, TINY)),
        se_error=_se_error(far, factor),
        curvature=least,
    )


def _se_error(far: FloatArray, factor: Factor) -> float:
    """Bound the relative error of every standard error: the true variance of coordinates b is ``b (I + far)^-1 b``, against ``b b``."""
    wrong = far.copy()
    if factor.loose is not None:
        edge = wrong[0, 1:]
        wrong[0, 1:] = wrong[1:, 0] = np.copysign(np.maximum(np.abs(edge) - factor.loose, 0.0), edge)
    return float(np.abs(np.linalg.eigvalsh(wrong)).max(initial=0.0)) / 2.0


def _unknown(k: int) -> LikelihoodEvidence:
    """Return the evidence of sums that are beyond the range of doubles: none."""
    endless = np.full(k, np.inf)
    return LikelihoodEvidence(math.inf, math.inf, endless, endless, math.inf, -math.inf)


def _with(curvature: FloatArray, penalty: FloatArray) -> FloatArray:
    if not penalty.any():
        return curvature
    return curvature + (np.diag(penalty) if penalty.ndim == 1 else penalty)


def _rounding(rows: LikelihoodRows, plain: Factor, columns: FloatArray) -> float:
    """Bound on the norm, under the working weights, of what rounding leaves in the predictors.

    They are off by ``gamma_k`` of what is added in them, whose norm is at most that of the coefficients times the norms `columns` of the
    columns under these weights, offsets apart. As ``C^(1/2) Z T`` has orthonormal columns, that passes to the decrement undiminished at
    most.
    """
    reach = float(np.abs(plain.beta) @ columns) + math.sqrt(rows.noise)
    return (gamma(plain.root.shape[0]) + 4 * ROUNDOFF) * reach


def _summing(rows: LikelihoodRows, plain: Factor, columns: FloatArray, pull: FloatArray) -> float:
    """Bound on what rounding of the sums hides of the decrement: a few units in the last place of their terms in each direction."""
    terms = rows.terms.bound(columns) + np.abs(pull)
    return 64 * ROUNDOFF * float(np.linalg.norm(np.abs(plain.root).T @ terms))


def likelihood_certificate(
    evidence: LikelihoodEvidence,
    *,
    condition: float,
    separated: int,
    verified: bool = True,
    stopped: str | None,
    unique: bool,
    statistical_digits: float,
    notes: tuple[str, ...] = (),
    further: tuple[Check, ...] = (),
) -> Certificate:
    """Put the evidence into checks.

    Parameters
    ----------
    condition : float
        Of the scaled, centred, weighted columns.
    separated : int
        Rows whose fitted mean lies at the end of its range because no finite estimate exists.
    verified : bool
        Whether the directions of that were confirmed by a pass over the rows.
    stopped : str or None
        Why the solver stopped before the optimum.
    unique : bool
        Whether the data determine all parameters.
    further : tuple of Check
        What else was found.
    """
    worst = float(evidence.error.max(initial=0.0))
    relative = float(evidence.relative.max(initial=0.0))
    digits = 15.95 if relative == 0.0 else min(15.95, -math.log10(relative)) if relative < 1.0 else 0.0
    return Certificate(
        checks=(*_checks(evidence, worst, condition, separated, verified, stopped), *further),
        grade="rows",
        unique=unique,
        digits=max(digits, 0.0),
        error_in_se=worst,
        statistical_digits=statistical_digits,
        notes=notes,
    )


def separated_certificate(separated: int, verified: bool) -> Certificate:
    """Return the certificate of a fit in which nothing is finite.

    Parameters
    ----------
    separated : int
        Rows fitted perfectly in the limit.
    verified : bool
        Whether the directions were confirmed by a pass over the rows.
    """
    return Certificate(
        checks=tuple(_separation(separated, verified)),
        grade="rows",
        unique=False,
        digits=math.nan,
        error_in_se=math.nan,
        statistical_digits=math.nan,
    )


def _separation(separated: int, verified: bool) -> Iterator[Check]:
    yield Check(
        "separation",
        float(separated),
        0.0,
        "rows whose fitted mean lies at the end of its range, because the likelihood rises for ever in some direction",
    )
    if separated:
        says = (
            "the directions named were confirmed, row by row, by exact products"
            if verified
            else ("the directions named were not confirmed by exact products")
        )
        yield Check("directions", 0.0 if verified else 1.0, 0.0, says)


def _checks(
    evidence: LikelihoodEvidence, worst: float, condition: float, separated: int, verified: bool, stopped: str | None
) -> Iterator[Check]:
    yield Check(
        "gradient",
        evidence.gradient,
        MOST_GRADIENT,
        "the gradient at the solution, relative to the size of its terms: the cosine between a column and the residuals",
    )
    yield Check(
        "newton_decrement",
        evidence.decrement,
        MOST_ERROR,
        "distance to the optimum by the gradient and the curvature there, in standard errors",
    )
    yield Check(
        "optimisation_error",
        worst,
        MOST_ERROR,
        "largest distance of a coefficient from the optimum, rounding included, in standard errors",
    )
    yield Check(
        "curvature",
        1.0 - evidence.curvature,
        1.0 - _LEAST_CURVATURE,
        "one minus the smallest curvature in any direction, in units of the expected one: below 1 the point is a minimum",
    )
    yield Check(
        "standard_errors",
        evidence.se_error,
        MOST_ERROR,
        "largest relative error of a standard error against the curvature recomputed at the solution",
    )
    yield Check(
        "conditioning",
        condition * ROUNDOFF,
        _MOST_CONDITION,
        "condition number of the centred, scaled, weighted columns times the rounding unit: far below 1 the rank is certain",
    )
    yield from _separation(separated, verified)
    yield Check(
        "convergence",
        0.0 if stopped is None else 1.0,
        0.0,
        "the solver reached the optimum" if stopped is None else f"the solver stopped before the optimum: {stopped}",
    )
