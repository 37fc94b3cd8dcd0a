"""What chance alone gives with the columns of this fit: residuals of normal errors, drawn anew.

Residuals are not errors. The fit takes up part of each, most of it where leverages are large, and the laws that tests are named
after hold in the limit of many rows only. Their exact law under normal errors does not depend on the coefficients nor on
sigma, so that it can be sampled: the share of samples whose effect is as large as the one seen is an exact p-value.

References
----------
Dufour, Farhat, Gardiol and Khalaf (1998), "Simulation-based finite sample normality tests in linear regressions", Econometrics
Journal 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.diagnostics.measures import saturated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.statistics.diagnostics.case import Block, Case

__all__ = ["Kept", "tail_share"]

SAMPLES = 499
SEED = 20_250_101

FEW_ROWS = 500  # up to here rows are kept whatever their columns
CROWDED = 20  # up to so many rows a parameter, they are kept if there are not too many numbers
MOST_NUMBERS = 2**20
TIES = 1e-9


@dataclass(frozen=True)
class Kept:
    """Rows in the coordinates of a check, with frequency weights as often as they occur.

    Attributes
    ----------
    basis : (n, m) orthonormal
    residual, fitted : (n, q)
    """

    basis: FloatArray
    residual: FloatArray
    fitted: FloatArray

    @staticmethod
    def wanted(case: Case) -> bool:
        """Whether the rows are few enough, and chance is far enough from its limit, that they are kept."""
        n, m = case.result.n, case.result.rank + int(case.result.fit_intercept)
        return n <= FEW_ROWS or (n <= CROWDED * m and n * m <= MOST_NUMBERS)

    @classmethod
    def of(cls, block: Block) -> Kept:
        """Keep one block."""
        if block.count is None:
            return cls(block.basis, block.residual, block.fitted)
        copies = np.round(block.count).astype(np.int64)
        return cls(*(np.repeat(A, copies, axis=0) for A in (block.basis, block.residual, block.fitted)))

    @classmethod
    def joined(cls, parts: Sequence[Kept]) -> Kept | None:
        """Put blocks together, in row order; None without any."""
        if not parts:
            return None
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("basis", "residual", "fitted"))
        )

    @cached_property
    def hat(self) -> FloatArray:
        """Leverages (n,)."""
        hat: FloatArray = np.einsum("ij,ij->i", self.basis, self.basis)
        return hat

    @cached_property
    def free(self) -> BoolArray:
        """Rows (n,) that have a residual, whatever it is: all but those of leverage one."""
        free: BoolArray = ~saturated(self.hat)
        return free

    def samples(self, response: int) -> FloatArray:
        """Residuals (SAMPLES, n) of normal errors, in units in which their squares sum to the degrees of freedom.

        The errors are dealt out in the order of the residuals of the response: the order of the rows does not matter.
        """
        n, m = self.basis.shape
        errors = np.empty((SAMPLES, n))
        errors[:, np.argsort(self.residual[:, response], kind="stable")] = np.random.default_rng(SEED).normal(
            size=(SAMPLES, n)
        )
        errors -= (errors @ self.basis) @ self.basis.T
        errors[:, ~self.free] = 0.0
        errors *= np.sqrt((n - m) / np.einsum("si,si->s", errors, errors))[:, None]
        return errors


def tail_share(seen: float, samples: FloatArray) -> float:
    """Return the probability that chance gives as much as was seen, which counts as one of the samples (its p-value is exact).

    Examples
    --------
    >>> import numpy as np
    >>> tail_share(2.5, np.arange(9.0))
    0.7
    """
    as_large = np.count_nonzero(samples >= seen - TIES * abs(seen))
    return (1 + int(as_large)) / (1 + samples.size)
