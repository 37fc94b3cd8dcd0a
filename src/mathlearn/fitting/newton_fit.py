"""Newton's method on the rows of a fit: coordinates, start, and what to do where columns depend on each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.jeffreys import jeffreys_at
from mathlearn.calculus.newton import Newton, Stop
from mathlearn.calculus.objective import Objective, block_rows, pass_rows
from mathlearn.calculus.start import starts
from mathlearn.data.reduce import found_again
from mathlearn.linalg import ladder
from mathlearn.linalg.dependence import Dependence
from mathlearn.linalg.moments import frame_of, power_of_two
from mathlearn.probability.recession import far_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mathlearn._typing import FloatArray
    from mathlearn.calculus.newton import Optimum, Point
    from mathlearn.calculus.objective import Sums
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.fitting.survey import Survey

_TARGET = 1e-7  # standard errors
_CLOSE_TARGET = 1e-13  # where passes cost little
_SAME_CURVATURE = 1e-6  # relative, where standard errors are the solver's: they change half as much
_LEAST_DEPENDENT = 30.0  # condition of the columns up to which a curvature with seven digits gives a good direction
_LARGE = 1e100  # sizes of columns whose squares, summed, stay in the range of doubles
_FINEST = 460  # powers of two below the root of the penalty: in the square of such units it is 1e277
_MODERATE = 1e12  # sizes whose squares, summed, are in the range of single precision
_SAMPLE_TARGET = 0.1  # standard errors of the sample, which is itself several of the rows' away
_SAMPLE_ITERATIONS = 25


@dataclass(frozen=True, slots=True)
class Solved:
    """Where Newton's method ended, and in which coordinates.

    Attributes
    ----------
    objective : Objective
    optimum : Optimum
    dependence : Dependence
    passes : int
        Over all rows.
    """

    objective: Objective
    optimum: Optimum
    dependence: Dependence
    passes: int


@dataclass(frozen=True, slots=True)
class Solver:
    """One problem.

    Attributes
    ----------
    rows : Rows
        Dense.
    spec : LikelihoodSpec
    survey : Survey
    penalty : float
        λ, in the user's units.
    threads : int
    """

    rows: Rows
    spec: LikelihoodSpec
    survey: Survey
    penalty: float
    threads: int

    def solve(self) -> Solved:
        """Minimise in the columns' own coordinates; where these are too dependent, in others in which they are not."""
        p = len(self.rows.terms)
        objective = self.objective(self._frame())
        optimum, passes = self._minimise(objective)
        if optimum.stop is not Stop.STIFF:
            return Solved(objective, optimum, Dependence.none(p), passes)
        independent, dependence = self._whitened()
        further, more = self._minimise(independent, stiff_ends=False)
        kept = (*optimum.iterations, *further.iterations)
        return Solved(independent, replace(further, iterations=kept), dependence, passes + more + 2)

    def again(self, solved: Solved, **changes: object) -> Solved:
        """Go on from where a solution ended, under other conditions."""
        newton = replace(self._newton(solved.objective, self.rows), stiff_ends=False, **changes)  # type: ignore[arg-type]
        further = newton.minimise(solved.optimum.theta)
        iterations = (*solved.optimum.iterations, *further.iterations)
        passes = solved.passes + len(further.iterations)
        return replace(solved, optimum=replace(further, iterations=iterations), passes=passes)

    def objective(self, coordinates: Coordinates) -> Objective:
        """Return the objective in given coordinates."""
        family, link = self.spec.family, self.spec.link
        return Objective(family, link, coordinates, penalty_in(coordinates, self.penalty), ends=far_ends(family, link))

    def _frame(self) -> Coordinates:
        near, intercept = self.survey.sample or self.rows, self.spec.fit_intercept
        return coordinates_of(self.rows, near, intercept=intercept, penalty=self.penalty)

    def _whitened(self) -> tuple[Objective, Dependence]:
        coordinates, dependence = whitened(self.rows, self.spec, self.threads)
        return self.objective(coordinates), dependence

    def _minimise(self, objective: Objective, **changes: object) -> tuple[Optimum, int]:
        points, sampled = self._start(objective)
        seen = () if sampled is None else sampled.iterations
        single = sampled is not None and self._moderate(objective, sampled)
        whole = replace(objective, single=single)
        newton = replace(self._newton(whole, self.rows), lean=self._lean(whole), **changes)  # type: ignore[arg-type]
        near = self._curvature(objective, sampled) if single else None
        optimum, tries = first_finite(newton, points, near)
        if single and optimum.stop is not Stop.REACHED:
            seen = (*seen, *optimum.iterations)
            newton = replace(self._newton(objective, self.rows), **changes)  # type: ignore[arg-type]
            optimum = newton.minimise(optimum.theta)
        if optimum.stop is Stop.NO_START:
            self.rows.diagnose_nonfinite()
        iterations = (*seen, *optimum.iterations)
        passes = tries - 1 + sum(iteration.rows == self.survey.n for iteration in iterations)
        return replace(optimum, iterations=iterations), passes

    def _start(self, objective: Objective) -> tuple[Iterable[FloatArray], Optimum | None]:
        """Return starting points, and where the search for them on a sample ended, if it was made."""
        if not self.spec.max_iter:
            return iter((np.zeros(objective.coordinates.size),)), None
        size = block_rows(len(self.rows.terms))
        sample = self.survey.sample
        find = partial(starts, objective, mean=self.survey.mean, max_rows=size, threads=self.threads)
        begin = self.spec.begin
        if begin is not None and begin.mean is not None:
            near = objective.coordinates.unknowns(begin.coef[0], begin.mean, float(begin.centre[0]))
            return chain((near,), find(self.rows)), None
        if sample is None:
            return find(self.rows), None
        newton = replace(
            self._newton(objective, sample), target=_SAMPLE_TARGET, same_curvature=np.inf, max_iter=_SAMPLE_ITERATIONS,
            stiff_ends=False,
        )  # fmt: skip
        optimum, _ = first_finite(newton, find(sample))
        if optimum.stop is not Stop.REACHED:
            return find(sample), optimum
        return chain((optimum.theta,), find(sample)), optimum

    def _moderate(self, objective: Objective, sampled: Optimum) -> bool:
        """Whether the products of columns may be formed in single precision: by their sizes and their dependence on a sample."""
        last, sizes = sampled.last, objective.coordinates.scale
        small = last is not None and sampled.stop is Stop.REACHED and last.model.condition <= _LEAST_DEPENDENT
        return small and bool(((sizes > 1 / _MODERATE) & (sizes < _MODERATE)).all()) and self._spread_is_moderate(last)

    def _curvature(self, objective: Objective, sampled: Optimum | None) -> FloatArray | None:
        """Take the curvature where a sample's optimum was sought for that of all rows, about there."""
        if sampled is None or sampled.last is None:
            return None
        sums = sampled.last.sums
        return objective.scaled_up(sums.curvature, self.survey.n / sums.n)

    def _spread_is_moderate(self, last: Point | None) -> bool:
        if last is None:
            return False
        curvature = last.sums.curvature.diagonal() / last.sums.n
        return bool(((curvature > 1 / _MODERATE) & (curvature < _MODERATE)).all())

    def _lean(self, objective: Objective) -> Callable[[FloatArray], Sums] | None:
        """Return passes without curvature, for many rows in the columns' own coordinates."""
        reduced, apart = self.spec.bias_reduction == "firth", objective.coordinates.basis is not None
        if self.survey.sample is None or reduced or apart:
            return None
        return partial(objective.at, self.rows, max_rows=self._size(objective), threads=self.threads, curved=False)

    def _size(self, objective: Objective) -> int:
        return (pass_rows if objective.coordinates.plain else block_rows)(len(self.rows.terms))

    def _newton(self, objective: Objective, rows: Rows) -> Newton:
        size = self._size(objective)
        reduced, canonical = self.spec.bias_reduction == "firth", self.spec.family.canonical == self.spec.link.name
        apart = objective.coordinates.basis is not None
        evaluate = partial(jeffreys_at, objective, independent=apart) if reduced else objective.at
        # Where a basis makes columns independent, standard errors are of the solver's last curvature: the expected one.
        own = None if reduced or canonical or apart else replace(objective, observed=True)
        return Newton(
            evaluate=lambda theta: evaluate(rows, theta, max_rows=size, threads=self.threads),
            intercept=self.spec.fit_intercept,
            dispersion=self._dispersion,
            target=min(self.spec.target, _TARGET if self.survey.sample else _CLOSE_TARGET),
            same_curvature=_SAME_CURVATURE if apart else np.inf,
            quadratic=canonical,
            close=None if own is None else lambda theta: own.at(rows, theta, max_rows=size, threads=self.threads),
            watch=not reduced,
            max_iter=self.spec.max_iter,
        )

    def _dispersion(self, sums: Sums) -> float:
        """Estimate the dispersion where it is not fixed, so that distances are in standard errors."""
        df = sums.n - sums.gradient.size
        return 1.0 if self.spec.family.fixed_dispersion or df <= 0 else sums.pearson / df


def coordinates_of(rows: Rows, near: Rows, *, intercept: bool, penalty: float = 0.0) -> Coordinates:
    """Choose shift and scale of each column by the first block of `near`: the rows, or a sample of them.

    Columns of extreme size are scaled before they are multiplied, and in no unit in which the penalty would leave the range of doubles.
    """
    p = len(rows.terms)
    with np.errstate(over="ignore", invalid="ignore"):
        frame = found_again(near.first(partial(frame_of, centre=intercept), max_rows=block_rows(p)))
    if not (np.isfinite(frame.shift[:p]).all() and np.isfinite(frame.scale[:p]).all()):
        rows.diagnose_nonfinite()
    scale = frame.scale[:p]
    if penalty:
        scale = np.maximum(scale, np.ldexp(power_of_two(np.array([penalty**0.5])), -_FINEST))
    usual = bool(((scale < _LARGE) & (scale > 1.0 / _LARGE)).all())
    return Coordinates(frame.shift[:p], scale, intercept, None if usual else np.arange(p))


def coordinates_kept(rows: Rows, dependence: Dependence, *, intercept: bool, max_rows: int) -> Coordinates:
    """Choose shift and scale of the columns that a fit has kept, by the first block of the rows."""
    p = len(rows.terms)
    first = found_again(rows.first(partial(frame_of, centre=intercept), max_rows=max_rows))
    kept = dependence.kept if dependence.dropped.size else None
    return Coordinates(first.shift[:p], first.scale[:p], intercept, kept)


def whitened(rows: Rows, spec: LikelihoodSpec, threads: int) -> tuple[Coordinates, Dependence]:
    """Make independent columns of those that the data determine, by reflections of the rows (two passes)."""
    centred = spec.fit_intercept
    moments = ladder.accumulate(rows, centred=centred, threads=threads)
    start = ladder.householder(rows, moments, tol=spec.tol, centred=centred, threads=threads)
    basis = start.factor * np.sqrt(moments.weight)
    mean = start.mean if centred else np.zeros_like(start.mean)
    return Coordinates(mean, start.scale, centred, start.dependence.kept, basis), start.dependence


def first_finite(
    newton: Newton, points: Iterable[FloatArray], curvature: FloatArray | None = None
) -> tuple[Optimum, int]:
    """Run from the first point at which the objective is finite, near which the curvature may be known; return how many were tried, too."""
    tries = 0
    optimum = None
    for theta in points:
        tries += 1
        optimum = newton.minimise(theta, curvature if tries == 1 else None)
        if optimum.stop is not Stop.NO_START:
            break
    if optimum is None:
        msg = "there is always a constant to start from"
        raise RuntimeError(msg)
    return optimum, tries


def penalty_in(coordinates: Coordinates, penalty: float) -> FloatArray | None:
    """Put a penalty on half the squared coefficients, in the user's units, into given coordinates."""
    if penalty == 0.0:
        return None
    first = int(coordinates.intercept)
    each = penalty / coordinates.scale[coordinates.columns] ** 2
    if coordinates.basis is None:
        return np.concatenate([np.zeros(first), each])
    square = np.zeros((coordinates.size, coordinates.size))
    square[first:, first:] = coordinates.basis.T @ (each[:, None] * coordinates.basis)
    return square
