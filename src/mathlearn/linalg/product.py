"""Products of blocks that other threads need not wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray

__all__ = ["product", "sums"]

_RELEASED = 500
"""Numbers in a result above which NumPy's ``@`` gives the interpreter's lock back."""

_FEW_ROWS = 4096
"""Up to which a sum is so short that it is left in one piece."""


def product(left: AnyArray, right: AnyArray) -> AnyArray:
    """Return ``left @ right`` of dense arrays.

    NumPy's ``@`` holds the interpreter's lock where the result has at most 500 numbers, however long its sums are: with up to 22
    columns, blocks of rows would be multiplied by one thread at a time. `numpy.dot` gives the lock back, and the same numbers.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(6.0).reshape(3, 2)
    >>> print(product(x.T, x))
    [[20. 26.]
     [26. 35.]]
    """
    found: AnyArray = np.dot(left, right)
    return found


def sums(weight: FloatArray, rows: FloatArray) -> FloatArray:
    """Return ``weight @ rows`` for weights (n,) and many rows (n, p), summed in as many pieces as it takes for NumPy to give the lock back.

    (`numpy.dot` gives it back too, but adds up in another order where the columns lie one after the other.)

    Examples
    --------
    >>> import numpy as np
    >>> print(sums(np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 3.0]])))
    [1. 6.]
    """
    n, p = rows.shape
    if n <= _FEW_ROWS or not 0 < p <= _RELEASED:
        return np.asarray(weight @ rows)
    pieces = _RELEASED // p + 1
    each = n // pieces
    whole = pieces * each
    found: FloatArray = np.matmul(weight[:whole].reshape(pieces, 1, each), rows[:whole].reshape(pieces, each, p)).sum(
        axis=0
    )[0]
    return found if whole == n else found + weight[whole:] @ rows[whole:]
