"""`Column` and `Batch`: raw named columns, before they are numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scipy.sparse import csr_array

    from mathlearn._typing import AnyArray, BoolArray

ColumnKind = Literal["float", "integer", "boolean", "categorical", "datetime", "other"]


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one column in one batch.

    Attributes
    ----------
    kind : ColumnKind
    values : (n,) array
        float64 or float32 ("float"), int64 or uint64 or smaller ("integer"), bool ("boolean"); for "categorical" the int64
        codes into `levels`, -1 where missing. Undefined where `missing` is True.
    missing : (n,) bool or None
        Where the source holds null (a float NaN counts as missing too). None: nothing is missing.
    levels : tuple of str or None
        Only for "categorical": this batch's dictionary, in the source's order.
    """

    kind: ColumnKind
    values: AnyArray
    missing: BoolArray | None = None
    levels: tuple[str, ...] | None = None

    @property
    def known(self) -> AnyArray:
        """The values that are not missing."""
        return self.values if self.missing is None else self.values[~self.missing]


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows of a source: named columns, or one matrix for array sources.

    Attributes
    ----------
    start : int
        Index of the first row in the source.
    n : int
    matrix : (n, p) array or CSR, or None
        The block as it is (original dtype) when the source is a single matrix.
    columns : mapping of name to Column
        Empty for a matrix source.
    """

    start: int
    n: int
    matrix: AnyArray | csr_array | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
