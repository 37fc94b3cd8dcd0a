"""The first look at the rows of a classifier of several classes: how much weight each class has, and a sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.multinomial import codes_of, rows_at_a_time
from mathlearn.data.reduce import found_again
from mathlearn.data.sample import Sample, joined, thinned
from mathlearn.fitting.survey import sample_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["ClassSurvey", "require_every_class", "survey_classes"]


@dataclass(frozen=True, slots=True)
class ClassSurvey:
    """What is known of the rows before anything is fitted.

    Attributes
    ----------
    n, dropped : int
    log_weight : float
        Sum of the logarithms of the weights.
    totals : (K,)
        Weight of each class.
    sample : Rows or None
    """

    n: int
    dropped: int
    log_weight: float
    totals: FloatArray
    sample: Sample | None = None

    @property
    def weight(self) -> float:
        """Sum of the weights."""
        return float(self.totals.sum())

    @property
    def log_odds(self) -> FloatArray:
        """Log odds (K - 1,) of the classes but the first against the first, by their shares."""
        return np.asarray(np.log(self.totals[1:] / self.totals[0]))

    def null(self, *, intercept: bool) -> FloatArray:
        """Log-probabilities (K,) of the classes in the model without columns: their shares, or all the same without intercept."""
        if not intercept:
            return np.full(self.totals.size, -np.log(self.totals.size))
        with np.errstate(divide="ignore"):  # a class without a row, among other rows than those of the fit
            return np.asarray(np.log(self.totals / self.totals.sum()))


class _Part(NamedTuple):
    """The same for a block; numbers are added, samples strung together."""

    numbers: FloatArray
    totals: FloatArray
    sample: list[Chunk]

    def merge(self, other: _Part) -> _Part:
        self.sample.extend(other.sample)
        return _Part(self.numbers + other.numbers, self.totals + other.totals, self.sample)


def survey_classes(rows: Rows, classes: Sequence[object], threads: int) -> ClassSurvey:
    """Look once at the responses of all rows."""
    p, count = len(rows.terms), len(classes)
    size, share = rows_at_a_time(p, count), sample_share(rows, (count - 1) * (p + 1))
    of = partial(_look, classes=count, share=share)
    part = found_again(rows.reduce(of, _Part.merge, max_rows=size, threads=threads))
    n, dropped, log_weight = part.numbers.tolist()
    sample = Sample(rows, joined(part.sample, size)) if share else None
    known = sample is None or len(np.unique(np.concatenate([codes_of(c) for c in sample.chunks(size)]))) == count
    return ClassSurvey(int(n), int(dropped), log_weight, part.totals, sample if known else None)


def require_every_class(survey: ClassSurvey, classes: Sequence[object], response: str) -> None:
    """Refuse rows that lack a class.

    Raises
    ------
    DomainError
    """
    empty = [repr(label) for label, total in zip(classes, survey.totals, strict=True) if total == 0.0]
    if empty:
        raise DomainError(
            f"{response} has no row of the class {', '.join(empty)}: its probability would be zero, whose log odds are not finite. "
            "Rows that are dropped or have weight zero do not count: give rows of this class too, or fit without it."
        )


def _look(chunk: Chunk, classes: int, share: float) -> _Part:
    weight = chunk.weight
    totals = np.bincount(codes_of(chunk), weights=weight, minlength=classes).astype(np.float64)
    log_weight = 0.0 if weight is None else float(np.log(weight).sum())
    numbers = np.array([chunk.n, chunk.dropped, log_weight])
    return _Part(numbers, totals, [thinned(chunk, share)] if share else [])
