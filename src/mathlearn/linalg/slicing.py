"""Matrix products far more accurate than double, by BLAS alone.

A matrix is cut into two slices of so few bits that the product of two slices has no rounding error in any order of
summation, and what is left, which is so small that its rounding does not matter. BLAS multiplies the pieces, and the
products are added in double-double: about 80 bits of sums over 8192 rows, 100 of short ones.

References
----------
Ozaki, Ogita, Oishi, Rump (2012), "Error-free transformations of matrix multiplication by using fast routines of matrix
multiplication and its applications", Numer. Algorithms 59, section 3.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.linalg.errorfree import DoubleDouble, fast_two_sum, two_sum

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

ROWS = 8192
"""Most rows of a product whose slices are 19 bits wide."""


_LEVELS = 4  # levels of products kept
_NOTHING = np.zeros(1)


def slice_bits(length: int) -> int:
    """Bits a slice may have so that twice `length` products of two slices add up without rounding."""
    return (52 - max(length - 1, 1).bit_length()) // 2


def slices(x: DoubleDouble, bits: int, *, columns: bool) -> list[FloatArray]:
    """Cut ``hi + lo`` into two matrices of `bits` bits each and what is left, largest first; fewer when nothing is left.

    The grid is common to a column (``columns=True``) or to the whole matrix. What is left is below ``2**-(2 bits + 2)`` of
    the largest entry of the grid.
    """
    hi, lo = x
    top = np.maximum.reduce(np.abs(hi), axis=0 if columns else None)
    # Adding and taking away sigma leaves the multiples of its last place.
    sigma = np.ldexp(0.75, np.frexp(top)[1] + (53 - bits))
    first = (hi + sigma) - sigma
    hi = hi - first
    if not np.count_nonzero(lo):
        if not np.count_nonzero(hi):
            return [first]
        lo = _NOTHING
    else:
        hi, lo = fast_two_sum(hi, lo)
    sigma *= 2.0 ** -(bits + 1)
    second = (hi + sigma) - sigma
    return [first, second, (hi - second) + lo]


def truncate(x: FloatArray, bits: int) -> FloatArray:
    """Keep `bits` bits of each column, relative to the largest entry of the column."""
    sigma = np.ldexp(0.75, np.frexp(np.abs(x).max(axis=0))[1] + (53 - bits))
    kept: FloatArray = (x + sigma) - sigma
    return kept


def multiply(left: list[FloatArray], right: list[FloatArray]) -> DoubleDouble:
    """Return ``sum(left) @ sum(right)`` in double-double.

    Products of slices are exact; those of a slice with what is left are rounded, far below; left times left is left out.
    """
    return _accumulate([[left[i] @ right[j] for i, j in pairs] for pairs in _pairs(len(left), len(right))], exact=3)


def gram(pieces: list[FloatArray]) -> DoubleDouble:
    """Return ``x.T @ x`` in double-double for ``x = sum(pieces)``, like `multiply`."""
    levels = []
    for pairs in _pairs(len(pieces), len(pieces)):
        products = []
        for i, j in pairs:
            if i <= j:
                product = pieces[i].T.dot(pieces[j])
                products.append(product if i == j else product + product.T)
        levels.append(products)
    return _accumulate(levels, exact=2)


@cache
def _pairs(left: int, right: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """List the products to keep, by level: pieces i and j multiply to ``2**-((i + j) (bits + 1))`` of the largest."""
    every = [(i, j) for i in range(left) for j in range(right) if i + j < _LEVELS]
    return tuple(tuple(pair for pair in every if sum(pair) == level) for level in range(1 + max(map(sum, every))))


def _accumulate(levels: list[list[FloatArray]], exact: int) -> DoubleDouble:
    """Add matrices of falling size in double-double; below so many levels double is enough."""
    hi = levels[0][0]
    if len(levels) == 1:
        return hi, np.zeros_like(hi)
    errors = []
    for level in levels[1:exact]:
        for term in level:
            hi, error = two_sum(hi, term)
            errors.append(error)
    rest = [term for level in levels[exact:] for term in level] + errors
    low = rest[0]
    for term in rest[1:]:
        low = low + term
    return fast_two_sum(hi, low)
