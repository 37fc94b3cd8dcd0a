"""`LinearRegression`: ordinary and weighted least squares, with its uncertainty and its evidence."""

from __future__ import annotations

from copy import copy
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

import numpy as np

from mathlearn._errors import DomainError
from mathlearn._sklearn import Interval, StrOptions, check_parameters
from mathlearn.data.bind import bind
from mathlearn.data.local_copy import copied
from mathlearn.data.schema import did_you_mean
from mathlearn.fitting.linear import fit_linear, usual_passes
from mathlearn.fitting.spec import LinearSpec
from mathlearn.linear_model._fitted import FittedLinear
from mathlearn.linear_model._followed import followed
from mathlearn.linear_model._maketables import ForMaketables
from mathlearn.linear_model._resumable import NO_METADATA, resumable
from mathlearn.linear_model._shown import Shown
from mathlearn.linear_model._tabulated import Tabulated
from mathlearn.linear_model._updated import Updated
from mathlearn.linear_model._warning import check_covariance, warn
from mathlearn.results.fit_result import CovarianceKind

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from mathlearn._typing import FloatArray
    from mathlearn.data.design import Design
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import Curvature

_INTERCEPT_IN_FORMULA = (
    "fit_intercept=False with the formula {formula!r}, which has an intercept: its categories are coded beside one. "
    "Leave the intercept out in the formula ('y ~ 0 + ...'), where each category then gets a column of its own."
)
_DENSE_ONLY = (
    "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array, "
    "or positive=False, which takes sparse X."
)


class LinearRegression(Shown, Tabulated, ForMaketables, Updated, FittedLinear):
    r"""Ordinary and weighted least squares that says how far each number can be trusted.

    Minimises :math:`\sum_i w_i (y_i - b_0 - x_i^\top b)^2`. Columns are centred and scaled by powers of two before anything is
    factored, so that units do not matter; the solution is climbed for, from a Cholesky factor of the centred Gram matrix to
    Householder reflections and double-double arithmetic, until its error bound is small enough, and checked by other code
    than found it.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether to estimate a constant. With a formula, it is the formula that says so (``0 +`` leaves it out).
    copy_X : bool, default=True
        Kept for compatibility; the caller's data are never written to.
    tol : float or None, default=None
        A column is dependent on those before it when what they leave of it is at most ``tol`` times the (centred) column.
        None: when it is no larger than the rounding of the doubles they are made of.
    n_jobs : int or None, default=None
        Threads; None takes ``mathlearn.get_config().threads``, -1 all processors. Results do not depend on it.
    positive : bool, default=False
        Constrain coefficients to be non-negative; inference is then withheld.
    formula : str or None, default=None
        For example ``"price ~ log(area) + C(city)"``; one-sided (``"~ a + b"``) takes y as an argument.
    missing : {"raise", "drop"}, default="raise"
        What to do with rows that lack a value in a column that is used.
    covariance : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster", "HAC"}, default="classical"
        Covariance of the estimates. "cluster" needs ``groups`` in `fit`; "HAC" (Newey-West) rows in time order.
    covariance_options : dict or None, default=None
        Options of the covariance: ``lags`` and ``small_sample`` for "HAC".
    weights_type : {"precision", "frequency"}, default="precision"
        What sample weights mean: inverse variances (n = rows of positive weight, as in R's ``lm``), or numbers of equal rows.

    Attributes
    ----------
    coef_ : (p,) or (q, p)
        The minimum-norm solution in the user's units where columns are dependent.
    intercept_ : float or (q,)
    rank_ : int
        Rank of the centred columns.
    singular_ : (min(n, p),)
        Singular values of the centred columns in the user's units; not where the solver leaves no factor of X behind
        (``positive=True``, p > n, large and sparse).
    n_features_in_ : int
    feature_names_in_ : (p,) of str
        Only when the input had column names.
    result_ : FitResult
        The fit, complete; everything shown is a function of it.
    certificate_ : Certificate
    design_ : Design
        Names, order, roles and coding of the columns, enforced by `predict`.

    References
    ----------
    Björck (1996), "Numerical Methods for Least Squares Problems", chapters 1 and 2.
    Higham (2002), "Accuracy and Stability of Numerical Algorithms", chapter 20.

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> model = LinearRegression().fit(X, [1.0, 3.0, 4.0, 8.0])
    >>> model.coef_, float(round(model.intercept_, 12))
    (array([2.2]), 0.7)
    >>> model.predict([[4.0]])
    array([9.5])
    >>> model.certificate_.verdict
    'certified'
    """

    __metadata_request__fit: ClassVar[dict[str, str]] = NO_METADATA

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_jobs": [None, Integral],
        "positive": ["boolean"],
        "formula": [str, None],
        "missing": [StrOptions({"raise", "drop"})],
        "covariance": [StrOptions(set(get_args(CovarianceKind)))],
        "covariance_options": [dict, None],
        "weights_type": [StrOptions({"precision", "frequency"})],
    }

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float | None = None,
        n_jobs: int | None = None,
        positive: bool = False,
        formula: str | None = None,
        missing: Literal["raise", "drop"] = "raise",
        covariance: CovarianceKind = "classical",
        covariance_options: Mapping[str, Any] | None = None,
        weights_type: Literal["precision", "frequency"] = "precision",
    ) -> None:
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive
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
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        y : (n,) or (n, q) array, or column name(s) of X
            None with a two-sided formula.
        sample_weight : (n,) array, number or column name, optional
            Non-negative; rows of weight zero are left out.
        groups : (n,) or (n, 2) array, or column name(s), optional
            Clusters, for ``covariance="cluster"`` alone; an error with any other.
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
        check_parameters(self, did_you_mean)
        check_covariance(self.covariance, self.covariance_options, groups)
        with followed(self, X, y, sample_weight):
            rows = bind(
                X,
                y,
                sample_weight=sample_weight,
                groups=groups,
                formula=self.formula,
                missing=self.missing,
                weights_type=self.weights_type,
                shift_integers=self.fit_intercept,
                estimator="LinearRegression",
            )
            if self.positive and rows.sparse:
                raise TypeError(_DENSE_ONLY)
            spec = self._spec(rows.design, weighted=sample_weight is not None)
            with copied(rows, usual_passes(spec)) as near, resumable(near, self, checkpoint) as kept:
                result = fit_linear(kept, spec)
            # Set together, once nothing can fail any more: a failed fit leaves the model as it was.
            self.design_, self.result_ = rows.design, result
            self._validate_loaded()
        warn(self.result_)
        return self

    @property
    def rank_(self) -> int:
        """Rank of the centred columns."""
        return self._result().rank

    @property
    def singular_(self) -> FloatArray:
        """Singular values of the centred columns in the user's units, largest first; zeros for dependent columns.

        Raises
        ------
        AttributeError
            The solver of this fit (non-negative, more columns than rows, large and sparse) leaves no factor to take them from.
        """
        result = self._result()
        if result.curvature is None:
            raise AttributeError(f"singular_ is not available: the solver {result.rung!r} leaves no factor of X behind")
        values = np.zeros(min(result.n, len(result.terms)))
        if result.rank:
            inverse = np.linalg.svd(_row_space(result.curvature), compute_uv=False)
            values[: inverse.size] = 1.0 / inverse[::-1]
        return values

    def infer(
        self,
        X: Any,
        y: Any = None,
        *,
        covariance: CovarianceKind,
        sample_weight: Any = None,
        groups: Any = None,
        **options: Any,
    ) -> Self:
        """Return the same fit with another covariance of its estimates, from the rows of the fit.

        Parameters
        ----------
        X, y, sample_weight, groups
            The data of the fit.
        covariance : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster", "HAC"}
        **options
            Of the covariance: ``lags``, ``small_sample`` for "HAC".

        Raises
        ------
        SchemaError
            These are not the rows of the fit.
        DomainError, TypeError
            There is no such covariance, or it has no such option.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.infer(X, y, covariance="HC3").tidy()[["term", "std_error"]].round(4)
                  term  std_error
        0  (Intercept)     0.8578
        1           x0     0.7778
        """
        from mathlearn.fitting.refit import with_covariance

        rows = self._fit_rows(X, y, sample_weight=sample_weight, groups=groups)
        model: Self = copy(self).set_params(covariance=covariance, covariance_options=options or None)
        model.result_ = with_covariance(self._result(), rows, covariance, options)
        return model

    def verify(self, X: Any, y: Any = None, *, sample_weight: Any = None, groups: Any = None) -> Certificate:
        """Check the numbers shown against the rows, by an independent pass.

        Parameters
        ----------
        X, y, sample_weight, groups
            The data of the fit; groups only where rows without a label were dropped.

        Returns
        -------
        Certificate
            Of grade "rows"; not ok when these are other rows or the numbers are wrong.

        Raises
        ------
        DomainError
            The fit has no curvature to check by; the message says why.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.verify(X, y).verdict, model.verify(X, [1.0, 3.0, 4.0, 9.0]).verdict
        ('certified', 'not certified')
        """
        from mathlearn.fitting.refit import verified

        with copied(self._fit_rows(X, y, sample_weight=sample_weight, groups=groups)) as rows:
            return verified(self._result(), rows, self.tol)

    def _spec(self, design: Design, *, weighted: bool) -> LinearSpec:
        intercept = self.fit_intercept
        if design.encoding is not None:
            if design.encoding.fit_intercept and not intercept:
                raise DomainError(_INTERCEPT_IN_FORMULA.format(formula=self.formula))
            intercept = design.encoding.fit_intercept
        return LinearSpec(
            fit_intercept=bool(intercept),
            tol=self.tol,
            weights_type=self.weights_type if weighted else "none",
            covariance=self.covariance,
            options=dict(self.covariance_options or {}),
            positive=bool(self.positive),
            origin=design.int_shift,
            offset=None if design.encoding is None else design.encoding.offset,
            n_jobs=self.n_jobs,
        )

    def _validate_loaded(self) -> None:
        """Set scikit-learn's attributes from the records."""
        result, design = self.result_, self.design_
        single = design.y_ndim == 1
        self.coef_ = result.coef[0] if single else result.coef
        intercept = result.intercept if result.fit_intercept else np.zeros(len(result.responses))
        self.intercept_ = (intercept[0] if single else intercept) if result.fit_intercept else 0.0
        self.n_features_in_ = len(design.columns)
        if design.named:
            self.feature_names_in_ = np.array(design.columns, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def __sklearn_tags__(self) -> Any:
        """Say what the estimator accepts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.positive
        tags.input_tags.allow_nan = self.missing == "drop"
        return tags


def _row_space(curvature: Curvature) -> FloatArray:
    """Project the whitener on the directions that the data determine: the inverse becomes the Moore-Penrose one."""
    if not curvature.null.shape[1]:
        return curvature.whitener
    undetermined = np.linalg.qr(curvature.null)[0]
    return curvature.whitener - undetermined @ (undetermined.T @ curvature.whitener)
