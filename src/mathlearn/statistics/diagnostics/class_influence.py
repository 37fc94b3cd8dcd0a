"""`influence` of a fit of more than two classes: what each row does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.linalg.ladder import block_rows
from mathlearn.statistics import reasons
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.diagnostics.class_measures import ClassMeasures, rows_at_a_time
from mathlearn.statistics.functional import parameter_directions
from mathlearn.statistics.row_table import RowBlock, RowTable

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import Reasons

__all__ = ["class_table"]

_COLUMNS = ("hat", "cooks_d")


def class_table(result: FitResult, max_rows: int | None) -> RowTable:
    """Say how the table is made: ``hat``, ``cooks_d``, and ``dfbetas_<class: term>``, the one-step change of each log odds in standard errors.

    There are no studentised residuals and no DFFITS: a row has a residual for each class, not one that has a law.
    """
    names = (*_COLUMNS, *(f"dfbetas_{term}" for term in result.terms))
    unit, most = parameter_directions(result), rows_at_a_time(result)
    return RowTable(
        result=result,
        of=lambda chunk, _: _block(result, names, unit, chunk),
        why=lambda _: _why(result, names),
        measures=names,
        max_rows=min(max_rows or block_rows(len(result.terms)), most),
        purpose="measure the influence of",
        strict=True,
    )


def _block(result: FitResult, names: tuple[str, ...], unit: FloatArray, chunk: Chunk) -> RowBlock:
    white = ClassWhite.of(result, chunk)
    found = ClassMeasures.of(result, white)
    columns = (found.hat, found.cooks_d, *(found.change @ unit.T).T)
    full = white.index[found.saturated].tolist()
    why: Reasons = {(0, row, name): reasons.SATURATED for row in full for name in names[1:]}
    lines = {name: values[:, None] for name, values in zip(names, columns, strict=True)}
    return RowBlock(white.index, lines, why, white.tally())


def _why(result: FitResult, names: tuple[str, ...]) -> Reasons:
    """Say why columns are NaN for all rows, by (0, "all rows", column)."""
    loose = reasons.not_estimable(result)
    why: Reasons = {(0, "all rows", names[len(_COLUMNS) + j]): text for j, text in loose.items()}
    if result.rank == 0:
        why[0, "all rows", names[1]] = "the fit has no parameters"
    return why
