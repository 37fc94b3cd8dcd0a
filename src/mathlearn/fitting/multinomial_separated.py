"""Where the log odds of several classes have no finite estimate: the directions, verified, and the fit in the limit along them."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.class_recession import ClassContrasts, closed_classes, one_sign
from mathlearn.calculus.endless import endless_signs
from mathlearn.calculus.multinomial import MultinomialObjective, rows_at_a_time
from mathlearn.calculus.newton import Stop
from mathlearn.calculus.objective import block_rows
from mathlearn.calculus.separation import find_separation
from mathlearn.certify.recession import verify_separation
from mathlearn.data.reduce import found_again
from mathlearn.fitting.multinomial_record import class_numbers, complement
from mathlearn.linalg.dependence import Dependence
from mathlearn.results.likelihood import Separation
from mathlearn.results.stack import INTERCEPT, Stack, stacked_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.calculus.coordinates import Coordinates
    from mathlearn.calculus.newton import Point
    from mathlearn.calculus.objective import Sums
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.multinomial_solver import ClassesSolved, ClassesSolver

__all__ = ["Limit", "class_directions_hold", "closing", "contrasts_of", "limit_of", "solved_in_the_limit", "suspected"]

_UNPROVEN = {Stop.RUNAWAY, Stop.STALLED, Stop.MAX_ITER, Stop.STIFF}


@dataclass(frozen=True, slots=True)
class Limit:
    """What happens along the directions in which the likelihood rises for ever.

    Attributes
    ----------
    separation : Separation
    flat : (m, f)
        All directions of the stacked parameters, intercepts at zero, that the rows do not determine: those of the separation, what only
        separated rows knew, and the dependences among columns.
    """

    separation: Separation
    flat: FloatArray


def suspected(solved: ClassesSolved) -> bool:
    """Whether the estimate may not exist: a solver that converges to a point of positive curvature has proved that it does."""
    return solved.optimum.last is not None and solved.optimum.stop in _UNPROVEN


def contrasts_of(rows: Rows, classes: tuple[object, ...], *, intercept: bool) -> ClassContrasts:
    """Return the rows of the separation problem."""
    terms = (INTERCEPT, *rows.terms) if intercept else rows.terms
    names = stacked_names(tuple(map(str, classes)), terms)
    return ClassContrasts(rows, len(classes), names, intercept=intercept)


def limit_of(solver: ClassesSolver, solved: ClassesSolved) -> Limit | None:
    """Decide whether the classes are separated, and have the directions verified by other code; None where they are not."""
    intercept, numbers = solver.spec.fit_intercept, class_numbers(solved)
    contrasts = contrasts_of(solver.rows, solver.spec.classes, intercept=intercept)
    dependence = solved.dependence
    found = find_separation(
        contrasts,
        one_sign,
        fit_intercept=False,
        kept=_stacked_places(dependence, solver.classes, intercept=intercept) if dependence.dropped.size else None,
        hint=numbers.parameters,
        max_rows=block_rows(len(contrasts.terms)),
        threads=solver.threads,
    )
    if found is None:
        return None
    closed = closing(found.directions, solver.classes, intercept=intercept)
    size = rows_at_a_time(len(solver.rows.terms), solver.classes)
    parted: int = found_again(
        solver.rows.reduce(partial(_parted, closed=closed), operator.add, max_rows=size, threads=solver.threads)
    )
    claimed = Separation(found.directions, found.complete, parted, verified=False)
    verified = class_directions_hold(contrasts, claimed, solver.threads)
    span = np.column_stack([found.directions, found.undetermined])
    ends, score_ends = _ends(solver, contrasts, span, numbers.null)
    separation = replace(claimed, verified=verified, ends=ends, score_ends=score_ends)
    return Limit(separation, np.column_stack([span, numbers.null]))


def _ends(
    solver: ClassesSolver, contrasts: ClassContrasts, span: FloatArray, null: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Find to which ends the stacked parameters go, and those of the symmetric form."""
    m = len(contrasts.terms)
    balance = Stack.balanced(np.eye(solver.classes - 1))
    found = endless_signs(
        contrasts,
        one_sign,
        span,
        null=null,
        sums=np.concatenate([np.eye(m), np.kron(balance, np.eye(m // (solver.classes - 1)))]),
        fit_intercept=False,
        max_rows=block_rows(m),
        threads=solver.threads,
    )
    return found[:m], found[m:]


def class_directions_hold(contrasts: ClassContrasts, separation: Separation, threads: int) -> bool:
    """Whether a pass over the contrasts, by other code, confirms each direction."""
    evidence = verify_separation(
        contrasts,
        one_sign,
        separation.directions,
        fit_intercept=False,
        max_rows=block_rows(len(contrasts.terms)),
        threads=threads,
    )
    return evidence.ok and (evidence.n_zero == 0) == separation.complete


def closing(directions: FloatArray, classes: int, *, intercept: bool) -> Callable[[Chunk], BoolArray]:
    """Return what says which classes are closed to the rows of a block."""

    def closed(chunk: Chunk) -> BoolArray:
        return closed_classes(directions, np.asarray(chunk.X), classes=classes, intercept=intercept)

    return closed


def _parted(chunk: Chunk, closed: Callable[[Chunk], BoolArray]) -> int:
    """Count the rows to which some class is closed."""
    return int(closed(chunk).any(axis=1).sum())


def _stacked_places(dependence: Dependence, classes: int, *, intercept: bool) -> IntArray:
    """Places of the parameters of independent columns."""
    first = int(intercept)
    each = np.concatenate([np.arange(first), first + dependence.kept])
    k = first + dependence.kept.size + dependence.dropped.size
    return np.asarray(np.arange(classes - 1)[:, None] * k + each, dtype=np.int64).reshape(-1)


def solved_in_the_limit(solver: ClassesSolver, solved: ClassesSolved, limit: Limit) -> ClassesSolved:
    """Minimise in the limit along the directions, over what the rows then determine."""
    intercept = solver.spec.fit_intercept
    coordinates = solver.standardised()
    closed = closing(limit.separation.directions, solver.classes, intercept=intercept)
    objective = MultinomialObjective(solver.classes, coordinates, closed=closed)
    basis = complement(_in(coordinates, limit.flat, solver.classes))

    def evaluate(unknowns: FloatArray) -> Sums:
        sums = objective.at(solver.rows, basis @ unknowns, threads=solver.threads)
        return replace(sums, gradient=basis.T @ sums.gradient, curvature=basis.T @ sums.curvature @ basis)

    newton = replace(
        solver.newton(objective, solver.rows), evaluate=evaluate, watch=False, stiff_ends=False, same_curvature=1e-9
    )
    found = newton.minimise(basis.T @ solver.start(objective))
    last = None if found.last is None else _widened(found.last, basis)
    iterations = (*solved.optimum.iterations, *found.iterations)
    optimum = replace(found, theta=basis @ found.theta, last=last, iterations=iterations)
    none = Dependence.none(len(solver.rows.terms))
    return replace(
        solved, objective=objective, optimum=optimum, dependence=none, passes=solved.passes + len(found.iterations)
    )


def _widened(point: Point, basis: FloatArray) -> Point:
    """Put a point of the determined unknowns into all of them."""
    return point._replace(theta=basis @ point.theta, model=point.model._replace(factor=basis @ point.model.factor))


def _in(coordinates: Coordinates, flat: FloatArray, classes: int) -> FloatArray:
    """Put directions (m, f) of intercepts at zero and slopes into coordinates."""
    first = int(coordinates.intercept)
    each = flat.reshape(classes - 1, first + coordinates.shift.size, flat.shape[1]).copy()
    if first:
        each[:, 0] += np.einsum("j,kjf->kf", coordinates.shift, each[:, 1:])
    each[:, first:] *= coordinates.scale[:, None]
    return each.reshape(flat.shape)
