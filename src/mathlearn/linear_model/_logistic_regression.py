"""`LogisticRegression`: classes by the logit, under scikit-learn's name."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from mathlearn._errors import DomainError
from mathlearn._sklearn import Hidden, Interval, StrOptions, check_parameters
from mathlearn.data.class_weights import class_weighted
from mathlearn.data.schema import did_you_mean
from mathlearn.fitting.multinomial import fit_multinomial
from mathlearn.linear_model._likelihood import FittedLikelihood
from mathlearn.linear_model._likelihood_classifier import LikelihoodClassifier, require_classes
from mathlearn.linear_model._likelihood_questions import Asked
from mathlearn.linear_model._logistic_penalty import squares_penalty, tell_of_penalty
from mathlearn.linear_model._maketables import ForMaketables
from mathlearn.linear_model._penalised import OURS
from mathlearn.linear_model._shown import Shown
from mathlearn.linear_model._tabulated import Tabulated
from mathlearn.probability import family_named
from mathlearn.statistics.separation import shown_coefficients

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from mathlearn.data.bound import BoundRows
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import CovarianceKind, FitResult


class LogisticRegression(Asked, Shown, Tabulated, ForMaketables, LikelihoodClassifier, FittedLikelihood):
    r"""Logistic regression that says how far each number can be trusted, and whether the estimate exists at all.

    The log odds are :math:`\log\frac{\pi}{1-\pi} = b_0 + x^\top b + o`. Minimised is :math:`C` times minus the log-likelihood plus half the
    sum of squares of b, as in scikit-learn; with ``C=numpy.inf`` there is no penalty, and standard errors, tests and intervals exist.
    Of K > 2 classes the probabilities are :math:`\pi_k = e^{s_k} / \sum_l e^{s_l}` with a linear score :math:`s_k` each; what is estimated are
    the log odds against the first class, which `tidy`, `summary` and `contrast` are about.
    Units do not matter: columns are centred and scaled before anything is solved, by Newton's method.

    Parameters
    ----------
    penalty : {"deprecated", "l2", None}, default="deprecated"
        As in scikit-learn, where it gives way to ``C`` and ``l1_ratio``; None is ``C=numpy.inf``.
    C : float, default=1.0
        Inverse strength of the penalty.
    l1_ratio : float, default=0.0
        Only 0, which is a penalty on the squares.
    dual, intercept_scaling, random_state, solver, verbose
        Accepted for compatibility, whatever the solver; Newton's method runs, and ``result_.rung`` says so.
    warm_start : bool, default=False
        Start from the fit that is there already, if it is of the same columns and classes. Without, the start is found from the data,
        which mostly takes fewer passes.
    tol : float, default=1e-4
        Distance to the optimum, in standard errors, to stop at; it always stops nearer than 1e-7.
    fit_intercept : bool, default=True
        With a formula, it is the formula that says so.
    class_weight : dict, "balanced" or None, default=None
        Multiplies the weights of rows by class: numbers by label (1 for a class left out), or such as make the totals of all classes the
        same. Standard errors are then those of a likelihood with such weights, as if rows had been seen that often: take
        ``covariance="HC0"`` for errors that do not believe this.
    max_iter : int, default=100
        With 0 all coefficients stay 0, as in scikit-learn.
    n_jobs : int or None, default=None
        Threads; results do not depend on it.
    formula : str or None, default=None
        For example ``"survived ~ age + C(sex)"``. The left side is labels, ``C(y, ref="a")`` for those with another reference, or an
        event, ``species == "Adelie"``; one-sided takes y as an argument.
    bias_reduction : {"none", "firth"}, default="none"
        "firth", with ``C=numpy.inf``, adds Jeffreys' prior to the likelihood: estimates are then finite where the classes are
        separated, and less biased.
    missing : {"raise", "drop"}, default="raise"
    covariance : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster", "HAC"}, default="classical"
        Covariance of the estimates; "cluster" needs ``groups`` in `fit`. "HC2" and "HC3" are for two classes.
    covariance_options : dict or None, default=None
    weights_type : {"precision", "frequency"}, default="precision"

    Attributes
    ----------
    classes_ : (K,)
        Sorted; the reference that a formula names comes first. Of an event False and True.
    coef_ : (1, p), or (K, p) of K > 2 classes
        Of the log odds of the second class; of more than two classes, of the scores whose softmax are the probabilities, which sum to zero over
        the classes.
    intercept_ : (1,) or (K,)
    n_iter_ : (1,)
    n_features_in_ : int
    feature_names_in_ : (p,) of str
        Only when the input had column names.
    result_ : FitResult
    certificate_ : Certificate
    design_ : Design

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", chapter 4.
    Albert and Anderson (1984), "On the existence of maximum likelihood estimates in logistic regression models", Biometrika 71(1).

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.linear_model import LogisticRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0]], ["no", "no", "yes", "no", "yes"]
    >>> model = LogisticRegression(C=np.inf).fit(X, y)
    >>> model.coef_.round(4), model.certificate_.verdict
    (array([[1.0904]]), 'certified')
    >>> model.predict([[4.0]])
    array(['yes'], dtype='<U3')
    >>> model.predict_proba([[4.0]]).round(3)
    array([[0.174, 0.826]])

    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]], ["bus", "car", "bus", "tram", "car", "tram"]
    >>> model = LogisticRegression(C=np.inf).fit(X, y)
    >>> model.predict_proba([[4.0]]).round(3)
    array([[0.041, 0.336, 0.624]])
    >>> model.tidy()[["response", "term", "estimate", "std_error"]].round(3)
         response         term  estimate  std_error
    0   car / bus  (Intercept)    -1.531      1.945
    1   car / bus           x0     0.911      0.982
    2  tram / bus  (Intercept)    -4.553      3.775
    3  tram / bus           x0     1.821      1.330
    """

    coef_: Any

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "penalty": [StrOptions({"l1", "l2", "elasticnet"}), None, Hidden(StrOptions({"deprecated"}))],
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "solver": [StrOptions({"newton-cg", "saga", "sag", "lbfgs", "liblinear", "newton-cholesky"})],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
        "bias_reduction": [StrOptions({"none", "firth"})],
        **OURS,
    }

    def __init__(
        self,
        penalty: str | None = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float | None = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Mapping[Any, float] | str | None = None,
        random_state: Any = None,
        solver: str = "lbfgs",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        formula: str | None = None,
        bias_reduction: Literal["none", "firth"] = "none",
        missing: Literal["raise", "drop"] = "raise",
        covariance: CovarianceKind = "classical",
        covariance_options: Mapping[str, Any] | None = None,
        weights_type: Literal["precision", "frequency"] = "precision",
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.formula = formula
        self.bias_reduction = bias_reduction
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
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        y : (n,) array of labels, or column name of X
            None with a two-sided formula.
        sample_weight : (n,) array, number or column name, optional
            Non-negative; rows of weight zero are left out.
        groups : (n,) or (n, 2) array, or column name(s), optional
            Clusters, for ``covariance="cluster"`` alone.
        offset : (n,) array or column name, optional
            Added to the log odds with coefficient one. Predictions then need it too.
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
            The certificate is not ok: the classes are separated, or the optimum was not reached.

        Raises
        ------
        SchemaError, NonFiniteInputError, DomainError, ResourceError
            The input cannot be fitted; the message names column, row and remedy.
        """
        check_parameters(self, did_you_mean)
        tell_of_penalty(self.penalty, self.C, self.l1_ratio)
        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
        return self._fit(X, y, **roles, response="labels", checkpoint=checkpoint)

    def _law(self) -> tuple[Family, Link]:
        family = family_named("binomial")
        return family, family.link("logit")

    def _penalty(self) -> tuple[float, bool]:
        return squares_penalty(self.penalty, self.C, self.l1_ratio), False

    def _solve(self, rows: Rows, spec: LikelihoodSpec) -> FitResult:
        return fit_multinomial(rows, spec) if len(spec.classes) > 2 else super()._solve(rows, spec)

    def _weighted(self, rows: BoundRows) -> BoundRows:
        if self.class_weight and self.weights_type == "frequency":
            raise DomainError(
                "class_weight is given with weights_type='frequency': frequencies count rows, and a count times the weight of a class "
                "is no number of rows. Use weights_type='precision', or leave class_weight out."
            )
        require_classes(rows.design)
        return class_weighted(rows, self.class_weight)

    def _validate_loaded(self) -> None:
        """Set scikit-learn's attributes from the records."""
        result, design, dtype = self.result_, self.design_, self._dtype()
        self.classes_ = design.decode(np.arange(len(design.classes)))
        coef, intercept = shown_coefficients(result)
        self.coef_ = coef.astype(dtype)
        shifted = result.fit_intercept or result.stack is not None
        self.intercept_ = (intercept if shifted else np.zeros(len(coef))).astype(dtype)
        self._set_inputs(design)
        self.n_iter_ = np.array([self.n_iter_], dtype=np.int32)
