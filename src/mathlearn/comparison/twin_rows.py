"""All rows of a fit at once, as scikit-learn needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._config import get_config
from mathlearn._errors import ResourceError, SchemaError
from mathlearn.fitting.origin import counted_from
from mathlearn.fitting.resources import fits
from mathlearn.linalg.ladder import block_rows
from mathlearn.statistics.functional import fitted_values

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult

__all__ = ["TwinRows", "all_rows", "counted", "other_rows", "require_same_squares"]

# What is gathered, its parts while they are put together, and scikit-learn's copy in the order that LAPACK wants.
COPIES = 3
SAME_TOTAL, SAME_RESIDUALS = 1e-9, 1e-6
ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class TwinRows:
    """The rows of a fit in memory.

    Attributes
    ----------
    X : (n, p) array or CSR
        In the user's units, in the type in which scikit-learn would take it.
    y : (n, q)
        As the model predicts it, offset included.
    weight, offset : (n,) or None
    fitted : (n, q)
        What mathlearn's model predicts; of a fit by likelihood its linear predictor.
    shifts : tuple of int
        The origins of columns of huge integers, empty where there are none.
    """

    X: Any
    y: FloatArray
    weight: FloatArray | None
    offset: FloatArray | None
    fitted: FloatArray
    shifts: tuple[int, ...]

    @property
    def weights(self) -> FloatArray:
        """The weights, ones where there are none."""
        return np.ones(len(self.y)) if self.weight is None else self.weight

    @property
    def means(self) -> FloatArray:
        """Weighted means (p,) of the columns."""
        w = self.weights
        means: FloatArray = np.asarray(self.X.T @ w, np.float64) / w.sum()
        return means

    @property
    def sparse(self) -> bool:
        """Whether X is a sparse matrix."""
        return not isinstance(self.X, np.ndarray)

    def target(self, values: FloatArray) -> FloatArray:
        """Return y or fitted values (n, q) less the offset."""
        return values if self.offset is None else values - self.offset[:, None]


def all_rows(rows: BoundRows, result: FitResult, given: Any) -> TwinRows:
    """Read all rows into memory, as far as it may be used.

    Parameters
    ----------
    rows : BoundRows
    result : FitResult
    given : object
        X as the caller passed it, which tells its type of numbers.

    Raises
    ------
    ResourceError
        They need more than ``max_memory``.
    SchemaError
        There are none, or they have no y.
    """
    chunks = _chunks(rows)
    if not chunks:
        raise SchemaError("no row is left: these are not the rows of the fit.")
    at_origin = counted_from(result, rows.design.int_shift)
    return TwinRows(
        X=_native(_stacked(chunks, rows.design), given, rows),
        y=np.concatenate([_y(chunk) for chunk in chunks]),
        weight=_joined([chunk.weight for chunk in chunks]),
        offset=_joined([chunk.offset for chunk in chunks]),
        fitted=np.concatenate([fitted_values(at_origin, chunk) for chunk in chunks]),
        shifts=rows.design.int_shift,
    )


def _chunks(rows: BoundRows) -> list[Chunk]:
    """Read the rows, minding the limit: before where their number is known, else while they are read."""
    p = len(rows.terms)
    if rows.n_rows is not None and not rows.sparse:
        _require_room(rows.n_rows, p)
    chunks: list[Chunk] = []
    read = stored = 0
    for chunk in rows.chunks(block_rows(p)):
        chunks.append(chunk)
        read += chunk.n
        stored += chunk.X.size if isinstance(chunk.X, np.ndarray) else chunk.X.nnz
        _require_room(read, stored / read)
    return chunks


def _require_room(n: int, per_row: float) -> None:
    doubles = int(n * (COPIES * per_row + 4))
    if not fits(doubles):
        limit = get_config().max_memory
        raise ResourceError(
            f"scikit-learn needs all rows in memory at once, and here {n:,} rows or more, which take {8 * doubles / 2**30:.2g} GiB; "
            f"at most {limit / 2**30:.2g} GiB may be used. Fit both to a sample of the rows and compare these, "
            "or raise the limit with mathlearn.set_config(max_memory=...)."
        )


def _stacked(chunks: list[Chunk], design: Design) -> Any:
    parts: list[Any] = [chunk.X for chunk in chunks]
    if not isinstance(parts[0], np.ndarray):
        from scipy.sparse import vstack

        return vstack(parts, format="csr")
    X: FloatArray = np.concatenate(parts)  # always a copy: the caller's data are never written to
    return X + np.array([float(shift) for shift in design.int_shift]) if design.int_shift else X


def _native(X: Any, given: Any, rows: BoundRows) -> Any:
    """Return X in the type that scikit-learn would compute in: float32 where that is what the caller has."""
    if rows.design.encoding is not None:
        return X
    kinds = {str(kind).lower() for kind in _kinds(given, rows.design.columns)}
    return X.astype(np.float32) if kinds == {"float32"} else X


def _kinds(given: Any, columns: tuple[str, ...]) -> list[Any]:
    """Types of the columns of an array, sparse matrix or frame; none where they are not told."""
    if hasattr(given, "dtype"):
        return [given.dtype]
    if not (hasattr(given, "__len__") and hasattr(given, "dtypes")):
        return []
    some = given[list(columns)] if set(columns) <= set(given.columns) else given
    return list(some.dtypes)


def _y(chunk: Chunk) -> FloatArray:
    if chunk.y is None:
        raise SchemaError("y is needed to fit scikit-learn's model: pass it as in fit.")
    return chunk.y


def _joined(parts: list[FloatArray | None]) -> FloatArray | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present else None


def require_same_squares(rows: TwinRows, result: FitResult) -> None:
    """Compare number, total and residual sum of squares with those of a least-squares fit.

    Raises
    ------
    SchemaError
        They differ: these are other rows.
    """
    w = rows.weight
    total_weight = float(len(rows.y)) if w is None else float(w.sum())
    count = counted(rows, result)
    y = rows.target(rows.y)
    mean = np.average(y, axis=0, weights=w) if result.fit_intercept else np.zeros(y.shape[1])
    tss, rss = _squares(y - mean, w), _squares(rows.y - rows.fitted, w)
    rounding = (ROUNDING * np.abs(y).max(initial=0.0)) ** 2 * total_weight
    mixed = np.sqrt(tss) * np.sqrt(rounding)  # apart: their product may overflow
    same = count == result.n
    same = same and bool((np.abs(tss - result.null_deviance) <= SAME_TOTAL * tss + mixed + rounding).all())
    same = same and bool((np.abs(rss - result.deviance) <= SAME_RESIDUALS * tss + rounding).all())
    if not same:
        raise other_rows(rows, result)


def counted(rows: TwinRows, result: FitResult) -> int:
    """Count rows as the fit does."""
    if result.weights_type == "frequency" and rows.weight is not None:
        return round(float(rows.weight.sum()))
    return len(rows.y)


def other_rows(rows: TwinRows, result: FitResult) -> SchemaError:
    """Return the error that these are not the rows of the fit."""
    return SchemaError(
        f"these are not the rows of the fit (it has n = {result.n}, these are {counted(rows, result)}; or their values or weights differ): "
        "pass X, y and sample_weight as in fit."
    )


def _squares(e: FloatArray, weight: FloatArray | None) -> FloatArray:
    squares: FloatArray = np.einsum("ij,ij->j", e, e) if weight is None else weight @ e**2
    return squares
