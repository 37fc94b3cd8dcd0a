"""`Coordinates`: the columns as the solver sees them, so that units and far means do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Columns ``z = ((x - shift) / scale)[kept] @ basis``, with a leading constant where there is an intercept.

    Attributes
    ----------
    shift : (p,)
        A point near the rows; zeros where columns lie near zero anyway, and without intercept.
    scale : (p,)
        Powers of two.
    intercept : bool
    kept : (c,) int or None
        Columns in use; None for all.
    basis : (c, r) or None
        Makes nearly dependent columns independent; None for the identity.
    """

    shift: FloatArray
    scale: FloatArray
    intercept: bool
    kept: IntArray | None = None
    basis: FloatArray | None = None

    @property
    def plain(self) -> bool:
        """Whether the columns are taken as they are, up to what can be done to a coefficient."""
        return self.basis is None and self.kept is None and not self.shift.any()

    @property
    def size(self) -> int:
        """Number of unknowns, the intercept included."""
        slopes = self.columns.size if self.basis is None else self.basis.shape[1]
        return int(slopes) + self.intercept

    @property
    def columns(self) -> IntArray:
        """Columns in use."""
        return np.arange(self.shift.size) if self.kept is None else self.kept

    def slopes(self, theta: FloatArray) -> FloatArray:
        """Coefficients (p,) in the user's units of the unknowns theta (k,)."""
        found = theta[int(self.intercept) :]
        if self.basis is not None:
            found = self.basis @ found
        coef = np.zeros(self.shift.size)
        coef[self.columns] = found / self.scale[self.columns]
        return coef

    def unknowns(self, coef: FloatArray, mean: FloatArray, centre: float) -> FloatArray:
        """Return the unknowns (k,) of a linear predictor with slopes (p,) in the user's units, which is `centre` at the point `mean`."""
        slopes = (coef * self.scale)[self.columns]
        if self.basis is not None:
            slopes = np.asarray(np.linalg.lstsq(self.basis, slopes, rcond=None)[0], np.float64)
        return np.concatenate([[centre + (self.shift - mean) @ coef][: int(self.intercept)], slopes])

    def of(self, X: FloatArray) -> FloatArray:
        """Return z (n, r), without the constant, as a new array."""
        if self.kept is not None:
            X = X[:, self.kept]
        z = np.subtract(X, self.shift[self.columns]) if self.shift.any() else np.array(X, dtype=np.float64)
        if (self.scale != 1.0).any():
            z /= self.scale[self.columns]
        return z if self.basis is None else z @ self.basis
