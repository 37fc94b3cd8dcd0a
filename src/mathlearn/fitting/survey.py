"""The first look at the rows of a likelihood fit: are the responses in their domain, what is their mean, and a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.objective import block_rows, observations
from mathlearn.data.reduce import found_again
from mathlearn.data.sample import Sample, joined, thinned
from mathlearn.probability.inside import outside

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.inside import Outside

_SHARE = 0.04  # of the rows, on which the start is sought
_LEAST = 20  # rows of a sample for each unknown
_WORTH = 200_000  # numbers below which the rows themselves are the better sample
_MOST = 1 << 22  # numbers held of a stream
_PASSES_FROM_SAMPLE, _PASSES = 7, 9  # as usual: a start found on a sample saves two of Newton's


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the rows before anything is fitted.

    Attributes
    ----------
    n, dropped : int
    weight, log_weight : float
        Sum of the weights and of their logarithms, as given.
    trials : float
        Sum of the trials; n where there is one a row.
    total, full : float
        Sums of weight times trials times y, and of weight times trials.
    least, most : float
        Smallest and largest y.
    offset : bool
        Whether rows carry one.
    fractional : int
        Rows whose y is no whole number, of a law of counts.
    sample : Rows or None
    """

    n: int
    dropped: int
    weight: float
    log_weight: float
    trials: float
    total: float
    full: float
    least: float
    most: float
    offset: bool
    fractional: int = 0
    sample: Sample | None = None

    @property
    def mean(self) -> float:
        """Weighted mean of y."""
        return self.total / self.full


class _Part(NamedTuple):
    """The same for a block; numbers are added, samples strung together."""

    numbers: FloatArray
    least: float
    most: float
    offset: bool
    outside: Outside
    sample: list[Chunk]

    def merge(self, other: _Part) -> _Part:
        self.sample.extend(other.sample)
        return _Part(
            self.numbers + other.numbers,
            min(self.least, other.least),
            max(self.most, other.most),
            self.offset or other.offset,
            self.outside.merge(other.outside),
            self.sample,
        )


def surveyed(rows: Rows, family: Family, *, threads: int = 1) -> Survey:
    """Look once at the responses of all rows.

    Raises
    ------
    DomainError
        Some lie outside the family's domain, or their sum is not finite.
    """
    p = len(rows.terms)
    share = sample_share(rows, p)
    part = found_again(
        rows.reduce(
            partial(_look, family=family, share=share),
            _Part.merge,
            max_rows=block_rows(p),
            threads=1
            if rows.in_memory
            else threads,  # of rows in memory y alone is looked at, in steps too short to share
        )
    )
    part.outside.refuse(family, rows.responses[0], rows.locate)
    if not np.isfinite(part.numbers).all():
        raise DomainError(
            f"the sum of {rows.responses[0]}, or of the weights, is beyond the range of floating-point numbers. Divide {rows.responses[0]} by "
            "its unit, and weights by the largest of them."
        )
    n, dropped, weight, log_weight, trials, total, full, fractional = part.numbers.tolist()
    return Survey(
        n=int(n),
        dropped=int(dropped),
        weight=weight,
        log_weight=log_weight,
        trials=trials,
        total=total,
        full=full,
        least=part.least,
        most=part.most,
        offset=part.offset,
        fractional=int(fractional),
        sample=Sample(rows, joined(part.sample, block_rows(p))) if share else None,
    )


def usual_passes(rows: Rows, unknowns: int) -> int:
    """Return about how many passes over a stream a fit makes: this look, Newton's steps, and the evidence."""
    return _PASSES_FROM_SAMPLE if sample_share(rows, unknowns) else _PASSES


def sample_share(rows: Rows, p: int) -> float:
    """Share of the rows to take for a start, p unknowns apart from the intercept; 0 where that is not worth it."""
    if rows.sparse or rows.n_rows is None or rows.n_rows * (p + 1) < _WORTH:
        return 0.0
    least = _LEAST * (p + 1) / rows.n_rows
    share = min(max(_SHARE, least), _MOST / (rows.n_rows * (p + 1)) if not rows.in_memory else 1.0)
    return share if least <= share <= 0.1 else 0.0


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # sums that are not finite are refused
def _look(chunk: Chunk, family: Family, share: float) -> _Part:
    seen, w = observations(chunk), chunk.weight
    weight, log_weight = (float(chunk.n), 0.0) if w is None else (float(w.sum()), float(np.log(w).sum()))
    trials = float(chunk.n) if seen.trials is None else float(seen.trials.sum())
    total, full = (
        (float(seen.y.sum()), float(chunk.n))
        if seen.weight is None
        else (float(seen.y @ seen.weight), float(seen.weight.sum()))
    )
    counts = family.support == "counts" and family.has_density
    fractional = float(np.count_nonzero(seen.y != np.rint(seen.y))) if counts else 0.0
    numbers = np.array([chunk.n, chunk.dropped, weight, log_weight, trials, total, full, fractional])
    bad = outside(family, seen.y, seen.trials, chunk.index)
    taken = [thinned(chunk, share)] if share else []
    return _Part(numbers, float(seen.y.min()), float(seen.y.max()), chunk.offset is not None, bad, taken)
