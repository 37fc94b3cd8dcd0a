"""What every fitted linear model can be asked; each method hands the `FitResult` to the function that knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn._sklearn import BaseEstimator, MultiOutputMixin, NotFittedError, RegressorMixin, is_fitted
from mathlearn.fitting.origin import counted_from, intercept_at_zero
from mathlearn.linear_model._blocks import block_rows, spread

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.contrast import Contrast
    from mathlearn.statistics.frame import FrameKind
    from mathlearn.statistics.intervals import Interval
    from mathlearn.statistics.summary import Summary


class FittedLinear(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Base of linear models: prediction, intervals, tables, tests, evidence."""

    result_: FitResult
    design_: Design
    coef_: FloatArray
    intercept_: FloatArray | float
    missing: Literal["raise", "drop"]

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
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or none is left.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> round(model.score(X, y), 4)
        0.9308
        """
        from sklearn.metrics import r2_score

        rows = self._bound(X, y, sample_weight=sample_weight, missing=self.missing, require_y=True)
        blocks = [
            (chunk.y, self._linear(chunk, rows), chunk.weight) for chunk in rows.blocks(block_rows(rows)) if chunk.n
        ]
        if not blocks:
            raise SchemaError(
                "no row is left to score: each lacks a value in a column that is used, or has weight zero."
            )
        y_true, y_pred, weights = (
            None if part[0] is None else np.concatenate(part) for part in zip(*blocks, strict=True)
        )
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

    def summary(self, level: float = 0.95) -> Summary:
        """Put the fit in words and numbers, verdict first; text, HTML and LaTeX.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> print(model.summary().to_text().splitlines()[0])
        Linear regression of y: certified
        """
        from mathlearn.statistics.summary import summarise

        return summarise(self._result(), level)

    def tidy(self, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
        """Return one row a term: estimate, standard error, statistic, p-value, interval.

        ``.attrs["reasons"]`` says why a cell is NaN.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.tidy()[["term", "estimate", "std_error"]].round(4)
                  term  estimate  std_error
        0  (Intercept)       0.7     0.7937
        1           x0       2.2     0.4243
        """
        from mathlearn.statistics.tables import tidy

        return tidy(self._result(), level, as_)

    def glance(self, as_: FrameKind = "pandas") -> Any:
        """Return one row a model: R², sigma, F, log-likelihood, AIC, BIC, rank, conditioning, verdict.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> print(model.glance().loc[0, "verdict"], round(model.glance().loc[0, "r_squared"], 4))
        certified 0.9308
        """
        from mathlearn.statistics.tables import glance

        return glance(self._result(), as_)

    def augment(
        self, X: Any, y: Any = None, *, sample_weight: Any = None, groups: Any = None, as_: FrameKind = "pandas"
    ) -> Any:
        """Return one row a row: fitted value, residual, leverage, influence.

        Measures of influence exist only for the rows of the fit.

        Raises
        ------
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.augment(X, y)[["row", "fitted", "resid", "hat"]].round(3).head(2)
           row  fitted  resid  hat
        0    0     0.7    0.3  0.7
        1    1     2.9    0.1  0.3
        """
        from mathlearn.statistics.augment import augment

        result = counted_from(self._result(), self.design_.int_shift)
        require_y = y is None and bool(self.design_.response_columns)
        rows = self._fit_rows(X, y, sample_weight=sample_weight, groups=groups, require_y=require_y)
        return augment(result, rows, as_=as_)

    def conf_int(self, level: float = 0.95, as_: FrameKind = "pandas") -> Any:
        """Return the confidence interval of each coefficient.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> model.conf_int().round(3)
                  term  estimate  conf_low  conf_high
        0  (Intercept)       0.7    -2.715      4.115
        1           x0       2.2     0.375      4.025
        """
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

        Raises
        ------
        SchemaError
            A term is unknown, the text cannot be read, or the shape does not fit.
        DomainError
            Inference is withheld for this fit.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> print(model.contrast("x0 = 1"))
        contrast  estimate  std. error     t       p    2.5 %  97.5 %
        x0 = 1      2.2000      0.4243  2.83  0.1056  0.37454  4.0255
        joint F(1, 2) = 8.0000, p = 0.1056
        classical: independent errors of constant variance; t exact if they are normal
        """
        from mathlearn.statistics.contrast import contrast

        return contrast(self._result(), L, rhs, level=level)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as one safetensors file, whole or not at all; `mathlearn.load` reads it.

        Raises
        ------
        OSError
            The file cannot be written; what was there before is untouched.

        Examples
        --------
        >>> from mathlearn.linear_model import LinearRegression
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
        >>> model = LinearRegression().fit(X, y)
        >>> import mathlearn, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/line.safetensors")
        ...     print(mathlearn.load(f"{folder}/line.safetensors").predict([[4.0]]))
        [9.5]
        """
        from mathlearn.persistence import save

        save(self, path)

    def _result(self) -> FitResult:
        if not is_fitted(self):
            name = type(self).__name__
            msg = f"This {name} instance is not fitted yet. Call 'fit' with appropriate arguments before using this estimator."
            raise NotFittedError(msg)
        return self.result_

    def _bound(self, X: Any, y: Any = None, **roles: Any) -> BoundRows:
        self._result()
        return self.design_.bind(X, y, estimator=type(self).__name__, **roles)

    def _fit_rows(
        self, X: Any, y: Any, *, sample_weight: Any = None, groups: Any = None, require_y: bool = True
    ) -> BoundRows:
        """Bind the rows of the fit again: weights and groups that were columns need not be named again."""
        self._result()
        design = self.design_
        if sample_weight is None and design.weight_columns:
            sample_weight = design.weight_columns[0]
        if groups is None and design.group_columns:
            groups = list(design.group_columns)  # rows without a label were dropped
        return self._bound(X, y, sample_weight=sample_weight, groups=groups, require_y=require_y, missing=self.missing)

    def _linear(self, chunk: Chunk, rows: BoundRows) -> FloatArray:
        """Point predictions (n, q), about the mean of the fit unless the caller has put other coefficients in place."""
        coef, result = np.atleast_2d(self.coef_), self.result_
        own = np.array_equal(coef, result.coef) and np.array_equal(np.atleast_1d(self.intercept_), result.intercept)
        if own and isinstance(chunk.X, np.ndarray) and result.curvature is not None:
            mean = result.centre + (chunk.X - result.curvature.mean) @ coef.T
        else:
            mean = np.asarray(chunk.X @ coef.T) + self._at_origin(self.intercept_, coef)
        if chunk.offset is not None:
            mean = mean + chunk.offset[:, None]
        if not np.isfinite(mean).all():
            rows.diagnose_nonfinite()  # names the NaN or infinity behind it
        return mean

    def _at_origin(self, intercept: FloatArray | float, coef: FloatArray) -> FloatArray:
        """Intercept (q,) where the rows count from: huge integers are read less an origin of their own."""
        every = np.broadcast_to(intercept, coef.shape[:1])
        return intercept_at_zero(every, coef, tuple(-origin for origin in self.design_.int_shift))

    def _interval(
        self, chunk: Chunk, rows: BoundRows, level: float, kind: Literal["observation", "confidence"]
    ) -> Interval:
        from mathlearn.statistics.intervals import predict_interval, with_gaps

        estimate = self._shaped(self._linear(chunk, rows))
        interval = predict_interval(self.result_, chunk.X, estimate, level, kind)
        return with_gaps(interval, lambda values: spread(values, chunk)) if chunk.dropped else interval

    def _shaped(self, mean: FloatArray) -> FloatArray:
        return mean[:, 0] if self.coef_.ndim == 1 else mean
