"""Cross-checks of a loaded fit: what its parts say about each other must agree."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import UntrustedModelError
from mathlearn.data.classes import class_faults
from mathlearn.data.formula import check, with_response
from mathlearn.results.stack import columns_of, stacked_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import AnyArray
    from mathlearn.data.design import Design
    from mathlearn.linalg.moments import Moments
    from mathlearn.results.fit_result import CovarianceEstimate, Curvature, FitResult
    from mathlearn.results.stack import Stack

__all__ = ["check_model"]

_SYMMETRIC = 1e-8  # sums of the same products in two orders differ by less, relative to the sizes of their columns


def check_model(result: FitResult, design: Design, formula: str | None) -> None:
    """Refuse a fit whose shapes, counts or names contradict each other or the columns learned.

    Parameters
    ----------
    result : FitResult
    design : Design
    formula : str or None
        The model's parameter.

    Raises
    ------
    UntrustedModelError
        Naming the part and what it should be.
    """
    for fault in chain(_faults(result), _design_faults(result, design, formula)):
        raise UntrustedModelError(f"the model file contradicts itself: {fault}")


def _design_faults(result: FitResult, design: Design, formula: str | None) -> Iterator[str]:
    if (design.encoding.text if design.encoding else None) != _as_fitted(result, design, formula):
        yield "the formula is not that of the columns learned"
    if design.terms != columns_of(result):
        yield "the terms of the fit are not those of the columns learned"
    counted = result.likelihood is not None and len(design.responses) == 2
    if design.responses != result.responses and not (counted and design.responses[:1] == result.responses):
        yield "the responses of the fit are not those of the columns learned"
    if result.stack is not None:
        yield from _stack_faults(result, result.stack, design)
    if design.y_ndim not in {1, 2} or (design.y_ndim == 1 and len(design.responses) > 1):
        yield f"y had {design.y_ndim} dimensions and {len(design.responses)} columns"
    for fault in class_faults(design):
        yield f"y: {fault}"
    if design.int_shift and len(design.int_shift) != len(design.columns):
        yield f"there are {len(design.int_shift)} shifts for {len(design.columns)} columns"
    yield from _formula_faults(result, design)


def _as_fitted(result: FitResult, design: Design, formula: str | None) -> str | None:
    """Return the formula of the columns learned: the model's, trials that were given apart beside its response."""
    apart = result.likelihood is not None and result.likelihood.response == "proportions and trials"
    if formula is None or not (apart and design.encoding is not None and design.encoding.responses):
        return formula
    try:
        return with_response(formula, design.responses[-1])
    except ValueError:
        return None


def _stack_faults(result: FitResult, stack: Stack, design: Design) -> Iterator[str]:
    """Say in what way several linear predictors contradict the parameters in which they stand, or the classes."""
    p, count = len(stack.columns), len(stack.classes) - 1
    labels = () if result.likelihood is None else result.likelihood.classes
    if count < 2 or labels != design.classes or stack.classes != tuple(map(str, labels)):
        yield "the classes of the fit are not those of the labels learned"
    elif stacked_names(stack.classes, stack.terms) != result.terms or result.fit_intercept:
        yield "the parameters of the classes are not those of the fit"
    yield from _shape_faults("stack.mean", stack.mean, (p,), finite=True)
    yield from _shape_faults("stack.origin", stack.origin, (p,), finite=True)
    yield from _shape_faults("stack.level", stack.level, (count,), finite=True)


def _formula_faults(result: FitResult, design: Design) -> Iterator[str]:
    if result.offset is not None and not design.has_offset:
        yield "the fit has an offset, and no formula that says which"
    elif result.offset != design.offset:
        yield "the formula and the fit disagree about the offset"
    if design.encoding is not None:
        check(design.encoding)
        intercept = result.fit_intercept if result.stack is None else result.stack.intercept
        if intercept and not design.encoding.fit_intercept:
            yield "the formula and the fit disagree about the intercept"
        if not {*design.encoding.columns} <= {*design.columns}:
            yield "the formula reads columns that were not learned"


def _faults(result: FitResult) -> Iterator[str]:
    p, q = len(result.terms), len(result.responses)
    yield from _count_faults(result, p)
    for name, shape in (("coef", (q, p)), ("intercept", (q,)), ("deviance", (q,))):
        array = getattr(result, name)
        yield from _shape_faults(name, array, shape, finite=not _may_lack(result) or bool(np.isinf(array).any()))
    yield from _shape_faults("centre", result.centre, (q,), finite=True)
    # The model without columns, which is fitted with an offset, may have no finite optimum.
    yield from _shape_faults("null_deviance", result.null_deviance, (q,), finite=result.likelihood is None)
    yield from _shape_faults("exact", result.exact, (q,))
    yield from _shape_faults("estimable", result.estimable, (p + result.fit_intercept,))
    yield from _shape_faults("digits", result.digits, (q, p))
    if result.curvature is not None:
        yield from _curvature_faults(result.curvature, p, _known(result))
    if result.statistic is not None:
        yield from _statistic_faults(result.statistic, p + q)
        yield from _sum_faults(result, result.statistic)
    if result.covariance is not None:
        yield from _covariance_faults(result.covariance, q, result.rank + result.fit_intercept)


def _may_lack(result: FitResult) -> bool:
    """Whether the statistic may have had too few digits for some numbers, which then are NaN."""
    return result.withheld is not None and result.certificate.grade == "statistic"


def _known(result: FitResult) -> int:
    """Directions that the curvature knows: of a separated fit fewer than the rank of the columns."""
    assert result.curvature is not None
    separated = result.likelihood is not None and result.likelihood.separation is not None
    return min(result.rank, *result.curvature.whitener.shape[1:]) if separated else result.rank


def _count_faults(result: FitResult, p: int) -> Iterator[str]:
    if not result.responses:
        yield "it has no response"
    if len(set(result.terms)) != p:
        yield "a term occurs twice"
    if not 0 <= result.rank <= p:
        yield f"the rank is {result.rank} with {p} terms"
    parted = result.likelihood is not None and result.likelihood.separation is not None  # no row need be left
    weighs = result.weight_sum >= 0 if parted else result.weight_sum > 0
    if result.n < 1 or result.n_dropped < 0 or result.df_resid < 0 or not weighs:
        yield "a number of rows, weights or degrees of freedom is impossible"
    known = {*columns_of(result)}
    for alias in result.aliases:
        if not {alias.term, *alias.others} <= known or len(alias.others) != len(alias.coefficients):
            yield f"the dependence of {alias.term!r} speaks of terms that there are not"


def _curvature_faults(curvature: Curvature, p: int, rank: int) -> Iterator[str]:
    yield from _shape_faults("curvature.mean", curvature.mean, (p,), finite=True)
    yield from _shape_faults("curvature.origin", curvature.origin, (p,), finite=True)
    yield from _shape_faults("curvature.whitener", curvature.whitener, (p, rank), finite=True)
    yield from _shape_faults("curvature.mean_white", curvature.mean_white, (rank,), finite=True)
    yield from _shape_faults("curvature.null", curvature.null, (p, p - rank), finite=True)
    yield from _shape_faults("curvature.scale", curvature.scale, (p,), finite=True)
    if not np.all(curvature.scale > 0):
        yield "curvature.scale holds a number that is not positive"


def _statistic_faults(statistic: Moments, size: int) -> Iterator[str]:
    yield from _shape_faults("statistic.frame.shift", statistic.frame.shift, (size,), finite=True)
    yield from _shape_faults("statistic.frame.scale", statistic.frame.scale, (size,), finite=True)
    yield from _shape_faults("statistic.sums", statistic.sums, (size,), finite=True)
    yield from _shape_faults("statistic.gram", statistic.gram, (size, size), finite=True)
    if statistic.n < 1 or not statistic.weight > 0 or not np.all(statistic.frame.scale > 0):
        yield "statistic holds a number of rows, a weight or a unit that is impossible"


def _sum_faults(result: FitResult, statistic: Moments) -> Iterator[str]:
    """Say in what way the sums over the rows contradict the counts of the record."""
    count = round(statistic.weight) if result.weights_type == "frequency" else statistic.n
    if (count, statistic.dropped) != (result.n, result.n_dropped):
        yield "statistic has other numbers of rows than the fit"
    if statistic.block < 1 or statistic.chunks < 1:
        yield "statistic has no blocks"
    size = np.sqrt(np.maximum(statistic.gram.diagonal(), 0.0))
    uneven = np.abs(statistic.gram - statistic.gram.T) > _SYMMETRIC * np.outer(size, size)
    if np.any(statistic.gram.diagonal() < 0) or uneven.any():
        yield "statistic.gram is no matrix of sums of squares and products"


def _covariance_faults(covariance: CovarianceEstimate, q: int, size: int) -> Iterator[str]:
    if covariance.meat is not None:
        yield from _shape_faults("covariance.meat", covariance.meat, (q, size, size))
    if (covariance.meat is None) != (covariance.kind == "classical"):
        yield f"the covariance of kind {covariance.kind!r} has {'no' if covariance.meat is None else 'a'} matrix"


def _shape_faults(name: str, array: AnyArray, shape: tuple[int, ...], *, finite: bool = False) -> Iterator[str]:
    if array.shape != shape:
        yield f"{name} has shape {array.shape} and should have {shape}"
    if finite and not np.isfinite(array).all():
        yield f"{name} holds a number that is not finite"
