"""The loss of a fit of more than two classes, opened again for constraints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._config import get_config
from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.multinomial import MultinomialObjective, rows_at_a_time
from mathlearn.fitting.class_evidence import class_rows
from mathlearn.fitting.class_survey import survey_classes
from mathlearn.fitting.constrained import Problem, in_unknowns
from mathlearn.fitting.newton_fit import coordinates_kept
from mathlearn.fitting.own_rows import deviance_of_classes, require_own_rows
from mathlearn.fitting.refit import dependence_of
from mathlearn.fitting.resources import numbers
from mathlearn.linalg.threads import pool_size
from mathlearn.results.fit_result import Status
from mathlearn.statistics.class_rows import ClassBasis
from mathlearn.statistics.functional import require_curvature

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.calculus.objective import Sums
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.stack import Stack

__all__ = ["opened_classes"]


@dataclass(frozen=True, slots=True)
class _ClassFrame:
    """Moves of the stacked unknowns of several classes.

    Attributes
    ----------
    columns : Coordinates
        Of each class.
    theta : (m,)
        Unknowns where the move is zero.
    root : (m, k)
        Unknowns for each unit of a coordinate of the move.
    origin : (p,)
        From which rows count.
    """

    columns: Coordinates
    theta: FloatArray
    root: FloatArray
    origin: FloatArray

    @property
    def size(self) -> int:
        return len(self.root.T)

    def seen(self, L: FloatArray) -> FloatArray:
        return np.asarray(self._unknowns(L) @ self.root)

    def value(self, L: FloatArray) -> FloatArray:
        return np.asarray(self._unknowns(L) @ self.theta)

    def _unknowns(self, L: FloatArray) -> FloatArray:
        """Functionals (m, parameters) in the unknowns, class by class."""
        terms = int(self.columns.intercept) + self.columns.shift.size
        each = in_unknowns(L.reshape(-1, terms), self.columns, self.origin)
        return each.reshape(len(L), -1)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """The loss in the moves, in one pass."""

    rows: Rows
    objective: MultinomialObjective
    frame: _ClassFrame
    threads: int

    def __call__(self, move: FloatArray, basis: FloatArray | None) -> Sums:  # noqa: ARG002 - no determinant is taken along it
        root = self.frame.root
        sums = self.objective.at(self.rows, self.frame.theta + root @ move, threads=self.threads)
        return replace(sums, gradient=root.T @ sums.gradient, curvature=root.T @ sums.curvature @ root)


def opened_classes(result: FitResult, stack: Stack, rows: Rows) -> Problem:
    """Put the loss of a fit of more than two classes into coordinates of moves from its estimates.

    Parameters
    ----------
    result : FitResult
        Unpenalised.
    stack : Stack
        That of the fit.
    rows : Rows
        Of the fit.

    Raises
    ------
    DomainError
        Inference is withheld for this fit, or its likelihood has no maximum that could be found.
    SchemaError
        These are not the rows of the fit.
    """
    likelihood = result.likelihood
    assert likelihood is not None
    if likelihood.separation is None:
        require_curvature(result)
    rows = class_rows(rows, len(stack.classes))
    threads = pool_size(numbers(rows), get_config().threads)
    require_own_rows(result, rows, partial(deviance_of_classes, result), threads=threads)
    if result.status is Status.OPTIMAL and likelihood.separation is None:
        frame = _whitened(result, stack)
    else:
        log_odds = survey_classes(rows, likelihood.classes, threads).log_odds
        frame = _scaled(result, stack, rows, log_odds)
    objective = MultinomialObjective(len(stack.classes), frame.columns)
    return Problem.at_best(_Evaluation(rows, objective, frame, threads), frame)


def _whitened(result: FitResult, stack: Stack) -> _ClassFrame:
    """Move in the whitened basis of the fit, from its estimates."""
    basis, first = ClassBasis.of(result), int(stack.intercept)
    slopes, _ = stack.apart(result.coef[0])
    scale = require_curvature(result).scale.reshape(len(slopes), -1)[0, first:]
    theta = np.concatenate([stack.level[:, None][:, :first], slopes * scale], axis=1)
    root = np.concatenate([basis.level[1:, None][:, :first], basis.slopes[1:] * scale[:, None]], axis=1)
    columns = Coordinates(stack.mean, scale, stack.intercept)
    return _ClassFrame(columns, theta.reshape(-1), root.reshape(theta.size, -1), stack.origin)


def _scaled(result: FitResult, stack: Stack, rows: Rows, log_odds: FloatArray) -> _ClassFrame:
    """Move the unknowns of columns of one size, from the shares of the classes."""
    p, dependence, others = len(rows.terms), dependence_of(result, None), len(stack.classes) - 1
    size = rows_at_a_time(p, len(stack.classes))
    columns = coordinates_kept(rows, dependence, intercept=stack.intercept, max_rows=size)
    theta = np.zeros((others, columns.size))
    if stack.intercept:
        theta[:, 0] = log_odds
    return _ClassFrame(columns, theta.reshape(-1), np.eye(theta.size), stack.origin)
