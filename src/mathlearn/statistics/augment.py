"""`augment`: the fit row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.statistics import reasons
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.diagnostics import measures
from mathlearn.statistics.frame import FrameKind, Reasons, to_frame
from mathlearn.statistics.functional import fitted_values, sigma

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult

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
    q = len(result.responses)
    several = q > 1
    out: dict[str, Any] = {}
    if several:
        out["response"] = np.repeat(np.asarray(result.responses, dtype=object), len(index))
    out["row"] = np.tile(index, q)
    out |= {name: values.ravel(order="F") for name, values in columns.items()}
    reason: Reasons = {(result.responses[i], *key) if several else tuple(key): text for (i, *key), text in why.items()}
    return to_frame(out, as_, reason)


@dataclass(frozen=True, slots=True)
class _Block:
    """What is kept of a chunk: O(n q) numbers, never its X."""

    index: IntArray
    fitted: FloatArray
    residual: FloatArray | None
    weight: FloatArray
    hat: FloatArray | None
    tally: Tally | None

    @classmethod
    def of(cls, result: FitResult, chunk: Chunk, measured: bool) -> _Block:
        index = np.arange(chunk.start, chunk.start + chunk.n) if chunk.rows is None else chunk.rows
        fitted = fitted_values(result, chunk)
        residual = None if chunk.y is None else chunk.y - fitted
        copies = chunk.weight is None or result.weights_type == "frequency"
        weight = np.ones(chunk.n) if copies or chunk.weight is None else chunk.weight
        if not measured or residual is None:
            return cls(index, fitted, residual, weight, None, None)
        white = WhiteRows.of(result, chunk)
        return cls(index, fitted, residual, weight, white.leverage, Tally.of(white))


def _collect(result: FitResult, rows: Rows, max_rows: int) -> tuple[IntArray, dict[str, FloatArray], Reasons]:
    """Return row numbers, columns (n, q), and reasons by (response index, row or "all rows", column)."""
    refusal = _refusal(result)
    blocks = [_Block.of(result, chunk, refusal is None) for chunk in rows.chunks(max_rows)]
    if not blocks:
        raise SchemaError("there are no rows to augment")
    index = np.concatenate([block.index for block in blocks])
    columns = {"fitted": np.concatenate([block.fitted for block in blocks])}
    residuals = [block.residual for block in blocks if block.residual is not None]
    if not residuals:
        return index, columns, {}
    columns["resid"] = np.concatenate(residuals)
    refusal = refusal or _foreign(result, blocks)
    if refusal is not None:
        nothing = np.full_like(columns["fitted"], np.nan)
        why = {(i, "all rows", m): refusal for i in range(len(result.responses)) for m in MEASURES}
        return index, columns | dict.fromkeys(MEASURES, nothing), why
    hat = np.concatenate([block.hat for block in blocks if block.hat is not None])
    weight = np.concatenate([block.weight for block in blocks])
    influence, why = _influence(result, hat, np.sqrt(weight)[:, None] * columns["resid"], index)
    return index, columns | influence, why


def _influence(
    result: FitResult, hat: FloatArray, e: FloatArray, index: IntArray
) -> tuple[dict[str, FloatArray], Reasons]:
    """Measures (n, q) from leverages (n,) and weighted residuals (n, q)."""
    gap, s = measures.gap_of(hat), sigma(result)
    standard = measures.internally_studentised(e, gap, s)
    without = measures.leave_one_out_sigma(e, gap, result.rss, result.df_resid)
    columns = {
        "hat": np.repeat(hat[:, None], e.shape[1], axis=1),
        "std_resid": standard,
        "loo_sigma": np.where(result.exact, 0.0, without),
        "cooks_d": measures.cooks_distance(standard, hat, gap, result.rank + result.fit_intercept),
    }
    return columns, _why(result, index[measures.saturated(hat)])


def _why(result: FitResult, saturated: IntArray) -> Reasons:
    why: Reasons = {}
    for i in range(len(result.responses)):
        if result.exact[i]:
            why |= {(i, "all rows", m): reasons.exact(result, i) for m in ("std_resid", "cooks_d")}
        if result.df_resid <= 1:
            why[i, "all rows", "loo_sigma"] = "no residual degree of freedom would be left without a row"
        for row in saturated.tolist():
            why |= {(i, row, m): "leverage 1: the fit passes through this row" for m in MEASURES[1:]}
    return why


def _refusal(result: FitResult) -> str | None:
    if result.withheld is not None or result.curvature is None:
        return result.withheld or "this fit carries no curvature"
    return reasons.no_residual_df(result) if result.df_resid <= 0 else None


def _foreign(result: FitResult, blocks: list[_Block]) -> str | None:
    """Say why the rows cannot be those of the fit, or return None."""
    tally = reduce(Tally.merge, [block.tally for block in blocks if block.tally is not None])
    try:
        tally.require_same_rows(result)
    except SchemaError as error:
        return f"these are not the rows of the fit: {error}"
    return None
