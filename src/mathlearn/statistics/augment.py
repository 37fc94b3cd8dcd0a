"""`augment`: the fit row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.linalg.ladder import block_rows
from mathlearn.statistics import reasons
from mathlearn.statistics.class_augment import class_table
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.diagnostics.measures import RowMeasures, saturated
from mathlearn.statistics.functional import dispersion_known, fitted_values, without_error
from mathlearn.statistics.row_file import row_file
from mathlearn.statistics.row_table import RowBlock, RowTable, nothing, row_frame
from mathlearn.statistics.separation import predictors
from mathlearn.statistics.working import divided, law_of, working

if TYPE_CHECKING:
    import os

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import FrameKind, Reasons
    from mathlearn.statistics.working import Working

__all__ = ["augment"]

MEASURES = ("hat", "std_resid", "loo_sigma", "cooks_d")
LIKELIHOOD_MEASURES = ("hat", "std_resid", "cooks_d")
FLAT = "the mean there does not move with the linear predictor, to the precision of doubles"


def augment(
    result: FitResult,
    rows: Rows,
    *,
    max_rows: int | None = None,
    as_: FrameKind = "pandas",
    to: str | os.PathLike[str] | None = None,
) -> Any:
    r"""Return one row a row: fitted value, residual, and what the row does to the fit.

    Columns, with e the residual, h the leverage, s the residual standard error and k the number of parameters:

    - ``row``: index of the row in the source (rows dropped or of weight zero are absent);
    - ``fitted``; and, when the rows carry y, ``resid`` = y - fitted;
    - ``hat``: the leverage h;
    - ``std_resid``: ``sqrt(w) e / (s sqrt(1 - h))``, the internally studentised residual;
    - ``loo_sigma``: the residual standard error without this row;
    - ``cooks_d``: Cook's distance, ``std_resid**2 h / ((1 - h) k)``.

    Of a fit by likelihood, with w the weight times trials, d the deviance of a row and s the root of the dispersion:

    - ``fitted``: the mean; ``predictor``: the linear predictor, offset included;
    - ``resid``: :math:`y - \mu`, y being a proportion where there are trials; ``resid_pearson``: :math:`(y - \mu)\sqrt{w / V(\mu)}`;
      ``resid_deviance``: :math:`\pm\sqrt d`, with the sign of ``resid``; ``resid_working``: :math:`(y - \mu) / (d\mu / d\eta)`;
    - ``weights``: w;
    - ``hat``: the leverage under the working weights; ``std_resid``: ``resid_deviance / (s sqrt(1 - h))``;
    - ``cooks_d``: ``resid_pearson**2 h / (s**2 (1 - h)**2 k)``, after one Newton step.

    Of more than two classes, see `class_table`.

    These are R's ``rstandard``, ``hatvalues`` and ``cooks.distance``. The measures use the classical covariance and exist only for the rows of
    the fit. With frequency weights they are those of one of the copies.

    Parameters
    ----------
    result : FitResult
    rows : Rows
    max_rows : int, optional
        Rows read at a time; chosen from the number of columns when None.
    as_ : {"pandas", "polars", "arrow"}
        The kind of frame that is returned.
    to : path, optional
        Write a Parquet file instead, in the memory of a block, and return a `RowFile`; see there. Rows that are not those of the fit are
        read twice, since only the last shows that there are no measures.

    Returns
    -------
    frame
        With a leading ``response`` when there are several. For pandas, ``.attrs["reasons"]`` maps ``(row, column)``, or
        ``("all rows", column)``, of NaN cells to the reason (first the response, when there are several).

    References
    ----------
    Cook and Weisberg (1982), "Residuals and Influence in Regression", chapters 2 and 3.
    McCullagh and Nelder (1989), "Generalized Linear Models", 2nd edition, sections 2.4 and 12.5 to 12.7.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import augment
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> augment(model.result_, model._fit_rows(X, y))[["row", "fitted", "resid", "hat", "cooks_d"]].round(2)
       row  fitted  resid  hat  cooks_d
    0    0     0.7    0.3  0.7     0.39
    1    1     2.9    0.1  0.3     0.00
    2    2     5.1   -1.1  0.3     0.41
    3    3     7.3    0.7  0.7     2.12
    """
    make = _table if result.stack is None else class_table
    table = make(result, max_rows)
    return row_frame(table, rows, as_) if to is None else row_file(table, rows, to)


def _table(result: FitResult, max_rows: int | None) -> RowTable:
    return RowTable(
        result=result,
        of=lambda chunk, measured: _block(result, chunk, measured=measured),
        why=lambda refusal: _why(result, refusal),
        measures=_measures(result),
        max_rows=max_rows or block_rows(len(result.terms)),
        purpose="augment",
        refusal=reasons.no_measures(result),
    )


def _measures(result: FitResult) -> tuple[str, ...]:
    return MEASURES if result.likelihood is None else LIKELIHOOD_MEASURES


def _block(result: FitResult, chunk: Chunk, *, measured: bool) -> RowBlock:
    white = WhiteRows.of(result, chunk) if measured and chunk.y is not None else None
    columns = _residuals(result, chunk) if result.likelihood is None else _of_likelihood(result, chunk, white)
    if chunk.y is None:
        return RowBlock(chunk.index, columns)
    why, names = _flat(chunk.index, columns), _measures(result)
    if white is None:
        return RowBlock(chunk.index, columns | nothing(names, *columns["fitted"].shape), why)
    found = RowMeasures.of(result, white)
    measures = {
        "hat": np.repeat(found.hat[:, None], len(result.responses), axis=1),
        "std_resid": found.standard,
        "loo_sigma": found.without,
        "cooks_d": found.cooks,
    }
    full = chunk.index[saturated(found.hat)].tolist()
    alone = {(i, row, m): reasons.SATURATED for i in range(len(result.responses)) for row in full for m in names[1:]}
    return RowBlock(chunk.index, columns | {name: measures[name] for name in names}, why | alone, Tally.of(white))


def _residuals(result: FitResult, chunk: Chunk) -> dict[str, FloatArray]:
    fitted = fitted_values(result, chunk)
    return {"fitted": fitted} | ({} if chunk.y is None else {"resid": chunk.y - fitted})


def _of_likelihood(result: FitResult, chunk: Chunk, white: WhiteRows | None) -> dict[str, FloatArray]:
    """Means, predictors and residuals of a fit by likelihood."""
    eta = predictors(result, chunk)
    if chunk.y is None:
        columns = {"fitted": law_of(result)[1].mu(eta), "predictor": eta}
    else:
        seen = working(result, chunk, eta) if white is None or white.seen is None else white.seen
        columns = _residuals_of(seen)
    return {name: values[:, None] for name, values in columns.items()}


def _residuals_of(seen: Working) -> dict[str, FloatArray]:
    residuals = {
        "resid": -seen.link.residual(seen.eta, seen.y),
        "resid_pearson": seen.pearson,
        "resid_deviance": seen.signed_root,
        "resid_working": np.where(np.isinf(seen.eta), np.nan, divided(seen.pull, seen.curve)),
    }
    finite = {name: np.where(np.isfinite(values), values, np.nan) for name, values in residuals.items()}
    return {"fitted": seen.mu, "predictor": seen.eta} | finite | {"weights": seen.weight}


def _flat(index: IntArray, columns: dict[str, FloatArray]) -> Reasons:
    """Say of which rows a residual is no finite number."""
    return {
        (int(i), int(index[row]), name): FLAT
        for name, values in columns.items()
        if name.startswith("resid_")
        for row, i in np.argwhere(np.isnan(values))
    }


def _why(result: FitResult, refusal: str | None) -> Reasons:
    """Say of which measures no row has any."""
    why: Reasons = {}
    for i in range(len(result.responses)):
        if refusal is not None:
            why |= {(i, "all rows", m): refusal for m in _measures(result)}
            continue
        if without_error(result)[i]:
            why |= {(i, "all rows", m): reasons.exact(result, i) for m in ("std_resid", "cooks_d")}
        if result.df_resid <= 1 and not dispersion_known(result) and result.likelihood is None:
            why[i, "all rows", "loo_sigma"] = reasons.NO_DF_WITHOUT
    return why
