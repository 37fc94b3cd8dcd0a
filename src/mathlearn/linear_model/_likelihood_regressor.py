"""What a regressor fitted by likelihood adds: predictions are means, the score is the share of deviance explained."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn._sklearn import RegressorMixin
from mathlearn.calculus.objective import observations
from mathlearn.fitting.likelihood import as_given
from mathlearn.fitting.likelihood_totals import constant_beside_offset
from mathlearn.linear_model._blocks import block_rows
from mathlearn.probability.inside import Outside, outside

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
        family, link = self._fitted_law()
        y = self._observed(y, trials)
        rows = self._bound(
            X, y, sample_weight=sample_weight, offset=offset, missing=self.missing, require_y=True, require_offset=True
        )
        parts, found = [], []
        given = as_given(rows, self._result().likelihood.response)
        for chunk in given.chunks(block_rows(rows)):
            seen = observations(chunk)
            found.append(outside(family, seen.y, seen.trials, chunk.index))
            weight = np.ones(chunk.n) if seen.weight is None else seen.weight
            offset_there = np.zeros(chunk.n) if chunk.offset is None else chunk.offset
            parts.append((seen.y, link.mu(self._linear(chunk, rows)[:, 0]), weight, offset_there))
        if not parts:
            raise SchemaError(
                "no row is left to score: each lacks a value in a column that is used, or has weight zero."
            )
        reduce(Outside.merge, found).refuse(family, rows.responses[0], "row {}".format)
        y_true, mean, weight, beside = (np.concatenate(part) for part in zip(*parts, strict=True))
        constant = np.broadcast_to(np.average(y_true, weights=weight), y_true.shape)
        if beside.any():
            constant = link.mu(constant_beside_offset(given, family, link) + beside)
        total = float(weight @ family.deviance(y_true, constant))
        left = float(weight @ family.deviance(y_true, mean))
        return 1.0 - left / total if total > 0.0 else float(left == 0.0)

    def __sklearn_tags__(self: Any) -> Any:
        """Say what the estimator accepts: whether y may be negative depends on the family."""
        tags = super().__sklearn_tags__()
        try:
            tags.target_tags.positive_only = not self._law()[0].domain.inside(np.array([-1.0]))[0]
        except (ValueError, TypeError):  # a parameter is not what it may be, which fit says
            tags.target_tags.positive_only = False
        return tags
