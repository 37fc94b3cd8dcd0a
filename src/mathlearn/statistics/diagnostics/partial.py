"""What columns added to a model explain, from sums of products: rank first, then the gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray

__all__ = ["Gain", "gain", "regress"]

# Sums of products carry a relative error of about 1e-14; a direction of which the model leaves less than this is in it.
DEPENDENT = 1e-9


@dataclass(frozen=True, slots=True)
class Gain:
    """What the added columns explain.

    Attributes
    ----------
    explained : float
        Sum of squares.
    rank : int
        Directions that the columns add to the model.
    coefficients : (a,)
        Of the added columns; of minimum norm when they are dependent.
    """

    explained: float
    rank: int
    coefficients: FloatArray


def gain(left: FloatArray, cross: FloatArray, before: FloatArray) -> Gain:
    """Regress on added columns.

    Parameters
    ----------
    left : (a, a)
        Products of the added columns, less their projections on the model.
    cross : (a,)
        Their products with what is to be explained, which is orthogonal to the model.
    before : (a,)
        Squared lengths of the added columns before they were projected, to which the rank decision refers.
    """
    length = np.sqrt(np.where(before > 0, before, 1.0))
    values, vectors = np.linalg.eigh(left / np.outer(length, length))
    kept = values > DEPENDENT
    along = (vectors[:, kept].T @ (cross / length)) / values[kept]
    return Gain(
        explained=float(np.sum(along * along * values[kept])),
        rank=int(kept.sum()),
        coefficients=(vectors[:, kept] @ along) / length,
    )


def regress(gram: FloatArray, cross: FloatArray) -> Gain:
    """Regress on columns of which the first is the constant: what the others explain about the mean.

    Parameters
    ----------
    gram : (a, a)
    cross : (a,)
    """
    n, to_mean = gram[0, 0], gram[0, 1:]
    left = gram[1:, 1:] - np.outer(to_mean, to_mean / n)
    return gain(left, cross[1:] - to_mean * (cross[0] / n), gram.diagonal()[1:])
