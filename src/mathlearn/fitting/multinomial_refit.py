"""A second look at a fit of more than two classes, with its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mathlearn._config import get_config
from mathlearn.certify.books import SAME, differences, likelihood_books
from mathlearn.fitting.class_consistency import class_inconsistencies
from mathlearn.fitting.class_evidence import certified_classes, class_rows, looked_at
from mathlearn.fitting.class_survey import survey_classes
from mathlearn.fitting.multinomial_record import numbers_of_record
from mathlearn.fitting.multinomial_separated import class_directions_hold, contrasts_of
from mathlearn.fitting.refit import dependence_of
from mathlearn.fitting.resources import numbers as size_of
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.results.fit_result import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.certify.likelihood_rows import LikelihoodRows
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.class_survey import ClassSurvey
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood
    from mathlearn.results.stack import Stack

__all__ = ["verified_multinomial"]


def verified_multinomial(result: FitResult, stack: Stack, likelihood: Likelihood, rows: Rows) -> Certificate:
    """Check the numbers of a fit of more than two classes against the rows it is said to come from."""
    size, count = size_of(rows), len(likelihood.classes)
    threads = pool_size(size, get_config().threads)
    with single_threaded_blas(size):
        rows = class_rows(rows, count)
        survey = survey_classes(rows, likelihood.classes, threads)
        separation = likelihood.separation
        if separation is not None:
            contrasts = contrasts_of(rows, likelihood.classes, intercept=stack.intercept)
            separation = replace(separation, verified=class_directions_hold(contrasts, separation, threads))
        numbers = numbers_of_record(result, stack, dependence_of(result, None), limit=separation is not None)
        null = survey.null(intercept=stack.intercept)
        found = looked_at(rows, numbers, null, separation, threads)
    finished = result.status is Status.OPTIMAL or separation is not None
    stopped = None if finished else result.status.value
    certificate, _ = certified_classes(numbers, found, likelihood.penalty, separation, stopped)
    books = likelihood_books(_disagreements(result, stack, likelihood, survey, found))
    return replace(certificate, checks=(*certificate.checks, books))


def _disagreements(
    result: FitResult, stack: Stack, likelihood: Likelihood, survey: ClassSurvey, found: LikelihoodRows
) -> Iterator[float]:
    """Yield how far each number of the record is from that of the rows, relative to it."""
    count = round(survey.weight) if result.weights_type == "frequency" else survey.n
    yield float(count != result.n or survey.dropped != result.n_dropped)
    yield from class_inconsistencies(result, stack, likelihood)
    pairs = [
        (float(result.deviance[0]), found.deviance),
        (float(result.null_deviance[0]), found.null_deviance),
        (likelihood.pearson, found.pearson),
        (likelihood.log_likelihood, -0.5 * found.deviance),
        (likelihood.null_log_likelihood, -0.5 * found.null_deviance),
        (result.weight_sum, survey.weight),
        (result.log_weight_sum, survey.log_weight),
    ]
    yield from differences((shown, there, SAME * survey.n) for shown, there in pairs)
