"""What the regressors with scikit-learn's penalty share: parameters, fit, penalty."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from mathlearn._sklearn import Interval, StrOptions
from mathlearn.results.fit_result import CovarianceKind

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping


OURS: dict[str, list[Any]] = {
    "formula": [str, None],
    "missing": [StrOptions({"raise", "drop"})],
    "covariance": [StrOptions(set(get_args(CovarianceKind)))],
    "covariance_options": [dict, None],
    "weights_type": [StrOptions({"precision", "frequency"})],
}
"""Constraints of the parameters that scikit-learn's models of the same names lack."""

_SKLEARN: dict[str, list[Any]] = {
    "alpha": [Interval(Real, 0, None, closed="left")],
    "fit_intercept": ["boolean"],
    "solver": [StrOptions({"lbfgs", "newton-cholesky"})],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="neither")],
    "warm_start": ["boolean"],
    "verbose": ["verbose"],
}


CONSTRAINTS = {**_SKLEARN, **OURS}


class Penalised:
    """Mixin for `FittedLikelihood`: the penalty of scikit-learn's regressors, and their fit."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS
    alpha: float

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
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
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose
        self.formula = formula
        self.missing = missing
        self.covariance = covariance
        self.covariance_options = covariance_options
        self.weights_type = weights_type

    def fit(
        self: Any,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        offset: Any = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        y : (n,) array or column name of X
            None with a two-sided formula.
        sample_weight : (n,) array, number or column name, optional
            Non-negative; rows of weight zero are left out.
        groups : (n,) or (n, 2) array, or column name(s), optional
            Clusters, for ``covariance="cluster"`` alone.
        offset : (n,) array or column name, optional
            Added to the linear predictor with coefficient one: the logarithm of an exposure. `predict` then needs it too.
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
        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
        return self._fit(X, y, **roles, checkpoint=checkpoint)

    def _penalty(self) -> tuple[float, bool]:
        return float(self.alpha), True
