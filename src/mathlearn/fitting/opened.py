"""The loss of a fit, opened again for constraints: in moves from its estimates, or from a constant where these are infinite."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mathlearn._config import get_config
from mathlearn._errors import DomainError
from mathlearn.calculus.coordinates import Coordinates
from mathlearn.calculus.jeffreys import jeffreys_at
from mathlearn.calculus.objective import Objective, block_rows
from mathlearn.calculus.start import constant
from mathlearn.fitting.constrained import Frame, Problem, in_unknowns
from mathlearn.fitting.likelihood import prepared
from mathlearn.fitting.newton_fit import coordinates_kept
from mathlearn.fitting.opened_classes import opened_classes
from mathlearn.fitting.own_rows import deviance_of, require_own_rows
from mathlearn.fitting.refit import dependence_of
from mathlearn.fitting.resources import numbers
from mathlearn.fitting.survey import surveyed
from mathlearn.linalg.threads import pool_size
from mathlearn.results.fit_result import Status
from mathlearn.statistics.functional import combinations, coordinates, require_curvature
from mathlearn.statistics.law import family_of
from mathlearn.statistics.wald import white_slopes

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.calculus.objective import Sums
    from mathlearn.data.rows import Rows
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult

__all__ = ["opened"]


class _OfColumns(Frame, Protocol):
    """Coordinates of the moves of one linear predictor."""

    @property
    def columns(self) -> Coordinates:
        """Those of the columns."""

    @property
    def theta(self) -> FloatArray:
        """Unknowns (k,) of the columns where the move is zero."""

    @property
    def unit(self) -> FloatArray:
        """Unknowns for each unit of the move (k,)."""


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
    def size(self) -> int:
        return self.unit.size

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
    def size(self) -> int:
        return self.theta.size

    @property
    def unit(self) -> FloatArray:
        return np.ones(self.theta.size)

    def seen(self, L: FloatArray) -> FloatArray:
        return in_unknowns(L, self.columns, self.origin)

    def value(self, L: FloatArray) -> FloatArray:
        return np.asarray(self.seen(L) @ self.theta)


def opened(result: FitResult, rows: Rows, origin: tuple[int, ...] = ()) -> Problem:
    """Put the loss of a fit into coordinates of moves from its estimates.

    Parameters
    ----------
    result : FitResult
        By likelihood, unpenalised.
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
    if result.stack is not None:
        return opened_classes(result, result.stack, rows)
    family, link = _law(result)
    assert result.likelihood is not None
    if result.likelihood.separation is None:
        require_curvature(result)
    rows = prepared(rows, result.likelihood.response)
    threads = pool_size(numbers(rows), get_config().threads)
    require_own_rows(result, rows, partial(deviance_of, result, family, link), threads=threads)
    phi = result.likelihood.dispersion
    frame = _frame(result, rows, (family, link), origin)
    reduced = result.likelihood.bias_reduction == "firth"
    objective = Objective(family, link, frame.columns)
    return Problem.at_best(
        _Evaluation(rows, objective, frame, threads, reduced),
        frame,
        dispersion=phi if phi > 0.0 else 1.0,
        quadratic=family.canonical == link.name,
        reduced=reduced,
        edged=not reduced,
    )


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """The loss of one linear predictor: one pass, two where the bias is reduced."""

    rows: Rows
    objective: Objective
    frame: _OfColumns
    threads: int
    reduced: bool

    def __call__(self, move: FloatArray, basis: FloatArray | None) -> Sums:
        unit = self.frame.unit
        size = block_rows(len(self.rows.terms))
        along = None if basis is None else unit[:, None] * basis
        reduced = partial(jeffreys_at, self.objective, independent=True, along=along)
        evaluate = reduced if self.reduced else self.objective.at
        sums = evaluate(self.rows, self.frame.theta + unit * move, max_rows=size, threads=self.threads)
        return replace(sums, gradient=unit * sums.gradient, curvature=unit[:, None] * sums.curvature * unit)


def _law(result: FitResult) -> tuple[Family, Link]:
    likelihood = result.likelihood
    if likelihood is None or len(result.coef) > 1:
        raise DomainError("tests and profiles by refits are of a generalised linear model with one linear predictor")
    family = family_of(likelihood)
    return family, family.link(likelihood.link)


def _frame(result: FitResult, rows: Rows, law: tuple[Family, Link], origin: tuple[int, ...]) -> _OfColumns:
    """Start at the estimates where they are at their optimum; from a constant where they are not, or some are infinite."""
    assert result.likelihood is not None
    if result.status is Status.OPTIMAL and result.likelihood.separation is None:
        return _Whitened(result)
    p, dependence = len(rows.terms), dependence_of(result, None)
    columns = coordinates_kept(rows, dependence, intercept=result.fit_intercept, max_rows=block_rows(p))
    mean = surveyed(rows, law[0]).mean
    return _Scaled(columns, constant(Objective(*law, columns), mean), np.array(origin or [0] * p, np.float64))
