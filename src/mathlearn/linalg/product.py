"""Products of blocks that other threads need not wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray

__all__ = ["product"]


def product(left: AnyArray, right: AnyArray) -> AnyArray:
    """Return ``left @ right`` of dense arrays.

    NumPy's ``@`` holds the interpreter's lock where the result has fewer than 500 numbers, however long the sums are: with up to
    21 columns, blocks of rows would be multiplied by one thread at a time. `numpy.dot` gives the lock back, and the same numbers.

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
