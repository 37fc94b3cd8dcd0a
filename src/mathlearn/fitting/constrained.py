r"""Fits again with linear combinations of the parameters held: what tests and profiles of a likelihood are made of.

In coordinates in which the parameters move by :math:`\delta` from the estimates, and in which the curvature there is near the identity,
a combination is :math:`b^\top\delta` away from its estimate. Holding m of them at given distances t leaves
:math:`\delta = B^+ t + N u` with N a basis of what B does not see, and the smallest loss over u is found by Newton's method.
No column is left out of the rows and none becomes an offset: a column far from zero keeps its digits, and where the loss is a
quadratic :math:`u = 0` is the answer.

Where the bias is reduced, the loss is that less half the log-determinant of the information, and that is the information about all
parameters, those that are held included: what is held leaves the prior as it is.

References
----------
Heinze and Schemper (2002), "A solution to the problem of separation in logistic regression", Statistics in Medicine 21(16), section 2.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from mathlearn._config import get_config
from mathlearn._errors import DomainError
from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.jeffreys import jeffreys_at
from mathlearn.calculus.newton import Newton, Stop
from mathlearn.calculus.objective import Objective, block_rows
from mathlearn.calculus.quadratic import Quadratic
from mathlearn.calculus.start import constant
from mathlearn.fitting.likelihood import prepared
from mathlearn.fitting.own_rows import require_own_rows
from mathlearn.fitting.refit import dependence_of
from mathlearn.fitting.resources import numbers
from mathlearn.fitting.survey import surveyed
from mathlearn.linalg.moments import frame_of
from mathlearn.linalg.threads import pool_size
from mathlearn.results.fit_result import Status
from mathlearn.statistics.functional import combinations, coordinates, require_curvature, row_lengths
from mathlearn.statistics.law import family_of
from mathlearn.statistics.wald import white_slopes

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.calculus.objective import Sums
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult

__all__ = ["Constraint", "Minimum", "Problem", "opened"]

_TARGET = 1e-10  # standard errors from the optimum, predicted: a score statistic is off by as much
_CLOSE = 1e-3  # the same, found at the last point looked at: the loss is then known to the cube of it
_NEAR = 1e-4  # the same, where no step lowers the loss any more
_RUNS, _MAX_ITER = 3, 60
_HALVINGS = 8
_SAME = 1e-12  # difference of losses, in units of the dispersion, that no root of a deviance shows


class Minimum(NamedTuple):
    """The smallest loss under a constraint, and the move (k,) that leads there."""

    move: FloatArray
    loss: float


class Constraint(NamedTuple):
    """Combinations that are held.

    Attributes
    ----------
    length : (m,)
        By which rows of `seen` were divided.
    seen : (m, k)
        Rows of unit length.
    inverse : (k, m)
        Pseudo-inverse of `seen`.
    unseen : (k, k - m)
        Orthonormal basis of the moves that change none.
    """

    length: FloatArray
    seen: FloatArray
    inverse: FloatArray
    unseen: FloatArray

    @classmethod
    def of(cls, B: FloatArray) -> Constraint:
        """Hold the combinations with coordinates B (m, k), which are independent."""
        length = row_lengths(B)
        seen = B / length[:, None]
        u, singular, vt = np.linalg.svd(seen)
        m = singular.size
        return cls(length, seen, vt[:m].T @ (u.T / singular[:, None]), vt[m:].T)

    def met(self, move: FloatArray, distance: FloatArray) -> FloatArray:
        """Change a move (k,) as little as possible so that combinations are at the distances (m,) from their estimates."""
        moved: FloatArray = move + self.inverse @ (distance / self.length - self.seen @ move)
        return moved


class _Frame(Protocol):
    """Coordinates of the moves."""

    @property
    def columns(self) -> Coordinates:
        """Those of the columns."""

    @property
    def theta(self) -> FloatArray:
        """Unknowns (k,) of the columns where the move is zero."""

    @property
    def unit(self) -> FloatArray:
        """Unknowns for each unit of the move (k,)."""

    def seen(self, L: FloatArray) -> FloatArray:
        """Coordinates (m, k) of functionals."""

    def value(self, L: FloatArray) -> FloatArray:
        """Functionals (m,) where the move is zero."""


@dataclass(frozen=True, slots=True)
class _Whitened:
    """The whitened basis of a fit, from its estimates."""

    result: FitResult

    @property
    def columns(self) -> Coordinates:
        curvature = require_curvature(self.result)
        basis = curvature.whitener * curvature.scale[:, None]
        return Coordinates(curvature.mean, curvature.scale, self.result.fit_intercept, None, basis)

    @property
    def theta(self) -> FloatArray:
        slopes = white_slopes(self.result)[0]
        return np.concatenate([self.result.centre, slopes]) if self.result.fit_intercept else slopes

    @property
    def unit(self) -> FloatArray:
        first = [1.0 / math.sqrt(self.result.weight_sum)] if self.result.fit_intercept else []
        return np.concatenate([first, np.ones(self.result.rank)])

    def seen(self, L: FloatArray) -> FloatArray:
        return coordinates(self.result, L)

    def value(self, L: FloatArray) -> FloatArray:
        return np.asarray(combinations(self.result, L)[0])


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Columns of one size, from a constant: where the estimates are not to be started from, or are infinite.

    Attributes
    ----------
    columns : Coordinates
        Those of columns that others do not make up.
    theta : (k,)
    origin : (p,)
        From which rows count.
    """

    columns: Coordinates
    theta: FloatArray
    origin: FloatArray

    @property
    def unit(self) -> FloatArray:
        return np.ones(self.theta.size)

    def seen(self, L: FloatArray) -> FloatArray:
        used, first = self.columns.columns, int(self.columns.intercept)
        l0 = L[:, :1] if first else np.zeros((len(L), 1))
        slopes = (L[:, first:] - l0 * self.origin) - l0 * self.columns.shift
        return np.concatenate([L[:, :first], slopes[:, used] / self.columns.scale[used]], axis=1)

    def value(self, L: FloatArray) -> FloatArray:
        return np.asarray(self.seen(L) @ self.theta)


@dataclass(frozen=True, slots=True)
class Problem:
    """The loss of a fit as a function of the move from its estimates.

    Attributes
    ----------
    rows : Rows
    objective : Objective
    frame
        Coordinates of the moves.
    dispersion : float
        Of the fit.
    threads : int
    best : Minimum
        Without any constraint.
    reduced : bool
        Whether the bias is: Jeffreys' prior is then in the loss.
    """

    rows: Rows
    objective: Objective
    frame: _Frame
    dispersion: float
    threads: int
    best: Minimum
    reduced: bool = False

    def seen(self, L: FloatArray) -> FloatArray:
        """Coordinates (m, k) of functionals L (m, parameters) of the moves."""
        return self.frame.seen(L)

    def value(self, L: FloatArray, move: FloatArray) -> FloatArray:
        """Functionals (m,) after a move."""
        value: FloatArray = self.frame.value(L) + self.frame.seen(L) @ move
        return value

    def at(self, move: FloatArray, basis: FloatArray | None = None) -> Sums:
        """Loss, gradient and curvature in the move (k,), of which a basis (k, m) may be all that is free.

        One pass; two where the bias is reduced.
        """
        unit = self.frame.unit
        size = block_rows(len(self.rows.terms))
        along = None if basis is None else unit[:, None] * basis
        reduced = partial(jeffreys_at, self.objective, independent=True, along=along)
        evaluate = reduced if self.reduced else self.objective.at
        sums = evaluate(self.rows, self.frame.theta + unit * move, max_rows=size, threads=self.threads)
        return replace(sums, gradient=unit * sums.gradient, curvature=unit[:, None] * sums.curvature * unit)

    def excess(self, found: Minimum) -> float:
        """By how much twice the loss, in units of the dispersion, exceeds that of the fit; never negative."""
        return max(0.0, 2.0 * (found.loss - self.best.loss) / self.dispersion)

    def score(self, move: FloatArray) -> float:
        """Rao's score statistic of the point a move leads to, in units of the dispersion; NaN where there is no curvature."""
        sums = self.at(move)
        model = Quadratic.of(sums.gradient, sums.curvature, intercept=False)
        return math.nan if model is None else model.decrement**2 / self.dispersion

    def held(self, constraint: Constraint, distance: FloatArray, start: FloatArray) -> Minimum | None:
        """Find the smallest loss with combinations at the distances (m,), from near a move (k,), or from near none; None where none was found."""
        for near in (start, np.zeros_like(start)):
            met = constraint.met(near, distance)
            found = self._smallest(constraint.unseen, met) or self._as_low(met)
            if found is not None:
                return found
        return None

    def _as_low(self, move: FloatArray) -> Minimum | None:
        """Take a point as it is that is as low as the lowest: at the end of the range of the means there is no curvature left."""
        loss = self.at(move).loss
        return Minimum(move, loss) if loss - self.best.loss <= _SAME * self.dispersion else None

    def reached(self, constraint: Constraint, distance: FloatArray, start: FloatArray) -> Minimum | None:
        """Do the same by way of points between, where predictors at the first try belong to no mean."""
        here = constraint.length * (constraint.seen @ start)
        found = self.held(constraint, distance, start)
        for halving in range(1, _HALVINGS):
            if found is not None:
                break
            found = self._by_steps(constraint, here, distance, start, 2**halving)
        return found

    def _by_steps(
        self, constraint: Constraint, here: FloatArray, there: FloatArray, start: FloatArray, steps: int
    ) -> Minimum | None:
        found: Minimum | None = Minimum(start, math.nan)
        for step in range(1, steps + 1):
            if found is not None:
                found = self.held(constraint, here + (there - here) * (step / steps), found.move)
        return found

    def _smallest(self, basis: FloatArray, start: FloatArray) -> Minimum | None:
        """Minimise over ``start + basis @ u``."""
        if not basis.shape[1]:
            loss = self.at(start).loss
            return Minimum(start, loss) if math.isfinite(loss) else None

        def evaluate(u: FloatArray) -> Sums:
            sums = self.at(start + basis @ u, basis)
            return replace(sums, gradient=basis.T @ sums.gradient, curvature=basis.T @ sums.curvature @ basis)

        newton = Newton(
            evaluate,
            intercept=False,
            dispersion=lambda _: self.dispersion,
            quadratic=self.objective.family.canonical == self.objective.link.name,
            target=_TARGET,
            same_curvature=math.inf,
            max_iter=_MAX_ITER,
            watch=False,
            stiff_ends=False,
        )
        u = np.zeros(basis.shape[1])
        for _ in range(_RUNS):
            optimum = newton.minimise(u)
            last, u = optimum.last, optimum.theta
            # The last step is not evaluated: what it gains is half the squared decrement, if that is small.
            if last is None or last.distance <= (_CLOSE if optimum.stop is Stop.REACHED else _NEAR):
                break
        else:
            return None
        return None if last is None else Minimum(start + basis @ u, last.sums.loss - 0.5 * last.model.decrement**2)


def opened(result: FitResult, rows: Rows, origin: tuple[int, ...] = ()) -> Problem:
    """Put the loss of a fit into coordinates of moves from its estimates.

    Parameters
    ----------
    result : FitResult
        By likelihood, of one linear predictor, unpenalised.
    rows : Rows
        Of the fit.
    origin : tuple of int
        What was subtracted from each column of X before it became float64; empty when nothing was.

    Raises
    ------
    DomainError
        Inference is withheld for this fit, or its likelihood has no maximum that could be found.
    SchemaError
        These are not the rows of the fit.
    """
    family, link = _law(result)
    assert result.likelihood is not None
    if result.likelihood.separation is None:
        require_curvature(result)
    rows = prepared(rows, result.likelihood.response)
    threads = pool_size(numbers(rows), get_config().threads)
    require_own_rows(result, rows, family, link, threads=threads)
    phi = result.likelihood.dispersion
    frame = _frame(result, rows, (family, link), origin)
    objective = Objective(family, link, frame.columns)
    nowhere = Minimum(np.zeros(frame.theta.size), math.nan)
    reduced = result.likelihood.bias_reduction == "firth"
    problem = Problem(rows, objective, frame, phi if phi > 0.0 else 1.0, threads, nowhere, reduced)
    best = problem._smallest(np.eye(frame.theta.size), nowhere.move)  # noqa: SLF001
    if best is None:
        raise DomainError("the likelihood of this fit has no maximum that could be found: see its certificate")
    return replace(problem, best=best)


def _law(result: FitResult) -> tuple[Family, Link]:
    likelihood = result.likelihood
    if likelihood is None or len(result.coef) > 1:
        raise DomainError("tests and profiles by refits are of a generalised linear model with one linear predictor")
    family = family_of(likelihood)
    return family, family.link(likelihood.link)


def _frame(result: FitResult, rows: Rows, law: tuple[Family, Link], origin: tuple[int, ...]) -> _Frame:
    """Start at the estimates where they are at their optimum; from a constant where they are not, or some are infinite."""
    assert result.likelihood is not None
    if result.status is Status.OPTIMAL and result.likelihood.separation is None:
        return _Whitened(result)
    p, dependence = len(rows.terms), dependence_of(result, None)
    first = frame_of(next(iter(rows.chunks(block_rows(p)))), centre=result.fit_intercept)
    kept = dependence.kept if dependence.dropped.size else None
    columns = Coordinates(first.shift[:p], first.scale[:p], result.fit_intercept, kept)
    mean = surveyed(rows, law[0]).mean
    return _Scaled(columns, constant(Objective(*law, columns), mean), np.array(origin or [0] * p, np.float64))
