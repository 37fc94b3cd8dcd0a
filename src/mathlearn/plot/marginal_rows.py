"""The rows behind small panels over each column by itself, the others held: read once for any fit by likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.data.chunk import dense_rows
from mathlearn.plot.features import Held, categories, held, numeric_features, profile_at
from mathlearn.plot.same_rows import require_same_rows
from mathlearn.plot.seen import Seen, Summed, observation, read

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.formula.factors import CategoryFactor
    from mathlearn.plot.reading import Reading
    from mathlearn.results.fit_result import FitResult

__all__ = ["MOST", "POINTS", "MarginalRows", "farthest", "marginal_rows"]

MOST = 9
"""Panels at most."""

MOST_LEVELS = 12
"""Levels of a category that has a panel."""

POINTS = 80
"""Places at which a curve is computed."""


@dataclass(frozen=True, slots=True)
class Powers:
    """Sums (3, p) over rows of weights, and of the first and second powers of X about a point near them."""

    sums: FloatArray

    def merge(self, other: Powers) -> Powers:
        """Sum both."""
        return Powers(self.sums + other.sums)

    @property
    def spread(self) -> FloatArray | None:
        """Standard deviations (p,); None where nothing was summed."""
        if not self.sums.size:
            return None
        mean = self.sums[1] / self.sums[0]
        return np.asarray(np.sqrt(np.maximum(self.sums[2] / self.sums[0] - mean**2, 0.0)))


@dataclass(frozen=True, slots=True)
class MarginalRows:
    """What the rows tell.

    Attributes
    ----------
    numbers : tuple of str
        Columns drawn over as numbers.
    kinds : tuple of CategoryFactor
        Those drawn over level by level.
    columns : int
        How many there are, categories of too many levels among them.
    at : Held
        What each is held at in the panels of the others.
    seen : Seen
        Values of the numbers, codes of the categories, and the observation.
    spread : (p,) or None
        Standard deviations of the columns of X; None where these are sparse, but for fits of several classes.
    """

    numbers: tuple[str, ...]
    kinds: tuple[CategoryFactor, ...]
    columns: int
    at: Held
    seen: Seen
    spread: FloatArray | None


def marginal_rows(reading: Reading) -> MarginalRows:
    """Read the rows (twice, where a column has to be averaged first).

    Raises
    ------
    SchemaError
        There is no row, or these are not the rows of the fit.
    """
    design = reading.design
    numbers, every = numeric_features(design), categories(design)
    kinds = tuple(factor for factor in every.values() if len(factor.levels) <= MOST_LEVELS)
    at = held(reading, list(numbers))
    total, _ = read(reading, lambda chunk, batch: _seen(reading, chunk, batch, numbers, kinds))
    require_same_rows(reading.result, total.seen.tally)
    return MarginalRows(numbers, kinds, len(numbers) + len(every), at, total.seen, total.sums.spread)


def farthest(reach: FloatArray) -> list[int]:
    """Return which panels are kept, by how far (m,) what is drawn goes in each; NaN where it is not known."""
    order = np.argsort(-np.where(np.isnan(reach), -1.0, reach), kind="stable")[:MOST]
    return sorted(order.tolist())


def _seen(
    reading: Reading, chunk: Chunk, batch: Batch | None, numbers: tuple[str, ...], kinds: tuple[CategoryFactor, ...]
) -> Summed[Powers]:
    result, design, nothing = reading.result, reading.design, Held({}, None)
    columns = [profile_at(design, nothing, column, None).values(chunk, batch)[0] for column in numbers]
    codes = [profile_at(design, nothing, None, factor).codes(chunk, batch) for factor in kinds]
    values = np.column_stack([*columns, *codes, observation(result, chunk)])
    return Summed(Seen.of(result, chunk, values, len(numbers)), _powers(result, chunk))


def _powers(result: FitResult, chunk: Chunk) -> Powers:
    """Sum about the mean of the fit, near which the powers keep their digits."""
    if result.stack is not None:
        away = dense_rows(chunk.X) - result.stack.mean
    elif not isinstance(chunk.X, np.ndarray):
        return Powers(np.empty((3, 0)))
    else:
        away = chunk.X if result.curvature is None else chunk.X - result.curvature.mean
    w = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    return Powers(np.stack([np.full(away.shape[1], w.sum()), w @ away, w @ away**2]))
