"""`FitResult`: a fit, complete. Everything shown afterwards is a pure function of this record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from mathlearn._choices import Weighting

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.likelihood import Likelihood
    from mathlearn.results.stack import Stack

Rung = Literal[
    "cholesky", "refinement", "tsqr", "double-double", "minimum-norm", "lsmr", "active-set", "newton", "lbfgs"
]
WeightsType = Literal["none", Weighting]
CovarianceKind = Literal["classical", "HC0", "HC1", "HC2", "HC3", "cluster", "HAC"]


class Status(Enum):
    """Why the computation stopped; the value is advice."""

    OPTIMAL = "the optimum was reached"
    STALLED = "progress stopped before the optimum was certified: rescale the columns or remove near-duplicates"
    MAX_ITER = "the iteration limit was reached before the optimum: raise max_iter"
    UNBOUNDED = "the objective has no minimum on these data"


class DefectKind(Enum):
    """Facts about the problem that limit what can be said."""

    RANK_DEFICIENT = "rank-deficient"
    EXACT_FIT = "exact fit"
    NO_VARIATION = "no variation"
    CONSTANT_TARGET = "constant target"
    TOO_FEW_ROWS = "too few rows"
    SEPARATED = "separated"
    NOT_CONVERGED = "not converged"
    FEW_DIGITS = "too few digits"


@dataclass(frozen=True, slots=True)
class Defect:
    """A fact about the problem, in the user's own column names, with what to do."""

    kind: DefectKind
    message: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A dependence among columns: ``term = sum(coefficient * other) + constant``; a constant column has no `others`."""

    term: str
    others: tuple[str, ...]
    coefficients: tuple[float, ...]
    constant: float

    def __str__(self) -> str:
        """Spell the dependence, for example ``x3 = 2·x1 - x2``."""
        parts = [(c, o) for c, o in zip(self.coefficients, self.others, strict=True)]
        text = ""
        for c, name in [*parts, *([(self.constant, "")] if self.constant or not parts else [])]:
            size = f"{abs(c):.6g}"
            size = "" if name and size == "1" else size
            sign = ("-" if c < 0 else "") if not text else (" - " if c < 0 else " + ")
            text += sign + "·".join(piece for piece in (size, name) if piece)
        return f"{self.term} = {text}"


@dataclass(frozen=True, slots=True)
class Curvature:
    """The curvature of the objective in factored form, about the mean of the columns.

    With W the weights (of a likelihood the working weights at the solution: the weights times the curvature of each row) and
    Xc the columns of X minus their weighted means (X itself without intercept),
    ``whitener @ whitener.T`` is a symmetric generalised inverse of ``Xc.T @ W @ Xc``. A linear functional
    ``l0*intercept + l @ coef`` has the coordinates ``[l0/sqrt(sum w), whitener.T @ l - l0*mean_white]`` in the
    whitened basis, where the classical covariance is ``sigma**2 * I``.

    Attributes
    ----------
    mean : (p,) column means under these weights, in the coordinates of the rows (zeros without intercept)
    origin : (p,) what was subtracted from each column, exactly, before it became float64; zeros but for huge integers
    whitener : (p, r)
    mean_white : (r,) ``whitener.T @ (mean + origin)``, formed without cancellation
    null : (p, p - r) basis of the directions that the data do not determine: ``Xc @ null = 0``
    scale : (p,) powers of two by which columns were divided
    """

    mean: FloatArray
    origin: FloatArray
    whitener: FloatArray
    mean_white: FloatArray
    null: FloatArray
    scale: FloatArray


@dataclass(frozen=True, slots=True)
class CovarianceEstimate:
    """Covariance of the estimates.

    Attributes
    ----------
    kind : CovarianceKind
    meat : (q, r(+1), r(+1)) or None
        Covariance in the whitened basis of `Curvature` (constant first when there is an intercept); None for the classical
        kind, where it is ``sigma**2 * I``.
    df : float
        Degrees of freedom of the t reference distribution.
    description : str
        For people: kind, correction, number of clusters or lags.
    notes : tuple of str
        For example clipping to positive semi-definite, or a row with leverage 1.
    """

    kind: CovarianceKind
    meat: FloatArray | None
    df: float
    description: str
    notes: tuple[str, ...] = ()

    @classmethod
    def classical(cls, df: float, weights_type: WeightsType) -> CovarianceEstimate:
        """Return the classical kind, which says what it assumes of the errors."""
        variance = "variance sigma²/w" if weights_type == "precision" else "constant variance"
        return cls("classical", None, df, f"classical: independent errors of {variance}; t exact if they are normal")

    @classmethod
    def information(cls, df: float, fixed: bool) -> CovarianceEstimate:
        """Return the kind that a likelihood gives: the inverse of Fisher's information, times the dispersion."""
        law = "normal, for many rows" if fixed else "t, with the dispersion from Pearson's statistic; for many rows"
        return cls("classical", None, df, f"model-based: inverse of the expected information; {law}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """A fit of a linear predictor: by least squares, or by the likelihood of a family.

    Letters: n rows, p columns of X, q responses, r the rank of the (centred) columns; k = p + 1 parameters with an
    intercept (which comes first), else p.

    Attributes
    ----------
    terms, responses : names of the columns of X (p) and y (q)
    fit_intercept : bool
    offset : what is added to every linear predictor with coefficient one, in the user's words; None if nothing
    weights_type : {"none", "precision", "frequency"}
    n : number of rows with positive weight (their sum for frequency weights)
    n_dropped : rows dropped for missing values
    weight_sum, log_weight_sum : sum of w and of log w (n and 0 when unweighted); of a likelihood, w is the working weight in the
        first and the weight in the second
    rank : r
    df_model, df_resid : rank of the slopes; n - rank - intercept
    coef, intercept : (q, p), (q,)
    centre : (q,) fitted value at the mean of X (`Curvature.mean`), more accurate than ``intercept + mean @ coef``
    deviance, null_deviance : (q,) deviance of the fit, and of one without columns (but with the offset): for least squares the
        residual and the total sum of squares (about the mean with intercept, else about zero)
    exact : (q,) bool, the residuals are at the rounding level of y
    curvature : Curvature or None where inference is withheld
    statistic : Moments or None
        The centred moments of the rows, from which the mathematics of the fit can be shown again; None where the algorithm
        forms none.
    estimable : (k,) bool
    aliases : the dependences that make terms non-estimable
    covariance : CovarianceEstimate or None
    likelihood : Likelihood or None
        The law that was fitted; None for least squares, which needs none.
    withheld : reason why there is no inference at all, or None
    rung : the solver that gave the answer
    condition_raw, condition_scaled : condition number of X in the user's units and after centring and scaling
    digits : (q, p) certified correct digits of each coefficient, NaN if unknown
    status, defects, certificate
    stack : Stack or None
        Of more than two classes, how the parameters of several linear predictors stand in `terms` and `coef` as those of one without
        intercept (q = 1); `aliases` then are of the columns of X, and `rank` counts the determined parameters. None for one predictor.
    """

    terms: tuple[str, ...]
    responses: tuple[str, ...]
    fit_intercept: bool
    offset: str | None
    weights_type: WeightsType
    n: int
    n_dropped: int
    weight_sum: float
    log_weight_sum: float
    rank: int
    df_model: int
    df_resid: int
    coef: FloatArray
    intercept: FloatArray
    centre: FloatArray
    deviance: FloatArray
    null_deviance: FloatArray
    exact: BoolArray
    curvature: Curvature | None
    statistic: Moments | None
    estimable: BoolArray
    aliases: tuple[Alias, ...]
    covariance: CovarianceEstimate | None
    withheld: str | None
    rung: Rung
    condition_raw: float
    condition_scaled: float
    digits: FloatArray
    status: Status
    defects: tuple[Defect, ...]
    certificate: Certificate
    likelihood: Likelihood | None = None
    stack: Stack | None = None
