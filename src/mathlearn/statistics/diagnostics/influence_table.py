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
from mathlearn.statistics.diagnostics.class_influence import influence_on_classes
from mathlearn.statistics.functional import (
    dispersion_known,
    parameter_directions,
    parameter_names,
    require_curvature,
    without_error,
)
from mathlearn.statistics.row_table import row_table
from mathlearn.statistics.words import distinct

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import FrameKind, Reasons

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

    Of a likelihood h belongs to the working weights and s is the root of the dispersion; ``std_resid`` is the deviance residual over
    ``s sqrt(1 - h)`` and ``student_resid`` Williams's likelihood residual, as R's ``rstandard`` and ``rstudent``. The other three are
    Pregibon's: what one Newton step from the estimates without the row gives, from Pearson residuals, as in statsmodels (R's ``dffits``
    and ``dfbetas`` of a glm take deviance residuals). There s_i is one where the dispersion is known, else from the deviance without the
    row, as in R.

    Of more than two classes, see `influence_on_classes`.

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
    if result.stack is not None:
        return influence_on_classes(result, rows, max_rows=max_rows, as_=as_)
    terms = distinct(parameter_names(result))
    unit = parameter_directions(result)
    parts = [_Part.of(result, unit, chunk) for chunk in rows.chunks(max_rows)]
    if not parts:
        raise SchemaError("there are no rows to measure the influence of")
    reduce(Tally.merge, [part.tally for part in parts]).require_same_rows(result)
    index, hat = np.concatenate([part.index for part in parts]), np.concatenate([part.hat for part in parts])
    values = np.concatenate([part.values for part in parts])
    names = [*COLUMNS, *(f"dfbetas_{name}" for name in terms)]
    columns = {name: values[:, :, j] for j, name in enumerate(names)}
    return row_table(result, index, columns, _why(result, index[measures.saturated(hat)], names), as_)


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
        found = measures.RowMeasures.of(result, white)
        basis = white.basis if white.root is None else white.basis * white.root
        n, q = found.standard.shape
        values = np.empty((n, q, len(COLUMNS) + len(unit)))
        values[:, :, 0] = found.hat[:, None]
        values[:, :, 1] = found.standard
        values[:, :, 2] = found.student
        values[:, :, 3] = found.cooks
        values[:, :, 4] = measures.dffits(found.moving, found.hat, found.gap)
        for i in range(q):
            values[:, i, len(COLUMNS) :] = measures.dfbetas(basis, unit, found.moving[:, i], found.gap)
        return cls(white.index, found.hat, values, Tally.of(white))


def _why(result: FitResult, saturated: IntArray, names: list[str]) -> Reasons:
    """Say why cells are NaN, by (response index, row or "all rows", column)."""
    why: Reasons = {}
    loose = reasons.not_estimable(result)
    for i in range(len(result.responses)):
        why |= {(i, row, name): reasons.SATURATED for row in saturated.tolist() for name in names[1:]}
        why |= {(i, "all rows", names[len(COLUMNS) + j]): text for j, text in loose.items()}
        if result.rank + result.fit_intercept == 0:
            why[i, "all rows", names[3]] = "the fit has no parameters"
        if result.df_resid == 1 and not dispersion_known(result):
            why |= {(i, "all rows", name): reasons.NO_DF_WITHOUT for name in names[2:3] + names[4:]}
        whole = reasons.no_measures(result) or (reasons.exact(result, i) if without_error(result)[i] else None)
        if whole is not None:
            why |= {(i, "all rows", name): whole for name in names[1:]}
    return why
