"""`Whitened`: moments in nearly orthonormal coordinates, accumulated in double-double.

Given any factor S with ``S^T (Xc^T W Xc) S`` near the identity and any first solution B, the columns

    Z = [(X - m) S,  (y - my) - (X - m) B,  y - my]

are formed to about 100 bits and their Gram matrix summed to about 70. Whatever the condition of X, the small matrix
``H = Zx^T W Zx`` is then well conditioned, so that the corrected solution ``B + S H^-1 Zx^T W r`` and the inverse
``S H^-1 S^T`` come out right to the last bits of a double. S and B need not be accurate; their errors are carried in Z.

This is Cholesky QR's second pass in higher precision, with iterative refinement of the solution in the same pass.

References
----------
Yamamoto, Nakatsukasa, Yanagisawa, Fukaya (2015), "Roundoff error analysis of the CholeskyQR2 algorithm", ETNA 44.
Björck (1967), "Iterative refinement of linear least squares solutions I", BIT 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg import slicing
from mathlearn.linalg.errorfree import (
    DoubleDouble,
    dd_add,
    dd_div_by,
    dd_mul,
    dd_neg,
    two_prod,
    two_sum,
)

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk


@dataclass(frozen=True, slots=True)
class Basis:
    """Coordinates of the second pass: rows are ``((z - shift) / scale)`` times ``[[S, -B, 0], [0, I, I]]``.

    Attributes
    ----------
    columns : (r,) int64 indices of the columns of X in use, or None for all of them
    shift, scale : (r + q,)
    factor : (r, r) S
    solution : (r, q) B, in scaled units
    """

    columns: IntArray | None
    shift: FloatArray
    scale: FloatArray
    factor: FloatArray
    solution: FloatArray


@dataclass(frozen=True, slots=True)
class Whitened:
    """Sums of Z and of ``Z^T W Z`` about zero, in double-double.

    Attributes
    ----------
    weight : float
    sums : (r + 2q,) double-double
    gram : (r + 2q, r + 2q) double-double
    """

    weight: float
    sums: DoubleDouble
    gram: DoubleDouble

    @classmethod
    def of(cls, chunk: Chunk, basis: Basis) -> Whitened:
        """Return the sums of one block of at most `slicing.ROWS` rows."""
        z = _coordinates(chunk, basis)
        bits = slicing.slice_bits(chunk.n)
        pieces = slicing.slices(z, bits, columns=True)
        if chunk.weight is None:
            return cls(float(chunk.n), slicing.column_sums(pieces), slicing.gram(pieces))
        w = chunk.weight[:, None]
        high, low = two_prod(z[0], w)
        weighted = slicing.slices((high, low + z[1] * w), bits, columns=True)
        gram = slicing.weighted_gram(pieces, weighted)
        return cls(float(chunk.weight.sum()), slicing.column_sums(weighted), gram)

    def merge(self, other: Whitened) -> Whitened:
        """Return the sums over both sets of rows."""
        return Whitened(self.weight + other.weight, dd_add(self.sums, other.sums), dd_add(self.gram, other.gram))

    def centred(self) -> DoubleDouble:
        """Gram matrix about the mean."""
        mean = dd_div_by(self.sums, self.weight)
        outer = dd_mul((self.sums[0][:, None], self.sums[1][:, None]), mean)
        return dd_add(self.gram, dd_neg(outer))


def _coordinates(chunk: Chunk, basis: Basis) -> DoubleDouble:
    """Form Z to about 100 bits."""
    r = basis.factor.shape[0]
    high, low = _shifted(chunk, basis)
    target = high[:, r:], low[:, r:]
    if not r:
        return _side_by_side(target, target)
    bits = slicing.slice_bits(high.shape[1] + 1)
    zero = np.zeros(1)
    # One slice more for the residuals, of which the last bits of an intercept near zero are made.
    depth = slicing.DEPTH + 1
    data = slicing.slices((high[:, :r], low[:, :r]), bits, depth, columns=False)
    factor = slicing.slices((basis.factor, zero), bits, columns=True)
    solution = slicing.slices((-basis.solution, zero), bits, columns=True)
    rest = dd_add(target, slicing.multiply(data, solution, depth))
    return _side_by_side(slicing.multiply(data, factor), rest, target)


def _side_by_side(*parts: DoubleDouble) -> DoubleDouble:
    return np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts], axis=1)


def _shifted(chunk: Chunk, basis: Basis) -> DoubleDouble:
    """Return ``(z - shift) / scale`` exactly, as a sum of two doubles."""
    r = basis.factor.shape[0]
    x = np.asarray(chunk.X)
    z = np.empty((chunk.n, basis.shift.shape[0]))
    z[:, :r] = x if basis.columns is None else x[:, basis.columns]
    z[:, r:] = chunk.y
    if (basis.scale != 1.0).any():
        z /= basis.scale
    return two_sum(z, -basis.shift / basis.scale)
