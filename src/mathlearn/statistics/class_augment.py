"""`augment` of a fit of more than two classes: the fit row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.calculus.multinomial import codes_of
from mathlearn.probability.multinomial import Softmax, softmax
from mathlearn.statistics import reasons
from mathlearn.statistics.class_rows import class_scores, stack_of_fit
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.covariance.white import Tally
from mathlearn.statistics.diagnostics.class_measures import ClassMeasures, rows_at_a_time
from mathlearn.statistics.row_table import row_table

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, FloatArray, IntArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.frame import FrameKind, Reasons

__all__ = ["augment_classes"]

CERTAIN = "the fit is certain of that row, and wrong: the residual is infinite, to the precision of doubles"
_MEASURES = ("hat", "cooks_d")


def augment_classes(result: FitResult, rows: Rows, *, max_rows: int, as_: FrameKind) -> Any:
    r"""Return one row a row; see `augment`.

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
    stack, refusal = stack_of_fit(result), reasons.no_measures(result)
    size = min(max_rows, rows_at_a_time(result))
    blocks = [_Block.of(result, chunk, measured=refusal is None) for chunk in rows.chunks(size)]
    if not blocks:
        raise SchemaError("there are no rows to augment")
    index = np.concatenate([block.index for block in blocks])
    columns = {name: np.concatenate([block.columns[name] for block in blocks]) for name in blocks[0].columns}
    labels = None if result.likelihood is None else result.likelihood.classes
    top = np.stack([columns[f"fitted_{name}"] for name in stack.classes], axis=1).argmax(axis=1)
    shown: dict[str, AnyArray] = {"predicted": np.array(labels or stack.classes, dtype=object)[top]}
    shown |= columns
    why: Reasons = {}
    if "resid_deviance" in columns:
        measures, why = _measures(result, blocks, refusal)
        why |= _certain(index, columns)
        shown |= measures
    return row_table(result, index, {name: values[:, None] for name, values in shown.items()}, why, as_)


@dataclass(frozen=True, slots=True)
class _Block:
    """What is kept of a chunk, never its X: columns (n,) by name, and, where there are measures, these and the proof of the rows."""

    index: IntArray
    columns: dict[str, FloatArray]
    measured: ClassMeasures | None
    tally: Tally | None

    @classmethod
    def of(cls, result: FitResult, chunk: Chunk, *, measured: bool) -> _Block:
        if measured and chunk.y is not None:
            white = ClassWhite.of(result, chunk)
            columns = _fitted(result, white.seen.probability) | _residuals(
                result, white.seen, white.codes, white.weight
            )
            return cls(chunk.index, columns, ClassMeasures.of(result, white), white.tally())
        scores = class_scores(result, chunk.X)
        if chunk.y is None:
            return cls(chunk.index, _fitted(result, softmax(scores)), None, None)
        codes, counted = codes_of(chunk), chunk.weight is None or result.weights_type == "frequency"
        seen, weight = Softmax.of(scores, codes), np.ones(chunk.n) if counted else np.asarray(chunk.weight)
        columns = _fitted(result, seen.probability) | _residuals(result, seen, codes, weight)
        return cls(chunk.index, columns, None, None)


def _fitted(result: FitResult, probability: FloatArray) -> dict[str, FloatArray]:
    return dict(zip((f"fitted_{name}" for name in stack_of_fit(result).classes), probability.T, strict=True))


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


def _measures(result: FitResult, blocks: list[_Block], refusal: str | None) -> tuple[dict[str, FloatArray], Reasons]:
    """Leverage and Cook's distance (n,), and why they are withheld."""
    tallies = [block.tally for block in blocks if block.tally is not None]
    if refusal is None:
        refusal = reduce(Tally.merge, tallies).foreign(result)
    index = np.concatenate([block.index for block in blocks])
    if refusal is not None:
        return dict.fromkeys(_MEASURES, np.full(len(index), np.nan)), {(0, "all rows", m): refusal for m in _MEASURES}
    found = [block.measured for block in blocks if block.measured is not None]
    full = index[np.concatenate([part.saturated for part in found])]
    why: Reasons = {(0, row, "cooks_d"): reasons.SATURATED for row in full.tolist()}
    return {name: np.concatenate([getattr(part, name) for part in found]) for name in _MEASURES}, why


def _certain(index: IntArray, columns: dict[str, FloatArray]) -> Reasons:
    """Say of which rows a residual is no finite number."""
    return {
        (0, int(index[row]), name): CERTAIN
        for name, values in columns.items()
        if name.startswith("resid_")
        for row in np.flatnonzero(np.isnan(values))
    }
