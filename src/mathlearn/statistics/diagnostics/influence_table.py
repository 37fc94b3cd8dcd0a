"""`influence`: what each row does to the fit, row by row."""

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
from mathlearn.statistics.functional import parameter_coordinates, parameter_names, require_curvature, sigma

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult

__all__ = ["influence"]

COLUMNS = ("hat", "std_resid", "student_resid", "cooks_d", "dffits")


def influence(result: FitResult, rows: Rows, *, max_rows: int = 65_536, as_: FrameKind = "pandas") -> Any:
    """Return one row a row: leverage, studentised residuals, and the change of the fit when the row leaves.

    Columns, with e the residual, h the leverage, s the residual standard error and s_i the one without the row:

    - ``row``: index of the row in the source (rows dropped or of weight zero are absent);
    - ``hat``: h;
    - ``std_resid``: ``sqrt(w) e / (s sqrt(1 - h))``; ``student_resid``: the same with s_i;
    - ``cooks_d``: Cook's distance;
    - ``dffits``: change of the row's own fitted value, over ``s_i sqrt(h)``;
    - ``dfbetas_<term>``: change of each coefficient, in its standard errors with s_i.

    With frequency weights they are those of one of the copies. All use the classical covariance.

    Parameters
    ----------
    result : FitResult
    rows : Rows
        Those of the fit.
    max_rows : int
        Rows read at a time.
    as_ : {"pandas", "polars", "arrow"}

    Returns
    -------
    frame
        With a leading ``response`` when there are several. For pandas, ``.attrs["reasons"]`` maps ``(row, column)``, or
        ``("all rows", column)``, of NaN cells to the reason (first the response, when there are several).

    Raises
    ------
    DomainError
        Inference is withheld for this fit.
    SchemaError
        The rows are not those of the fit.

    References
    ----------
    Belsley, Kuh and Welsch (1980), "Regression Diagnostics", section 2.1.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [9.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> table = influence(model.result_, model._fit_rows(X, y))
    >>> table[["row", "hat", "student_resid", "cooks_d", "dfbetas_x0"]].round(2)
       row   hat  student_resid  cooks_d  dfbetas_x0
    0    0  0.43          -4.24     0.71        2.38
    1    1  0.33           0.44     0.08       -0.15
    2    2  0.27           0.90     0.17       -0.15
    3    3  0.97          -2.83    28.74      -13.86
    """
    require_curvature(result)
    unit = parameter_coordinates(result)
    length = np.linalg.norm(unit, axis=1, keepdims=True)
    unit = np.where(result.estimable[:, None], unit / np.where(length > 0, length, 1.0), np.nan)
    parts = [_Part.of(result, unit, chunk) for chunk in rows.chunks(max_rows)]
    if not parts:
        raise SchemaError("there are no rows to measure the influence of")
    reduce(Tally.merge, [part.tally for part in parts]).require_same_rows(result)
    index, hat = np.concatenate([part.index for part in parts]), np.concatenate([part.hat for part in parts])
    q, several = len(result.responses), len(result.responses) > 1
    values = np.concatenate([part.values for part in parts])
    names = [*COLUMNS, *(f"dfbetas_{name}" for name in parameter_names(result))]
    out: dict[str, Any] = {}
    if several:
        out["response"] = np.repeat(np.asarray(result.responses, dtype=object), len(index))
    out["row"] = np.tile(index, q)
    out |= {name: values[:, :, j].ravel(order="F") for j, name in enumerate(names)}
    why = _why(result, index[measures.saturated(hat)], names)
    return to_frame(
        out, as_, {(result.responses[i], *key) if several else tuple(key): text for (i, *key), text in why.items()}
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Measures (n, q, 5 + k) of a chunk."""

    index: IntArray
    hat: FloatArray
    values: FloatArray
    tally: Tally

    @classmethod
    def of(cls, result: FitResult, unit: FloatArray, chunk: Chunk) -> _Part:
        white = WhiteRows.of(result, chunk)
        precise = white.weight is not None and not white.counts
        root = np.sqrt(white.weight)[:, None] if precise and white.weight is not None else 1.0
        basis, e, hat = white.basis * root, white.residual * root, white.leverage
        gap, s = measures.gap_of(hat), sigma(result)
        standard = measures.internally_studentised(e, gap, s)
        without = measures.leave_one_out_sigma(e, gap, result.rss, result.df_resid)
        student = np.where(result.exact, np.nan, measures.externally_studentised(e, gap, without))
        k = result.rank + result.fit_intercept
        values = np.empty((len(hat), e.shape[1], len(COLUMNS) + len(unit)))
        values[:, :, 0] = hat[:, None]
        values[:, :, 1] = standard
        values[:, :, 2] = student
        values[:, :, 3] = measures.cooks_distance(standard, hat, gap, k)
        values[:, :, 4] = measures.dffits(student, hat, gap)
        for i in range(e.shape[1]):
            values[:, i, len(COLUMNS) :] = measures.dfbetas(basis, unit, student[:, i], gap)
        return cls(white.index, hat, values, Tally.of(white))


def _why(result: FitResult, saturated: IntArray, names: list[str]) -> Reasons:
    """Say why cells are NaN, by (response index, row or "all rows", column)."""
    why: Reasons = {}
    loose = reasons.not_estimable(result)
    for i in range(len(result.responses)):
        for row in saturated.tolist():
            why |= {(i, row, name): "leverage 1: the fit passes through this row" for name in names[1:]}
        why |= {(i, "all rows", names[len(COLUMNS) + j]): text for j, text in loose.items()}
        if result.df_resid == 1:
            why |= {
                (i, "all rows", name): "no residual degree of freedom would be left without a row"
                for name in names[2:3] + names[4:]
            }
        whole = reasons.exact(result, i) if result.exact[i] else None
        if result.df_resid <= 0:
            whole = reasons.no_residual_df(result)
        if whole is not None:
            why |= {(i, "all rows", name): whole for name in names[1:]}
    return why
