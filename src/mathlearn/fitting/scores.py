"""Scores of predictions: R², the share of the deviance explained, accuracy; by passes that hold a block of rows at a time."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from mathlearn._config import get_config
from mathlearn._errors import DomainError, SchemaError
from mathlearn.calculus.objective import block_rows, observations
from mathlearn.fitting.likelihood_totals import constant_beside_offset
from mathlearn.fitting.resources import numbers
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.probability.inside import Outside, outside
from mathlearn.statistics.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link

__all__ = ["accuracy", "deviance_explained", "r_squared"]

S = TypeVar("S")


def r_squared(rows: Rows, predicted: Callable[[Chunk], FloatArray]) -> float:
    r"""Return :math:`R^2 = 1 - \mathrm{RSS} / \mathrm{TSS}` of predictions, the mean over responses; one pass.

    A constant response scores 1 where it is predicted exactly, else 0, and a single row NaN, with scikit-learn's warning.

    Parameters
    ----------
    rows : Rows
    predicted : callable
        Returns the predictions (n, q) of a block.

    Raises
    ------
    SchemaError
        There is no row.
    DomainError
        Squares leave the range of doubles.
    """
    found = _over_rows(rows, partial(_errors, predicted=predicted), _Errors.merge)
    if found.n < 2:
        from sklearn.exceptions import UndefinedMetricWarning

        warnings.warn("R^2 score is not well-defined with less than two samples.", UndefinedMetricWarning, stacklevel=3)
        return float("nan")
    if not (np.isfinite(found.squares).all() and np.isfinite(found.spread.squares).all()):
        raise DomainError(
            f"the squares of {' or '.join(rows.responses)}, of its residuals, or the weights leave the range of floating-point numbers: divide "
            "them by their units."
        )
    return float(_explained(found.squares, found.spread.squares).mean())


def deviance_explained(rows: Rows, linear: Callable[[Chunk], FloatArray], family: Family, link: Link) -> float:
    r"""Return :math:`D^2 = 1 - D / D_0`, the share of the deviance of a constant that predictions explain; two passes.

    With an offset the constant stands beside it in the linear predictor, and is found by some passes more.

    Parameters
    ----------
    rows : Rows
        With one response, perhaps beside its trials.
    linear : callable
        Returns the linear predictor (n, 1) of a block, the offset included.
    family, link

    Raises
    ------
    SchemaError
        There is no row.
    DomainError
        Some y lie outside the family's domain.
    """
    seen = _over_rows(rows, partial(_seen, family=family), _Seen.merge)
    seen.outside.refuse(family, rows.responses[0], rows.locate)
    if seen.offset:
        constant = partial(_beside_offset, link=link, eta=constant_beside_offset(rows, family, link))
    else:
        constant = partial(_alike, value=float(seen.spread.mean[0]))
    of = partial(_deviances, family=family, means=(partial(_mean, linear=linear, link=link), constant))
    left, total = _over_rows(rows, of, np.add)
    return float(_explained(left, total))


def accuracy(rows: Rows, place: Callable[[Chunk], IntArray]) -> float:
    """Return the share of rows, by weight, whose class is predicted; one pass.

    Parameters
    ----------
    rows : Rows
        Whose y is the place of a class.
    place : callable
        Returns the predicted place (n,) of each row of a block.

    Raises
    ------
    SchemaError
        There is no row.
    """
    right, total = _over_rows(rows, partial(_right, place=place), np.add)
    return float(right / total)


def _over_rows(rows: Rows, of: Callable[[Chunk], S], merge: Callable[[S, S], S]) -> S:
    """Merge over the rows, where they lie.

    Raises
    ------
    SchemaError
    """
    size = numbers(rows)
    with single_threaded_blas(size), np.errstate(over="ignore", invalid="ignore"):
        found = rows.reduce(
            of, merge, max_rows=block_rows(len(rows.terms)), threads=pool_size(size, get_config().threads)
        )
    if found is None:
        raise SchemaError("no row is left to score: each lacks a value in a column that is used, or has weight zero.")
    return found


def _explained(left: FloatArray, total: FloatArray) -> FloatArray:
    """Return the share of a total that is not left; of nothing, all if nothing is left, and else none."""
    some = total != 0.0
    return np.where(some, 1.0 - left / np.where(some, total, 1.0), np.equal(left, 0.0))


class _Errors(NamedTuple):
    """Rows, sums of squared errors (q,), and the spread of y."""

    n: int
    squares: FloatArray
    spread: Spread

    def merge(self, other: _Errors) -> _Errors:
        return _Errors(self.n + other.n, self.squares + other.squares, self.spread.merge(other.spread))


def _errors(chunk: Chunk, predicted: Callable[[Chunk], FloatArray]) -> _Errors:
    y, w = np.asarray(chunk.y), chunk.weight
    squares = (y - predicted(chunk)) ** 2
    return _Errors(chunk.n, np.asarray(squares.sum(axis=0) if w is None else w @ squares), Spread.of(y, w))


class _Seen(NamedTuple):
    """What is known of the responses before a constant is held against them."""

    outside: Outside
    spread: Spread
    offset: bool

    def merge(self, other: _Seen) -> _Seen:
        return _Seen(self.outside.merge(other.outside), self.spread.merge(other.spread), self.offset or other.offset)


def _seen(chunk: Chunk, family: Family) -> _Seen:
    seen = observations(chunk)
    offset = chunk.offset is not None and bool(chunk.offset.any())
    return _Seen(outside(family, seen.y, seen.trials, chunk.index), Spread.of(seen.y[:, None], seen.weight), offset)


def _deviances(chunk: Chunk, family: Family, means: tuple[Callable[[Chunk], FloatArray], ...]) -> FloatArray:
    """Return the deviance (m,) of each of m ways to have the means."""
    seen = observations(chunk)
    each = (family.deviance(seen.y, mean(chunk)) for mean in means)
    return np.array([one.sum() if seen.weight is None else seen.weight @ one for one in each])


def _mean(chunk: Chunk, linear: Callable[[Chunk], FloatArray], link: Link) -> FloatArray:
    return link.mu(linear(chunk)[:, 0])


def _alike(chunk: Chunk, value: float) -> FloatArray:
    return np.full(chunk.n, value)


def _beside_offset(chunk: Chunk, link: Link, eta: float) -> FloatArray:
    return link.mu(np.full(chunk.n, eta) if chunk.offset is None else eta + chunk.offset)


def _right(chunk: Chunk, place: Callable[[Chunk], IntArray]) -> FloatArray:
    """Return the weight of the rows whose class is predicted, and of all."""
    hit = place(chunk) == np.asarray(chunk.y)[:, 0]
    weight = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    return np.array([weight @ hit, weight.sum()])
