"""Minimising by gradients alone: L-BFGS, then Newton steps by conjugate gradients where losses differ by rounding only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.calculus.trace import Iteration

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray

    Evaluate = Callable[[FloatArray], tuple[int, float, FloatArray]]
    Along = Callable[[FloatArray, FloatArray], FloatArray]

__all__ = ["Minimum", "minimised"]

_MEMORY = 20  # pairs of steps and gradients that L-BFGS keeps
_LEAST_FALL = 0.1  # of the loss's rounding
_PER_ITERATION = 10  # of L-BFGS, that count as one of Newton's: they cost less, and more are needed
_AT_LIMIT = 1  # SciPy's status where the limit of iterations was reached
_POLISHING, _STEP_PASSES, _STEP_ERROR = 3, 60, 1e-4


class Minimum(NamedTuple):
    """Where the search ended: parameters (k,), whether before its limit, the evaluations of L-BFGS, and all passes made."""

    theta: FloatArray
    ended: bool
    iterations: tuple[Iteration, ...]
    passes: int


def minimised(evaluate: Evaluate, along: Along, start: FloatArray, *, max_iter: int) -> Minimum:
    """Minimise from `start`, in units in which the curvature is of the order of one.

    Parameters
    ----------
    evaluate : callable
        ``theta -> (rows read, loss, gradient)``.
    along : callable
        ``(theta, v) -> H v``, the curvature at theta along v.
    start : (k,)
    max_iter : int
        Of which each allows ten iterations.

    References
    ----------
    Nocedal and Wright (2006), "Numerical Optimization", sections 7.2 and 7.1.
    """
    from scipy.optimize import minimize

    seen: list[Iteration] = []

    def watched(theta: FloatArray) -> tuple[float, FloatArray]:
        n, loss, gradient = evaluate(theta)
        seen.append(Iteration(n, loss, float("nan"), 1.0))
        return loss, gradient

    most = _PER_ITERATION * max_iter
    fall = _LEAST_FALL * float(np.finfo(np.float64).eps)
    options = {"maxiter": most, "maxfun": 2 * most, "maxcor": _MEMORY, "ftol": fall, "gtol": 0.0}
    solve: Any = minimize  # the stubs do not know a gradient beside the value
    found = solve(watched, start, jac=True, method="L-BFGS-B", options=options)
    # That the line search finds no lower loss is how a search to the last digit ends; the evidence judges the gradient.
    theta, passes = _polished(evaluate, along, np.asarray(found.x))
    return Minimum(theta, found.status != _AT_LIMIT, tuple(seen), len(seen) + passes)


def _polished(evaluate: Evaluate, along: Along, theta: FloatArray) -> tuple[FloatArray, int]:
    """Take Newton steps as long as they shrink the gradient."""
    from scipy.sparse.linalg import LinearOperator, cg

    passes = 1
    slope = evaluate(theta)[2]
    for _ in range(_POLISHING):
        made = 0

        def product(direction: FloatArray, at: FloatArray = theta) -> FloatArray:
            nonlocal made
            made += 1
            return along(at, direction)

        curvature = LinearOperator((theta.size, theta.size), matvec=product, dtype=np.float64)
        step, _ = cg(curvature, -slope, rtol=_STEP_ERROR, maxiter=_STEP_PASSES)
        after = evaluate(theta + step)[2]
        passes += made + 1
        if not np.linalg.norm(after) < np.linalg.norm(slope):
            break
        theta, slope = theta + step, after
    return theta, passes
