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
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.calculus.newton import Newton, Stop
from mathlearn.calculus.quadratic import Quadratic
from mathlearn.statistics.functional import row_lengths

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray
    from mathlearn.calculus.coordinates import Coordinates
    from mathlearn.calculus.objective import Sums

__all__ = ["Constraint", "Frame", "Minimum", "Problem", "in_unknowns"]

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


class Frame(Protocol):
    """Coordinates of the moves."""

    @property
    def size(self) -> int:
        """Number k of coordinates of a move."""

    def seen(self, L: FloatArray) -> FloatArray:
        """Coordinates (m, k) of functionals."""

    def value(self, L: FloatArray) -> FloatArray:
        """Functionals (m,) where the move is zero."""


def in_unknowns(L: FloatArray, columns: Coordinates, origin: FloatArray) -> FloatArray:
    """Put functionals (m, k) of an intercept at the user's zero and slopes as functionals (m, unknowns) of those of the columns.

    Parameters
    ----------
    L : (m, k)
    columns : Coordinates
        Without a basis.
    origin : (p,)
        From which rows count.
    """
    used, first = columns.columns, int(columns.intercept)
    l0 = L[:, :1] if first else np.zeros((len(L), 1))
    slopes = (L[:, first:] - l0 * origin) - l0 * columns.shift
    return np.concatenate([L[:, :first], slopes[:, used] / columns.scale[used]], axis=1)


@dataclass(frozen=True, slots=True)
class Problem:
    """The loss of a fit as a function of the move from its estimates.

    Attributes
    ----------
    evaluate : callable
        ``(move, basis) -> Sums``: loss, gradient and curvature in the move (k,), of which a basis (k, m) may be all that is free.
    frame : Frame
        Coordinates of the moves.
    dispersion : float
        Of the fit.
    quadratic : bool
        Whether the curvature is the exact second derivative.
    best : Minimum
        Without any constraint.
    reduced : bool
        Whether the bias is: Jeffreys' prior is then in the loss.
    edged : bool
        Whether some predictors may belong to no mean.
    """

    evaluate: Callable[[FloatArray, FloatArray | None], Sums]
    frame: Frame
    dispersion: float
    quadratic: bool
    best: Minimum
    reduced: bool = False
    edged: bool = False

    @classmethod
    def at_best(
        cls,
        evaluate: Callable[[FloatArray, FloatArray | None], Sums],
        frame: Frame,
        *,
        dispersion: float = 1.0,
        quadratic: bool = True,
        reduced: bool = False,
        edged: bool = False,
    ) -> Problem:
        """Find the smallest loss without a constraint.

        Raises
        ------
        DomainError
            None could be found.
        """
        nowhere = Minimum(np.zeros(frame.size), math.nan)
        problem = cls(evaluate, frame, dispersion, quadratic, nowhere, reduced, edged)
        best = problem._smallest(np.eye(frame.size), nowhere.move)
        if best is None:
            raise DomainError("the likelihood of this fit has no maximum that could be found: see its certificate")
        return replace(problem, best=best)

    def seen(self, L: FloatArray) -> FloatArray:
        """Coordinates (m, k) of functionals L (m, parameters) of the moves."""
        return self.frame.seen(L)

    def value(self, L: FloatArray, move: FloatArray) -> FloatArray:
        """Functionals (m,) after a move."""
        value: FloatArray = self.frame.value(L) + self.frame.seen(L) @ move
        return value

    def excess(self, found: Minimum) -> float:
        """By how much twice the loss, in units of the dispersion, exceeds that of the fit; never negative."""
        return max(0.0, 2.0 * (found.loss - self.best.loss) / self.dispersion)

    def score(self, move: FloatArray) -> float:
        """Rao's score statistic of the point a move leads to, in units of the dispersion; NaN where there is no curvature."""
        sums = self.evaluate(move, None)
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
        loss = self.evaluate(move, None).loss
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
            loss = self.evaluate(start, None).loss
            return Minimum(start, loss) if math.isfinite(loss) else None

        def evaluate(u: FloatArray) -> Sums:
            sums = self.evaluate(start + basis @ u, basis)
            return replace(sums, gradient=basis.T @ sums.gradient, curvature=basis.T @ sums.curvature @ basis)

        newton = Newton(
            evaluate,
            intercept=False,
            dispersion=lambda _: self.dispersion,
            quadratic=self.quadratic,
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
