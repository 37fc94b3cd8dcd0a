"""Sparse columns that iteration could not tell apart: what depends on what, from those columns alone.

A combination of columns that vanishes involves only columns whose coefficients the data do not determine, so that the rank
of a large sparse table is settled by reflections of its few doubtful columns, made dense block by block.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.data.chunk import Chunk
from mathlearn.linalg import rank
from mathlearn.linalg.dependence import Dependence
from mathlearn.linalg.ladder import block_rows
from mathlearn.linalg.moments import Frame, power_of_two
from mathlearn.linalg.tsqr import RFactor, equilibrated

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from mathlearn._typing import FloatArray


def dependence_among(x: csr_array, weight: FloatArray | None, mean: FloatArray, *, centred: bool) -> Dependence:
    """Return the dependences among sparse columns.

    Parameters
    ----------
    x : (n, u) CSR, the doubtful columns
    weight : (n,) array or None
    mean : (u,) weighted means; zeros without intercept
    centred : bool
    """
    n, u = x.shape
    frame = Frame(mean, _units(x, weight))
    step = block_rows(u)
    factors = (
        RFactor.of(
            Chunk(x[at : at + step].toarray(), weight=None if weight is None else weight[at : at + step]),
            frame,
            centre=centred,
        )
        for at in range(0, n, step)
    )
    found = equilibrated(reduce(RFactor.merge, factors), centred=centred)
    return Dependence.of(rank.verdict(found.r, found.raw, u, None), found.scale, found.mean)


def _units(x: csr_array, weight: FloatArray | None) -> FloatArray:
    """Powers of two near the root mean squares of the columns."""
    w = np.ones(x.shape[0]) if weight is None else weight
    return power_of_two(np.sqrt(np.asarray(x.multiply(x).T @ w) / w.sum()))
