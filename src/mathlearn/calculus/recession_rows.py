"""Passes over the rows in search of a direction of recession: a sample to start from, and which rows a direction moves.

A direction is judged in the user's units, as it will be shown. The predictor ``x~_i d`` of a row is formed about a shift near
the column, and, where it is small, without error; it counts as zero up to `ROUNDINGS` roundings of what it is made of,

    |x~_i d| <= 16 u (|d_0| + sum_j |x_ij| |d_j|),

in the sizes before the shift: a column whose entries were rounded when it was made knows no more.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.linalg.errorfree import ROUNDOFF, two_prod, two_sum
from mathlearn.linalg.moments import power_of_two

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import AnyArray, BoolArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk

ROUNDINGS = 16.0
_DOUBTFUL = 1e-8  # share of the largest possible predictor below which one is formed without error
_FAR = 4.0  # a column whose typical entry is so many times its scale is shifted
_RARE = 1e-6  # least mean distance, as a share of the range, that a scale heeds
_VARIES = 1e-10  # share of a row below which a direction does not move it


class Frame(NamedTuple):
    """Coordinates ``z = [1, (x - shift) / scale]`` of the columns used.

    Attributes
    ----------
    columns : (c,) indices of columns of X
    shift : (c,) an entry of the column, where it lies far from zero and there is an intercept to absorb it; else 0
    scale : (c,) powers of two
    top : (c,) largest entry in size
    intercept : whether there is one
    p : columns of X
    """

    columns: IntArray
    shift: FloatArray
    scale: FloatArray
    top: FloatArray
    intercept: bool
    p: int

    def coordinates(self, x: FloatArray) -> FloatArray:
        """Return rows (n, c) of the columns used in coordinates (n, c + 1), (n, c) without an intercept."""
        z = (x - self.shift) / self.scale
        return np.concatenate([np.ones((len(z), 1)), z], axis=1) if self.intercept else z

    def parameters(self, d: FloatArray) -> FloatArray:
        """Return a direction of the coordinates as one of all parameters, in the user's units, intercept first."""
        lead = int(self.intercept)
        slopes = d[lead:] / self.scale
        whole = np.zeros(lead + self.p)
        whole[lead + self.columns] = slopes
        if lead:
            whole[0] = math.fsum([float(d[0]), *(-self.shift * slopes).tolist()])
        return whole

    def sizes(self, direction: FloatArray) -> FloatArray:
        """Return the sizes of the entries of a direction in coordinates; the intercept's before the shift."""
        lead = int(self.intercept)
        return np.concatenate([np.abs(direction[:lead]), np.abs(direction[lead:][self.columns]) * self.scale])


class Picked(NamedTuple):
    """Rows that were picked: those of the highest scores.

    Attributes
    ----------
    score, x, sign, place : (k,), (k, c), (k,), (k,)
    """

    score: FloatArray
    x: FloatArray
    sign: FloatArray
    place: IntArray

    def joined(self, other: Picked) -> Picked:
        """Put both together."""
        return Picked(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))

    def best(self, quota: int) -> Picked:
        """Keep the `quota` highest scores of each sign; the earlier row of two equals."""
        order = np.lexsort((self.place, -self.score))
        sign = self.sign[order]
        chosen = np.concatenate([order[sign == each][:quota] for each in (1.0, -1.0, 0.0)])
        return self.take(chosen)

    def take(self, rows: AnyArray) -> Picked:
        """Keep some rows."""
        return Picked(self.score[rows], self.x[rows], self.sign[rows], self.place[rows])


class Survey(NamedTuple):
    """First pass: ranges of the columns, and rows drawn at random.

    Attributes
    ----------
    n : int
    low, high : (c,)
    sample : Picked
    """

    n: int
    low: FloatArray
    high: FloatArray
    sample: Picked

    def merge(self, other: Survey, quota: int) -> Survey:
        """Return the survey of both sets of rows."""
        return Survey(
            self.n + other.n,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.sample.joined(other.sample).best(quota),
        )

    def frame(self, columns: IntArray, *, intercept: bool, p: int, sparse: bool) -> Frame:
        """Choose shifts and scales; the same whatever the blocks.

        The scale lies between the range and the mean distance from the median: neither a rare level nor a long tail gets an
        extreme one.
        """
        x, top = self.sample.x, np.maximum(np.abs(self.low), np.abs(self.high))
        width = self.high - self.low
        typical = np.sort(x, axis=0)[len(x) // 2]
        spread = np.abs(x - typical).sum(axis=0) / len(x)
        scale = power_of_two(np.sqrt(width * np.maximum(spread, _RARE * width)))
        far = np.abs(typical) > _FAR * scale
        if not intercept or sparse:
            return Frame(columns, np.zeros_like(scale), np.where(far, power_of_two(top), scale), top, intercept, p)
        still = width == 0
        return Frame(
            columns, np.where(far | still, typical, 0.0), np.where(still, power_of_two(top), scale), top, intercept, p
        )


def dense(x: Any) -> FloatArray:
    """Return the rows as an array."""
    return np.asarray(x.toarray() if hasattr(x, "toarray") else x, dtype=np.float64)


def columns_of(chunk: Chunk, columns: IntArray) -> AnyArray:
    """Return the columns used of a block, sparse if it is."""
    x: AnyArray = chunk.X  # type: ignore[assignment]
    return x if columns.size == x.shape[1] else x[:, columns]


def lottery(index: IntArray) -> FloatArray:
    """Return a number for each row, drawn by its index: the same whatever the blocks (splitmix64)."""
    z = index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64)


def pick(x: AnyArray, sign: FloatArray, index: IntArray, score: FloatArray, quota: int, among: BoolArray) -> Picked:
    """Pick the rows of highest score `among` those of a block."""
    chosen = np.flatnonzero(among)
    if chosen.size > 3 * quota:
        least = np.inf * np.ones(chosen.size)
        for each in (1.0, -1.0, 0.0):
            own = np.flatnonzero(sign[chosen] == each)
            if own.size:
                scores = score[chosen[own]]
                cut = max(own.size - quota, 0)
                least[own] = np.partition(scores, cut)[cut]
        chosen = chosen[score[chosen] >= least]
    return Picked(score[chosen], dense(x[chosen]), sign[chosen], index[chosen]).best(quota)


def survey(chunk: Chunk, signs: Callable[[Chunk], FloatArray], columns: IntArray, quota: int) -> Survey:
    """Survey a block."""
    x = columns_of(chunk, columns)
    whole = dense(x)
    every = np.full(chunk.n, fill_value=True)
    sample = pick(whole, signs(chunk), chunk.index, lottery(chunk.index), quota, every)
    return Survey(chunk.n, whole.min(axis=0), whole.max(axis=0), sample)


# ---------------------------------------------------------------------------------------------------------- directions
class Direction(NamedTuple):
    """A direction made ready for products with rows.

    Attributes
    ----------
    constant : its intercept
    used : (k,) positions, among the columns used, of slopes that are not zero
    slopes, shift : (k,)
    centre : predictor at the shift
    reach : no predictor is larger
    """

    constant: float
    used: IntArray
    slopes: FloatArray
    shift: FloatArray
    centre: float
    reach: float

    @classmethod
    def of(cls, parameters: FloatArray, frame: Frame) -> Direction:
        """Prepare a direction given in all parameters."""
        constant = float(parameters[0]) if frame.intercept else 0.0
        every = parameters[int(frame.intercept) :][frame.columns]
        used = np.flatnonzero(every)
        slopes, shift = every[used], frame.shift[used]
        high, low = two_prod(shift, slopes)
        centre = math.fsum([constant, *high.tolist(), *low.tolist()])
        return cls(constant, used, slopes, shift, centre, abs(constant) + float(frame.top[used] @ np.abs(slopes)))

    def predictors(self, x: AnyArray) -> FloatArray:
        """Return ``x~ d`` (n,) of rows of the columns used: exactly 0 where it is zero up to rounding."""
        part = x if self.used.size == x.shape[1] else x[:, self.used]
        if self.shift.any():
            v = (part - self.shift) @ self.slopes + self.centre
        else:
            v = np.asarray(part @ self.slopes) + self.constant
        doubtful = np.flatnonzero(np.abs(v) <= _DOUBTFUL * self.reach)
        if doubtful.size:
            v[doubtful] = self._settled(dense(part[doubtful]))
        return v

    def _settled(self, x: FloatArray) -> FloatArray:
        """Predictors formed without error, rounded once, and to zero where that is all they are."""
        high, low = np.full(len(x), self.constant), np.zeros(len(x))
        for column, slope in zip(x.T, self.slopes, strict=True):
            product, rest = two_prod(column, np.full(1, slope))
            high, error = two_sum(high, product)
            low += error + rest
        level = np.abs(x) @ np.abs(self.slopes) + abs(self.constant)
        value: FloatArray = high + low
        return np.where(np.abs(value) <= ROUNDINGS * ROUNDOFF * level, 0.0, value)


def untouched(x: AnyArray, directions: tuple[Direction, ...]) -> BoolArray:
    """Whether each row has the predictor zero for all of the directions."""
    still = np.full(x.shape[0], fill_value=True)
    for direction in directions:
        rows = np.flatnonzero(still)
        still[rows] = direction.predictors(x if rows.size == x.shape[0] else x[rows]) == 0
    return still


class Trial(NamedTuple):
    """What a pass finds about a direction, on the rows that those before it leave untouched.

    Attributes
    ----------
    strict, zero : rows it separates, and leaves untouched
    against : rows it moves the wrong way, the worst ones
    face : rows it leaves untouched, drawn at random
    """

    strict: int
    zero: int
    against: Picked
    face: Picked

    def merge(self, other: Trial, most: int, quota: int) -> Trial:
        """Return the trial on both sets of rows."""
        return Trial(
            self.strict + other.strict,
            self.zero + other.zero,
            self.against.joined(other.against).best(most),
            self.face.joined(other.face).best(quota),
        )


def verdicts(direction: Direction, x: AnyArray, sign: FloatArray) -> FloatArray:
    """Return the predictors (n,) along the signs: negative where a row is moved the wrong way."""
    v = direction.predictors(x)
    return np.where(sign == 0, -np.abs(v), sign * v)


def trial(
    chunk: Chunk,
    signs: Callable[[Chunk], FloatArray],
    frame: Frame,
    directions: tuple[Direction, ...],
    most: int,
    quota: int,
) -> Trial:
    """Try the last of the directions on the rows of a block that the others leave untouched."""
    x, sign, index = columns_of(chunk, frame.columns), signs(chunk), chunk.index
    rows = np.flatnonzero(untouched(x, directions[:-1]))
    if rows.size < chunk.n:
        x, sign, index = x[rows], sign[rows], index[rows]
    v = verdicts(directions[-1], x, sign)
    chosen = partial(pick, x, sign, index)
    return Trial(
        strict=int(np.count_nonzero(v > 0)),
        zero=int(np.count_nonzero(v == 0)),
        against=chosen(-v, most, v < 0),
        face=chosen(lottery(index), quota, v == 0),
    )


def spanning(
    chunk: Chunk,
    signs: Callable[[Chunk], FloatArray],
    frame: Frame,
    directions: tuple[Direction, ...],
    null: FloatArray,
) -> Picked:
    """Pick untouched rows that span what the directions `null` (orthonormal, in coordinates) can tell of the block."""
    x, sign = columns_of(chunk, frame.columns), signs(chunk)
    lead = int(frame.intercept)
    slopes = null[lead:] / frame.scale[:, None]
    used = np.flatnonzero(slopes.any(axis=1))
    centre = null[0] if lead else np.zeros(null.shape[1])
    about = x[:, used] - frame.shift[used] if frame.shift[used].any() else x[:, used]
    moves = np.abs(np.asarray(about @ slopes[used]) + centre).max(axis=1, initial=0.0) > 0
    rows = np.flatnonzero(moves & untouched(x, directions))
    return basis(Picked(np.zeros(rows.size), dense(x[rows]), sign[rows], chunk.index[rows]), frame, null)


def basis(picked: Picked, frame: Frame, null: FloatArray) -> Picked:
    """Keep rows that span what all of them tell of the directions `null`."""
    from scipy.linalg import qr

    z = frame.coordinates(picked.x)
    z /= np.abs(z).max(axis=1, initial=np.finfo(float).tiny)[:, None]
    moved = z @ null
    rows = np.flatnonzero(np.abs(moved).max(axis=1, initial=0.0) > _VARIES)
    if rows.size <= 1:
        return picked.take(rows)
    order = qr(moved[rows].T, mode="r", pivoting=True)[1]
    return picked.take(rows[order[: null.shape[1]]])
