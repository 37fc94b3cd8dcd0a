"""`Likelihood`: what a fit by a family's likelihood has beside that of any linear model. Pure data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.calculus.trace import Iteration

ResponseForm = Literal["numbers", "labels", "successes and failures", "proportions and trials"]
DispersionSource = Literal["fixed", "pearson"]


@dataclass(frozen=True, slots=True)
class Separation:
    """Directions in which the likelihood rises for ever, so that no finite estimate exists.

    Attributes
    ----------
    directions : (k, m)
        In the user's units, the intercept first if there is one. Each concerns only the rows on which those before it are zero.
    complete : bool
        Whether they part all rows.
    separated : int
        Rows parted, whose fitted means lie at the end of their range.
    verified : bool
        Whether a pass over the rows, by other code, confirmed each sign.
    ends : (k,) or None
        +1 or -1 for a parameter that goes to that infinity on every way up, NaN where that is open, 0 for a finite one; None while it
        is not found out.
    score_ends : (K k,) or None
        The same of the parameters of K > 2 classes in the symmetric form, class by class.
    """

    directions: FloatArray
    complete: bool
    separated: int
    verified: bool
    ends: FloatArray | None = None
    score_ends: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    r"""The law by which a generalised linear model was fitted, and how well it fits.

    Attributes
    ----------
    family, link : str
        Their registered names.
    parameters : tuple of (str, float)
        With which the family was made: the shape of a negative binomial, the power of a Tweedie variance.
    estimated : tuple of str
        Which of these parameters were estimated.
    estimated_errors : tuple of float
        Their standard errors.
    penalty : float
        :math:`\lambda` of :math:`\lambda / 2 \sum_j b_j^2`, added to minus the log-likelihood of dispersion 1; 0 without.
    bias_reduction : {"none", "firth"}
    dispersion : float
        :math:`\phi`, NaN where there are no residual degrees of freedom to estimate it from.
    dispersion_from : {"fixed", "pearson"}
    pearson : float
        :math:`\sum_i w_i (y_i - \mu_i)^2 / V(\mu_i)`.
    log_likelihood, null_log_likelihood : float
        At the estimates, and of a model without columns (but with the offset); NaN for a quasi-likelihood. A dispersion that is
        estimated enters as the deviance over n, as in R.
    null_parameters : tuple of (str, float)
        Where parameters of the family were estimated, their estimates in the model without columns, at which its log-likelihood is; an
        infinite theta is a Poisson. (Its deviance, like that of the fit, is at `parameters`.)
    penalised_log_likelihood : float
        :math:`\ell + \tfrac12 \log |H|` at the estimates, which bias reduction maximises, with H the information about all parameters in
        the user's units; NaN without, and where dependent columns make it singular.
    response : {"numbers", "labels", "successes and failures", "proportions and trials"}
        In which form y was given.
    trials : float
        Sum of the trials of a binomial; n where there is one a row.
    fractional : int
        Rows whose y is no whole number, of a law of counts with a density.
    iterations : tuple of Iteration
    passes : int
        Passes over all rows that were made, that of the evidence included.
    classes : tuple of str, int, float or bool
        The labels of a classifier, in the order of their codes; empty for a regression.
    separation : Separation or None
    """

    family: str
    link: str
    parameters: tuple[tuple[str, float], ...] = ()
    estimated: tuple[str, ...] = ()
    estimated_errors: tuple[float, ...] = ()
    penalty: float = 0.0
    bias_reduction: Literal["none", "firth"] = "none"
    dispersion: float
    dispersion_from: DispersionSource
    pearson: float
    log_likelihood: float
    null_log_likelihood: float
    null_parameters: tuple[tuple[str, float], ...] = ()
    penalised_log_likelihood: float = math.nan
    response: ResponseForm = "numbers"
    trials: float
    fractional: int = 0
    iterations: tuple[Iteration, ...]
    passes: int
    classes: tuple[str | int | float | bool, ...] = ()
    separation: Separation | None = None
