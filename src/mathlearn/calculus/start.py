"""Where an iteration starts: at least squares on the working responses of means near y, or at a constant."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.objective import Sums, observations
from mathlearn.calculus.quadratic import Quadratic
from mathlearn.data.reduce import found_again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.calculus.objective import Objective
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows

__all__ = ["constant", "starts"]

_SHARES = (1.0, 0.5, 0.1, 0.01, 0.0)


def starts(objective: Objective, rows: Rows, mean: float, *, max_rows: int, threads: int) -> Iterator[FloatArray]:
    """Yield starting points, the most promising first, at the cost of one pass.

    The first is one step of iteratively reweighted least squares from means near each y, as R's glm takes it; those that follow
    lie between it and a constant, whose predictors belong to a mean of the family.

    Parameters
    ----------
    mean : float
        Weighted mean of y.

    References
    ----------
    McCullagh and Nelder (1989), "Generalized Linear Models", section 2.5.
    """
    of = partial(_working, objective)
    sums = found_again(rows.reduce(of, Sums.merge, max_rows=max_rows, threads=threads))
    sums = objective.penalised(sums, np.zeros(sums.gradient.size))
    model = Quadratic.of(sums.gradient, sums.curvature, intercept=objective.coordinates.intercept)
    base = constant(objective, mean)
    if model is None or not np.isfinite(model.step).all():
        yield base
        return
    for share in _SHARES:
        yield base + share * (model.step - base)


def constant(objective: Objective, mean: float) -> FloatArray:
    """Return the point (k,) at which every row has the mean of y, the offset apart; zero without intercept."""
    theta = np.zeros(objective.coordinates.size)
    if objective.coordinates.intercept:
        near = objective.family.start(np.array([mean]))
        theta[0] = float(objective.link.eta(near)[0])
    return theta


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # a start that is not finite is not taken
def _working(objective: Objective, chunk: Chunk) -> Sums:
    """Sum the normal equations of the working responses, as gradient and curvature at zero."""
    seen = observations(chunk)
    near = objective.family.start(seen.y, 1.0 if seen.trials is None else seen.trials)
    eta = objective.link.eta(near)
    rows = objective.family.kernels(seen.y, eta, objective.link, refine=False)
    offset = 0.0 if chunk.offset is None else chunk.offset
    towards = rows._replace(gradient=rows.gradient - rows.curvature * (eta - offset))
    return objective.sums_of(chunk, eta, towards)
