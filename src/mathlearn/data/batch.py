"""`Column` and `Batch`: raw named columns, before they are numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scipy.sparse import csr_array

    from mathlearn._typing import AnyArray, BoolArray, FloatArray

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


class Block(Protocol):
    """Rows that lie beside each other in a form of their own, which gives them out in one piece."""

    def part(self, at: int, n: int) -> Mapping[str, Column]:
        """Return the columns of n rows, from row `at` on."""

    def joining(self, names: Sequence[str]) -> Callable[[int, int], FloatArray | None] | None:
        """Return what joins columns; None unless they are all float64.

        Called with `at` and `n` it returns the columns, and one of ones, of n rows from row `at` on as an array, column by column;
        None if a value is missing or not finite.
        """


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
    block : Block or None
        What the columns are made of, where it can give several in one piece.
    joined : (n, k + 1) float64 or None
        The columns that `cut` was asked to join, all finite, and one of ones.
    """

    start: int
    n: int
    matrix: AnyArray | csr_array | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    block: Block | None = None
    joined: FloatArray | None = None

    def cut(self, names: Sequence[str] | None, max_rows: int) -> Iterator[Batch]:
        """Yield the rows at most `max_rows` at a time, with these columns joined, if they can be; else as they are."""
        join = None if not names or self.block is None else self.block.joining(names)
        if join is None or self.block is None:
            yield self
            return
        for at in range(0, self.n, max_rows):
            n = min(max_rows, self.n - at)
            yield Batch(self.start + at, n, columns=self.block.part(at, n), joined=join(at, n))
