"""A second look at a fit by likelihood, with its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._config import get_config
from mathlearn._errors import DomainError
from mathlearn.calculus.objective import block_rows
from mathlearn.certify.bias_rows import bias_of
from mathlearn.certify.books import SAME, differences, likelihood_books
from mathlearn.certify.dependence_rows import dependence_checks
from mathlearn.certify.least_squares import statistical_digits
from mathlearn.certify.likelihood import likelihood_certificate, likelihood_evidence, separated_certificate
from mathlearn.certify.likelihood_rows import look
from mathlearn.fitting.likelihood import prepared
from mathlearn.fitting.likelihood_conclusion import careful
from mathlearn.fitting.likelihood_consistency import inconsistencies
from mathlearn.fitting.likelihood_record import Numbers, factor_of, shown_of
from mathlearn.fitting.likelihood_spec import LikelihoodSpec
from mathlearn.fitting.likelihood_totals import log_likelihoods, null_deviance, null_predictor, penalised_log_likelihood
from mathlearn.fitting.multinomial_refit import verified_multinomial
from mathlearn.fitting.refit import dependence_of, intercept_of
from mathlearn.fitting.resources import numbers as size_of
from mathlearn.fitting.separated import directions_hold, remaining
from mathlearn.fitting.survey import surveyed
from mathlearn.fitting.theta import null_model, theta_check
from mathlearn.linalg.dependence import Dependence
from mathlearn.linalg.errorfree import TINY
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.probability import family_named
from mathlearn.results.fit_result import Status
from mathlearn.statistics.functional import model_errors, require_curvature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.certify.likelihood import Factor
    from mathlearn.certify.likelihood_rows import LikelihoodRows
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.survey import Survey
    from mathlearn.results.certificate import Certificate, Check
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite fails the checks
def verified_likelihood(result: FitResult, rows: Rows) -> Certificate:
    """Check the numbers of a fit by likelihood against the rows it is said to come from.

    Raises
    ------
    DomainError
        The fit has no curvature to check by.
    """
    if result.stack is not None and result.likelihood is not None:
        return verified_multinomial(result, result.stack, result.likelihood, rows)
    result = replace(result, withheld=None)  # a penalty takes inference away, not the curvature to check by
    likelihood, spec = _spec(result)
    size = size_of(rows)
    with single_threaded_blas(size):
        looked = _Look.at(
            prepared(rows, likelihood.response), result, likelihood, spec, pool_size(size, get_config().threads)
        )
        parted = likelihood.separation
        if parted is not None and parted.complete:
            return separated_certificate(parted.separated, looked.directions_hold())
        return _certified(looked)


def _certified(looked: _Look) -> Certificate:
    result, likelihood, spec = looked.result, looked.likelihood, looked.spec
    numbers = _numbers(result)
    found, factor = looked.sums(numbers)
    tops = looked.log_likelihoods(found)
    finished = result.status is Status.OPTIMAL or likelihood.separation is not None
    certificate = likelihood_certificate(
        likelihood_evidence(found, factor, likelihood.dispersion),
        condition=result.condition_scaled,
        separated=0 if likelihood.separation is None else likelihood.separation.separated,
        verified=looked.directions_hold(),
        stopped=None if finished else result.status.value,
        unique=bool(result.estimable.all()),
        statistical_digits=statistical_digits(result.coef, model_errors(result)[:, int(result.fit_intercept) :]),
        further=dependence_checks(
            looked.rows, dependence_of(result, None), max_rows=block_rows(looked.p), threads=looked.threads
        ),
    )
    penalised = penalised_log_likelihood(tops[0], numbers, spec)
    books = likelihood_books(_disagreements(result, likelihood, looked.survey, found, (*tops, penalised)))
    return replace(certificate, checks=(*certificate.checks, *looked.estimated(), books))


@dataclass(frozen=True, slots=True)
class _Look:
    """A fit and the rows it is said to come from."""

    rows: Rows
    result: FitResult
    likelihood: Likelihood
    spec: LikelihoodSpec
    survey: Survey
    threads: int

    @classmethod
    def at(cls, rows: Rows, result: FitResult, likelihood: Likelihood, spec: LikelihoodSpec, threads: int) -> _Look:
        return cls(rows, result, likelihood, spec, surveyed(rows, spec.family, threads=threads), threads)

    @property
    def p(self) -> int:
        return len(self.rows.terms)

    def directions_hold(self) -> bool:
        """Whether the rows confirm the directions of separation, if there are any."""
        separation = self.likelihood.separation
        return separation is None or directions_hold(self.rows, self.spec, separation, self.threads)

    def sums(self, numbers: Numbers) -> tuple[LikelihoodRows, Factor]:
        """Return what the rows that have a finite optimum say about the numbers, and the factor that is put to the test."""
        size, separation = block_rows(self.p), self.likelihood.separation
        null_eta = null_predictor(self.rows, self.spec, self.survey, self.threads)
        left, dependence = self.rows, dependence_of(self.result, None)
        if separation is not None:
            left = remaining(self.rows, separation, intercept=self.spec.fit_intercept)
            dependence = Dependence.none(self.p)
        shown = shown_of(numbers, self.spec, dependence, null_eta, careful=careful(self.survey.n, self.p))
        found = look(left, shown, threads=self.threads)
        if separation is not None:
            found = found._replace(null_deviance=null_deviance(self.rows, self.spec, null_eta, self.threads))
        factor = factor_of(numbers, shown, self.likelihood.penalty)
        if self.likelihood.bias_reduction == "firth":
            bias = bias_of(left, shown, factor, max_rows=size, threads=self.threads)
            found = found.less(bias.slope, bias.curvature)
        return found, factor

    def log_likelihoods(self, found: LikelihoodRows) -> tuple[float, float]:
        """Return the log-likelihoods of the fit and of the model without columns, that one with a theta of its own where it is estimated."""
        deviances = (found.deviance, found.null_deviance)
        top, null = log_likelihoods(self.rows, self.spec, deviances, self.result.n, self.threads)
        theta = self._theta
        if theta is None:
            return top, null
        return top, null_model(self.rows, self.spec, self.survey, theta, self.threads).log_likelihood

    @property
    def _theta(self) -> float | None:
        """Theta, where it was estimated."""
        return dict(self.likelihood.parameters).get("theta") if self.likelihood.estimated else None

    def estimated(self) -> tuple[Check, ...]:
        """Check the parameters of the family that were estimated."""
        theta = self._theta
        if theta is None:
            return ()
        return (theta_check(self.rows, self.result, self.spec.link, theta, self.threads),)


def _spec(result: FitResult) -> tuple[Likelihood, LikelihoodSpec]:
    if result.likelihood is None:
        raise DomainError("this fit is by least squares, not by a likelihood")
    likelihood = result.likelihood
    family = family_named(likelihood.family, **dict(likelihood.parameters))
    spec = LikelihoodSpec(
        family=family,
        link=family.link(likelihood.link),
        fit_intercept=result.fit_intercept,
        weights_type=result.weights_type,
        response=likelihood.response,
        bias_reduction=likelihood.bias_reduction,
    )
    return likelihood, spec


def _numbers(result: FitResult) -> Numbers:
    """Put the numbers of a record into the form that is checked, in the coordinates of the rows."""
    curvature = require_curvature(result)
    return Numbers(
        coef=result.coef[0],
        intercept=float(intercept_of(result)[0]),
        centre=float(result.centre[0]),
        weight=result.weight_sum,
        curvature=curvature,
        rank=result.rank,
        condition=result.condition_scaled,
    )


def _disagreements(
    result: FitResult, likelihood: Likelihood, survey: Survey, found: LikelihoodRows, tops: tuple[float, float, float]
) -> Iterator[float]:
    """Yield how far each number of the record is from that of the rows, relative to it."""
    yield from inconsistencies(result, likelihood)
    yield float(bool(result.exact[0]) != found.exact)
    count = round(survey.weight) if result.weights_type == "frequency" else survey.n
    yield float(count != result.n or survey.dropped != result.n_dropped)
    yield float(result.df_resid != count - result.rank - result.fit_intercept)
    # Below what rounding leaves of them, deviances differ by chance; logarithms cancel to their own rounding.
    small, terms = found.rounding / SAME, SAME * survey.n
    unit = SAME * survey.full if likelihood.dispersion_from == "fixed" else terms
    pairs = [
        (float(result.deviance[0]), found.deviance, small),
        (float(result.null_deviance[0]), found.null_deviance, small),
        (likelihood.pearson, found.pearson, small),
        (likelihood.log_likelihood, tops[0], unit),
        (likelihood.null_log_likelihood, tops[1], unit),
        (likelihood.penalised_log_likelihood, tops[2], terms),
        (likelihood.trials, survey.trials, terms),
        (result.log_weight_sum, survey.log_weight, terms),
    ]
    if result.fit_intercept:
        pairs.append((result.weight_sum, float(found.expected[0, 0]), TINY))
    yield from differences(pairs)
    if likelihood.dispersion_from == "pearson" and result.df_resid > 0:
        phi = found.pearson / result.df_resid
        yield abs(likelihood.dispersion - phi) / max(phi, TINY)
