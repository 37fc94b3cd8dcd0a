"""`Moments`: the mergeable centred second moments of ``[X y]``, in double precision.

With rows ``z = [x, y]``, weights w and a provisional mean m, the raw sums kept are

    W = sum w,    s = sum w (z - m),    G = sum w (z - m)(z - m)^T,

divided only when read: the mean is ``m + s/W`` and the centred moments are ``G - s s^T / W``. Because m is close to
the mean, that subtraction loses no more than a bit or two.

References
----------
Chan, Golub, LeVeque (1983), "Algorithms for computing the sample variance", Amer. Statist. 37(3): the shifted data
algorithm and the pairwise update.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.data.chunk import together
from mathlearn.linalg.errorfree import ROUNDOFF, gamma, two_sum
from mathlearn.linalg.product import product
from mathlearn.linalg.scratch import scratch

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk

_NEGLIGIBLE_MEAN = 1.5  # in standard deviations: leaving such a mean in costs at most two bits
_SAFE = 2.0**100  # sizes whose squares and their sums neither overflow nor lose accuracy


@dataclass(frozen=True, slots=True)
class Frame:
    """The coordinates in which moments are accumulated: ``(z - shift) / scale``, scales being powers of two."""

    shift: FloatArray
    scale: FloatArray


@dataclass(frozen=True, slots=True)
class Moments:
    """Raw sums about the frame's shift, in the frame's units; p columns of X then q of y.

    Attributes
    ----------
    frame : Frame
    n : rows; dropped : rows dropped for missing values; chunks : blocks merged
    weight, log_weight : sum of w and of log w
    sums : (p + q,)
    gram : (p + q, p + q)
    block : rows of the largest block, which with `chunks` bounds the rounding error
    """

    frame: Frame
    n: int
    dropped: int
    chunks: int
    weight: float
    log_weight: float
    sums: FloatArray
    gram: FloatArray
    block: int

    @classmethod
    def zero(cls, frame: Frame) -> Moments:
        """Return the identity of `merge`."""
        m = frame.shift.shape[0]
        return cls(frame, 0, 0, 0, 0.0, 0.0, np.zeros(m), np.zeros((m, m)), 0)

    @classmethod
    def of(cls, chunk: Chunk, frame: Frame) -> Moments:
        """Return the moments of one block of rows."""
        sums_of = _dense_sums if isinstance(chunk.X, np.ndarray) else _sparse_sums
        sums, gram, weight, log_weight = sums_of(chunk, frame)
        return cls(frame, chunk.n, chunk.dropped, 1, weight, log_weight, sums, gram, chunk.n)

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both sets of rows; associative up to rounding, with identity `zero`."""
        if other.frame is not self.frame:
            other = other.moved_to(self.frame)
        return Moments(
            self.frame,
            self.n + other.n,
            self.dropped + other.dropped,
            self.chunks + other.chunks,
            self.weight + other.weight,
            self.log_weight + other.log_weight,
            self.sums + other.sums,
            self.gram + other.gram,
            max(self.block, other.block),
        )

    def moved_to(self, frame: Frame) -> Moments:
        """Express the same rows about another shift and in other units."""
        ratio = self.frame.scale / frame.scale
        sums, gram = self.sums * ratio, self.gram * np.outer(ratio, ratio)
        step, low = two_sum(self.frame.shift, -frame.shift)
        delta = (step + low) / frame.scale
        moved = sums + self.weight * delta
        gram = gram + np.outer(delta, moved) + np.outer(sums, delta)
        return replace(self, frame=frame, sums=moved, gram=gram)

    @property
    def mean(self) -> FloatArray:
        """Weighted mean of each column, in the user's units."""
        return self.frame.shift + self.frame.scale * (self.sums / self.weight)

    def centred(self) -> FloatArray:
        """Moments about the mean, in the frame's units."""
        return self.gram - np.outer(self.sums, self.sums / self.weight)

    def norms(self, *, centred: bool) -> FloatArray:
        """Norm of each column about its mean (about zero unless centred), in the user's units."""
        squares = self.gram.diagonal()
        if centred:
            squares = np.maximum(squares - self.sums * (self.sums / self.weight), 0.0)
        elif self.frame.shift.any():
            shift = self.frame.shift / self.frame.scale
            squares = np.maximum(squares + shift * (2.0 * self.sums + self.weight * shift), 0.0)
        return np.sqrt(squares) * self.frame.scale

    @property
    def relative_error(self) -> float:
        """Bound on the rounding error of ``gram[i, j]`` relative to ``sqrt(gram[i, i] * gram[j, j])``.

        Summing a block of b rows in any order errs by ``gamma(b)``, adding c blocks by ``gamma(c)`` more; forming ``z - m``
        adds three roundings.
        """
        return gamma(self.block) + gamma(self.chunks) + 3 * ROUNDOFF


class FirstLook(NamedTuple):
    """What a fit learns from one block of rows: how many they are, and in which coordinates moments are accumulated."""

    n: int
    frame: Frame


@dataclass(frozen=True, slots=True)
class Looking:
    """Takes a first look: equal ones learn the same, so that none need be taken twice.

    Attributes
    ----------
    centre : bool
        Whether provisional means are taken out.
    """

    centre: bool

    def __call__(self, chunk: Chunk) -> FirstLook:
        """Look at one block."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found by its moments
            return FirstLook(chunk.n, frame_of(chunk, centre=self.centre))


def frame_of(chunk: Chunk, *, centre: bool) -> Frame:
    """Choose provisional means and power-of-two units from one block of rows."""
    if not isinstance(chunk.X, np.ndarray):
        return _sparse_frame(chunk)
    mean, spread, top = spread_of(chunk)
    if not centre:
        return Frame(np.zeros_like(mean), _units(np.hypot(mean, spread)))
    # A mean that is small beside the spread stays: copying rows is faster than subtracting from them.
    shift = np.where(np.abs(mean) <= _NEGLIGIBLE_MEAN * spread, 0.0, mean)
    return Frame(shift, _units(np.where(spread > 0, spread, np.where(shift == 0, top, 1.0))))


def spread_of(chunk: Chunk) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, root mean square about it, and largest entry of each column of a dense block, unweighted."""
    z = np.concatenate([np.asarray(chunk.X), np.asarray(chunk.y)], axis=1, dtype=np.float64)
    top = np.abs(z).max(axis=0)
    if top.max() >= _SAFE or top.min() <= 1 / _SAFE:
        return *_scaled_spread(z, power_of_two(top)), top
    mean = z.sum(axis=0) / chunk.n
    about = z - mean
    return mean, np.sqrt((about * about).sum(axis=0) / chunk.n), top


def _scaled_spread(z: FloatArray, unit: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and root mean square about it, in units in which nothing overflows."""
    scaled = z / unit
    mean = scaled.sum(axis=0) / z.shape[0]
    about = scaled - mean
    return mean * unit, np.sqrt((about * about).sum(axis=0) / z.shape[0]) * unit


def _units(size: FloatArray) -> FloatArray:
    """Units of one where squares are safe, else the next power of two."""
    if size.max() < _SAFE and size.min() > 1 / _SAFE:
        return np.ones_like(size)
    return np.where((size < _SAFE) & (size > 1 / _SAFE), 1.0, power_of_two(size))


def _sparse_frame(chunk: Chunk) -> Frame:
    """Units only: a shift would make the rows dense."""
    x: Any = chunk.X
    largest = abs(x).max(axis=0).toarray().reshape(-1)
    top = np.concatenate([largest, np.abs(np.asarray(chunk.y)).max(axis=0)])
    return Frame(np.zeros_like(top), power_of_two(top))


def power_of_two(size: FloatArray) -> FloatArray:
    """Return the power of two just above each size; 1 for zero."""
    exponent = np.minimum(np.maximum(np.frexp(size)[1], -1021), 1022)
    scale: FloatArray = np.ldexp(1.0, exponent)  # frexp gives exponent 0 for 0
    return scale


def framed(chunk: Chunk, frame: Frame) -> FloatArray:
    """Return ``([X y] - shift) / scale`` as a new C-ordered array."""
    z = np.empty((chunk.n, frame.shift.shape[0]))
    _fill(z, chunk, frame)
    return z


def _fill(z: FloatArray, chunk: Chunk, frame: Frame) -> None:
    """Write ``([X y] - shift) / scale`` into the leading columns of `z`."""
    x, m = np.asarray(chunk.X), frame.shift.shape[0]
    p = x.shape[1]
    if frame.shift.any():
        np.subtract(x, frame.shift[:p], out=z[:, :p])
        if chunk.y is not None:
            np.subtract(chunk.y, frame.shift[p:], out=z[:, p:m])
    else:
        z[:, :p] = x
        if chunk.y is not None:
            z[:, p:m] = chunk.y
    if (frame.scale != 1.0).any():
        z[:, :m] /= frame.scale


def _dense_sums(chunk: Chunk, frame: Frame) -> tuple[FloatArray, FloatArray, float, float]:
    """Return the sums of dense rows, all from one symmetric product: a column of ones gives the sums.

    Copying the rows beside it costs less than reading them again for the thin products with y and with ones.
    """
    w = chunk.weight
    z = _with_ones(chunk, frame)
    full = product(z.T, z)
    weight, log_weight = (float(chunk.n), 0.0) if w is None else (float(w.sum()), float(np.log(w).sum()))
    return full[-1, :-1].copy(), np.ascontiguousarray(full[:-1, :-1]), weight, log_weight


def _with_ones(chunk: Chunk, frame: Frame) -> FloatArray:
    """Return the framed rows and a column of ones, each times the root of its weight; in work space, or as they came together."""
    z, w = together(chunk), chunk.weight
    if z is not None and w is None and not frame.shift.any() and not (frame.scale != 1.0).any():
        return z
    z = scratch((chunk.n, frame.shift.shape[0] + 1), like=np.asarray(chunk.X))
    _fill(z, chunk, frame)
    z[:, -1] = 1.0
    if w is not None:
        z *= np.sqrt(w)[:, None]
    return z


def _sparse_sums(chunk: Chunk, frame: Frame) -> tuple[FloatArray, FloatArray, float, float]:
    """Return the sums of CSR rows: only powers of two are taken out, the mean is left to the correction."""
    from scipy.sparse import csr_array, diags_array, hstack

    p = chunk.X.shape[1]
    x = csr_array(chunk.X @ diags_array(1.0 / frame.scale[:p]))
    z = hstack([x, csr_array(np.asarray(chunk.y) / frame.scale[p:])], format="csr")
    w = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    weighted = diags_array(w) @ z
    gram = (z.T @ weighted).toarray()
    return np.asarray(z.T @ w), gram, float(w.sum()), float(np.log(w).sum())
