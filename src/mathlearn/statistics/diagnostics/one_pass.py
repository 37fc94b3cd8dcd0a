"""All checks of rows in one pass: each block is made ready once, and summarised by every check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.statistics.covariance.white import Tally
    from mathlearn.statistics.diagnostics.case import Case
    from mathlearn.statistics.diagnostics.check import RowCheck
    from mathlearn.statistics.diagnostics.class_case import ClassCase

__all__ = ["summarised"]

Total = tuple["Tally", tuple[Any, ...]]


def summarised(
    checks: Sequence[RowCheck[Any]], case: Case | ClassCase, rows: Rows, *, max_rows: int, threads: int
) -> tuple[Any, ...]:
    """Return the summary of all rows by each check.

    Raises
    ------
    SchemaError
        There are no rows, or they are not those of the fit.
    """

    def of(chunk: Chunk) -> Total:
        if chunk.y is None:
            raise SchemaError("these rows carry no y: a diagnosis reads the X and y of the fit")
        block = case.block(chunk)
        return block.tally(), tuple(check.of(block) for check in checks)

    def merge(first: Total, second: Total) -> Total:
        parts = zip(checks, first[1], second[1], strict=True)
        return first[0].merge(second[0]), tuple(check.merge(a, b) for check, a, b in parts)

    total = rows.reduce(of, merge, max_rows=max_rows, threads=threads)
    if total is None:
        raise SchemaError("there are no rows: a diagnosis reads the X and y of the fit")
    total[0].require_same_rows(case.result)
    return total[1]
