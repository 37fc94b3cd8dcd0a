"""`Whitened`: moments in nearly orthonormal coordinates, accumulated in double-double.

Given any factor S with ``S^T (Xc^T W Xc) S`` near the identity and any first solution B, the columns

    Z = [1,  (X - m) S,  (y - my) - (X - m) B,  y - my]

are formed to about 100 bits and their Gram matrix summed to about 80. Whatever the condition of X, the part of that
matrix that belongs to ``(X - m) S`` is then well conditioned, so that the corrected solution and the inverse come out
right to the last bits of a double. S and B need not be accurate; their errors are carried in Z. Where the columns of X are
nearly orthogonal as they are, S = I and B = 0 save the products.

This is Cholesky QR's second pass in higher precision, with iterative refinement of the solution in the same pass.

References
----------
Yamamoto, Nakatsukasa, Yanagisawa, Fukaya (2015), "Roundoff error analysis of the CholeskyQR2 algorithm", ETNA 44.
Björck (1967), "Iterative refinement of linear least squares solutions I", BIT 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.linalg import slicing
from mathlearn.linalg.errorfree import DoubleDouble, dd_add, two_prod, two_sum
from mathlearn.linalg.moments import power_of_two
from mathlearn.linalg.small import column_sums

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk

_ZERO = np.zeros(1)
_LARGEST = 2.0**100  # spreads up to this, and down to its inverse, have squares that neither overflow nor lose accuracy
_CLOSEST = 2.0**-40  # of the mean: a spread below it wants a closer look


@dataclass(frozen=True, slots=True)
class Product:
    """The factor S (r, r) and the first solution B (r, q), in scaled units."""

    factor: FloatArray
    solution: FloatArray


class Basis(NamedTuple):
    """Coordinates of the second pass.

    Attributes
    ----------
    columns : (r,) indices of the columns of X in use, or None for all of them
    r, q : numbers of columns of X in use and of y
    shift, scale : (r + q,); rows are ``z / scale - shift / scale``
    product : S and B, or None for the identity and zero
    centred : whether there is a leading column of ones
    """

    columns: IntArray | None
    r: int
    q: int
    shift: FloatArray
    scale: FloatArray
    product: Product | None
    centred: bool


@dataclass(frozen=True, slots=True)
class Whitened:
    """The Gram matrix ``Z^T W Z``, in double-double.

    Attributes
    ----------
    gram : (m, m) double-double; m = centred + r + q with S = I, B = 0, where the residuals are y itself; else q more
    """

    gram: DoubleDouble

    @classmethod
    def of(cls, chunk: Chunk, basis: Basis) -> Whitened:
        """Return the sums of one block of at most `slicing.ROWS` rows."""
        z = _coordinates(chunk, basis)
        bits = slicing.slice_bits(chunk.n)
        pieces = slicing.slices(z, bits, columns=True)
        if chunk.weight is None:
            return cls(slicing.gram(pieces))
        w = chunk.weight[:, None]
        high, low = two_prod(z[0], w)
        weighted = slicing.slices((high, low + z[1] * w), bits, columns=True)
        return cls(slicing.multiply([piece.T for piece in pieces], weighted))

    def merge(self, other: Whitened) -> Whitened:
        """Return the sums over both sets of rows."""
        return Whitened(dd_add(self.gram, other.gram))


def standardised(chunk: Chunk) -> tuple[DoubleDouble, Basis] | None:
    """Return ``[1, X, y]`` of dense unweighted rows, about the mean and in units of the spread, exactly, and these coordinates.

    None where a column is constant, or so far from zero, so large or small, that it wants a closer look.
    """
    p, q = chunk.X.shape[1], np.asarray(chunk.y).shape[1]
    z = np.empty((chunk.n, 1 + p + q), order="F")  # sums run along columns
    z[:, 0], z[:, 1 : 1 + p], z[:, 1 + p :] = 1.0, chunk.X, chunk.y
    with np.errstate(over="ignore", invalid="ignore"):
        mean = column_sums(z) / chunk.n
        mean[0] = 0.0
        high, low = two_sum(z, -mean)
        spread = np.sqrt(column_sums(high * high) / chunk.n)
    sizes = zip(mean.tolist(), spread.tolist(), strict=True)
    if not all(1 / _LARGEST < size < _LARGEST and size > _CLOSEST * abs(middle) for middle, size in sizes):
        return None
    scale = power_of_two(spread)
    scale[0] = 1.0
    basis = Basis(None, p, q, shift=mean[1:], scale=scale[1:], product=None, centred=True)
    return (high / scale, low / scale), basis


def _coordinates(chunk: Chunk, basis: Basis) -> DoubleDouble:
    """Form Z to about 100 bits."""
    high, low = _shifted(chunk, basis)
    if basis.product is None:
        return high, low
    first, last = int(basis.centred), basis.r + int(basis.centred)
    bits = slicing.slice_bits(basis.r + 1)
    data = slicing.slices((high[:, first:last], low[:, first:last]), bits, columns=False)
    factor = slicing.slices((basis.product.factor, _ZERO), bits, columns=True)
    solution = slicing.slices((-basis.product.solution, _ZERO), bits, columns=True)
    target = high[:, last:], low[:, last:]
    rest = dd_add(target, slicing.multiply(data, solution))
    one = high[:, :first], low[:, :first]
    return _side_by_side(one, slicing.multiply(data, factor), rest, target)


def _side_by_side(*parts: DoubleDouble) -> DoubleDouble:
    return np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts], axis=1)


def _shifted(chunk: Chunk, basis: Basis) -> DoubleDouble:
    """Return ``[1, z / scale - shift / scale]`` exactly, as a sum of two doubles."""
    first = int(basis.centred)
    x = np.asarray(chunk.X)
    z = np.empty((chunk.n, first + basis.r + basis.q))
    z[:, first : first + basis.r] = x if basis.columns is None else x[:, basis.columns]
    z[:, first + basis.r :] = chunk.y
    if not basis.centred:
        z /= basis.scale
        return z, np.zeros_like(z)
    z[:, 0] = 1.0
    z[:, 1:] /= basis.scale
    return two_sum(z, np.concatenate([_ZERO, basis.shift / -basis.scale]))
