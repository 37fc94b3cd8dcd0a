"""What a regressor fitted by likelihood adds: predictions are means, the score is the share of deviance explained."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._sklearn import RegressorMixin
from mathlearn.data.local_copy import copied
from mathlearn.fitting.likelihood import as_given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray


class LikelihoodRegressor(RegressorMixin):  # type: ignore[misc]
    """Mixin for `FittedLikelihood`: what regressors predict."""

    def predict(self: Any, X: Any, *, offset: Any = None) -> FloatArray:
        """Predict the mean of y at each row.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        offset : (n,) array or column name, optional
            Needed where the model was fitted with one that is not a column of X.

        Returns
        -------
        mean : (n,)
            With ``missing="drop"``, NaN for a row that lacks a value in a column that is used.

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or the offset is missing.

        Examples
        --------
        >>> from mathlearn.linear_model import PoissonRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1, 1, 4, 8]
        >>> PoissonRegressor(alpha=0).fit(X, y).predict([[4.0]]).round(3)
        array([18.006])
        """
        mean: FloatArray = self._all(X, offset, self._mean)
        return mean

    def iter_predict(self: Any, X: Any, *, offset: Any = None) -> Iterator[FloatArray]:
        """Predict block by block, in order and in bounded memory; see `predict`."""
        blocks: Iterator[FloatArray] = self._blocks(X, offset, self._mean)
        return blocks

    def score(
        self: Any, X: Any, y: Any = None, sample_weight: Any = None, *, offset: Any = None, trials: Any = None
    ) -> float:
        """Return D², the share of the deviance of a constant that the predictions explain, as scikit-learn's regressors do.

        With an offset the constant stands beside it in the linear predictor. On the rows of a fit with an intercept this is the "deviance
        explained" of `summary` and `glance`; a fit without one is set there against the offset alone, and here against the constant.

        Parameters
        ----------
        X : array, sparse matrix, frame or source
        y : array or column name, optional
            None reads the response of the formula, or the column named at fit, from `X`.
        sample_weight, offset, trials : array or column name, optional

        Raises
        ------
        NotFittedError
        DomainError
            Some y lie outside the family's domain.
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or none is left.
        """
        from mathlearn.fitting.scores import deviance_explained

        family, link = self._fitted_law()
        y = self._observed(y, trials)
        rows = self._bound(
            X, y, sample_weight=sample_weight, offset=offset, missing=self.missing, require_y=True, require_offset=True
        )
        with copied(rows) as near:
            given = as_given(near, self._result().likelihood.response)
            linear = partial(self._linear, rows=near)
            return deviance_explained(given, linear, family, link)

    def __sklearn_tags__(self: Any) -> Any:
        """Say what the estimator accepts: whether y may be negative depends on the family."""
        tags = super().__sklearn_tags__()
        try:
            tags.target_tags.positive_only = not self._law()[0].domain.inside(np.array([-1.0]))[0]
        except (ValueError, TypeError):  # a parameter is not what it may be, which fit says
            tags.target_tags.positive_only = False
        return tags
