"""`Iteration`: what a solver saw at a point, and the step that it took from there. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Iteration:
    """One evaluation of the objective by the solver, and the step taken from there.

    Attributes
    ----------
    rows : int
        Rows read: fewer than all while the start is sought on a sample.
    loss : float
        The objective there; comparable between iterations on the same rows.
    gradient : float
        Norm of the gradient in the metric of the inverse curvature: the distance to the optimum, in standard errors, of the
        quadratic that has this gradient and curvature (the root of the Newton decrement).
    step : float
        Share of the Newton step that was taken from there; 0 at the last one.
    renewed : bool
        Whether the curvature was formed there. Otherwise it is that of an earlier point, which serves near the optimum.
    """

    rows: int
    loss: float
    gradient: float
    step: float
    renewed: bool = True
