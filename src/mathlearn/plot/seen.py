"""What one reading of the rows tells a figure: rows to draw, the ranges of what is drawn over, sums, and whose rows they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.calculus.multinomial import codes_of
from mathlearn.plot.cloud import Cloud
from mathlearn.plot.features import seen_rows
from mathlearn.plot.same_rows import tally
from mathlearn.statistics.working import observed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.plot.features import Profile
    from mathlearn.plot.reading import Reading
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.covariance.white import Tally

__all__ = ["Seen", "Summed", "observation", "read", "read_over"]


class Mergeable(Protocol):
    """What is known of some rows."""

    def merge(self, other: Any, /) -> Self:
        """Return what is known of both."""


M = TypeVar("M", bound=Mergeable)


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows that are kept, all or a random sample; the ranges (m,) of what is drawn over; whose rows they are."""

    cloud: Cloud
    low: FloatArray
    high: FloatArray
    tally: Tally

    @classmethod
    def of(cls, result: FitResult, chunk: Chunk, values: FloatArray, over: int) -> Seen:
        """Keep the rows of a chunk by their values (n, c), of which the first `over` are drawn over."""
        x = values[:, :over]
        return cls(Cloud.of(chunk.index, values, ()), x.min(axis=0), x.max(axis=0), tally(result, chunk))

    @classmethod
    def at_levels(
        cls, result: FitResult, chunk: Chunk, x: FloatArray, y: FloatArray, level: IntArray, levels: int
    ) -> Seen:
        """Keep the rows of a chunk by (x, y, level), and the range of x at each level, infinite where there is no row."""
        m = max(levels, 1)
        low, high = np.full(m, np.inf), np.full(m, -np.inf)
        np.minimum.at(low, level, x)
        np.maximum.at(high, level, x)
        return cls(Cloud.of(chunk.index, np.column_stack([x, y, level]), ((0, 1),)), low, high, tally(result, chunk))

    def merge(self, other: Seen) -> Seen:
        """Return what is known of both."""
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        return Seen(self.cloud.merge(other.cloud), low, high, self.tally.merge(other.tally))


@dataclass(frozen=True, slots=True)
class Summed(Generic[M]):
    """The same, with sums over all rows."""

    seen: Seen
    sums: M

    def merge(self, other: Summed[M]) -> Summed[M]:
        """Return what is known of both."""
        return Summed(self.seen.merge(other.seen), self.sums.merge(other.sums))


def read(reading: Reading, of: Callable[[Chunk, Batch | None], M]) -> tuple[M, int]:
    """Merge what all rows tell, chunk by chunk; return also how many lack a value.

    Raises
    ------
    SchemaError
        There is no row.
    """
    total: M | None = None
    rows = seen_rows(reading.rows)
    for chunk, batch in rows.pairs():
        part = of(chunk, batch)
        total = part if total is None else total.merge(part)
    if total is None:
        raise SchemaError("there is no row to draw: each lacks a value in a column that is used, or has weight zero.")
    return total, rows.left_out


def read_over(reading: Reading, shown: Sequence[Profile]) -> tuple[Seen, int]:
    """Read the columns that profiles are drawn over, and beside them the observation."""

    def of(chunk: Chunk, batch: Batch | None) -> Seen:
        columns = [each.values(chunk, batch)[0] for each in shown]
        values = np.column_stack([*columns, observation(reading.result, chunk)])
        return Seen.of(reading.result, chunk, values, len(columns))

    return read(reading, of)


def observation(result: FitResult, chunk: Chunk) -> AnyArray:
    """Return what was observed (n,): y, or of more than two classes the code of one.

    Raises
    ------
    SchemaError
        The rows carry no y.
    """
    if result.stack is None:
        return observed(result, chunk).y
    if chunk.y is None:
        raise SchemaError("these rows carry no y: give the X and y of the fit")
    return codes_of(chunk)
