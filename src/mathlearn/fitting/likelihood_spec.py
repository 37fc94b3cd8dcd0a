"""`LikelihoodSpec`: what to fit by the likelihood of a family."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import CovarianceKind, WeightsType
    from mathlearn.results.likelihood import ResponseForm
    from mathlearn.results.stack import Predictors


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodSpec:
    """What to fit by the likelihood of a family.

    Attributes
    ----------
    family, link
    fit_intercept : bool
    penalty : float
        Multiplies half the sum of squared coefficients (user units, intercept free).
    per_weight : bool
        Whether the penalty is per unit of weight, as that of scikit-learn's regressors.
    tol : float or None
        Rank tolerance relative to each scaled column; None decides from the rounding of the data.
    target : float
        Distance to the optimum to stop at, in standard errors, where that is nearer than the usual one.
    max_iter : int
        With 0 the fit stays where all coefficients are zero.
    weights_type : {"none", "precision", "frequency"}
    covariance : CovarianceKind
    options : mapping
        Options of the covariance kind.
    n_jobs : int or None
    origin : tuple of int
        What was subtracted from each column of X before it became float64; empty when nothing was.
    offset : str or None
        In the user's words, where chunks carry an offset.
    classes : tuple
        Labels of a classifier.
    response : ResponseForm
        In which form y was given.
    bias_reduction : {"none", "firth"}
    estimate : tuple of str
        Parameters of the family to be estimated beside the coefficients.
    begin : Predictors or None
        A fit to start from, of the same columns and classes.
    """

    family: Family
    link: Link
    fit_intercept: bool = True
    penalty: float = 0.0
    per_weight: bool = False
    tol: float | None = None
    target: float = math.inf
    max_iter: int = 100
    weights_type: WeightsType = "none"
    covariance: CovarianceKind = "classical"
    options: Mapping[str, Any] = field(default_factory=dict)
    n_jobs: int | None = None
    origin: tuple[int, ...] = ()
    offset: str | None = None
    classes: tuple[Any, ...] = ()
    response: ResponseForm = "numbers"
    bias_reduction: Literal["none", "firth"] = "none"
    estimate: tuple[str, ...] = ()
    begin: Predictors | None = None

    def count(self, n: int, weight: float) -> int:
        """Return the number of observations: rows, or the sum of frequencies."""
        return round(weight) if self.weights_type == "frequency" else n
