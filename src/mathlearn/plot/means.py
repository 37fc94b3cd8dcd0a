"""Fitted means with their bands, and what the mean is called on a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics import reasons
from mathlearn.statistics.equation import event_of
from mathlearn.statistics.functional import estimable_at, no_curvature
from mathlearn.statistics.mean_intervals import mean_interval
from mathlearn.statistics.separation import predictors
from mathlearn.statistics.working import law_of

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = ["Means", "Subject", "means_at", "subject_of"]


@dataclass(frozen=True, slots=True)
class Means:
    """Fitted means (n,), NaN where the data do not determine them, and their band, None where inference is withheld."""

    value: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None


def means_at(result: FitResult, rows: Chunk, level: float) -> Means:
    """Return the means of a fit by likelihood at rows, with their confidence band: that of the linear predictor, through the link."""
    family, link = law_of(result)
    eta = predictors(result, rows)
    if reasons.whole_fit(result) is None:
        interval = mean_interval(result, family, link, rows.X, eta, level, "confidence")
        # Where the rows are separated the mean is known to lie at the end of its range, and no interval is.
        return Means(np.where(np.isinf(eta), link.mu(eta), interval.estimate), interval.lower, interval.upper)
    known = no_curvature(result) is not None or estimable_at(result, rows.X)
    return Means(np.where(known, link.mu(eta), np.nan))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a fit by likelihood is about, in the user's words, not escaped.

    Attributes
    ----------
    response : str
    mean : str
        What stands at the axis of the mean: ``P(y = 'yes')``, or the response itself.
    probability : bool
        Whether the mean is one.
    classes : tuple of str
        What 0 and 1 stand for, of a response that is one of two; else empty.
    """

    response: str
    mean: str
    probability: bool
    classes: tuple[str, ...]


def subject_of(result: FitResult) -> Subject:
    """Say what a fit by likelihood is about."""
    assert result.likelihood is not None
    likelihood, response = result.likelihood, result.responses[0]
    probability = law_of(result)[1].odds is not None
    event = event_of(likelihood)
    if event is not None:
        classes = tuple(map(repr, likelihood.classes)) or ("0", "1")
        return Subject(response, f"P({response} = {event})", probability=True, classes=classes)
    if likelihood.response in {"successes and failures", "proportions and trials"}:
        return Subject(response, f"share of {response}", probability=True, classes=())
    return Subject(response, response, probability=probability, classes=())
