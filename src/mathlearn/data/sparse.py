"""`SparseSource`: the rows of a SciPy sparse matrix, whose index is checked before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.data.arrays import MatrixSource
from mathlearn.data.objects import numbers_of
from mathlearn.data.validate import check_dtype, check_matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scipy.sparse import csr_array

    from mathlearn._typing import AnyArray


class SparseSource(MatrixSource):
    """Rows of a sparse matrix, as CSR blocks whose values and column indices are views."""

    def __init__(self, matrix: csr_array, names: Sequence[str] | None = None, label: str = "sparse array") -> None:
        super().__init__(matrix, names, label)

    def _rows(self, start: int, stop: int) -> Any:
        whole = self.matrix
        span = slice(whole.indptr[start], whole.indptr[stop])
        pointers = whole.indptr[start : stop + 1] - whole.indptr[start]
        return type(whole)((whole.data[span], whole.indices[span], pointers), shape=(stop - start, whole.shape[1]))


def sparse_source(matrix: Any, what: str = "X", names: Sequence[str] | None = None) -> SparseSource:
    """Check a sparse matrix or array of any format and make it a source.

    Raises
    ------
    SchemaError
        If it is not (n, p) with n, p >= 1, its values are not real numbers, or its index points outside of it.

    Examples
    --------
    >>> from scipy.sparse import eye_array
    >>> sparse_source(eye_array(3, format="coo")).schema.names
    ('x0', 'x1', 'x2')
    """
    from scipy.sparse import csr_array

    check_matrix(matrix, what)
    check_dtype(matrix.dtype, what)
    _check_index(matrix, what)
    rows = matrix.tocsr()
    _check_compressed(rows, what)
    data = rows.data
    if data.dtype.kind == "O":
        data = numbers_of(data, lambda where: f"{what}, stored value {where[0]}")
    return SparseSource(csr_array((data, rows.indices, rows.indptr), shape=rows.shape), names)


def _check_index(matrix: Any, what: str) -> None:
    """Look at the index before any compiled code follows it: a wrong one would read or write outside the arrays."""
    check = _INDEX_CHECKS.get(matrix.format)
    if check is not None:
        check(matrix, what)


def _check_compressed(matrix: Any, what: str) -> None:
    """Check CSR, CSC and BSR: pointers start at 0, never fall, end within the data; indices are inside."""
    pointers, indices = np.asarray(matrix.indptr), np.asarray(matrix.indices)
    rows, columns = (matrix.shape[k] // block for k, block in enumerate(getattr(matrix, "blocksize", (1, 1))))
    major, minor = (columns, rows) if matrix.format == "csc" else (rows, columns)
    _require(len(pointers) == major + 1, what, f"indptr has {len(pointers)} entries for {major} slices")
    _require(pointers[0] == 0, what, f"indptr starts at {pointers[0]}, not 0")
    _require(bool((pointers[1:] >= pointers[:-1]).all()), what, "indptr falls somewhere; it may only rise")
    stored = int(pointers[-1])
    _require(
        stored <= min(len(indices), len(matrix.data)),
        what,
        f"indptr ends at {stored}, but there are {len(indices)} indices and {len(matrix.data)} values",
    )
    _within(indices[:stored], minor, what, "indices")


def _check_coordinates(matrix: Any, what: str) -> None:
    for axis, (name, size) in enumerate(zip(("row", "col"), matrix.shape, strict=True)):
        place = np.asarray(matrix.coords[axis] if hasattr(matrix, "coords") else getattr(matrix, name))
        _require(len(place) == len(matrix.data), what, f"{len(place)} {name} indices for {len(matrix.data)} values")
        _within(place, size, what, name)


def _check_lists(matrix: Any, what: str) -> None:
    _require(len(matrix.rows) == len(matrix.data) == matrix.shape[0], what, "rows and data differ in length")
    for i, (places, values) in enumerate(zip(matrix.rows, matrix.data, strict=True)):
        _require(len(places) == len(values), what, f"row {i} has {len(places)} indices for {len(values)} values")
        _within(np.asarray(places, dtype=np.int64), matrix.shape[1], what, f"row {i}")


def _check_diagonals(matrix: Any, what: str) -> None:
    offsets = np.asarray(matrix.offsets)
    _require(matrix.data.ndim == 2 and len(offsets) == len(matrix.data), what, "offsets and diagonals differ in number")
    _require(len(np.unique(offsets)) == len(offsets), what, "a diagonal occurs twice")


_INDEX_CHECKS: dict[str, Callable[[Any, str], None]] = {
    "csr": _check_compressed,
    "csc": _check_compressed,
    "bsr": _check_compressed,
    "coo": _check_coordinates,
    "lil": _check_lists,
    "dia": _check_diagonals,
}


def _within(places: AnyArray, size: int, what: str, which: str) -> None:
    if places.size:
        low, high = int(places.min()), int(places.max())
        _require(low >= 0 and high < size, what, f"{which} run from {low} to {high}, outside 0..{size - 1}")


def _require(fine: bool, what: str, problem: str) -> None:
    if not fine:
        raise SchemaError(
            f"the index of sparse {what} is corrupt: {problem}. The matrix was built or changed without a check; "
            "build it anew from its coordinates (scipy.sparse.coo_array((values, (rows, columns)), shape))."
        )
