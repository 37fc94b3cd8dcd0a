"""`influence`: what each row does to the fit, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.linalg.ladder import block_rows
from mathlearn.statistics import reasons
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.diagnostics import measures
from mathlearn.statistics.diagnostics.class_influence import class_table
from mathlearn.statistics.functional import (
    dispersion_known,
    parameter_directions,
    parameter_names,
    require_curvature,
    without_error,
)
from mathlearn.statistics.row_file import row_file
from mathlearn.statistics.row_table import RowBlock, RowTable, row_frame
from mathlearn.statistics.words import distinct

if TYPE_CHECKING:
    import os

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import FrameKind, Reasons

__all__ = ["influence"]

COLUMNS = ("hat", "std_resid", "student_resid", "cooks_d", "dffits")


def influence(
    result: FitResult,
    rows: Rows,
    *,
    max_rows: int | None = None,
    as_: FrameKind = "pandas",
    to: str | os.PathLike[str] | None = None,
) -> Any:
    """Return one row a row: leverage, studentised residuals, and the change of the fit when the row leaves.

    Columns, with e the residual, h the leverage, s the residual standard error and s_i the one without the row:

    - ``row``: index of the row in the source (rows dropped or of weight zero are absent);
    - ``hat``: h;
    - ``std_resid``: ``sqrt(w) e / (s sqrt(1 - h))``; ``student_resid``: the same with s_i;
    - ``cooks_d``: Cook's distance;
    - ``dffits``: change of the row's own fitted value, over ``s_i sqrt(h)``;
    - ``dfbetas_<term>``: change of each coefficient, in its standard errors with s_i.

    With frequency weights they are those of one of the copies. All use the classical covariance.

    Of a likelihood h belongs to the working weights and s is the root of the dispersion; ``std_resid`` is the deviance residual over
    ``s sqrt(1 - h)`` and ``student_resid`` Williams's likelihood residual, as R's ``rstandard`` and ``rstudent``. The other three are
    Pregibon's: what one Newton step from the estimates without the row gives, from Pearson residuals, as in statsmodels (R's ``dffits``
    and ``dfbetas`` of a glm take deviance residuals). There s_i is one where the dispersion is known, else from the deviance without the
    row, as in R.

    Of more than two classes, see `class_table`.

    Parameters
    ----------
    result : FitResult
    rows : Rows
        Those of the fit.
    max_rows : int, optional
        Rows read at a time; chosen from the number of columns when None.
    as_ : {"pandas", "polars", "arrow"}
        The kind of frame that is returned.
    to : path, optional
        Write a Parquet file instead, in the memory of a block, and return a `RowFile`; see there.

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
        The rows are not those of the fit, or a column is called like the intercept.

    References
    ----------
    Belsley, Kuh and Welsch (1980), "Regression Diagnostics", section 2.1.
    Pregibon (1981), "Logistic regression diagnostics", Annals of Statistics 9.
    Williams (1987), "Generalized linear model diagnostics using the deviance and single case deletions", Applied Statistics 36.

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
    make = _table if result.stack is None else class_table
    table = make(result, max_rows)
    return row_frame(table, rows, as_) if to is None else row_file(table, rows, to)


def _table(result: FitResult, max_rows: int | None) -> RowTable:
    names = (*COLUMNS, *(f"dfbetas_{name}" for name in distinct(parameter_names(result))))
    unit = parameter_directions(result)
    return RowTable(
        result=result,
        of=lambda chunk, _: _block(result, names, unit, chunk),
        why=lambda _: _why(result, names),
        measures=names,
        max_rows=max_rows or block_rows(len(result.terms)),
        purpose="measure the influence of",
        strict=True,
    )


def _block(result: FitResult, names: tuple[str, ...], unit: FloatArray, chunk: Chunk) -> RowBlock:
    white = WhiteRows.of(result, chunk)
    found = measures.RowMeasures.of(result, white)
    basis = white.basis if white.root is None else white.basis * white.root
    q = len(result.responses)
    moved = [measures.dfbetas(basis, unit, found.moving[:, i], found.gap) for i in range(q)]
    columns = (
        np.repeat(found.hat[:, None], q, axis=1),
        found.standard,
        found.student,
        found.cooks,
        measures.dffits(found.moving, found.hat, found.gap),
        *np.stack(moved, axis=1).transpose(2, 0, 1),
    )
    full = white.index[measures.saturated(found.hat)].tolist()
    why: Reasons = {(i, row, name): reasons.SATURATED for i in range(q) for row in full for name in names[1:]}
    return RowBlock(white.index, dict(zip(names, columns, strict=True)), why, Tally.of(white))


def _why(result: FitResult, names: tuple[str, ...]) -> Reasons:
    """Say why columns are NaN for all rows, by (response index, "all rows", column)."""
    why: Reasons = {}
    loose = reasons.not_estimable(result)
    for i in range(len(result.responses)):
        why |= {(i, "all rows", names[len(COLUMNS) + j]): text for j, text in loose.items()}
        if result.rank + result.fit_intercept == 0:
            why[i, "all rows", names[3]] = "the fit has no parameters"
        if result.df_resid == 1 and not dispersion_known(result):
            why |= {(i, "all rows", name): reasons.NO_DF_WITHOUT for name in names[2:3] + names[4:]}
        whole = reasons.no_measures(result) or (reasons.exact(result, i) if without_error(result)[i] else None)
        if whole is not None:
            why |= {(i, "all rows", name): whole for name in names[1:]}
    return why
