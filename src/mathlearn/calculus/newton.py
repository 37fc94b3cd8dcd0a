"""Newton's method with a step control that cannot diverge: the loop, written once, over any objective."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn.calculus.quadratic import Quadratic
from mathlearn.calculus.trace import Iteration

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray
    from mathlearn.calculus.objective import Sums

__all__ = ["Newton", "Optimum", "Point", "Stop"]

_ENOUGH_DECREASE = 1e-4
_SHRINK = (0.1, 0.5)
_SMALLEST_STEP = 1e-10
_LOSS_NOISE = 1e-11  # of the loss: differences below it say nothing
_FLOOR = 1e-10  # standard errors from the optimum at which no step is worth evaluating: the last one costs nothing
_SLOW = 0.2  # a decrement that falls by less, with predictors so far, may fall for ever
_PATIENCE = 6
_CLOSE = 1.0  # standard errors from the optimum within which the exact second derivative is worth its cost
_FAST = 0.05  # where the distance falls by this factor without it, it is not
_ALIKE = 0.02  # predictors that move by less than this, in the root of the weighted mean square, leave the curvature nearly as it is
_ENOUGH_FALL = 0.1  # of the distance by a step with the curvature of an earlier point


class Stop(Enum):
    """Why the loop ended."""

    REACHED = "the decrement is as small as asked for"
    STALLED = "no step lowers the objective any more"
    MAX_ITER = "the limit of iterations was reached"
    RUNAWAY = "predictors run away while the decrement hardly falls"
    STIFF = "the columns are too dependent for these coordinates"
    NO_START = "the objective is not finite at the start"


class Point(NamedTuple):
    """A point with what was found there.

    Attributes
    ----------
    theta : (k,)
    sums : Sums
    model : Quadratic
    distance : float
        Newton decrement over the root of the dispersion: to the optimum in standard errors.
    squares : bool
        Whether the curvature is the exact second derivative at this point, so that a step squares the distance.
    own : bool
        Whether the curvature was formed at this point, and not at an earlier one.
    """

    theta: FloatArray
    sums: Sums
    model: Quadratic
    distance: float
    squares: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the loop ended.

    Attributes
    ----------
    theta : (k,)
        After the last step, which nobody has evaluated yet.
    last : Point or None
        The last point evaluated; None when there was none.
    stop : Stop
    iterations : tuple of Iteration
    """

    theta: FloatArray
    last: Point | None
    stop: Stop
    iterations: tuple[Iteration, ...]


@dataclass(frozen=True, slots=True)
class Newton:
    """What to minimise, and when to stop.

    Attributes
    ----------
    evaluate : callable
        ``theta -> Sums``, one pass over the rows.
    intercept : bool
    dispersion : callable
        ``Sums -> phi``, by which distances are put into standard errors.
    quadratic : bool
        Whether the curvature is the exact second derivative, so that the error is squared by each step.
    close : callable or None
        The same as `evaluate` with the exact second derivative, where that is another; used near the optimum, where it is positive.
    lean : callable or None
        The same as `evaluate` without curvature, where that saves much of the work; used where an earlier curvature serves. Standard
        errors must then come from elsewhere.
    target : float
        Predicted distance to the optimum, in standard errors, at which to stop.
    same_curvature : float
        Predicted relative change of the curvature by the last step at which to stop: standard errors come from before it.
    max_iter : int
    watch : bool
        Whether to stop where predictors run away.
    stiff_ends : bool
        Whether to stop where columns are too dependent for the coordinates.
    """

    evaluate: Callable[[FloatArray], Sums]
    intercept: bool
    dispersion: Callable[[Sums], float]
    quadratic: bool
    target: float = 1e-7
    same_curvature: float = 1e-7
    max_iter: int = 100
    watch: bool = True
    stiff_ends: bool = True
    close: Callable[[FloatArray], Sums] | None = None
    lean: Callable[[FloatArray], Sums] | None = None

    def minimise(self, theta: FloatArray, curvature: FloatArray | None = None) -> Optimum:
        """Run from theta.

        Parameters
        ----------
        theta : (k,)
        curvature : (k, k), optional
            About that at theta: with `lean`, the first step is taken by it.
        """
        at = self._point(theta) if curvature is None else self._leaned(theta, curvature)
        if at is None:
            return Optimum(theta, None, Stop.NO_START, ())
        seen: list[Iteration] = []
        before: Point | None = None
        while True:
            stop, share = self._verdict(before, at, len(seen))
            found = self._step(before, at) if stop is None else None
            if found is None and stop is None and not at.own:  # a curvature from elsewhere is of no use here
                seen.append(_iteration(at, 0.0))
                renewed = self._point(at.theta)
                if renewed is None:
                    return Optimum(at.theta, at, Stop.STALLED, tuple(seen))
                at = renewed
                continue
            if found is None:
                end = at.theta + share * at.model.step
                return Optimum(end, at, stop or Stop.STALLED, (*seen, _iteration(at, share)))
            taken, after = found
            seen.append(_iteration(at, taken))
            before, at = at, after

    def _verdict(self, before: Point | None, at: Point, steps: int) -> tuple[Stop | None, float]:
        """Say whether to stop, and which share of the Newton step still to take."""
        fall = at.distance / before.distance if before is not None and before.distance > 0.0 else math.inf
        if self.stiff_ends and at.model.stiff:
            return Stop.STIFF, 0.0
        if at.distance <= _FLOOR:
            return Stop.REACHED, 1.0
        if before is not None and self._last_step(before, at, fall):
            return Stop.REACHED, 1.0
        if self.watch and steps >= _PATIENCE and at.sums.farthest > 1.0 and fall > _SLOW:
            return Stop.RUNAWAY, 0.0
        return (Stop.MAX_ITER, 0.0) if steps >= self.max_iter else (None, 0.0)

    def _last_step(self, before: Point, at: Point, fall: float) -> bool:
        """Whether one more step, not evaluated, will do: by what the last one did to the distance and to the curvature."""
        if not fall < 1.0:
            return False
        left = at.distance * (fall * fall if at.squares and before.squares else fall)
        changed = _change(before.sums.curvature.diagonal(), at.sums.curvature.diagonal())
        return left <= self.target and changed * fall <= self.same_curvature

    def _point(self, theta: FloatArray, *, near: bool = False) -> Point | None:
        """Evaluate a point; None where the objective is not finite there."""
        if near and self.close is not None:
            point = self._evaluated(theta, self.close, squares=True)
            if point is not None and not point.model.stiff:
                return point
        return self._evaluated(theta, self.evaluate, squares=self.quadratic)

    def _leaned(self, theta: FloatArray, curvature: FloatArray) -> Point | None:
        """Evaluate a point but for the curvature, which is another's."""
        if self.lean is None:
            return self._point(theta)
        sums = replace(self.lean(theta), curvature=curvature)
        return self._found(theta, sums, squares=False, own=False)

    def _evaluated(self, theta: FloatArray, evaluate: Callable[[FloatArray], Sums], *, squares: bool) -> Point | None:
        return self._found(theta, evaluate(theta), squares=squares, own=True)

    def _found(self, theta: FloatArray, sums: Sums, *, squares: bool, own: bool) -> Point | None:
        if not math.isfinite(sums.loss):
            return None
        model = Quadratic.of(sums.gradient, sums.curvature, intercept=self.intercept)
        if model is None:
            return None
        phi = self.dispersion(sums)
        distance = model.decrement / math.sqrt(phi) if phi > 0.0 else model.decrement
        return Point(theta, sums, model, distance, squares, own)

    def _step(self, before: Point | None, at: Point) -> tuple[float, Point] | None:
        """Take the largest share of the Newton step that lowers the objective enough."""
        near, alike = _worth(before, at), self.lean is not None and _alike(before, at)
        share, square = 1.0, at.model.decrement**2
        noise = _LOSS_NOISE * abs(at.sums.loss)
        while share > _SMALLEST_STEP:
            to = at.theta + share * at.model.step
            after = self._leaned(to, at.sums.curvature) if alike else self._point(to, near=near)
            if after is None:
                share *= _SHRINK[0]
                continue
            rise = after.sums.loss - at.sums.loss
            if rise <= -_ENOUGH_DECREASE * share * square:
                return share, after
            if rise <= noise and after.model.decrement <= (1.0 - 0.1 * share) * at.model.decrement:
                return share, after
            # The parabola through the losses and the slope at the start has its minimum here.
            bend = rise + share * square
            best = 0.5 * share**2 * square / bend if bend > 0.0 else 0.5 * share
            share = min(max(best, _SHRINK[0] * share), _SHRINK[1] * share)
        return None


def _worth(before: Point | None, at: Point) -> bool:
    """Whether the next point is evaluated with the exact second derivative: near the optimum, where without it progress is slow."""
    slow = before is None or at.squares or at.distance > _FAST * before.distance
    return slow and at.distance <= _CLOSE


def _alike(before: Point | None, at: Point) -> bool:
    """Whether the curvature at hand serves at the next point, too: it was formed nearby, or has just proved itself."""
    if not at.own:
        return before is not None and at.distance <= _ENOUGH_FALL * before.distance
    return at.model.decrement <= _ALIKE * math.sqrt(at.model.weight)


def _change(old: FloatArray, new: FloatArray) -> float:
    """Largest relative change of a curvature's diagonal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(new - old) / old
    return float(np.nanmax(ratio, initial=0.0))


def _iteration(at: Point, share: float) -> Iteration:
    return Iteration(at.sums.n, at.sums.loss, at.distance, share, at.own)
