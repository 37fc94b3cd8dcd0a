"""`TweedieRegressor`: any of the Tweedie family, by its power."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mathlearn._sklearn import Interval, StrOptions
from mathlearn.linear_model._likelihood import FittedLikelihood
from mathlearn.linear_model._likelihood_questions import Asked
from mathlearn.linear_model._likelihood_regressor import LikelihoodRegressor
from mathlearn.linear_model._maketables import ForMaketables
from mathlearn.linear_model._penalised import CONSTRAINTS, Penalised
from mathlearn.linear_model._shown import Shown
from mathlearn.linear_model._tabulated import Tabulated
from mathlearn.probability import family_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import CovarianceKind


class TweedieRegressor(Penalised, Asked, Shown, Tabulated, ForMaketables, LikelihoodRegressor, FittedLikelihood):
    r"""Regression with the variance :math:`\phi\mu^\xi`, with its uncertainty and its evidence.

    Power 0 is the Gaussian, 1 the Poisson, 2 the gamma, 3 the inverse Gaussian; between 1 and 2 lie sums of a random number of gamma
    amounts, such as the claims of a year, with a mass at zero; above 2 positive numbers with ever longer tails.

    Parameters
    ----------
    power : float, default=0.0
        :math:`\xi`: 0, 1 or more. Between 2 and 3, and above 3, the fit is by the variance alone: there is no log-likelihood. No
        distribution has a power between 0 and 1, and of those below 0 none is offered.
    link : {"auto", "identity", "log"}, default="auto"
        "auto" is the identity for power 0 and the logarithm otherwise.
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
    Jørgensen (1997), "The Theory of Dispersion Models", chapter 4.

    Examples
    --------
    >>> from mathlearn.linear_model import TweedieRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.5, 4.0, 8.0]
    >>> model = TweedieRegressor(power=1.5, alpha=0).fit(X, y)
    >>> model.coef_.round(4), model.certificate_.verdict
    (array([1.1569]), 'certified')
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "power": [Interval(Real, None, None, closed="neither")],
        "link": [StrOptions({"auto", "identity", "log"})],
    }

    def __init__(
        self,
        *,
        power: float = 0.0,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        link: str = "auto",
        solver: str = "lbfgs",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        verbose: int = 0,
        formula: str | None = None,
        missing: Literal["raise", "drop"] = "raise",
        covariance: CovarianceKind = "classical",
        covariance_options: Mapping[str, Any] | None = None,
        weights_type: Literal["precision", "frequency"] = "precision",
    ) -> None:
        super().__init__(
            alpha=alpha,
            fit_intercept=fit_intercept,
            solver=solver,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            verbose=verbose,
            formula=formula,
            missing=missing,
            covariance=covariance,
            covariance_options=covariance_options,
            weights_type=weights_type,
        )
        self.power = power
        self.link = link

    def _law(self) -> tuple[Family, Link]:
        power = float(self.power)
        between = "quasitweedie" if power > 2.0 else "tweedie"
        name, parameters = _FAMILIES.get(power, (between, {"power": power}))
        family = family_named(name, **parameters)
        chosen = self.link
        if chosen == "auto":
            chosen = "identity" if self.power <= 0 else "log"
        return family, family.link(chosen)


_FAMILIES: dict[float, tuple[str, dict[str, float]]] = {
    0.0: ("gaussian", {}),
    1.0: ("poisson", {}),
    2.0: ("gamma", {}),
    3.0: ("inverse_gaussian", {}),
}
"""What the power stands for where the family has a name."""
