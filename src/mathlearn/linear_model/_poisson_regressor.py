"""`PoissonRegressor`: counts on the log scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.linear_model._likelihood import FittedLikelihood
from mathlearn.linear_model._likelihood_questions import Asked
from mathlearn.linear_model._likelihood_regressor import LikelihoodRegressor
from mathlearn.linear_model._maketables import ForMaketables
from mathlearn.linear_model._penalised import Penalised
from mathlearn.linear_model._shown import Shown
from mathlearn.linear_model._tabulated import Tabulated
from mathlearn.probability import family_named

if TYPE_CHECKING:
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link


class PoissonRegressor(Penalised, Asked, Shown, Tabulated, ForMaketables, LikelihoodRegressor, FittedLikelihood):
    r"""Poisson regression of counts on the log scale, with its uncertainty and its evidence.

    The mean is :math:`\mu = \exp(b_0 + x^\top b + o)` with offset o, and the variance of y is its mean.

    Parameters
    ----------
    alpha : float, default=1.0
        Penalty: the objective is half the mean deviance plus ``alpha / 2`` times the sum of squared coefficients. With 0 there is none,
        and standard errors, tests and intervals exist.
    fit_intercept : bool, default=True
        Whether to estimate a constant, which is not penalised. With a formula, it is the formula that says so.
    solver : {"lbfgs", "newton-cholesky"}, default="lbfgs"
        Accepted for compatibility; Newton's method runs, and ``result_.rung`` says so.
    max_iter : int, default=100
    tol : float, default=1e-4
        Distance to the optimum, in standard errors, to stop at; it always stops nearer than 1e-7.
    warm_start : bool, default=False
        Start from the fit that is there already, if it is of the same columns. Without, the start is found from the data, which mostly
        takes fewer passes.
    verbose : int, default=0
        Accepted for compatibility.
    formula : str or None, default=None
        For example ``"claims ~ age + C(region) + offset(log(exposure))"``; one-sided takes y as an argument.
    missing : {"raise", "drop"}, default="raise"
    covariance : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster", "HAC"}, default="classical"
        Covariance of the estimates; "cluster" needs ``groups`` in `fit`.
    covariance_options : dict or None, default=None
    weights_type : {"precision", "frequency"}, default="precision"

    Attributes
    ----------
    coef_ : (p,)
    intercept_ : float
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : (p,) of str
        Only when the input had column names.
    result_ : FitResult
    certificate_ : Certificate
    design_ : Design

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", chapter 6.

    Examples
    --------
    >>> from mathlearn.linear_model import PoissonRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 8]
    >>> model = PoissonRegressor(alpha=0).fit(X, y)
    >>> model.coef_.round(4), model.certificate_.verdict
    (array([0.8041]), 'certified')
    """

    def _law(self) -> tuple[Family, Link]:
        family = family_named("poisson")
        return family, family.link("log")
