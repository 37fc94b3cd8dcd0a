"""What every fitted linear model can be asked; each method hands the `FitResult` to the function that knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mathlearn._sklearn import BaseEstimator, MultiOutputMixin, NotFittedError, RegressorMixin, is_fitted

if TYPE_CHECKING:
    import os
    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import CovarianceKind, FitResult
    from mathlearn.statistics.contrast import Contrast
    from mathlearn.statistics.frame import FrameKind
    from mathlearn.statistics.intervals import Interval
    from mathlearn.statistics.summary import Summary

_PREDICT_ROWS = 65_536


class FittedLinear(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Base of linear models: prediction, intervals, tables, tests, evidence."""

    result_: FitResult
    design_: Design
    coef_: FloatArray
    intercept_: FloatArray | float

    @property
    def certificate_(self) -> Certificate:
        """The evidence that the numbers shown are right."""
        return self._result().certificate

    def predict(self, X: Any) -> FloatArray:
        """Predict the mean of y at each row.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)

        Returns
        -------
        y : (n,) or (n, q), as y was given to `fit`

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or hold values that are not finite.
        """
        return _joined(list(self.iter_predict(X)))

    def iter_predict(self, X: Any) -> Iterator[FloatArray]:
        """Predict block by block, in order and in bounded memory: for inputs that do not fit in it.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)

        Yields
        ------
        y : (m,) or (m, q)
            Predictions of the next m rows, as `predict` gives them.
        """
        rows = self._bound(X, missing=self.missing)
        return (_in_place(self._finite(chunk, rows), chunk) for chunk in rows.blocks(_block_rows(rows)))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Coefficient of determination R² of the predictions, the mean over responses.

        Parameters
        ----------
        X : array, sparse matrix, frame or source
        y : array or column name, optional
            None reads the response of the formula, or the column named at fit, from `X`.
        sample_weight : array, optional

        Raises
        ------
        NotFittedError
        """
        from sklearn.metrics import r2_score

        rows = self._bound(X, y, sample_weight=sample_weight, missing=self.missing, require_y=True)
        blocks = [
            (chunk.y, self._finite(chunk, rows), chunk.weight) for chunk in rows.blocks(_block_rows(rows)) if chunk.n
        ]
        if not blocks:
            raise SchemaError("no row is left to score: each has a missing value in a column that is used.")
        y_true, y_pred, weights = (None if part[0] is None else np.concatenate(part) for part in zip(*blocks, strict=True))
        return float(r2_score(y_true, y_pred, sample_weight=weights))

    def predict_interval(
        self, X: Any, level: float = 0.95, kind: Literal["observation", "confidence"] = "observation"
    ) -> Interval:
        """Predict with an interval: for a new observation, or for the mean.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        level : float in (0, 1)
        kind : {"observation", "confidence"}

        Returns
        -------
        Interval
            ``estimate, lower, upper`` shaped as `predict`; with ``level`` and ``kind``.

        Raises
        ------
        DomainError
            No standard error exists for this fit; the message says why.
        """
        from mathlearn.statistics.intervals import join

        return join(list(self.iter_predict_interval(X, level, kind)))

    def iter_predict_interval(
        self, X: Any, level: float = 0.95, kind: Literal["observation", "confidence"] = "observation"
    ) -> Iterator[Interval]:
        """Predict with an interval block by block, in order and in bounded memory; see `predict_interval`.

        Yields
        ------
        Interval
            Of the next rows.
        """
        from mathlearn.statistics.intervals import predict_interval

        result = self._result()
        rows = self._bound(X, missing=self.missing)
        for chunk in rows.blocks(_block_rows(rows)):
            interval = predict_interval(result, chunk.X, self._shaped(self._finite(chunk, rows)), level, kind)
            yield interval.put(chunk.n + chunk.dropped, _positions(chunk)) if chunk.dropped else interval

    def summary(self, level: float = 0.95) -> Summary:
        """Put the fit in words and numbers, verdict first; text, HTML and LaTeX."""
        from mathlearn.statistics.summary import summarise

        return summarise(self._result(), level)

    def tidy(self, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
        """Return one row a term: estimate, standard error, statistic, p-value, interval."""
        from mathlearn.statistics.tables import tidy

        return tidy(self._result(), level, as_)

    def glance(self, as_: FrameKind = "pandas") -> Any:
        """Return one row a model: R², sigma, F, log-likelihood, AIC, BIC, rank, conditioning, verdict."""
        from mathlearn.statistics.tables import glance

        return glance(self._result(), as_)

    def augment(self, X: Any, y: Any = None, *, sample_weight: Any = None, as_: FrameKind = "pandas") -> Any:
        """Return one row a row: fitted value, residual, leverage, influence."""
        from mathlearn.statistics.augment import augment

        rows = self._fit_rows(X, y, sample_weight=sample_weight, require_y=y is None and self._has_response())
        return augment(self._result(), rows, as_=as_)

    def conf_int(self, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
        """Return the confidence interval of each coefficient."""
        from mathlearn.statistics.tables import conf_int

        return conf_int(self._result(), level, as_)

    def contrast(self, L: Any, rhs: Any = 0.0, *, level: float = 0.95) -> Contrast:
        """Estimate and test linear combinations of the coefficients.

        Parameters
        ----------
        L : str, mapping, sequence of these, or array (m, k)
            For example ``"a - b = 0"`` or ``{"a": 1, "b": -1}``; in an array the intercept comes first.
        rhs : float or (m,)
        level : float in (0, 1)
        """
        from mathlearn.statistics.contrast import contrast

        return contrast(self._result(), L, rhs, level=level)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as one safetensors file, whole or not at all; `mathlearn.load` reads it."""
        from mathlearn.persistence import save

        save(self, path)

    def _result(self) -> FitResult:
        if not is_fitted(self):
            name = type(self).__name__
            msg = f"This {name} instance is not fitted yet. Call 'fit' with appropriate arguments before using this estimator."
            raise NotFittedError(msg)
        return self.result_

    def _has_response(self) -> bool:
        return bool(self.design_.response_columns)

    def _bound(self, X: Any, y: Any = None, **roles: Any) -> BoundRows:
        self._result()
        return self.design_.bind(X, y, estimator=type(self).__name__, **roles)

    def _fit_rows(
        self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None, require_y: bool = True
    ) -> BoundRows:
        """Bind the rows of the fit again: weights and groups named then need not be named again."""
        design = self.design_ if self._result() else None
        if sample_weight is None and design is not None and design.weight_columns:
            sample_weight = design.weight_columns[0]
        return self._bound(
            X, y, sample_weight=sample_weight, groups=groups, require_y=require_y, missing=self.missing
        )

    def _linear(self, chunk: Chunk) -> FloatArray:
        """Point predictions (n, q), about the mean of the fit unless the caller has put other coefficients in place."""
        coef, result = np.atleast_2d(self.coef_), self.result_
        own = np.array_equal(coef, result.coef) and np.array_equal(np.atleast_1d(self.intercept_), result.intercept)
        if own and isinstance(chunk.X, np.ndarray) and result.curvature is not None:
            mean = result.centre + (chunk.X - result.curvature.mean) @ coef.T
        else:
            mean = np.asarray(chunk.X @ coef.T) + self.intercept_
        return mean if chunk.offset is None else mean + chunk.offset[:, None]

    def _point(self, chunk: Chunk) -> FloatArray:
        return self._shaped(self._linear(chunk))

    def _shaped(self, mean: FloatArray) -> FloatArray:
        return mean[:, 0] if self.coef_.ndim == 1 else mean


def _require_finite(y: FloatArray, rows: BoundRows) -> None:
    """Name the NaN or infinity of the rows behind predictions that are not finite."""
    if not np.isfinite(y).all():
        rows.diagnose_nonfinite()
