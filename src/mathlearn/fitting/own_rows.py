"""Whether rows are those of a fit by likelihood."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import SchemaError
from mathlearn.calculus.multinomial import codes_of
from mathlearn.calculus.objective import block_rows, observations
from mathlearn.data.reduce import found_again
from mathlearn.probability.multinomial import Softmax
from mathlearn.statistics.class_rows import class_scores
from mathlearn.statistics.separation import predictors

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult

__all__ = ["deviance_of", "deviance_of_classes", "require_own_rows"]

_SAME = 1e-8  # relative difference of deviances that rounding may make
_NOTHING = 1e-12  # share of the null deviance below which a deviance is rounding


class _Tally(NamedTuple):
    """Rows, their weight and the deviance at the fit."""

    n: int
    weight: float
    deviance: float

    def merge(self, other: _Tally) -> _Tally:
        return _Tally(self.n + other.n, self.weight + other.weight, self.deviance + other.deviance)


def require_own_rows(result: FitResult, rows: Rows, deviance: Callable[[Chunk], FloatArray], *, threads: int) -> None:
    """Refuse rows that are not those of a fit, by their number and by the deviance of the fit on them (one pass).

    Parameters
    ----------
    result : FitResult
    rows : Rows
        In the form that the mathematics takes.
    deviance : callable
        ``chunk -> (n,)``: the deviance of each row at the fit, its weight included.
    threads : int

    Raises
    ------
    SchemaError
    """
    of = partial(_tally, deviance=deviance)
    here = found_again(rows.reduce(of, _Tally.merge, max_rows=block_rows(len(rows.terms)), threads=threads))
    count = round(here.weight) if result.weights_type == "frequency" else here.n
    if count != result.n:
        raise SchemaError(
            f"the fit used {result.n} rows and {count} were given: give the X, y, weights and offset of the fit"
        )
    there, null = float(result.deviance[0]), float(result.null_deviance[0])
    allowed = _SAME * there + (_NOTHING * null if null > 0.0 else 0.0)
    if not abs(here.deviance - there) <= allowed:
        raise SchemaError(
            f"the deviance of the fit is {there:.8g} in its record and {here.deviance:.8g} on these rows: they are other rows. "
            "Give the X, y, weights and offset of the fit"
        )


def deviance_of(result: FitResult, family: Family, link: Link, chunk: Chunk) -> FloatArray:
    """Deviance (n,) of the rows of a fit with one linear predictor."""
    seen = observations(chunk)
    unit = family.deviance_at(seen.y, predictors(result, chunk), link)
    return np.asarray(unit if seen.weight is None else unit * seen.weight)


def deviance_of_classes(result: FitResult, chunk: Chunk) -> FloatArray:
    """Deviance (n,) of the rows of a fit of more than two classes: infinite for a class that the fit rules out there."""
    loss = Softmax.of(class_scores(result, chunk.X), codes_of(chunk)).loss
    return np.asarray(2.0 * (loss if chunk.weight is None else loss * chunk.weight))


def _tally(chunk: Chunk, deviance: Callable[[Chunk], FloatArray]) -> _Tally:
    weight = float(chunk.n if chunk.weight is None else chunk.weight.sum())
    return _Tally(chunk.n, weight, float(deviance(chunk).sum()))
