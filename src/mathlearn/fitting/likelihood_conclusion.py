"""What is concluded from where the solver ended: the evidence of one more pass, and the record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.newton import Stop
from mathlearn.calculus.objective import block_rows
from mathlearn.certify.bias_rows import bias_of
from mathlearn.certify.dependence_rows import dependence_checks
from mathlearn.certify.least_squares import statistical_digits
from mathlearn.certify.likelihood import MOST_ERROR, MOST_GRADIENT, likelihood_certificate, likelihood_evidence
from mathlearn.certify.likelihood_rows import look
from mathlearn.fitting.defects import aliases, likelihood_defects, listed
from mathlearn.fitting.likelihood_fields import fit_fields, law_fields
from mathlearn.fitting.likelihood_record import factor_of, numbers_of, sharpened, shown_of
from mathlearn.fitting.likelihood_totals import log_likelihoods, null_deviance, null_predictor, penalised_log_likelihood
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.results.fit_result import CovarianceEstimate, FitResult, Status
from mathlearn.results.likelihood import Likelihood
from mathlearn.statistics.functional import row_lengths

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.certify.likelihood import LikelihoodEvidence
    from mathlearn.certify.likelihood_rows import LikelihoodRows
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_record import Numbers
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.newton_fit import Solved, Solver
    from mathlearn.fitting.survey import Survey
    from mathlearn.linalg.dependence import Dependence
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.likelihood import Separation

__all__ = ["PENALISED", "STATUS", "Conclusion", "careful"]

PENALISED = "penalised: Wald inference withheld"

_CAREFUL = 1 << 15  # numbers up to which the evidence is formed with more digits than a double's where they cancel
_MOST_DIGITS = 15.95  # of a double
STATUS = {
    Stop.REACHED: Status.OPTIMAL,
    Stop.STALLED: Status.STALLED,
    Stop.STIFF: Status.STALLED,
    Stop.MAX_ITER: Status.MAX_ITER,
    Stop.RUNAWAY: Status.MAX_ITER,
    Stop.NO_START: Status.UNBOUNDED,
}


def careful(n: int, p: int) -> bool:
    """Whether rows are so few that evidence is formed with more digits than a double's where they cancel."""
    return n * (p + 1) <= _CAREFUL


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is concluded from a solution.

    Attributes
    ----------
    whole : Rows
    spec : LikelihoodSpec
    survey : Survey
        Of the whole.
    penalty : float
        λ, in the user's units.
    threads : int
    rows : Rows
        Those that have a finite optimum: the whole, unless it is separated.
    separation : Separation or None
    known : Dependence or None
        What is dependent in the whole, where that is not what the solution says.
    """

    whole: Rows
    spec: LikelihoodSpec
    survey: Survey
    penalty: float
    threads: int
    rows: Rows
    separation: Separation | None = None
    known: Dependence | None = None

    def of(self, solver: Solver, solved: Solved) -> FitResult:
        """Look at the rows once more; where the last step has not led near enough, go on and look again."""
        null_eta = null_predictor(self.whole, self.spec, self.survey, self.threads)
        numbers, found, evidence = self._looked_at(solved, null_eta)
        passes = solved.passes + 1
        worst = max(evidence.error.max(initial=0.0), evidence.se_error)
        near = worst <= MOST_ERROR and evidence.gradient <= MOST_GRADIENT
        if solved.optimum.stop is Stop.REACHED and not near:
            solved = solver.again(solved, target=0.0, same_curvature=1e-9, max_iter=3)
            numbers, found, evidence = self._looked_at(solved, null_eta)
            passes = solved.passes + 2
        if self.separation is not None:
            found = found._replace(null_deviance=null_deviance(self.whole, self.spec, null_eta, self.threads))
        return self._recorded(solved, numbers, found, evidence, passes)

    def _looked_at(self, solved: Solved, null_eta: float) -> tuple[Numbers, LikelihoodRows, LikelihoodEvidence]:
        numbers = numbers_of(solved, self.spec)
        _require_finite(numbers, self.rows.terms)
        p = len(self.rows.terms)
        shown = shown_of(numbers, self.spec, solved.dependence, null_eta, careful=careful(self.survey.n, p))
        found = look(self.rows, shown, threads=self.threads)
        if shown.basis is None:
            kept = solved.dependence.kept
            numbers = sharpened(numbers, found.expected, self.penalty, kept, intercept=self.spec.fit_intercept)
        factor = factor_of(numbers, shown, self.penalty)
        if self.spec.bias_reduction == "firth":
            bias = bias_of(self.rows, shown, factor, max_rows=block_rows(p), threads=self.threads)
            found = found.less(bias.slope, bias.curvature)
        return numbers, found, likelihood_evidence(found, factor, self._dispersion(found.pearson, numbers))

    @property
    def _count(self) -> int:
        return self.spec.count(self.survey.n, self.survey.weight)

    def _rank(self, numbers: Numbers) -> int:
        return numbers.rank if self.known is None else int(self.known.kept.size)

    def _df(self, numbers: Numbers) -> int:
        return self._count - self._rank(numbers) - self.spec.fit_intercept

    def _dispersion(self, pearson: float, numbers: Numbers) -> float:
        if self.spec.family.fixed_dispersion:
            return 1.0
        df = self._df(numbers)
        return pearson / df if df > 0 else math.nan

    def _recorded(
        self,
        solved: Solved,
        numbers: Numbers,
        found: LikelihoodRows,
        evidence: LikelihoodEvidence,
        passes: int,
    ) -> FitResult:
        spec, survey, rows = self.spec, self.survey, self.whole
        df, dispersion = self._df(numbers), self._dispersion(found.pearson, numbers)
        _require_dispersion(dispersion, rows.responses[0])
        estimable = solved.dependence.estimable(intercept=spec.fit_intercept)
        dependence = solved.dependence if self.known is None else self.known
        dependences = aliases(dependence, rows.terms)
        stop = solved.optimum.stop
        certificate = self._certificate(numbers, evidence, estimable, dispersion, stop, dependence)
        inferable, fixed = self.penalty == 0.0, spec.family.fixed_dispersion
        return FitResult(
            **fit_fields(rows, spec, survey, self._rank(numbers)),
            weight_sum=numbers.weight,
            coef=numbers.coef[None],
            intercept=intercept_at_zero(np.array([numbers.intercept]), numbers.coef[None], spec.origin),
            centre=np.array([numbers.centre]),
            deviance=np.array([found.deviance]),
            null_deviance=np.array([found.null_deviance]),
            exact=np.array([found.exact]),
            curvature=numbers.curvature,
            estimable=estimable,
            aliases=dependences,
            covariance=CovarianceEstimate.information(math.inf if fixed else float(df), fixed) if inferable else None,
            withheld=None if inferable else PENALISED,
            rung="newton",
            condition_scaled=numbers.condition,
            digits=_digits(evidence, int(spec.fit_intercept)),
            status=self._status(stop, certificate),
            defects=likelihood_defects(
                rows, dependences, certificate, self.separation, stop.value, df, self._count, spec
            ),
            certificate=certificate,
            likelihood=self._likelihood(solved, numbers, found, dispersion, passes),
        )

    def _status(self, stop: Stop, certificate: Certificate) -> Status:
        if self.separation is not None:
            return Status.UNBOUNDED
        return STATUS[stop] if certificate.ok or stop is not Stop.REACHED else Status.STALLED

    def _certificate(
        self,
        numbers: Numbers,
        evidence: LikelihoodEvidence,
        estimable: BoolArray,
        dispersion: float,
        stop: Stop,
        dependence: Dependence,
    ) -> Certificate:
        known = estimable[int(self.spec.fit_intercept) :]
        white = numbers.curvature.whitener
        se = row_lengths(white) * math.sqrt(dispersion if dispersion > 0 else 1.0)
        return likelihood_certificate(
            evidence,
            condition=numbers.condition,
            separated=0 if self.separation is None else self.separation.separated,
            verified=self.separation is None or self.separation.verified,
            stopped=None if stop is Stop.REACHED else stop.value,
            unique=bool(estimable.all()),
            statistical_digits=statistical_digits(numbers.coef[known][None], se[known][None]),
            further=dependence_checks(
                self.whole, dependence, max_rows=block_rows(white.shape[0]), threads=self.threads
            ),
        )

    def _likelihood(
        self, solved: Solved, numbers: Numbers, found: LikelihoodRows, dispersion: float, passes: int
    ) -> Likelihood:
        spec = self.spec
        top, null_top = log_likelihoods(
            self.whole, spec, (found.deviance, found.null_deviance), self._count, self.threads
        )
        return Likelihood(
            **law_fields(spec, self.survey, self.penalty),
            dispersion=dispersion,
            pearson=found.pearson,
            log_likelihood=top,
            null_log_likelihood=null_top,
            penalised_log_likelihood=penalised_log_likelihood(top, numbers, spec),
            iterations=solved.optimum.iterations,
            passes=passes,
            separation=self.separation,
        )


def _require_dispersion(dispersion: float, name: str) -> None:
    """Refuse a dispersion that no double holds.

    Raises
    ------
    DomainError
    """
    if math.isinf(dispersion):
        raise DomainError(
            f"the dispersion of {name} is beyond the range of floating-point numbers: some row has a mean that is next to nothing beside what "
            "was observed. Look for it among the rows with the largest or smallest offset and columns, and correct or remove it."
        )


def _require_finite(numbers: Numbers, terms: tuple[str, ...]) -> None:
    """Refuse coefficients that no double holds.

    Raises
    ------
    DomainError
    """
    endless = [term for term, value in zip(terms, numbers.coef.tolist(), strict=True) if not math.isfinite(value)]
    if endless:
        raise DomainError(
            f"the numbers in {listed(endless)} are so small that a coefficient is beyond the range of floating-point numbers: change the "
            "unit of the column."
        )
    if not math.isfinite(numbers.intercept):
        worst = terms[int(np.argmax(np.abs(np.log(numbers.curvature.scale))))] if terms else "the offset"
        raise DomainError(
            f"the numbers in {worst} are so large, or so small, that the intercept cannot be computed: change the unit of the column."
        )


def _digits(evidence: LikelihoodEvidence, first: int) -> FloatArray:
    with np.errstate(divide="ignore"):
        digits = -np.log10(evidence.relative[first:])
    return np.clip(digits, 0.0, _MOST_DIGITS)[None]
