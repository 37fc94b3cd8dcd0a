r"""Separation: whether, and along which directions, the likelihood rises for ever.

With ``x~ = [1, x]`` and the sign s of each row (`recession_sign`), a direction d separates when

.. math:: s_i \tilde x_i d \ge 0 \;(s_i \ne 0), \qquad \tilde x_i d = 0 \;(s_i = 0), \qquad s_i \tilde x_i d > 0 \text{ for some } i.

The maximum of the likelihood then lies at infinity. The rows with :math:`s_i \tilde x_i d > 0` are fitted perfectly in the limit and
say nothing more; the others may be separated again by another direction. What remains in the end has a maximum, in the parameters
that it determines (Barndorff-Nielsen's completion).

References
----------
Albert and Anderson (1984), "On the existence of maximum likelihood estimates in logistic regression models", Biometrika 71(1).
Santner and Duffy (1986), "A note on A. Albert and J. A. Anderson's conditions", Biometrika 73(3).
Geyer (2009), "Likelihood inference in exponential families and directions of recession", Electronic Journal of Statistics 3.
Correia, Guimarães, Zylkin (2019), "Verifying the existence of maximum likelihood estimates for generalized linear models",
arXiv:1903.01633.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.calculus.recession_cone import candidates, distinct, independent, null_space
from mathlearn.calculus.recession_rows import (
    Direction,
    Frame,
    Picked,
    Survey,
    Trial,
    basis,
    columns_of,
    dense,
    spanning,
    survey,
    trial,
    untouched,
    verdicts,
)
from mathlearn.data.reduce import found_again
from mathlearn.linalg.dependence import simplest
from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.linalg.threads import single_threaded_blas

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["Separation", "find_separation", "stays"]

_FEWEST, _A_PARAMETER = 1000, 6  # rows drawn at first, of each sign
_PASSES = 200
_SIMPLE = 4.0  # roundings within which a simpler number is the same
_NOISE = 1e-11  # share of a scaled direction below which an entry is rounding


@dataclass(frozen=True, slots=True)
class Separation:
    """Where the maximum of the likelihood lies at infinity.

    Attributes
    ----------
    directions : (m, k)
        Directions of recession in the user's units, intercept first if any; each on the rows that those before it leave
        untouched. The largest entry in scaled units is 1.
    undetermined : (m, j)
        With `directions`, a basis of what the remaining rows do not determine: parameters that only separated rows knew.
        A functional is estimable if and only if it is orthogonal to both.
    complete : bool
        Whether no row remains.
    separated, remaining : int
        Rows strictly separated, and the others.
    """

    directions: FloatArray
    undetermined: FloatArray
    complete: bool
    separated: int
    remaining: int


def find_separation(
    rows: Rows,
    signs: Callable[[Chunk], FloatArray],
    *,
    fit_intercept: bool,
    kept: IntArray | None = None,
    hint: FloatArray | None = None,
    max_rows: int,
    threads: int,
) -> Separation | None:
    """Find the directions in which the likelihood rises for ever; None where there are none.

    A linear programme over some rows gives a direction; a pass over all rows tries it, and those that it moves the wrong way
    join the programme. That no direction separates some rows that span all is proof that none separates all. A direction
    is returned only after a pass in which no row objected; zero is told from rounding as `recession_rows` says.

    Parameters
    ----------
    rows : Rows
    signs : callable
        ``chunk -> (n,)`` of +1, -1 and 0, as `recession_sign` gives them.
    fit_intercept : bool
    kept : (r,) array or None
        Linearly independent columns, the only ones in which directions are sought; None for all.
    hint : (m,) array or None
        A point that diverges, in the user's units, intercept first if any: it may save the search.
    max_rows, threads : int
        Of each pass.

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.data.bind import bind
    >>> x, y = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> found = find_separation(
    ...     bind(x, y), lambda chunk: 2 * chunk.y[:, 0] - 1, fit_intercept=True, max_rows=100, threads=1
    ... )
    >>> found.complete, found.separated
    (True, 4)
    """
    with single_threaded_blas(max_rows * len(rows.terms)):
        search = _Search.of(rows, signs, kept, fit_intercept, max_rows, threads)
        return None if search is None else _sought(search, hint)


def stays(chunk: Chunk, directions: FloatArray, *, fit_intercept: bool) -> BoolArray:
    """Whether each row of a block is among the remaining ones, which none of the directions (m, k) moves."""
    p = chunk.X.shape[1]
    top = np.abs(dense(chunk.X)).max(axis=0)
    frame = Frame(np.arange(p), np.zeros(p), np.ones(p), top, fit_intercept, p)
    ready = tuple(Direction.of(each, frame) for each in directions.T)
    return untouched(columns_of(chunk, frame.columns), ready)


def _sought(search: _Search, hint: FloatArray | None) -> Separation | None:
    """Find one direction after the other, each on the rows that those before it leave untouched."""
    found: list[FloatArray] = []
    separated, sample = 0, search.sample
    if hint is not None:
        step, sample = search.informed(np.asarray(hint, np.float64))
        if step is not None:
            found, separated, sample = [step[0]], step[1].strict, step[1].face
    while separated < search.n:
        ready = tuple(Direction.of(each, search.frame) for each in found)
        sample = search.completed(sample, ready)
        step = search.next_direction(sample, ready)
        if step is None:
            break
        found.append(step[0])
        separated, sample = separated + step[1].strict, step[1].face
    if not found:
        return None
    left = _undetermined(sample, found, search.frame)
    return Separation(np.column_stack(found), left, separated == search.n, separated, search.n - separated)


class _Search(NamedTuple):
    """The rows, and what the first pass has found about them."""

    rows: Rows
    signs: Callable[[Chunk], FloatArray]
    max_rows: int
    threads: int
    n: int
    frame: Frame
    sample: Picked
    quota: int

    @classmethod
    def of(
        cls,
        rows: Rows,
        signs: Callable[[Chunk], FloatArray],
        kept: IntArray | None,
        intercept: bool,
        max_rows: int,
        threads: int,
    ) -> _Search | None:
        """Make the first pass; None where there is no row, or no parameter."""
        p = len(rows.terms)
        columns = np.arange(p) if kept is None else np.asarray(kept, np.int64)
        quota = max(_FEWEST, _A_PARAMETER * (columns.size + 1))
        of = partial(survey, signs=signs, columns=columns, quota=quota)
        found = rows.reduce(of, partial(Survey.merge, quota=quota), max_rows=max_rows, threads=threads)
        if found is None or not (columns.size or intercept):
            return None
        frame = found.frame(columns, intercept=intercept, p=p, sparse=rows.sparse)
        return cls(rows, signs, max_rows, threads, found.n, frame, found.sample, quota)

    def tried(self, directions: tuple[Direction, ...]) -> Trial:
        """Try the last of the directions on all rows that the others leave untouched."""
        quota, most = self.quota, self.quota // 2
        of = partial(trial, signs=self.signs, frame=self.frame, directions=directions, most=most, quota=quota)
        merge = partial(Trial.merge, most=most, quota=quota)
        found: Trial = found_again(self.rows.reduce(of, merge, max_rows=self.max_rows, threads=self.threads))
        return found

    def informed(self, hint: FloatArray) -> tuple[tuple[FloatArray, Trial] | None, Picked]:
        """Try the hint: the direction, if it is one, and the sample with the rows that it gets most wrong."""
        sizes = self.frame.sizes(hint)
        size = float(sizes[int(self.frame.intercept) :].max(initial=0.0)) or 1.0
        parameters = np.zeros_like(hint)
        places = np.concatenate([np.arange(int(self.frame.intercept)), int(self.frame.intercept) + self.frame.columns])
        parameters[places] = np.where(sizes > _NOISE * sizes.max(), hint[places], 0.0) / size
        if not (np.isfinite(parameters).all() and parameters.any()):
            return None, self.sample
        found = self.tried((Direction.of(parameters, self.frame),))
        if found.strict and not found.against.sign.size:
            return (parameters, found), self.sample
        return None, _enlarged(self.sample, found.against)

    def completed(self, sample: Picked, directions: tuple[Direction, ...]) -> Picked:
        """Add rows until the sample spans all rows that the directions leave untouched."""
        null = null_space(distinct(self.frame.coordinates(sample.x)))
        if not null.shape[1]:
            return sample
        of = partial(spanning, signs=self.signs, frame=self.frame, directions=directions, null=null)

        def merge(left: Picked, right: Picked) -> Picked:
            return basis(left.joined(right), self.frame, null)

        return _enlarged(sample, found_again(self.rows.reduce(of, merge, max_rows=self.max_rows, threads=self.threads)))

    def next_direction(self, sample: Picked, before: tuple[Direction, ...]) -> tuple[FloatArray, Trial] | None:
        """Find a direction that separates some of the rows left untouched by those before, and moves none the wrong way."""
        for _ in range(_PASSES):
            parameters = self._of_sample(sample)
            if parameters is None:
                return None
            found = self.tried((*before, Direction.of(parameters, self.frame)))
            if not found.against.sign.size:
                return parameters, found
            larger = _enlarged(sample, found.against)
            if larger.sign.size == sample.sign.size:
                return None
            sample = larger
        return None

    def _of_sample(self, sample: Picked) -> FloatArray | None:
        """Find a direction for the sample, in all parameters, that holds when it is judged as it will be."""
        z = self.frame.coordinates(sample.x)
        columns = independent(distinct(z))
        for part in candidates(z[:, columns], sample.sign):
            d = np.zeros(z.shape[1])
            d[columns] = part
            plain = self.frame.parameters(d)
            for parameters in (_simplified(plain, self.frame), plain):
                v = verdicts(Direction.of(parameters, self.frame), sample.x, sample.sign)
                if not (v < 0).any() and (v > 0).any():
                    return parameters
        return None


def _enlarged(sample: Picked, more: Picked) -> Picked:
    """Add the rows that are not there yet."""
    return sample.joined(more.take(~np.isin(more.place, sample.place)))


def _simplified(parameters: FloatArray, frame: Frame) -> FloatArray:
    """Write each entry in the simplest number that is the same up to rounding."""
    slack = _SIMPLE * ROUNDOFF * np.abs(parameters)
    if frame.intercept:
        slack[0] += _SIMPLE * ROUNDOFF * float(np.abs(frame.shift) @ np.abs(parameters[1:][frame.columns]))
    simple = [
        simplest(value, within) if value else 0.0 for value, within in zip(parameters.tolist(), slack, strict=True)
    ]
    return np.array(simple)


def _undetermined(sample: Picked, found: list[FloatArray], frame: Frame) -> FloatArray:
    """Return a basis (m, j) of what the remaining rows do not determine, beside the directions found."""
    from scipy.linalg import qr

    z = distinct(frame.coordinates(sample.x))
    m = z.shape[1]
    known = independent(z)
    others = np.setdiff1d(np.arange(m), known)
    null = np.zeros((m, others.size))
    null[others, np.arange(others.size)] = 1.0
    if known.size:
        null[known] = -np.linalg.lstsq(z[:, known], z[:, others], rcond=None)[0]
    null[np.abs(null) <= _NOISE * np.abs(null).max(axis=0, initial=0.0)] = 0.0
    lead = int(frame.intercept)
    directions = np.column_stack(found)
    scaled = directions[lead:][frame.columns] * frame.scale[:, None]
    if lead:
        first = directions[0] + frame.shift @ directions[1:][frame.columns]
        scaled = np.concatenate([first[None], scaled])
    own = np.linalg.qr(scaled)[0]
    beside = null - own @ (own.T @ null)
    order = qr(beside, mode="r", pivoting=True)[1] if others.size else others
    chosen = np.sort(order[: others.size - len(found)])
    return (
        np.array([_simplified(frame.parameters(each), frame) for each in null[:, chosen].T])
        .reshape(chosen.size, lead + frame.p)
        .T
    )
