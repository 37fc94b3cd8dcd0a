"""Matrix products far more accurate than double, by BLAS alone.

A matrix is cut into slices of so few bits that the product of two slices has no rounding error in any order of
summation. BLAS then multiplies slices exactly, whatever its threads, and the products are added in double-double.

References
----------
Ozaki, Ogita, Oishi, Rump (2012), "Error-free transformations of matrix multiplication by using fast routines of matrix
multiplication and its applications", Numer. Algorithms 59, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import DoubleDouble, fast_two_sum, two_sum

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

ROWS = 8192
"""Most rows of a product whose slices are 19 bits wide."""


DEPTH = 4
"""Slices a matrix is cut into, and levels of products kept: 80 bits for long sums, 100 for short ones."""


def slice_bits(length: int) -> int:
    """Bits a slice may have so that twice `length` products of two slices add up without rounding."""
    return (52 - max(length - 1, 1).bit_length()) // 2


def slices(x: DoubleDouble, bits: int, count: int = DEPTH, *, columns: bool) -> list[FloatArray]:
    """Cut ``hi + lo`` into at most `count` matrices of `bits` bits each, largest first.

    The grid is common to a column (``columns=True``) or to the whole matrix. What is cut off is below
    ``2**-(count * (bits + 1))`` of the largest entry of the grid. Cutting stops when nothing is left.
    """
    hi, lo = x
    top = np.abs(hi).max(axis=0) if columns else np.abs(hi).max()
    exponent = np.frexp(top)[1] + (53 - bits)
    has_low = bool(lo.any())
    pieces: list[FloatArray] = []
    for index in range(count):
        sigma = np.ldexp(0.75, exponent - index * (bits + 1))
        piece = (hi + sigma) - sigma
        pieces.append(piece)
        if index + 1 == count:
            break
        hi = hi - piece
        if has_low:
            hi, lo = fast_two_sum(hi, lo)
        elif not hi.any():
            break
    return pieces


def truncate(x: FloatArray, bits: int) -> FloatArray:
    """Keep `bits` bits of each column, relative to the largest entry of the column."""
    return slices((x, np.zeros(1)), bits, 1, columns=True)[0]


def multiply(left: list[FloatArray], right: list[FloatArray], depth: int = DEPTH) -> DoubleDouble:
    """Return ``sum(left) @ sum(right)`` in double-double, leaving out products below the level `depth`."""
    pairs = [(i, j) for i in range(len(left)) for j in range(len(right)) if i + j < depth]
    return _accumulate([left[i] @ right[j] for i, j in sorted(pairs, key=sum)])


def gram(pieces: list[FloatArray]) -> DoubleDouble:
    """Return ``x.T @ x`` in double-double for ``x = sum(pieces)``, to the level of the last slice."""
    products = []
    pairs = [(i, j) for i in range(len(pieces)) for j in range(i, len(pieces)) if i + j < DEPTH]
    for i, j in sorted(pairs, key=sum):
        product = pieces[i].T @ pieces[j]
        products.append(product if i == j else product + product.T)
    return _accumulate(products)


def weighted_gram(left: list[FloatArray], right: list[FloatArray]) -> DoubleDouble:
    """Return ``x.T @ z`` in double-double for two sliced matrices of equal length."""
    return multiply([piece.T for piece in left], right)


def column_sums(pieces: list[FloatArray]) -> DoubleDouble:
    """Return the column sums of ``sum(pieces)`` in double-double; each slice sums exactly in any order."""
    return _accumulate([piece.sum(axis=0) for piece in pieces])


def _accumulate(terms: list[FloatArray]) -> DoubleDouble:
    """Add matrices, largest first, in double-double."""
    hi, lo = terms[0], np.zeros_like(terms[0])
    for term in terms[1:]:
        hi, error = two_sum(hi, term)
        lo = lo + error
    return fast_two_sum(hi, lo)
