"""Logistic regression of more than two classes, once: rows → survey → Newton → certificate → inference → `FitResult`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.newton import Stop
from mathlearn.certify.likelihood import MOST_ERROR
from mathlearn.data.progress import expect
from mathlearn.fitting import resources
from mathlearn.fitting.class_evidence import certified_classes, class_evidence, class_rows, looked_at
from mathlearn.fitting.class_survey import require_every_class, survey_classes
from mathlearn.fitting.defects import aliases, likelihood_defects
from mathlearn.fitting.likelihood_conclusion import PENALISED, STATUS
from mathlearn.fitting.likelihood_fields import fit_fields
from mathlearn.fitting.multinomial_record import class_curvature, class_numbers, sharpened, stack_of, stacked
from mathlearn.fitting.multinomial_separated import contrasts_of, limit_of, solved_in_the_limit, suspected
from mathlearn.fitting.multinomial_solver import MOST_CURVED, ClassesSolver
from mathlearn.fitting.robust import with_own_covariance
from mathlearn.fitting.survey import usual_passes
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.probability.multinomial import MULTINOMIAL
from mathlearn.results.fit_result import CovarianceEstimate, FitResult, Status
from mathlearn.results.likelihood import Likelihood
from mathlearn.results.stack import stacked_names

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.certify.likelihood_rows import LikelihoodRows
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.multinomial_record import ClassNumbers
    from mathlearn.fitting.multinomial_separated import Limit
    from mathlearn.fitting.multinomial_solver import ClassesSolved
    from mathlearn.linalg.dependence import Dependence
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.likelihood import Separation

__all__ = ["fit_multinomial"]

SEPARATED = "the classes are separated completely: no coefficient has a finite estimate"
UNCURVED = f"more than {MOST_CURVED} parameters: solved without the curvature, from which standard errors come"

_SQUARES = 5  # m-by-m matrices held at a time
_MOST_DIGITS = 15.95  # of a double


def fit_multinomial(rows: Rows, spec: LikelihoodSpec) -> FitResult:
    """Fit the log odds of K > 2 classes against the first, with evidence and inference.

    Parameters
    ----------
    rows : Rows
        Whose response is the places of the classes.
    spec : LikelihoodSpec
        With the classes. A penalty is on the squared coefficients of all K classes, as scikit-learn has it.

    Returns
    -------
    FitResult
        With a `Stack`.

    Raises
    ------
    DomainError
        Some class has no row; or an offset or a reduction of bias is asked for, which are for two classes.
    ResourceError
        The curvature would not fit into memory.
    """
    _require_offered(spec)
    size, count = resources.numbers(rows), len(spec.classes)
    threads = pool_size(size, resources.threads(spec.n_jobs))
    with single_threaded_blas(size):
        rows = class_rows(rows, count)
        expect(usual_passes(rows, (count - 1) * (len(rows.terms) + 1)))
        survey = survey_classes(rows, spec.classes, threads)
        require_every_class(survey, spec.classes, rows.responses[0])
        penalty = spec.penalty * (survey.weight if spec.per_weight else 1.0)
        solver = ClassesSolver(rows, spec, survey, penalty, threads)
        m = (count - 1) * (len(rows.terms) + spec.fit_intercept)
        if solver.curved:
            resources.require(_SQUARES * m * m, f"the curvature of {m} parameters")
        return with_own_covariance(_fitted(solver), rows, spec, threads)


def _fitted(solver: ClassesSolver) -> FitResult:
    """Solve; where the solver does not prove by converging that an estimate exists, find out whether it does."""
    solved = solver.solve()
    if solver.penalty == 0.0 and suspected(solved):
        limit = limit_of(solver, solved)
        if limit is not None:
            found = solved_in_the_limit(solver, solved, limit)
            return _Conclusion(solver, limit, solved.dependence).of(found)
    if solved.optimum.stop is Stop.RUNAWAY:
        solved = solver.again(solved, watch=False)
    return _Conclusion(solver, None, solved.dependence).of(solved)


def _require_offered(spec: LikelihoodSpec) -> None:
    """Refuse what is there for two classes only.

    Raises
    ------
    DomainError
    """
    count = len(spec.classes)
    remedy = "Fit two classes at a time, or leave it out."
    if spec.offset is not None:
        raise DomainError(
            f"an offset ({spec.offset}) is given, and y has {count} classes: one number a row cannot say to the log odds of which class it is "
            f"added. {remedy}"
        )
    if spec.bias_reduction != "none":
        raise DomainError(
            f"bias_reduction={spec.bias_reduction!r} is offered for two classes, and y has {count}. {remedy}"
        )


@dataclass(frozen=True, slots=True)
class _Conclusion:
    """What is concluded from a solution.

    Attributes
    ----------
    solver : ClassesSolver
    limit : Limit or None
        Along which directions the solution lies at infinity.
    known : Dependence
        Among the columns.
    """

    solver: ClassesSolver
    limit: Limit | None
    known: Dependence

    @property
    def separation(self) -> Separation | None:
        """Of the limit, if it is one."""
        return None if self.limit is None else self.limit.separation

    def of(self, solved: ClassesSolved) -> FitResult:
        """Look at the rows once more; where the last step has not led near enough, go on and look again."""
        numbers, found = self._looked_at(solved)
        passes = solved.passes + 1
        finite = self.limit is None and numbers.root is not None
        if solved.optimum.stop is Stop.REACHED and finite and not self._near(numbers, found):
            solved = self.solver.again(solved, target=0.0, same_curvature=1e-9, max_iter=3)
            numbers, found = self._looked_at(solved)
            passes = solved.passes + 2
        return self._recorded(solved, numbers, found, passes)

    def _looked_at(self, solved: ClassesSolved) -> tuple[ClassNumbers, LikelihoodRows]:
        solver, numbers = self.solver, class_numbers(solved)
        if self.limit is not None:
            numbers = replace(numbers, flat=self.limit.flat)
        null = solver.survey.null(intercept=solver.spec.fit_intercept)
        found = looked_at(solver.rows, numbers, null, self.separation, solver.threads)
        return numbers if numbers.root is None else sharpened(numbers, found.expected, solver.penalty), found

    def _near(self, numbers: ClassNumbers, found: LikelihoodRows) -> bool:
        evidence = class_evidence(numbers, found, self.solver.penalty)
        return bool(evidence.error.max(initial=0.0) <= MOST_ERROR and evidence.se_error <= MOST_ERROR)

    def _recorded(self, solved: ClassesSolved, numbers: ClassNumbers, found: LikelihoodRows, passes: int) -> FitResult:
        spec, survey, rows = self.solver.spec, self.solver.survey, self.solver.rows
        stop, separation = solved.optimum.stop, self.separation
        certificate, relative = certified_classes(
            numbers, found, self.solver.penalty, separation, None if stop is Stop.REACHED else stop.value
        )
        stack = stack_of(numbers, spec.classes, rows.terms, spec.origin)
        others, count = len(numbers.coef), spec.count(survey.n, survey.weight)
        df_model = others * int(self.known.kept.size)
        rank = df_model + others * int(spec.fit_intercept)
        df_resid = others * count - rank
        dependences, withheld = aliases(self.known, rows.terms), self._withheld(numbers)
        stacked_rows = contrasts_of(rows, spec.classes, intercept=spec.fit_intercept)
        shared = fit_fields(rows, spec, survey, rank) | {
            "terms": stacked_names(stack.classes, stack.terms),
            "fit_intercept": False,
            "df_model": df_model,
            "df_resid": df_resid,
        }
        return FitResult(
            **shared,
            weight_sum=survey.weight,
            coef=stacked(numbers, spec.origin)[None],
            intercept=np.zeros(1),
            centre=np.zeros(1),
            deviance=np.array([found.deviance]),
            null_deviance=np.array([found.null_deviance]),
            exact=np.zeros(1, np.bool_),
            curvature=class_curvature(numbers, stack.origin),
            estimable=numbers.estimable,
            aliases=dependences,
            covariance=CovarianceEstimate.information(math.inf, fixed=True) if withheld is None else None,
            withheld=withheld,
            rung="newton" if numbers.root is not None else "lbfgs",
            condition_scaled=numbers.condition,
            digits=_digits(relative),
            status=self._status(stop, certificate),
            defects=likelihood_defects(
                stacked_rows, dependences, certificate, separation, stop.value, df_resid, count, spec
            ),
            certificate=certificate,
            likelihood=self._likelihood(solved, found, passes),
            stack=stack,
        )  # fmt: skip

    def _status(self, stop: Stop, certificate: Certificate) -> Status:
        if self.limit is not None:
            return Status.UNBOUNDED
        return STATUS[stop] if certificate.ok or stop is not Stop.REACHED else Status.STALLED

    def _withheld(self, numbers: ClassNumbers) -> str | None:
        if self.solver.penalty:
            return PENALISED
        if self.separation is not None and self.separation.complete:
            return SEPARATED
        return UNCURVED if numbers.root is None else None

    def _likelihood(self, solved: ClassesSolved, found: LikelihoodRows, passes: int) -> Likelihood:
        return Likelihood(
            family=MULTINOMIAL.name,
            link=MULTINOMIAL.link,
            penalty=self.solver.penalty,
            dispersion=1.0,
            dispersion_from="fixed",
            pearson=found.pearson,
            log_likelihood=-0.5 * found.deviance,
            null_log_likelihood=-0.5 * found.null_deviance,
            response="labels",
            trials=float(self.solver.survey.n),
            iterations=solved.optimum.iterations,
            passes=passes,
            classes=self.solver.spec.classes,
            separation=self.separation,
        )


def _digits(relative: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.clip(-np.log10(relative), 0.0, _MOST_DIGITS)[None]
