"""The tables that are fitted: made from a seed, so that every library sees the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Workload:
    """A dense float64 table of n rows and p columns, row-major, with one response.

    Attributes
    ----------
    rounds : int
        How often each library is measured; the libraries take turns within a round.
    calls : int
        Fits in one measurement: many where one is too short to time.
    """

    name: str
    n: int
    p: int
    rounds: int
    calls: int = 1

    def make(self, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return X (n, p) and y (n,); X is filled in place, so that making it leaves no larger peak of memory than X itself."""
        rng = np.random.default_rng(seed)
        X = np.empty((self.n, self.p))
        rng.standard_normal(out=X)
        X += 1.0
        y = X @ rng.normal(size=self.p) + 3.0
        y += rng.standard_normal(self.n)
        return X, y
