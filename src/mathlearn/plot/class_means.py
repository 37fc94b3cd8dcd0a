"""Fitted probabilities of more than two classes with their bands, and what they are called on a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.multinomial import softmax
from mathlearn.statistics import reasons
from mathlearn.statistics.class_rows import class_scores
from mathlearn.statistics.probability_intervals import probability_intervals

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult

__all__ = [
    "MOST_CLASSES",
    "ClassMeans",
    "ClassSubject",
    "chosen_classes",
    "class_means_at",
    "class_subject",
]

MOST_CLASSES = 6
"""Classes with a colour of their own."""


@dataclass(frozen=True, slots=True)
class ClassMeans:
    """Fitted probabilities (n, K), and their band, None where inference is withheld; NaN where the data do not determine them."""

    value: FloatArray
    low: FloatArray | None = None
    high: FloatArray | None = None


def class_means_at(result: FitResult, rows: Chunk, level: float) -> ClassMeans:
    """Return the probabilities of a fit at rows, with the confidence interval of each by itself."""
    scores = class_scores(result, rows.X)
    if reasons.whole_fit(result) is not None:
        return ClassMeans(softmax(scores))
    interval = probability_intervals(result, rows.X, scores, level)
    # Where separation puts a probability at its end there is no interval, but a probability.
    closed = np.isneginf(scores).any(axis=1, keepdims=True)
    value = np.where(np.isnan(interval.estimate) & closed, softmax(scores), interval.estimate)
    return ClassMeans(value, interval.lower, interval.upper)


@dataclass(frozen=True, slots=True)
class ClassSubject:
    """What a fit of more than two classes is about, in the user's words, not escaped.

    Attributes
    ----------
    response : str
    classes : tuple of str
        Labels, in the order of their codes.
    shown : tuple of int
        Codes of those with a colour: all, or of many those that reach the highest probabilities.
    """

    response: str
    classes: tuple[str, ...]
    shown: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the classes shown."""
        return tuple(self.classes[k] for k in self.shown)

    @property
    def left_out(self) -> int:
        """Classes that are not shown."""
        return len(self.classes) - len(self.shown)

    @property
    def mean(self) -> str:
        """What stands at an axis of probabilities."""
        return f"P({self.response})"


def class_subject(result: FitResult, shown: tuple[int, ...]) -> ClassSubject:
    """Say what a fit of more than two classes is about."""
    assert result.likelihood is not None
    return ClassSubject(result.responses[0], tuple(map(str, result.likelihood.classes)), shown)


def chosen_classes(reach: FloatArray) -> tuple[int, ...]:
    """Return the codes of the classes that are shown, by the highest probability (K,) that each reaches."""
    order = np.argsort(-np.where(np.isnan(reach), -1.0, reach), kind="stable")[:MOST_CLASSES]
    return tuple(sorted(order.tolist()))
