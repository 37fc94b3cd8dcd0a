r"""Directions along which the likelihood of several classes rises for ever, by way of those of two.

With the parameters d of the log odds of the classes against the first, stacked class by class (:math:`d_1 = 0`), a row x of class y
holds the likelihood from falling along d if and only if :math:`x^\top (d_y - d_k) \ge 0` for every other class k. These are
K - 1 rows of a separation problem, the contrasts :math:`(e_y - e_k) \otimes x`, all of them of one sign. Where one is positive, the probability
of class k is zero in the limit: the class is closed to the row.

References
----------
Albert and Anderson (1984), "On the existence of maximum likelihood estimates in logistic regression models", Biometrika 71(1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mathlearn.calculus.multinomial import codes_of
from mathlearn.data.chunk import Chunk
from mathlearn.data.derived import Derived
from mathlearn.linalg.errorfree import ROUNDOFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.rows import Rows

__all__ = ["ClassContrasts", "closed_classes", "one_sign"]

S = TypeVar("S")

_ROUNDINGS = 16.0  # of a predictor, within which it counts as zero, beside those of summing it up


class ClassContrasts(Derived):
    """The contrasts of the rows of a classifier, as rows of a separation problem without intercept.

    Parameters
    ----------
    rows : Rows
        Dense, y being places of classes.
    classes : int
        K.
    intercept : bool
        Whether each class has one, which stands before its slopes.
    terms : tuple of str
        Names of the stacked parameters.
    """

    def __init__(self, rows: Rows, classes: int, terms: tuple[str, ...], *, intercept: bool) -> None:
        super().__init__(rows)
        self._classes = classes
        self._intercept = intercept
        self.terms = terms
        self.n_rows = None if rows.n_rows is None else rows.n_rows * (classes - 1)
        self.sparse = False

    def chunks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield the contrasts, K - 1 of each row, in their order."""
        return map(self._contrasts, self._rows.chunks(self._few(max_rows)))

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:
        """Merge over the contrasts, in order."""
        return self._rows.reduce(
            lambda chunk: of(self._contrasts(chunk)), merge, max_rows=self._few(max_rows), threads=threads
        )

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
        """Return ``of`` of the first contrasts."""
        return self._rows.first(lambda chunk: of(self._contrasts(chunk)), max_rows=self._few(max_rows))

    def locate(self, row: int) -> str:
        """Say where the row of a contrast is."""
        return self._rows.locate(row // (self._classes - 1))

    def _few(self, max_rows: int) -> int:
        """Return how many rows have so many contrasts."""
        return max(1, max_rows // (self._classes - 1))

    def _contrasts(self, chunk: Chunk) -> Chunk:
        z, codes, others = (
            _with_constant(np.asarray(chunk.X), intercept=self._intercept),
            codes_of(chunk),
            self._classes - 1,
        )
        n, k = z.shape
        every = np.zeros((n, others, self._classes, k))
        rows = np.arange(n)
        for j in range(others):
            every[rows, j, codes] = z
            every[rows, j, j + (j >= codes)] = -z
        places = (chunk.index[:, None] * others + np.arange(others)).reshape(-1)
        X = every[:, :, 1:].reshape(n * others, others * k)
        return Chunk(X=X, y=np.ones((n * others, 1)), start=int(places[0]) if n else 0, rows=places)


def one_sign(chunk: Chunk) -> FloatArray:
    """Return the sign of each contrast (n,): plus one."""
    return np.ones(chunk.n)


def closed_classes(directions: FloatArray, x: FloatArray, *, classes: int, intercept: bool) -> BoolArray:
    """Say which classes (n, K) have the probability zero at rows x (n, p) in the limit along the directions (m, j), one after the other.

    Those stay whose predictor along the first direction is the largest, of them those whose predictor along the second is, and so on.
    """
    z = _with_constant(x, intercept=intercept)
    size, rows = np.abs(z), np.arange(len(z))
    still = np.ones((len(z), classes), np.bool_)
    for direction in directions.T:
        blocks = np.concatenate([np.zeros((1, z.shape[1])), direction.reshape(classes - 1, -1)])
        predictor, level = z @ blocks.T, size @ np.abs(blocks).T
        top = np.where(still, predictor, -np.inf).argmax(axis=1)
        noise = (_ROUNDINGS + z.shape[1]) * ROUNDOFF * (level + level[rows, top][:, None])
        still &= predictor >= predictor[rows, top][:, None] - noise
    return ~still


def _with_constant(x: FloatArray, *, intercept: bool) -> FloatArray:
    return np.concatenate([np.ones((len(x), 1)), x], axis=1) if intercept else x
