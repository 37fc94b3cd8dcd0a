"""`RFactor`: the triangular factor of ``sqrt(W) [1, X - m, y - my]`` by Householder reflections, block by block.

Unlike a Gram matrix it does not square the condition number. Blocks are merged by factoring their stacked factors, in
a fixed order.

References
----------
Demmel, Grigori, Hoemmen, Langou (2012), "Communication-optimal parallel and sequential QR and LU factorizations",
SIAM J. Sci. Comput. 34(1), section 4 (sequential TSQR).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.moments import Frame, framed, power_of_two

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk


@dataclass(frozen=True, slots=True)
class RFactor:
    """Triangular factor of the framed rows, with a leading column of ones when centred.

    Attributes
    ----------
    frame : the coordinates of the rows
    n : rows
    weight : sum of weights
    r : (k, m) upper triangular, k <= m
    raw : (m,) root of the weighted sum of squares of each column of the data as given, in the frame's units
    """

    frame: Frame
    n: int
    weight: float
    r: FloatArray
    raw: FloatArray

    @classmethod
    def of(cls, chunk: Chunk, frame: Frame, *, centre: bool) -> RFactor:
        """Return the factor of one block of rows."""
        z = framed(chunk, frame)
        size = np.abs(frame.shift / frame.scale)
        root = None if chunk.weight is None else np.sqrt(chunk.weight)
        weight = float(chunk.n) if chunk.weight is None else float(chunk.weight.sum())
        if centre:
            z = np.concatenate([np.ones((chunk.n, 1)), z], axis=1)
            size = np.concatenate([[0.0], size])
        if root is not None:
            z *= root[:, None]
        spread = np.sqrt(np.einsum("ij,ij->j", z, z))
        return cls(frame, chunk.n, weight, _triangle(z), spread + np.sqrt(weight) * size)

    def merge(self, other: RFactor) -> RFactor:
        """Return the factor of both sets of rows."""
        r = _triangle(np.concatenate([self.r, other.r]))
        return RFactor(self.frame, self.n + other.n, self.weight + other.weight, r, np.hypot(self.raw, other.raw))


@dataclass(frozen=True, slots=True)
class Equilibrated:
    """A triangular factor about the mean, its columns divided by powers of two near their norms.

    Attributes
    ----------
    r : (k, m)
    raw : (m,) norms of the columns of the data as given, in the units of `r`
    scale : (m,) those units
    size : (m,) norms of the columns about their mean, in the user's units
    mean : (m,) in the user's units; zeros when not centred
    """

    r: FloatArray
    raw: FloatArray
    scale: FloatArray
    size: FloatArray
    mean: FloatArray


def equilibrated(qr: RFactor, *, centred: bool) -> Equilibrated:
    """Take the leading column of ones, if there is one, out of a factor, and scale what is left."""
    frame, first = qr.frame, int(centred)
    r = qr.r[first:, first:]
    norm = np.sqrt(np.einsum("ij,ij->j", r, r))
    unit = power_of_two(norm)
    return Equilibrated(
        r=r / unit,
        raw=qr.raw[first:] / unit,
        scale=unit * frame.scale,
        size=norm * frame.scale,
        mean=frame.shift + frame.scale * (qr.r[0, 1:] / qr.r[0, 0]) if centred else np.zeros(frame.shift.shape),
    )


def _triangle(z: FloatArray) -> FloatArray:
    r: FloatArray = np.asarray(np.linalg.qr(z, mode="r"))
    return r
