"""`augment` of a fit of more than two classes: the fit row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.multinomial import codes_of
from mathlearn.linalg.ladder import block_rows
from mathlearn.probability.multinomial import Softmax, softmax
from mathlearn.statistics import reasons
from mathlearn.statistics.class_rows import class_scores, stack_of_fit
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.diagnostics.class_measures import ClassMeasures, rows_at_a_time
from mathlearn.statistics.row_table import RowBlock, RowTable, nothing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import Reasons

__all__ = ["class_table"]

CERTAIN = "the fit is certain of that row, and wrong: the residual is infinite, to the precision of doubles"
_MEASURES = ("hat", "cooks_d")


def class_table(result: FitResult, max_rows: int | None) -> RowTable:
    r"""Say how the table is made; see `augment`.

    Columns, with :math:`\pi_k` the probability of class k, y the class observed and w the weight:

    - ``row``; ``predicted``: the most probable class; ``fitted_<class>``: :math:`\pi_k`;
    - and, when the rows carry y, ``resid_pearson_<class>``: :math:`([y = k] - \pi_k) \sqrt{w / (\pi_k (1 - \pi_k))}`, the residual of
      the class against all others;
    - ``resid_deviance``: :math:`\sqrt{-2 w \log \pi_y}`, whose squares sum to the deviance. It is never negative: several classes have no
      up and down, and the class observed is never seen less often than its probability says;
    - ``weights``: w;
    - ``hat``: the leverage, the trace of the row's block of the hat matrix; over the rows it sums to the number of parameters;
    - ``cooks_d``: Cook's distance after one Newton step without the row, see `ClassMeasures`.

    References
    ----------
    Lesaffre and Albert (1989), "Multiple-group logistic regression diagnostics", Applied Statistics 38(3).
    """
    most = rows_at_a_time(result)
    return RowTable(
        result=result,
        of=lambda chunk, measured: _block(result, chunk, measured=measured),
        why=lambda refusal: {} if refusal is None else {(0, "all rows", m): refusal for m in _MEASURES},
        measures=_MEASURES,
        max_rows=min(max_rows or block_rows(len(result.terms)), most),
        purpose="augment",
        refusal=reasons.no_measures(result),
    )


def _block(result: FitResult, chunk: Chunk, *, measured: bool) -> RowBlock:
    index = chunk.index
    if chunk.y is None:
        return RowBlock(index, _columns(_fitted(result, softmax(class_scores(result, chunk.X)))))
    if not measured:
        codes, counted = codes_of(chunk), chunk.weight is None or result.weights_type == "frequency"
        seen = Softmax.of(class_scores(result, chunk.X), codes)
        weight = np.ones(chunk.n) if counted else np.asarray(chunk.weight)
        residuals = _residuals(result, seen, codes, weight)
        columns = _columns(_fitted(result, seen.probability) | residuals) | nothing(_MEASURES, chunk.n, 1)
        return RowBlock(index, columns, _certain(index, residuals))
    white = ClassWhite.of(result, chunk)
    residuals = _residuals(result, white.seen, white.codes, white.weight)
    found = ClassMeasures.of(result, white)
    measures = {name: getattr(found, name) for name in _MEASURES}
    columns = _columns(_fitted(result, white.seen.probability) | residuals | measures)
    full: Reasons = {(0, row, "cooks_d"): reasons.SATURATED for row in index[found.saturated].tolist()}
    return RowBlock(index, columns, full | _certain(index, residuals), white.tally())


def _columns(columns: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    """Columns (n, 1)."""
    return {name: values[:, None] for name, values in columns.items()}


def _fitted(result: FitResult, probability: FloatArray) -> dict[str, AnyArray]:
    """Return the most probable class, and the probability of each."""
    names = stack_of_fit(result).classes
    labels = names if result.likelihood is None else result.likelihood.classes or names
    predicted = np.array(labels, dtype=object)[probability.argmax(axis=1)]
    return {"predicted": predicted} | dict(zip((f"fitted_{name}" for name in names), probability.T, strict=True))


def _residuals(result: FitResult, seen: Softmax, codes: IntArray, weight: FloatArray) -> dict[str, FloatArray]:
    own = np.arange(len(codes)), codes
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        odds = np.sqrt(weight[:, None] * seen.probability / seen.complement)
        pearson = -odds
        pearson[own] = weight / odds[own]
        deviance = np.sqrt(2.0 * weight * seen.loss)
    names = [f"resid_pearson_{name}" for name in stack_of_fit(result).classes]
    residuals = dict(zip(names, pearson.T, strict=True)) | {"resid_deviance": deviance}
    return {name: np.where(np.isfinite(r), r, np.nan) for name, r in residuals.items()} | {"weights": weight}


def _certain(index: IntArray, columns: dict[str, FloatArray]) -> Reasons:
    """Say of which rows a residual is no finite number."""
    return {
        (0, int(index[row]), name): CERTAIN
        for name, values in columns.items()
        if name.startswith("resid_")
        for row in np.flatnonzero(np.isnan(values))
    }
