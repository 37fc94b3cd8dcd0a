"""All rows at once, for algorithms that need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.data.chunk import dense_rows
from mathlearn.linalg.ladder import block_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows


@dataclass(frozen=True, slots=True)
class Block:
    """All rows of a source.

    Attributes
    ----------
    x : (n, p) array or CSR
    y : (n, q)
    given : (n,) weights, or None
    dropped : rows dropped for missing values
    """

    x: Any
    y: FloatArray
    given: FloatArray | None
    dropped: int

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.y.shape[0])

    @property
    def weights(self) -> FloatArray:
        """Weights (n,), ones where there are none."""
        return np.ones(self.n) if self.given is None else self.given

    @property
    def weight(self) -> float:
        """Sum of the weights."""
        return float(self.weights.sum())

    @property
    def log_weight(self) -> float:
        """Sum of the logarithms of the weights."""
        return 0.0 if self.given is None else float(np.log(self.given).sum())

    def dense(self) -> FloatArray:
        """X as an array."""
        dense: FloatArray = dense_rows(self.x)
        return dense

    def mean(self, *, centred: bool) -> FloatArray:
        """Weighted mean (p,) of X, found apart from any solver; zeros when nothing is centred."""
        return np.asarray(self.x.T @ self.weights) / self.weight if centred else np.zeros(self.x.shape[1])


def gathered(rows: Rows) -> Block:
    """Read all rows, and check that they are finite."""
    chunks = list(rows.chunks(block_rows(len(rows.terms))))
    x = _stacked(chunks) if rows.sparse else np.concatenate([np.asarray(chunk.X) for chunk in chunks])
    y = np.concatenate([np.asarray(chunk.y) for chunk in chunks])
    values = x.data if rows.sparse else x
    if not (np.isfinite(values).all() and np.isfinite(y).all()):
        rows.diagnose_nonfinite()
    weighted = chunks[0].weight is not None
    given = np.concatenate([np.asarray(chunk.weight) for chunk in chunks]) if weighted else None
    return Block(x, y, given, sum(chunk.dropped for chunk in chunks))


def _stacked(chunks: Sequence[Chunk]) -> Any:
    from scipy.sparse import csr_array, vstack

    return vstack([csr_array(chunk.X) for chunk in chunks], format="csr")
