"""`augment`: the fit row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.statistics import reasons
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.diagnostics.measures import RowMeasures, saturated
from mathlearn.statistics.functional import fitted_values
from mathlearn.statistics.row_table import row_table

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import FrameKind, Reasons

__all__ = ["augment"]

MEASURES = ("hat", "std_resid", "loo_sigma", "cooks_d")


def augment(result: FitResult, rows: Rows, *, max_rows: int = 65_536, as_: FrameKind = "pandas") -> Any:
    """Return one row a row: fitted value, residual, and what the row does to the fit.

    Columns, with e the residual, h the leverage, s the residual standard error and k the number of parameters:

    - ``row``: index of the row in the source (rows dropped or of weight zero are absent);
    - ``fitted``; and, when the rows carry y, ``resid`` = y - fitted;
    - ``hat``: the leverage h;
    - ``std_resid``: ``sqrt(w) e / (s sqrt(1 - h))``, the internally studentised residual;
    - ``loo_sigma``: the residual standard error without this row;
    - ``cooks_d``: Cook's distance, ``std_resid**2 h / ((1 - h) k)``.

    The measures use the classical covariance and exist only for the rows of the fit. With frequency weights they are those
    of one of the copies.

    Parameters
    ----------
    result : FitResult
    rows : Rows
    max_rows : int
        Rows read at a time.
    as_ : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        With a leading ``response`` when there are several. For pandas, ``.attrs["reasons"]`` maps ``(row, column)``, or
        ``("all rows", column)``, of NaN cells to the reason (first the response, when there are several).

    References
    ----------
    Cook and Weisberg (1982), "Residuals and Influence in Regression", chapters 2 and 3.
    """
    index, columns, why = _collect(result, rows, max_rows)
    return row_table(result, index, columns, why, as_)


@dataclass(frozen=True, slots=True)
class _Block:
    """What is kept of a chunk: O(n q) numbers, never its X."""

    index: IntArray
    fitted: FloatArray
    residual: FloatArray | None
    measured: RowMeasures | None
    tally: Tally | None

    @classmethod
    def of(cls, result: FitResult, chunk: Chunk, *, measured: bool) -> _Block:
        fitted = fitted_values(result, chunk)
        if chunk.y is None:
            return cls(chunk.index, fitted, None, None, None)
        if not measured:
            return cls(chunk.index, fitted, chunk.y - fitted, None, None)
        white = WhiteRows.of(result, chunk)
        return cls(chunk.index, fitted, chunk.y - fitted, RowMeasures.of(result, white), Tally.of(white))


def _collect(result: FitResult, rows: Rows, max_rows: int) -> tuple[IntArray, dict[str, FloatArray], Reasons]:
    """Return row numbers, columns (n, q), and reasons by (response index, row or "all rows", column)."""
    refusal = reasons.no_measures(result)
    blocks = [_Block.of(result, chunk, measured=refusal is None) for chunk in rows.chunks(max_rows)]
    if not blocks:
        raise SchemaError("there are no rows to augment")
    index = np.concatenate([block.index for block in blocks])
    columns = {"fitted": np.concatenate([block.fitted for block in blocks])}
    residuals = [block.residual for block in blocks if block.residual is not None]
    if not residuals:
        return index, columns, {}
    columns["resid"] = np.concatenate(residuals)
    tallies = [block.tally for block in blocks if block.tally is not None]
    if refusal is None:
        refusal = reduce(Tally.merge, tallies).foreign(result)
    if refusal is not None:
        nothing = np.full_like(columns["fitted"], np.nan)
        why = {(i, "all rows", m): refusal for i in range(len(result.responses)) for m in MEASURES}
        return index, columns | dict.fromkeys(MEASURES, nothing), why
    found = [block.measured for block in blocks if block.measured is not None]
    hat = np.concatenate([part.hat for part in found])
    columns["hat"] = np.repeat(hat[:, None], len(result.responses), axis=1)
    columns["std_resid"] = np.concatenate([part.standard for part in found])
    columns["loo_sigma"] = np.concatenate([part.without for part in found])
    columns["cooks_d"] = np.concatenate([part.cooks for part in found])
    return index, columns, _why(result, index[saturated(hat)])


def _why(result: FitResult, full: IntArray) -> Reasons:
    why: Reasons = {}
    for i in range(len(result.responses)):
        if result.exact[i]:
            why |= {(i, "all rows", m): reasons.exact(result, i) for m in ("std_resid", "cooks_d")}
        if result.df_resid <= 1:
            why[i, "all rows", "loo_sigma"] = reasons.NO_DF_WITHOUT
        why |= {(i, row, m): reasons.SATURATED for row in full.tolist() for m in MEASURES[1:]}
    return why
