"""How two fits are measured against each other, whatever they minimise."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._sklearn import ConvergenceWarning
from mathlearn.statistics.functional import parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mathlearn._typing import AnyArray, FloatArray
    from mathlearn.comparison.twin_record import TwinComparison
    from mathlearn.comparison.twin_rows import TwinRows
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult

__all__ = ["Fitting", "Pairing", "agreed_digits", "fitted", "twin_parameters"]

ALL_DIGITS = -float(np.log10(np.finfo(np.float64).eps / 2))


@dataclass(frozen=True, slots=True)
class Pairing:
    """How fits of one kind are compared with scikit-learn's.

    Attributes
    ----------
    shared : callable
        Chooses among the names of parameters that both have those that scikit-learn's estimator is given.
    require_same : callable
        ``(rows, result)``; raises SchemaError where these are not the rows of the fit.
    compare : callable
        ``(result, design, rows, twin) -> TwinComparison``; fits the twin.
    """

    shared: Callable[[Iterable[str]], list[str]]
    require_same: Callable[[TwinRows, FitResult], None]
    compare: Callable[[FitResult, Design, TwinRows, Any], TwinComparison]


@dataclass(frozen=True, slots=True)
class Fitting:
    """How scikit-learn's fit went.

    Attributes
    ----------
    error : str
        Why it failed; empty where it did not.
    warned : bool
        Whether it warned that it had not converged.
    """

    error: str = ""
    warned: bool = False


def fitted(twin: Any, rows: TwinRows, y: AnyArray) -> Fitting:
    """Fit scikit-learn's estimator to the rows."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            twin.fit(rows.X, y, sample_weight=rows.weight)
    except (ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError) as error:
        return Fitting(f"{type(error).__name__}: {error}")
    return Fitting(warned=any(issubclass(each.category, ConvergenceWarning) for each in caught))


def twin_parameters(twin: Any, result: FitResult) -> FloatArray:
    """Return scikit-learn's estimates (q, k) in mathlearn's order."""
    coef = np.atleast_2d(np.asarray(twin.coef_, np.float64))
    intercept = np.broadcast_to(np.asarray(twin.intercept_, np.float64), coef.shape[:1])
    return parameters(replace(result, coef=coef, intercept=intercept))


def agreed_digits(ours: FloatArray, theirs: FloatArray, unit: FloatArray) -> FloatArray:
    """Digits in which two numbers agree, relative to the number or its unit, whichever is larger."""
    away = np.abs(ours - theirs)
    size = np.fmax(np.abs(ours), unit)
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = -np.log10(np.where(away == 0, 0.0, away / size))
    return np.clip(digits, 0.0, ALL_DIGITS)
