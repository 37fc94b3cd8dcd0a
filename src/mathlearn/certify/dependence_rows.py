"""Whether the linear dependences that a fit names hold in its rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.data.reduce import found_again
from mathlearn.linalg.errorfree import TINY
from mathlearn.results.certificate import Check

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.linalg.dependence import Dependence

__all__ = ["MEANING", "dependence_checks", "remainders"]

MEANING = "largest relative residual of the linear dependences by which terms are withheld"


def dependence_checks(rows: Rows, dependence: Dependence, *, max_rows: int, threads: int) -> tuple[Check, ...]:
    """Look once at the rows (dense) for what is left of each dependence, relative to what cancels in it; nothing where there is none."""
    if not dependence.dropped.size:
        return ()
    of = partial(_of, null=dependence.null, constant=dependence.constant)
    left, size = found_again(rows.reduce(of, np.add, max_rows=max_rows, threads=threads))
    worst = float(np.sqrt(left / np.maximum(size, TINY)).max())
    return (Check("dependence", worst, dependence.tolerance, MEANING),)


def _of(chunk: Chunk, null: FloatArray, constant: FloatArray) -> FloatArray:
    x = np.asarray(chunk.X)
    return np.array(remainders(x, chunk.weight, null, constant, np.ones(constant.size)))


def remainders(
    x: FloatArray | csr_array, w: FloatArray | None, null: FloatArray, constant: FloatArray, unit: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the sums of squares (d,) of ``(x @ null - constant) / unit``, and of what cancelled in it."""
    left = ((x @ null - constant) / unit) ** 2
    size = (abs(x) @ np.abs(null) / unit) ** 2
    return (left.sum(axis=0), size.sum(axis=0)) if w is None else (w @ left, w @ size)
