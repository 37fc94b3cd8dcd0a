"""Joint Wald tests of linear combinations of the parameters: F, or chi-squared where the dispersion is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.functional import require_covariance, require_curvature, row_lengths, sigma
from mathlearn.statistics.joint_law import JointLaw

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack

__all__ = ["WaldTest", "joint_test", "slopes_test", "white_slopes"]


_INDEPENDENT = 1e-9  # share of the largest singular value below which directions hold nothing new


@dataclass(frozen=True, slots=True)
class WaldTest:
    """A joint test that several linear combinations have given values.

    Attributes
    ----------
    statistic, p_value : (q,)
        Wald statistic over its degrees of freedom, referred to F; where `df_den` is infinite the statistic itself, referred to
        chi-squared. NaN where withheld.
    df_num, df_den : float
    reasons : {response index: why it is NaN}

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import contrast
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> test = contrast(model.result_, [[1, 0], [0, 1]], [0.0, 2.0]).joint
    >>> print(test.law, test.statistic.round(3), test.p_value.round(3))
    F(2, 2) [2.333] [0.3]
    """

    statistic: FloatArray
    p_value: FloatArray
    df_num: float
    df_den: float
    reasons: dict[int, str]

    @property
    def law(self) -> JointLaw:
        """What the statistic is referred to."""
        return JointLaw(self.df_num, self.df_den)


def joint_test(result: FitResult, b: FloatArray, difference: FloatArray) -> WaldTest:
    """Test that the functionals with coordinates `b` (m, r + intercept) differ by nothing from their hypothesis.

    Parameters
    ----------
    result : FitResult
    b : (m, r + intercept)
        Coordinates in the whitened basis.
    difference : (q, m)
        Estimate less hypothesis.
    """
    law = JointLaw(float(b.shape[0]), require_covariance(result).df)
    squared, why = _wald(result, b, difference)
    statistic = law.statistic(squared)
    return WaldTest(statistic, law.tail(statistic), *law, reasons=why)


def slopes_test(result: FitResult) -> WaldTest:
    """Test that every slope is zero, in the covariance of the fit."""
    if result.stack is not None:
        return _stacked_slopes_test(result, result.stack)
    r = result.rank
    b = np.eye(r, r + result.fit_intercept, k=int(result.fit_intercept))
    return joint_test(result, b, white_slopes(result))


def _stacked_slopes_test(result: FitResult, stack: Stack) -> WaldTest:
    """Test the slopes of all predictors: a basis of the functionals of them that the data determine."""
    curvature, slopes = require_curvature(result), ~stack.intercepts
    scale = curvature.scale[slopes]
    null = curvature.null[slopes] * scale[:, None]
    left, size, _ = np.linalg.svd(null, full_matrices=True)
    L = left[:, np.count_nonzero(size > _INDEPENDENT * size.max(initial=0.0)) :].T * scale
    return joint_test(result, L @ curvature.whitener[slopes], result.coef[:, slopes] @ L.T)


def white_slopes(result: FitResult) -> FloatArray:
    """Slopes (q, r) in the whitened basis, that is the coefficients of y on ``Xc @ whitener``.

    Coefficients are known up to null directions, so the whitener and the null space together are inverted.
    """
    curvature = require_curvature(result)
    basis = np.concatenate([curvature.whitener, curvature.null], axis=1) * curvature.scale[:, None]
    length = np.linalg.norm(basis, axis=0)
    solved = np.linalg.solve(basis / length, (result.coef * curvature.scale).T)
    slopes: FloatArray = (solved / length[:, None])[: result.rank].T
    return slopes


def _wald(result: FitResult, b: FloatArray, difference: FloatArray) -> tuple[FloatArray, dict[int, str]]:
    """Wald statistic (q,), chi-squared for many rows, and why it is NaN where it is."""
    covariance = require_covariance(result)
    out = np.full(difference.shape[0], np.nan)
    why: dict[int, str] = {}
    for i, s in enumerate(sigma(result)):
        if not s > 0:
            why[i] = "exact fit" if s == 0 else "no residual degrees of freedom"
            continue
        factor = s * b if covariance.meat is None else b @ _root(covariance.meat[i])
        squared = _squared_distance(factor, difference[i])
        if squared is None:
            why[i] = _singular(covariance.kind, covariance.df, b.shape[0])
        else:
            out[i] = squared
    return out, why


def _root(meat: FloatArray) -> FloatArray:
    """Matrix root of a positive semi-definite matrix, with eigenvalues of rounding size set to zero."""
    values, vectors = np.linalg.eigh(meat)
    floor = np.finfo(np.float64).eps * meat.shape[0] * values[-1]
    root: FloatArray = vectors * np.sqrt(np.where(values > floor, values, 0.0))
    return root


def _squared_distance(factor: FloatArray, difference: FloatArray) -> float | None:
    """``difference' (F F')^-1 difference`` from the singular values of F, rows made equally long; None if it is singular."""
    length = row_lengths(factor)
    if not (length > 0).all():
        return None
    u, singular, _ = np.linalg.svd(factor / length[:, None], full_matrices=False)
    floor = 8 * np.finfo(np.float64).eps * max(factor.shape) * singular[0]
    if len(singular) < len(length) or singular[-1] <= floor:
        return None
    return float(np.sum(np.square((u.T @ (difference / length)) / singular)))


def _singular(kind: str, df: float, m: int) -> str:
    if kind == "cluster" and df < m:
        return f"{df + 1:g} clusters cannot test {m} combinations jointly: fewer than {m} clusters beyond the first"
    return f"the covariance of the {m} combinations is singular: test fewer, or independent, ones"
