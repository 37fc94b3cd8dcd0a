"""What a fitted least-squares model predicts; each method hands the `FitResult` to the function that knows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mathlearn._sklearn import BaseEstimator, CallbackSupport, MultiOutputMixin, RegressorMixin
from mathlearn.data.progress_line import LINE
from mathlearn.linear_model._blocks import block_rows, spread
from mathlearn.linear_model._predictor import LinearPredictor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.intervals import Interval


class FittedLinear(LinearPredictor, CallbackSupport, MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Base of least-squares models: prediction and intervals."""

    result_: FitResult
    design_: Design
    coef_: FloatArray
    intercept_: FloatArray | float
    missing: Literal["raise", "drop"]

    def predict(self, X: Any) -> FloatArray:
        """Predict the mean of y at each row.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)

        Returns
        -------
        y : (n,) or (n, q), as y was given to `fit`
            With ``missing="drop"``, NaN for a row that lacks a value in a column that is used.

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or hold values that are not finite.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.predict([[4.0], [5.0]])
        array([ 9.5, 11.7])
        """
        with LINE.cleared():
            blocks = list(self.iter_predict(X))
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def iter_predict(self, X: Any) -> Iterator[FloatArray]:
        """Predict block by block, in order and in bounded memory: for inputs that do not fit in it.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)

        Yields
        ------
        y : (m,) or (m, q)
            Predictions of the next m rows, as `predict` gives them.

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            As in `predict`; of values, when their block is reached.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> sum(len(block) for block in model.iter_predict([[4.0], [5.0]]))
        2
        """
        rows = self._bound(X, missing=self.missing)
        return (spread(self._shaped(self._linear(chunk, rows)), chunk) for chunk in rows.blocks(block_rows(rows)))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Coefficient of determination R² of the predictions, the mean over responses; one pass, in bounded memory.

        Parameters
        ----------
        X : array, sparse matrix, frame or source
        y : array or column name, optional
            None reads the response of the formula, or the column named at fit, from `X`.
        sample_weight : array, optional

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or none is left.
        DomainError
            Squares leave the range of floating-point numbers.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> round(model.score(X, y), 4)
        0.9308
        """
        from mathlearn.fitting.scores import r_squared

        rows = self._bound(X, y, sample_weight=sample_weight, missing=self.missing, require_y=True)
        return r_squared(rows, partial(self._linear, rows=rows))

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
            ``estimate, lower, upper`` shaped as `predict`, NaN in the same rows; with ``level`` and ``kind``.

        Raises
        ------
        DomainError
            No standard error exists for this fit; the message says why.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.predict_interval([[4.0]]).to_frame().round(3)
           estimate  lower   upper
        0       9.5  3.046  15.954
        """
        from mathlearn.statistics.intervals import join

        with LINE.cleared():
            return join(list(self.iter_predict_interval(X, level, kind)))

    def iter_predict_interval(
        self, X: Any, level: float = 0.95, kind: Literal["observation", "confidence"] = "observation"
    ) -> Iterator[Interval]:
        """Predict with an interval block by block, in order and in bounded memory; see `predict_interval`.

        Yields
        ------
        Interval
            Of the next rows.

        Raises
        ------
        DomainError
            No standard error exists for this fit; the message says why.
        """
        self._result()
        rows = self._bound(X, missing=self.missing)
        return (self._interval(chunk, rows, level, kind) for chunk in rows.blocks(block_rows(rows)))

    def _interval(
        self, chunk: Chunk, rows: BoundRows, level: float, kind: Literal["observation", "confidence"]
    ) -> Interval:
        from mathlearn.statistics.intervals import predict_interval, with_gaps

        estimate = self._shaped(self._linear(chunk, rows))
        interval = predict_interval(self.result_, chunk.X, estimate, level, kind)
        return with_gaps(interval, lambda values: spread(values, chunk)) if chunk.dropped else interval

    def _shaped(self, mean: FloatArray) -> FloatArray:
        return mean[:, 0] if self.coef_.ndim == 1 else mean
