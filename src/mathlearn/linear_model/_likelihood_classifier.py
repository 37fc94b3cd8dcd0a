"""What a classifier fitted by likelihood adds: labels, probabilities, decision function."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn._sklearn import ClassifierMixin
from mathlearn.linear_model._blocks import one_column
from mathlearn.probability.multinomial import log_softmax, softmax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design


class LikelihoodClassifier(ClassifierMixin):  # type: ignore[misc]
    """Mixin for `FittedLikelihood`: what classifiers predict."""

    coef_: Any

    def predict(self: Any, X: Any, *, offset: Any = None) -> AnyArray:
        """Predict the more probable class of each row; without an answer for a row that lacks a value, which is refused.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        offset : (n,) array or column name, optional
            Needed where the model was fitted with one that is not a column of X.

        Returns
        -------
        label : (n,)

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or the offset is missing.
        """
        eta = self.decision_function(X, offset=offset)
        gaps = np.isnan(eta if eta.ndim == 1 else eta[:, 0])
        if gaps.any():
            raise SchemaError(
                f"{int(gaps.sum())} rows lack a value in a column that is used, and a label cannot be missing: use predict_proba, "
                "which gives NaN there, or leave these rows out."
            )
        labels: AnyArray = self.design_.decode(_places(eta))
        return labels

    def decision_function(self: Any, X: Any, *, offset: Any = None) -> FloatArray:
        """Return the log odds (n,) of the second class, or of more than two a score (n, K) of each class, whose softmax are the probabilities.

        NaN for a row that lacks a value, with ``missing="drop"``.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        offset : (n,) array or column name, optional
            Needed where the model was fitted with one.
        """
        eta: FloatArray = self._all(X, offset, lambda eta: eta)
        return eta

    def predict_proba(self: Any, X: Any, *, offset: Any = None) -> FloatArray:
        """Return the probability (n, K) of each class, in the order of `classes_`, each to full accuracy near 0.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        offset : (n,) array or column name, optional
            Needed where the model was fitted with one.
        """
        proba: FloatArray = self._probabilities(self.decision_function(X, offset=offset))
        return proba

    def iter_predict_proba(self: Any, X: Any, *, offset: Any = None) -> Iterator[FloatArray]:
        """Predict probabilities block by block, in order and in bounded memory; see `predict_proba`."""
        return (self._probabilities(eta) for eta in self._blocks(X, offset, lambda eta: eta))

    def _probabilities(self: Any, eta: FloatArray) -> FloatArray:
        if eta.ndim > 1:
            return softmax(eta)
        return np.column_stack([self._mean(-eta), self._mean(eta)]).astype(eta.dtype, copy=False)

    def predict_log_proba(self: Any, X: Any, *, offset: Any = None) -> FloatArray:
        """Return the logarithm (n, K) of the probability of each class, without forming the probability.

        Parameters
        ----------
        X : array, sparse matrix, frame or source of shape (n, p)
        offset : (n,) array or column name, optional
            Needed where the model was fitted with one.
        """
        eta = self.decision_function(X, offset=offset)
        if eta.ndim > 1:
            return log_softmax(eta)
        link = self._fitted_law()[1]
        return np.column_stack([link.log_mu(-eta), link.log_mu(eta)]).astype(eta.dtype, copy=False)

    def sparsify(self: Any) -> Any:
        """Make `coef_` a sparse matrix, as scikit-learn's classifiers do; predictions are the same."""
        from scipy.sparse import csr_matrix

        self._result()
        self.coef_ = csr_matrix(self.coef_)
        return self

    def densify(self: Any) -> Any:
        """Make `coef_` an array again."""
        self._result()
        self.coef_ = self.coef_.toarray() if hasattr(self.coef_, "toarray") else self.coef_
        return self

    def score(self: Any, X: Any, y: Any = None, sample_weight: Any = None, *, offset: Any = None) -> float:
        """Return the accuracy: the share of rows, by weight, whose label is predicted.

        Parameters
        ----------
        X : array, sparse matrix, frame or source
        y : array or column name, optional
            None reads the response of the formula, or the column named at fit, from `X`.
        sample_weight, offset : array or column name, optional

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or none is left.
        """
        from mathlearn.fitting.scores import accuracy

        rows = self._bound(
            X, y, sample_weight=sample_weight, offset=offset, missing=self.missing, require_y=True, require_offset=True
        )
        return accuracy(rows, partial(self._predicted, rows=rows))

    def _predicted(self: Any, chunk: Chunk, rows: BoundRows) -> IntArray:
        """Place of the most probable class of each row."""
        return _places(one_column(self._linear(chunk, rows)))


def _places(eta: FloatArray) -> IntArray:
    """Place (n,) of the most probable class: by the log odds (n,) of the second, or by scores (n, K)."""
    return np.asarray(eta > 0 if eta.ndim == 1 else eta.argmax(axis=1), dtype=np.int64)


def require_classes(design: Design) -> None:
    """Refuse a y of one class.

    Raises
    ------
    DomainError
    """
    classes = design.classes
    if len(classes) == 1:
        raise DomainError(
            f"This solver needs samples of at least 2 classes in the data, but the data contains only one class: {classes[0]!r}. "
            f"Take rows of both classes, or check that {design.responses[0]!r} is the right column."
        )
