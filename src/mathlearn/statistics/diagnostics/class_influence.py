"""`influence` of a fit of more than two classes: what each row does to it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.statistics import reasons
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.covariance.white import Tally
from mathlearn.statistics.diagnostics.class_measures import ClassMeasures, rows_at_a_time
from mathlearn.statistics.functional import parameter_directions
from mathlearn.statistics.row_table import row_table

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import FrameKind, Reasons

__all__ = ["influence_on_classes"]

_COLUMNS = ("hat", "cooks_d")


def influence_on_classes(result: FitResult, rows: Rows, *, max_rows: int, as_: FrameKind) -> Any:
    """Return one row a row: ``hat``, ``cooks_d``, and ``dfbetas_<class: term>``, the one-step change of each log odds in standard errors.

    There are no studentised residuals and no DFFITS: a row has a residual for each class, not one that has a law.
    """
    unit = parameter_directions(result)
    parts = []
    for chunk in rows.chunks(min(max_rows, rows_at_a_time(result))):
        white = ClassWhite.of(result, chunk)
        found = ClassMeasures.of(result, white)
        values = np.column_stack([found.hat, found.cooks_d, found.change @ unit.T])
        parts.append((white.index, found.saturated, values, white.tally()))
    if not parts:
        raise SchemaError("there are no rows to measure the influence of")
    index, full, values = (np.concatenate([part[i] for part in parts]) for i in range(3))
    reduce(Tally.merge, [part[3] for part in parts]).require_same_rows(result)
    names = [*_COLUMNS, *(f"dfbetas_{term}" for term in result.terms)]
    columns: dict[str, FloatArray] = {name: values[:, [j]] for j, name in enumerate(names)}
    return row_table(result, index, columns, _why(result, index[full].tolist(), names), as_)


def _why(result: FitResult, saturated: list[int], names: list[str]) -> Reasons:
    """Say why cells are NaN, by (0, row or "all rows", column)."""
    why: Reasons = {(0, row, name): reasons.SATURATED for row in saturated for name in names[1:]}
    why |= {(0, "all rows", names[len(_COLUMNS) + j]): text for j, text in reasons.not_estimable(result).items()}
    if result.rank == 0:
        why[0, "all rows", names[1]] = "the fit has no parameters"
    return why
