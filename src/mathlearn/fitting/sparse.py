"""Sparse rows of many columns: the scaled sparse Gram matrix where centring it is safe, else LSMR without inference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.gradient import free_certificate
from mathlearn.fitting import resources
from mathlearn.fitting.bare import found_by, slope_at
from mathlearn.fitting.climb import Climber
from mathlearn.fitting.defects import aliases, listed
from mathlearn.fitting.dense import SQUARES, concluded
from mathlearn.fitting.gather import gathered
from mathlearn.fitting.record import recorded
from mathlearn.fitting.shape import MOST_DENSE_COLUMNS
from mathlearn.linalg import ladder, lsmr
from mathlearn.linalg.doubtful import dependence_among
from mathlearn.results.fit_result import Defect, DefectKind

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.gather import Block
    from mathlearn.fitting.spec import LinearSpec
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.fit_result import Alias, FitResult

_MOST_MEAN = 1e4  # mean^2 / variance beyond which centring after the fact loses too many digits
_REASON = "solved by iteration because the Gram matrix is too large or too ill-conditioned, which gives no curvature"


def fit_sparse(rows: Rows, spec: LinearSpec, threads: int) -> FitResult:
    """Fit without making X dense."""
    width = len(rows.terms) + len(rows.responses)
    if spec.fit_intercept and resources.fits(SQUARES * width * width):
        moments = ladder.accumulate(rows, centred=True, threads=threads)
        if _can_be_centred(moments, len(rows.terms)):
            count = spec.count(moments.n, moments.weight)
            climbed = Climber(rows, moments, count, True, None, threads).from_statistic_alone()
            if climbed is not None:
                return concluded(rows, spec, count, *climbed)
    return _by_iteration(rows, spec, threads)


def _can_be_centred(moments: Moments, p: int) -> bool:
    variance = np.diag(moments.centred())[:p] / moments.weight
    mean = moments.sums[:p] / moments.weight
    return bool((mean**2 <= _MOST_MEAN * variance).all())


def _by_iteration(rows: Rows, spec: LinearSpec, threads: int) -> FitResult:
    block = gathered(rows)
    solution, known = _solved(block, rows.terms, centred=spec.fit_intercept)
    size = np.sqrt(np.asarray(block.x.multiply(block.x).T @ block.weights))
    size_y = np.sqrt(solution.tss + block.weight * solution.mean_y**2)
    slope = slope_at(rows, solution, block, size, size_y, centred=spec.fit_intercept, threads=threads)
    found = found_by(
        "lsmr",
        solution,
        block,
        rank=known.rank,
        estimable=known.estimable,
        aliases=known.aliases,
        condition_scaled=solution.condition,
    )
    verdict = free_certificate(slope, distance=None, unique=bool(known.estimable.all()))
    return recorded(rows, spec, found, verdict, withheld=_REASON, defects=known.defects)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the data determine: rank (a lower bound when too many columns are in doubt), parameters, dependences."""

    rank: int
    estimable: BoolArray
    aliases: tuple[Alias, ...] = ()
    defects: tuple[Defect, ...] = ()


def _solved(block: Block, terms: tuple[str, ...], *, centred: bool) -> tuple[lsmr.SparseSolution, _Known]:
    """Solve by iteration, then settle by reflections the columns that it leaves in doubt."""
    solution = lsmr.solve(block.x, block.y, block.given, centred=centred)
    p, first, doubtful = len(terms), int(centred), solution.doubtful
    estimable = np.ones(first + p, np.bool_)
    if not doubtful.size:
        return solution, _Known(p, estimable)
    names = tuple(terms[j] for j in doubtful)
    if doubtful.size > MOST_DENSE_COLUMNS:
        estimable[first + doubtful] = False
        estimable[:first] = False
        return solution, _Known(min(block.n - first, p - doubtful.size), estimable, defects=(_dependent(names),))
    dependence = dependence_among(block.x[:, doubtful], block.given, solution.mean[doubtful], centred=centred)
    found = dependence.estimable(intercept=centred)
    estimable[:first], estimable[first + doubtful] = found[:first], found[first:]
    coef = solution.coef.copy()
    coef[:, doubtful] = dependence.minimum_norm(coef[:, doubtful])
    shortest = replace(solution, coef=coef, intercept=solution.mean_y - coef @ solution.mean)
    return shortest, _Known(p - dependence.dropped.size, estimable, aliases(dependence, names))


def _dependent(names: tuple[str, ...]) -> Defect:
    """Name columns whose coefficients the data do not determine."""
    message = (
        f"linearly dependent columns, among them {listed(list(names))}: their coefficients are not determined one by one and "
        "are withheld; predictions are not affected. Leave out columns that others explain."
    )
    return Defect(DefectKind.RANK_DEFICIENT, message)
