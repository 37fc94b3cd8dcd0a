"""Newton's method for more than two classes; L-BFGS where the curvature would be too large."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.gradients import minimised
from mathlearn.calculus.multinomial import MultinomialObjective, rows_at_a_time
from mathlearn.calculus.newton import Newton, Optimum, Stop
from mathlearn.data.reduce import found_again
from mathlearn.fitting.newton_fit import coordinates_of, penalty_in, whitened
from mathlearn.linalg.dependence import Dependence
from mathlearn.linalg.moments import power_of_two, spread_of

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.calculus.trace import Iteration
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.class_survey import ClassSurvey
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec

__all__ = ["MOST_CURVED", "ClassesSolved", "ClassesSolver"]

MOST_CURVED = 2000
"""Unknowns up to which the curvature is formed."""

_TARGET = 1e-7  # standard errors
_CLOSE_TARGET = 1e-10  # where passes cost little
_SAME_CURVATURE = 1e-6  # relative, where standard errors are the solver's: they change half as much
_SAMPLE_TARGET = 0.1  # standard errors of the sample, which is itself several of the rows' away
_SAMPLE_ITERATIONS = 25


@dataclass(frozen=True, slots=True)
class ClassesSolved:
    """Where the solver ended, and in which coordinates.

    Attributes
    ----------
    objective : MultinomialObjective
    optimum : Optimum
        Without a last point where the curvature was not formed.
    dependence : Dependence
        Among the columns, which is that of each class.
    passes : int
        Over all rows.
    """

    objective: MultinomialObjective
    optimum: Optimum
    dependence: Dependence
    passes: int


@dataclass(frozen=True, slots=True)
class ClassesSolver:
    """One problem.

    Attributes
    ----------
    rows : Rows
        Dense, y being places of classes.
    spec : LikelihoodSpec
    survey : ClassSurvey
    penalty : float
        λ, in the user's units.
    threads : int
    """

    rows: Rows
    spec: LikelihoodSpec
    survey: ClassSurvey
    penalty: float
    threads: int

    @property
    def classes(self) -> int:
        """K."""
        return len(self.spec.classes)

    @property
    def curved(self) -> bool:
        """Whether there are few enough unknowns to form the curvature."""
        return (self.classes - 1) * (len(self.rows.terms) + self.spec.fit_intercept) <= MOST_CURVED

    def solve(self) -> ClassesSolved:
        """Minimise in the columns' own coordinates; where these are too dependent, in others in which they are not."""
        p = len(self.rows.terms)
        if not self.curved:
            return self._first_order()
        near = self.survey.sample or self.rows
        objective = self._objective(coordinates_of(self.rows, near, intercept=self.spec.fit_intercept))
        optimum, passes = self._minimise(objective)
        if optimum.stop is not Stop.STIFF:
            return ClassesSolved(objective, optimum, Dependence.none(p), passes)
        coordinates, dependence = whitened(self.rows, self.spec, self.threads)
        objective = self._objective(coordinates)
        further, more = self._minimise(objective, stiff_ends=False)
        kept = (*optimum.iterations, *further.iterations)
        return ClassesSolved(objective, replace(further, iterations=kept), dependence, passes + more + 2)

    def again(self, solved: ClassesSolved, **changes: object) -> ClassesSolved:
        """Go on from where a solution ended, under other conditions."""
        newton = replace(self.newton(solved.objective, self.rows), stiff_ends=False, **changes)  # type: ignore[arg-type]
        further = newton.minimise(solved.optimum.theta)
        iterations = (*solved.optimum.iterations, *further.iterations)
        passes = solved.passes + len(further.iterations)
        return replace(solved, optimum=replace(further, iterations=iterations), passes=passes)

    def _objective(self, coordinates: Coordinates) -> MultinomialObjective:
        return MultinomialObjective(self.classes, coordinates, penalty_in(coordinates, self.penalty))

    def start(self, objective: MultinomialObjective) -> FloatArray:
        """Return where to start: the shares of the classes, as log odds (m,) at the shift; zeros where no step is to be taken from there."""
        begin = self.spec.begin
        if begin is not None and begin.mean is not None and self.spec.max_iter:
            parts = zip(begin.coef[1:] - begin.coef[0], begin.centre[1:] - begin.centre[0], strict=True)
            return np.concatenate([objective.coordinates.unknowns(coef, begin.mean, level) for coef, level in parts])
        theta = np.zeros((self.classes - 1, objective.coordinates.size))
        if self.spec.fit_intercept and self.spec.max_iter:
            theta[:, 0] = self.survey.log_odds
        return theta.reshape(-1)

    def _minimise(self, objective: MultinomialObjective, **changes: object) -> tuple[Optimum, int]:
        theta, sample = self.start(objective), self.survey.sample
        seen: tuple[Iteration, ...] = ()
        if sample is not None and self.spec.max_iter and self.spec.begin is None:
            newton = replace(
                self.newton(objective, sample), target=_SAMPLE_TARGET, same_curvature=np.inf, max_iter=_SAMPLE_ITERATIONS,
                stiff_ends=False,
            )  # fmt: skip
            sampled = newton.minimise(theta)
            seen, theta = sampled.iterations, sampled.theta if sampled.stop is Stop.REACHED else theta
        optimum = replace(self.newton(objective, self.rows), **changes).minimise(theta)  # type: ignore[arg-type]
        if optimum.stop is Stop.NO_START:
            self.rows.diagnose_nonfinite()
        return replace(optimum, iterations=(*seen, *optimum.iterations)), len(optimum.iterations)

    def newton(self, objective: MultinomialObjective, rows: Rows) -> Newton:
        """Return the loop over these rows."""
        return Newton(
            evaluate=lambda theta: objective.at(rows, theta, threads=self.threads),
            intercept=False,
            dispersion=lambda _: 1.0,
            quadratic=True,
            target=min(self.spec.target, _TARGET if self.survey.sample else _CLOSE_TARGET),
            same_curvature=np.inf if objective.coordinates.basis is None else _SAME_CURVATURE,
            max_iter=self.spec.max_iter,
        )

    def _first_order(self) -> ClassesSolved:
        """Minimise by gradients alone, in columns of mean zero and size one."""
        objective = self._objective(self.standardised())

        def evaluate(theta: FloatArray) -> tuple[int, float, FloatArray]:
            sums = objective.at(self.rows, theta, threads=self.threads, curved=False)
            return sums.n, sums.loss, sums.gradient

        def along(theta: FloatArray, direction: FloatArray) -> FloatArray:
            return objective.curved_along(self.rows, theta, direction, threads=self.threads)

        found = minimised(evaluate, along, self.start(objective), max_iter=self.spec.max_iter)
        stop = Stop.REACHED if found.ended else Stop.MAX_ITER
        none = Dependence.none(len(self.rows.terms))
        return ClassesSolved(objective, Optimum(found.theta, None, stop, found.iterations), none, found.passes)

    def standardised(self) -> Coordinates:
        """Return coordinates about the mean of the first block, in units of the size of its columns."""
        p, intercept = len(self.rows.terms), self.spec.fit_intercept
        found = found_again(self.rows.first(spread_of, max_rows=rows_at_a_time(p, self.classes)))
        mean, spread, top = (each[:p] for each in found)
        size = np.where(spread > 0.0, spread, 1.0) if intercept else np.where(top > 0.0, np.hypot(mean, spread), 1.0)
        return Coordinates(mean if intercept else np.zeros(p), power_of_two(size), intercept)
