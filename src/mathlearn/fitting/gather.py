"""All rows at once, for algorithms that need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

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
    weight : (n,) or None
    dropped : rows dropped for missing values
    """

    x: Any
    y: FloatArray
    weight: FloatArray | None
    dropped: int

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.y.shape[0])

    @property
    def weights(self) -> FloatArray:
        """Weights (n,), ones where there are none."""
        return np.ones(self.n) if self.weight is None else self.weight

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weights.sum())

    @property
    def log_total(self) -> float:
        """Sum of the logarithms of the weights."""
        return 0.0 if self.weight is None else float(np.log(self.weight).sum())

    def dense(self) -> FloatArray:
        """X as an array."""
        dense: FloatArray = self.x if isinstance(self.x, np.ndarray) else self.x.toarray()
        return dense

    def means(self, *, centred: bool) -> tuple[FloatArray, FloatArray]:
        """Weighted means (p,), (q,) of X and y; zeros when nothing is centred."""
        if not centred:
            return np.zeros(self.x.shape[1]), np.zeros(self.y.shape[1])
        w = self.weights
        return np.asarray(self.x.T @ w) / self.total, self.y.T @ w / self.total


def gathered(rows: Rows) -> Block:
    """Read all rows, and check that they are finite."""
    chunks = list(rows.chunks(block_rows(len(rows.terms))))
    x = _stacked(chunks) if rows.sparse else np.concatenate([np.asarray(chunk.X) for chunk in chunks])
    y = np.concatenate([np.asarray(chunk.y) for chunk in chunks])
    values = x.data if rows.sparse else x
    if not (np.isfinite(values).all() and np.isfinite(y).all()):
        rows.diagnose_nonfinite()
    weighted = chunks[0].weight is not None
    weight = np.concatenate([np.asarray(chunk.weight) for chunk in chunks]) if weighted else None
    return Block(x, y, weight, sum(chunk.dropped for chunk in chunks))


def _stacked(chunks: Sequence[Chunk]) -> Any:
    from scipy.sparse import csr_array, vstack

    return vstack([csr_array(chunk.X) for chunk in chunks], format="csr")


def is_wide(rows: Rows, *, centred: bool) -> bool:
    """Whether the parameters are more than the rows; of a stream no more rows are read than needed to tell."""
    k = len(rows.terms) + centred
    if rows.n_rows is not None:
        return rows.n_rows < k
    seen = 0
    for chunk in rows.chunks(block_rows(len(rows.terms))):
        seen += chunk.n
        if seen >= k:
            return False
    return True
