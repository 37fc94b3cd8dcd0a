"""`LinearPredictor`: the linear predictor of a fit at new rows, and the rows of a fit once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mathlearn._sklearn import NotFittedError, is_fitted
from mathlearn.data.chunk import dense_rows
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.linear_model._trials import beside_trials
from mathlearn.results.stack import predictors_of
from mathlearn.statistics.class_rows import closed_at
from mathlearn.statistics.functional import require_estimates
from mathlearn.statistics.separation import moves, shown_coefficients

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Separation


class LinearPredictor:
    """Mixin: what every fitted linear model computes at rows."""

    result_: FitResult
    design_: Design
    coef_: Any
    intercept_: Any
    missing: Literal["raise", "drop"]

    def _result(self) -> FitResult:
        if not is_fitted(self):
            name = type(self).__name__
            msg = f"This {name} instance is not fitted yet. Call 'fit' with appropriate arguments before using this estimator."
            raise NotFittedError(msg)
        return self.result_

    def _observed(self, y: Any, trials: Any) -> Any:
        """Return y with its trials beside it, where they come apart: what every method that takes both calls first."""
        return beside_trials(self._result(), self.design_, y, trials)

    def _bound(self, X: Any, y: Any = None, **roles: Any) -> BoundRows:
        self._result()
        return self.design_.bind(X, y, estimator=type(self).__name__, **roles)

    def _fit_rows(self, X: Any, y: Any, *, require_y: bool = True, **roles: Any) -> BoundRows:
        """Bind the rows of the fit again: weights and groups that were columns need not be named again."""
        self._result()
        design = self.design_
        if roles.get("sample_weight") is None and design.weight_columns:
            roles["sample_weight"] = design.weight_columns[0]
        if roles.get("groups") is None and design.group_columns:
            roles["groups"] = list(design.group_columns)  # rows without a label were dropped
        return self._bound(X, y, require_y=require_y, missing=self.missing, **roles)

    def _linear(self, chunk: Chunk, rows: BoundRows) -> FloatArray:
        """Point predictions (n, q), about the mean of the fit unless the caller has put other coefficients in place."""
        coef, intercept, result = _dense(self.coef_), np.atleast_1d(self.intercept_), self.result_
        own_coef, own_intercept = shown_coefficients(result)
        own = _is_shown(coef, own_coef) and _is_shown(intercept, own_intercept)
        known = predictors_of(result)
        if own:
            coef, intercept = known.coef, known.intercept
        if own and isinstance(chunk.X, np.ndarray) and known.mean is not None:
            mean = known.centre + (chunk.X - known.mean) @ coef.T
        else:
            mean = np.asarray(chunk.X @ coef.T) + self._at_origin(intercept, coef)
        if chunk.offset is not None:
            mean = mean + chunk.offset[:, None]
        if not np.isfinite(mean).all():
            rows.diagnose_nonfinite()  # names the NaN or infinity behind it
            if own:
                require_estimates(result)
        if own and result.likelihood is not None and result.likelihood.separation is not None:
            return self._at_the_end(chunk, mean, result.likelihood.separation)
        return mean

    def _at_the_end(self, chunk: Chunk, mean: FloatArray, separation: Separation) -> FloatArray:
        """Put predictors at infinity where a direction of separation moves the row: of classes, those that are closed to it."""
        X = dense_rows(chunk.X)
        closed = closed_at(self.result_, X)
        if closed is not None:
            return np.where(closed, -np.inf, mean)
        moved = moves(separation, X, intercept=self.result_.fit_intercept)[:, None]
        return np.where(moved != 0.0, np.copysign(np.inf, moved), mean)

    def _at_origin(self, intercept: FloatArray | float, coef: FloatArray) -> FloatArray:
        """Intercept (q,) where the rows count from: huge integers are read less an origin of their own."""
        every = np.broadcast_to(intercept, coef.shape[:1])
        return intercept_at_zero(every, coef, tuple(-origin for origin in self.design_.int_shift))


def _dense(coef: Any) -> FloatArray:
    """Return coefficients (q, p), which may be sparse where scikit-learn's `sparsify` made them so."""
    return np.atleast_2d(coef.toarray() if hasattr(coef, "toarray") else coef)


def _is_shown(shown: FloatArray, result: FloatArray) -> bool:
    """Whether numbers are those of the result, up to the precision in which they are shown."""
    with np.errstate(over="ignore"):
        return np.array_equal(shown, result.astype(shown.dtype, copy=False), equal_nan=True)
