"""`GeneralizedLinearRegressor`: any family with any of its links."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from mathlearn._sklearn import Interval, StrOptions
from mathlearn.linear_model._likelihood import FittedLikelihood
from mathlearn.linear_model._likelihood_questions import Asked
from mathlearn.linear_model._likelihood_regressor import LikelihoodRegressor
from mathlearn.linear_model._maketables import ForMaketables
from mathlearn.linear_model._penalised import OURS
from mathlearn.linear_model._shown import Shown
from mathlearn.linear_model._tabulated import Tabulated
from mathlearn.linear_model._trials import with_trials
from mathlearn.probability import FAMILIES, LINKS, family_named

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import CovarianceKind
    from mathlearn.results.likelihood import ResponseForm


class GeneralizedLinearRegressor(Asked, Shown, Tabulated, ForMaketables, LikelihoodRegressor, FittedLikelihood):
    r"""Generalised linear model: a mean linear on the scale of a link, and a family for what is around it.

    With :math:`g(\mu_i) = b_0 + x_i^\top b + o_i`, the coefficients maximise the likelihood of the family (the quasi-likelihood, for one
    that is given by its variance alone), less ``alpha / 2`` times the sum of squares of b. Newton's method runs on chunked Fisher
    information; the optimum is checked by other code than found it.

    Parameters
    ----------
    family : str, default="gaussian"
        "gaussian", "binomial", "poisson", "negative_binomial", "gamma", "inverse_gaussian", "tweedie", "quasibinomial",
        "quasipoisson" or "quasitweedie".
    link : str or None, default=None
        None takes the usual one: logit for the binomial, logarithm for counts. A binomial has "logit", "probit", "cloglog" and
        "cauchit".
    alpha : float, default=0.0
        Penalty on half the squared coefficients, on the scale of the sum of log-likelihoods of dispersion 1 (not of their mean).
    theta : float or None, default=None
        Shape of a negative binomial, whose variance is :math:`\mu + \mu^2/\vartheta`; None estimates it with the coefficients.
    power : float or None, default=None
        Power of the variance of a Tweedie, strictly between 1 and 2, or of a quasi-Tweedie, above 2.
    bias_reduction : {"none", "firth"}, default="none"
        "firth" adds Jeffreys' prior to the likelihood, for the binomial with logit and the Poisson with log: estimates are then finite
        where the responses are separated, and less biased.
    fit_intercept : bool, default=True
        With a formula, it is the formula that says so.
    max_iter : int, default=100
    n_jobs : int or None, default=None
        Threads; results do not depend on it.
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
    theta_ : float
        Of a negative binomial alone: the shape, as given or estimated; its standard error is in `summary` and `glance`.
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : (p,) of str
        Only when the input had column names.
    result_ : FitResult
    certificate_ : Certificate
    design_ : Design

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", 2nd edition.

    Examples
    --------
    >>> from mathlearn.linear_model import GeneralizedLinearRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], [0, 0, 1, 0, 1]
    >>> model = GeneralizedLinearRegressor(family="binomial", link="probit").fit(X, y)
    >>> model.coef_.round(4), model.certificate_.verdict
    (array([0.6946]), 'certified')

    Proportions are given as two columns: successes and failures.

    >>> dose, died = [[1.0], [2.0], [3.0]], [[2, 8], [5, 5], [9, 1]]
    >>> GeneralizedLinearRegressor(family="binomial").fit(dose, died).predict([[2.0]]).round(3)
    array([0.55])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "family": [StrOptions(set(FAMILIES))],
        "link": [StrOptions(set(LINKS)), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "theta": [Interval(Real, 0, None, closed="neither"), None],
        "power": [Interval(Real, 1, None, closed="neither"), None],
        "bias_reduction": [StrOptions({"none", "firth"})],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [None, Integral],
        **OURS,
    }

    def __init__(
        self,
        *,
        family: str = "gaussian",
        link: str | None = None,
        alpha: float = 0.0,
        theta: float | None = None,
        power: float | None = None,
        bias_reduction: Literal["none", "firth"] = "none",
        fit_intercept: bool = True,
        max_iter: int = 100,
        n_jobs: int | None = None,
        formula: str | None = None,
        missing: Literal["raise", "drop"] = "raise",
        covariance: CovarianceKind = "classical",
        covariance_options: Mapping[str, Any] | None = None,
        weights_type: Literal["precision", "frequency"] = "precision",
    ) -> None:
        self.family = family
        self.link = link
        self.alpha = alpha
        self.theta = theta
        self.power = power
        self.bias_reduction = bias_reduction
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.n_jobs = n_jobs
        self.formula = formula
        self.missing = missing
        self.covariance = covariance
        self.covariance_options = covariance_options
        self.weights_type = weights_type

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        offset: Any = None,
        trials: Any = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        y : (n,) array or column name; for a binomial also (n, 2) or two names: successes and failures
            None with a two-sided formula (``"cbind(successes, failures) ~ x"``).
        sample_weight : (n,) array, number or column name, optional
            Non-negative; rows of weight zero are left out.
        groups : (n,) or (n, 2) array, or column name(s), optional
            Clusters, for ``covariance="cluster"`` alone.
        offset : (n,) array or column name, optional
            Added to the linear predictor with coefficient one. `predict` then needs it too.
        trials : (n,) array or column name, optional
            Of a binomial whose y are proportions; the name of a column where these are the left side of a formula.
        checkpoint : path, optional
            Of a file in which the passes over rows in files are kept, so that the same call goes on after the process was stopped.
            It is removed when the fit is done.

        Returns
        -------
        self

        Warns
        -----
        RankDeficiencyWarning
            Some coefficients are not determined by the data.
        ConvergenceWarning
            The certificate is not ok.

        Raises
        ------
        SchemaError, NonFiniteInputError, DomainError, ResourceError
            The input cannot be fitted; the message names column, row and remedy.
        """
        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset, "checkpoint": checkpoint}
        if trials is None:
            return self._fit(X, y, **roles)
        form: ResponseForm = "proportions and trials"
        if y is None and isinstance(trials, str) and self.formula is not None:
            from mathlearn.data.formula import with_response

            return self._fit(X, formula=with_response(self.formula, trials), response=form, **roles)
        return self._fit(X, with_trials(y, trials), response=form, **roles)

    def _law(self) -> tuple[Family, Link]:
        given = {name: value for name in ("theta", "power") if (value := getattr(self, name)) is not None}
        if self._estimated():
            given["theta"] = 1.0  # a place to start from
        family = family_named(self.family, **given)
        return family, family.link(self.link)

    def _estimated(self) -> tuple[str, ...]:
        return ("theta",) if self.family == "negative_binomial" and self.theta is None else ()

    def _penalty(self) -> tuple[float, bool]:
        return float(self.alpha), False

    def _validate_loaded(self) -> None:
        """Set scikit-learn's attributes from the records, and the shape of a negative binomial."""
        super()._validate_loaded()
        likelihood = self.result_.likelihood
        parameters = {} if likelihood is None else dict(likelihood.parameters)
        if "theta" in parameters:
            self.theta_ = parameters["theta"]
        elif hasattr(self, "theta_"):
            del self.theta_
