"""Whether the numbers of a fit of more than two classes agree with each other, whatever the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.certify.books import SAME, differences
from mathlearn.fitting.multinomial_record import class_curvature, numbers_of_record, stacked
from mathlearn.fitting.refit import dependence_of
from mathlearn.linalg.errorfree import TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.fitting.multinomial_record import ClassNumbers
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood
    from mathlearn.results.stack import Stack

__all__ = ["class_inconsistencies"]


def class_inconsistencies(result: FitResult, stack: Stack, likelihood: Likelihood) -> Iterator[float]:
    """Yield how far the numbers of a record are from what they are made of, relative to it.

    The curvature of the slopes is made of nothing but the rows, which it takes to check it.

    Parameters
    ----------
    result : FitResult
    stack : Stack
        Of the fit.
    likelihood : Likelihood
        Of the fit.
    """
    dependence, limit = dependence_of(result, None), likelihood.separation is not None
    numbers = numbers_of_record(result, stack, dependence, limit=limit)
    others = len(numbers.coef)
    yield float(likelihood.dispersion_from != "fixed" or likelihood.dispersion != 1.0)
    yield float((stack.origin != np.rint(stack.origin)).any())
    yield float(result.df_model != others * dependence.kept.size)
    yield float(result.rank != result.df_model + stack.intercepts.sum())
    yield float(result.df_resid != others * result.n - result.rank)
    tops = [
        (likelihood.log_likelihood, -0.5 * float(result.deviance[0])),
        (likelihood.null_log_likelihood, -0.5 * float(result.null_deviance[0])),
    ]
    yield from differences((shown, there, SAME * result.n) for shown, there in tops)
    yield _parameters(result, stack, numbers)
    if not limit:  # else the curvature is that of the rows which are left
        yield float((result.estimable != numbers.estimable).any())
        shortest = dependence.minimum_norm(numbers.coef)
        yield _apart(numbers.coef, shortest)
    yield from _curvature(result, stack, numbers)


def _parameters(result: FitResult, stack: Stack, numbers: ClassNumbers) -> float:
    """Largest distance of a parameter from what the levels at the mean and the slopes make of it."""
    shown = result.coef[0]
    made = stacked(numbers, tuple(int(value) for value in stack.origin))
    least = max(np.abs(numbers.at_zero).max(initial=0.0) * SAME, TINY)
    return float((np.abs(made - shown) / np.maximum(np.abs(shown), least)).max(initial=0.0))


def _curvature(result: FitResult, stack: Stack, numbers: ClassNumbers) -> Iterator[float]:
    """Yield how far what is known of the curvature without rows is from that."""
    made = class_curvature(numbers, stack.origin)
    if made is None or result.curvature is None:
        return
    for name in ("mean", "origin", "mean_white", "null", "scale"):
        yield _apart(getattr(result.curvature, name), getattr(made, name))


def _apart(shown: FloatArray, made: FloatArray) -> float:
    away, size = float(np.linalg.norm(shown - made)), float(np.linalg.norm(made))
    return away / size if size else away
