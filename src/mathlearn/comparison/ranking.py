"""Which numbers of a comparison rank its models, and which do not."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.deviance import of_other_observations
from mathlearn.statistics.law import law_of
from mathlearn.statistics.nested import SAME_DATA
from mathlearn.statistics.same_rows import differing_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.results.fit_result import FitResult

__all__ = ["ranking"]

_OTHER_DATA = "the models are of different rows or responses: {} do not rank them"
_OTHER_OFFSETS = (
    "the models subtract different offsets: each R² is of the response less its own offset and does not rank them; sigma, AIC and BIC do, if "
    "the rows are the same, which the records cannot tell here"
)
_OTHER_NULL = "the models have different offsets: the deviance that each explains is that of another null model, and does not rank them"
_OTHER_LAWS = (
    "the models are by different laws: their deviances do not rank them; AIC and BIC do, if the rows are the same"
)
_OTHER_MEASURES = "{} against {}: probabilities of counts do not compare with densities; between these neither deviance nor AIC nor BIC ranks the models"
_MEASURES = {
    "binary": "probability",
    "counts": "probability",
    "real": "density",
    "positive": "density",
    "mixed": "mixed",
}


def ranking(models: Sequence[tuple[str, FitResult]]) -> Iterator[str]:
    """Say which of the numbers shown do not rank these models; nothing where all do.

    Parameters
    ----------
    models : sequence of (name, FitResult)
    """
    results = [result for _, result in models]
    if all(result.likelihood is None for result in results):
        yield from _least_squares(results)
    else:
        yield from _likelihoods(models, results)


def _least_squares(results: list[FitResult]) -> Iterator[str]:
    if not _same_kind(results):
        yield _OTHER_DATA.format("R², sigma, AIC and BIC")
    elif len({result.offset for result in results}) > 1:
        yield _OTHER_OFFSETS
    elif not _same_data(results):
        yield _OTHER_DATA.format("R², sigma, AIC and BIC")


def _likelihoods(models: Sequence[tuple[str, FitResult]], results: list[FitResult]) -> Iterator[str]:
    if not _same_kind(results) or any(of_other_observations(a, b) for a, b in combinations(results, 2)):
        yield _OTHER_DATA.format("deviance, AIC and BIC")
        return
    kinds: dict[str, list[str]] = {}
    for name, result in models:
        kinds.setdefault(_measure(result), []).append(name)
    if len(kinds) > 1:
        yield _OTHER_MEASURES.format(*(", ".join(names) for names in list(kinds.values())[:2]))
    elif len({_law(result) for result in results}) > 1:
        yield _OTHER_LAWS
    if len({result.offset for result in results}) > 1:
        yield _OTHER_NULL


def _law(result: FitResult) -> tuple[str, tuple[tuple[str, float], ...]]:
    """Name the law whose deviance a fit minimises; least squares are the normal law."""
    likelihood = result.likelihood
    return ("gaussian", ()) if likelihood is None else (likelihood.family, likelihood.parameters)


def _measure(result: FitResult) -> str:
    """Say what the likelihood is made of; that of least squares is a normal density."""
    return "density" if result.likelihood is None else _MEASURES[law_of(result.likelihood).support]


def _same_kind(results: list[FitResult]) -> bool:
    """Whether all models are of the same responses, number of rows and kind of weights."""
    return len({(result.responses, result.n, result.weights_type) for result in results}) == 1


def _same_data(results: list[FitResult]) -> bool:
    """Whether, as far as the records tell, all models, which are of the same kind, are of the same rows."""
    first = results[0]
    for other in results[1:]:
        if first.fit_intercept == other.fit_intercept and not np.allclose(
            first.null_deviance, other.null_deviance, SAME_DATA, 0.0
        ):
            return False
        if differing_column(first, other) is not None:
            return False
    return True
