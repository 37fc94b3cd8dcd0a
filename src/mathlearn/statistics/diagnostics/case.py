"""`Case`: a fit made ready to be checked; `Block`: rows in the coordinates in which every check is written.

With precision weights w the model of ``sqrt(w) y`` on ``sqrt(w) x`` has errors of equal variance: the checks are those of
that model. With frequency weights a row stands for `count` equal rows. A fit by likelihood is, at its estimates, the least-squares fit of
its working residuals with its working weights, see `working`. Hence one notation for all:

    basis     rows of an orthonormal basis of the model: sum of count * b b' = I
    residual  z = sqrt(w) e / sigma: Pearson's, up to the sign, of a likelihood
    fitted    f, the fitted values (linear predictors) without offset, in units of their spread (about their mean if there is an intercept)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics import reasons
from mathlearn.statistics.covariance.classical import classical
from mathlearn.statistics.covariance.white import WhiteRows
from mathlearn.statistics.functional import (
    parameter_coordinates,
    parameter_names,
    parameters,
    require_curvature,
    sigma,
    standard_errors,
)
from mathlearn.statistics.tails import require_level, t_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_array

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import CovarianceEstimate, FitResult
    from mathlearn.statistics.covariance.white import Tally

__all__ = ["Block", "Case", "triangular"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fit made ready to be checked.

    Attributes
    ----------
    result : FitResult
    level : float
        Confidence of the intervals quoted.
    names : (k,) parameters, intercept first
    parameters : (k, r + intercept) their whitened coordinates
    factor : (r, p)
        ``Xc = Q @ factor`` with the orthonormal rows Q = ``Xc @ whitener``.
    slopes : (r, q) of y on Q
    sigma : (q,) residual standard error; one where there is none
    spread : (q,) root mean square of the fitted values about their mean; one where they are constant
    robust : callable
        ``kind -> CovarianceEstimate``: reads the rows once more.
    """

    result: FitResult
    level: float
    names: tuple[str, ...]
    parameters: FloatArray
    factor: FloatArray
    slopes: FloatArray
    sigma: FloatArray
    spread: FloatArray
    robust: Callable[[str], CovarianceEstimate]

    @classmethod
    def of(cls, result: FitResult, level: float, robust: Callable[[str], CovarianceEstimate]) -> Case:
        """Make a fit ready.

        Raises
        ------
        DomainError
            Inference is withheld for this fit, or `level` is outside (0, 1).
        """
        require_level(level)
        factor = triangular(result)
        slopes = factor @ result.coef.T
        s, size = sigma(result), np.sqrt(np.einsum("ij,ij->j", slopes, slopes) / result.weight_sum)
        return cls(
            result=result,
            level=level,
            names=parameter_names(result),
            parameters=parameter_coordinates(result),
            factor=factor,
            slopes=slopes,
            sigma=np.where(s > 0, s, 1.0),
            spread=np.where(size > 0, size, 1.0),
            robust=robust,
        )

    @property
    def size(self) -> FloatArray:
        """Root mean square (p,) of each column about its mean."""
        size: FloatArray = np.linalg.norm(self.factor, axis=0) / np.sqrt(self.result.weight_sum)
        return size

    @property
    def squares(self) -> float:
        """Sum of the squared residuals of a response, in units of sigma: the degrees of freedom, but where the dispersion is known."""
        likelihood = self.result.likelihood
        return float(self.result.df_resid) if likelihood is None else likelihood.pearson / likelihood.dispersion

    @property
    def classical(self) -> CovarianceEstimate:
        """Covariance under independent errors of one variance, whatever that of the fit."""
        return classical(self.result)

    def block(self, chunk: Chunk) -> Block:
        """Transform one chunk."""
        return Block.of(self, chunk)

    def silent(self, response: int) -> str | None:
        """Say why the residuals of a response tell nothing, or return None."""
        if self.result.df_resid <= 0:
            return reasons.no_residual_df(self.result)
        return reasons.exact(self.result, response) if self.result.exact[response] else None

    def standard_errors(self, covariance: CovarianceEstimate) -> FloatArray:
        """Return the standard errors (q, k) of the parameters in any covariance; NaN where they are not determined."""
        errors = standard_errors(replace(self.result, covariance=covariance), self.parameters)
        errors[:, ~self.result.estimable] = np.nan
        return errors

    def interval(self, covariance: CovarianceEstimate, response: int, term: int) -> tuple[float, float]:
        """Return the confidence interval of one parameter in any covariance."""
        estimate = parameters(self.result)[response, term]
        half = t_quantile(self.level, covariance.df) * self.standard_errors(covariance)[response, term]
        return float(estimate - half), float(estimate + half)


def triangular(result: FitResult) -> FloatArray:
    """Factor (r, p) of the columns: ``Xc = (Xc @ whitener) @ factor``, from the inverse of the whitener and the null space.

    Raises
    ------
    DomainError
        Inference is withheld for this fit.
    """
    curvature = require_curvature(result)
    r = curvature.whitener.shape[1]  # less than the rank where rows are separated
    basis = np.concatenate([curvature.whitener, curvature.null], axis=1) * curvature.scale[:, None]
    length = np.linalg.norm(basis, axis=0)
    rows = np.linalg.solve((basis / length).T, np.eye(len(basis))[:, :r]).T
    factor: FloatArray = rows / length[:r, None] * curvature.scale
    return factor


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a chunk; see the head of this file.

    Attributes
    ----------
    white : WhiteRows
    root : (n, 1) roots of the weights, by which a column added to the model is multiplied; None for ones
    basis : (n, r + intercept)
    residual : (n, q)
    fitted : (n, q)
    count : (n,) or None for ones
    hat : (n,) leverage, of one copy of the row
    X : (n, p) as in the chunk
    y : (n, q)
    """

    white: WhiteRows
    root: FloatArray | None
    basis: FloatArray
    residual: FloatArray
    fitted: FloatArray
    count: FloatArray | None
    hat: FloatArray
    X: FloatArray | csr_array
    y: FloatArray

    @classmethod
    def of(cls, case: Case, chunk: Chunk) -> Block:
        """Transform one chunk."""
        white = WhiteRows.of(case.result, chunk)
        first = int(case.result.fit_intercept)
        basis, root = white.basis, white.root
        fitted = basis[:, first:] @ (case.slopes / case.spread)
        if root is not None:
            basis = basis * root
        return cls(
            white=white,
            root=root,
            basis=basis,
            residual=white.scaled / case.sigma,
            fitted=fitted,
            count=white.count,
            hat=np.einsum("ij,ij->i", basis, basis),
            X=chunk.X,
            y=np.asarray(chunk.y),
        )

    def counted(self, A: FloatArray) -> FloatArray:
        """Multiply the rows of A (n, ...) by how often they occur."""
        return A if self.count is None else A * self.count.reshape(-1, *[1] * (A.ndim - 1))

    def tally(self) -> Tally:
        """Count the rows, for the proof that they are those of the fit."""
        return self.white.tally()

    @property
    def n(self) -> float:
        """Number of observations."""
        return float(self.basis.shape[0] if self.count is None else self.count.sum())
