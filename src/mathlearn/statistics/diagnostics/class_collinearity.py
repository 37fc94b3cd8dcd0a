r"""Collinearity of the columns of a fit of more than two classes: generalised variance inflation. It reads no rows.

A column has K - 1 slopes. With the correlations R of all slopes, those of the column :math:`R_{11}` and of the others :math:`R_{22}`,

.. math:: \mathrm{GVIF} = \frac{\det R_{11} \det R_{22}}{\det R}, \qquad \mathrm{GVIF}^{1 / (2 (K - 1))}

compares the joint confidence region of its slopes with what it would be were the column uncorrelated with the others: the root is the mean factor for one
slope. Of two classes it is the root of the VIF.

References
----------
Fox and Monette (1992), "Generalized collinearity diagnostics", Journal of the American Statistical Association 87(417).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics.check import Check, classes, not_checked
from mathlearn.statistics.diagnostics.collinearity import INFLATION, MATTERS, dependence
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity
from mathlearn.statistics.functional import require_curvature
from mathlearn.statistics.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.diagnostics.class_case import ClassCase

__all__ = ["CHECKS", "inflation"]


def inflation(result: FitResult) -> FloatArray | None:
    """Return the mean factor (p,) by which collinearity inflates the standard errors of each column; None where some slope is not determined.

    Raises
    ------
    DomainError
        Inference is withheld for this fit.
    """
    stack, curvature = result.stack, require_curvature(result)
    assert stack is not None
    slopes = ~stack.intercepts
    if not result.estimable[slopes].all():
        return None
    white = curvature.whitener[slopes]
    unit = white / np.linalg.norm(white, axis=1, keepdims=True)
    others, p = len(stack.predictors), len(stack.columns)
    whole = _log_volume(unit)
    each = unit.reshape(others, p, -1)
    apart = [
        _log_volume(each[:, j]) + _log_volume(np.delete(each, j, axis=1).reshape(others * (p - 1), -1))
        for j in range(p)
    ]
    return np.asarray(np.exp((np.array(apart) - whole) / others))


def _log_volume(unit: FloatArray) -> float:
    """Logarithm of the volume spanned by rows, the root of the determinant of their products."""
    with np.errstate(divide="ignore"):
        return float(np.log(np.linalg.svd(unit, compute_uv=False)).sum())


def _check(case: ClassCase) -> Iterator[Finding]:
    result, stack = case.result, case.stack
    if result.aliases:
        yield dependence(result)
    if len(stack.columns) < 2:
        yield not_checked("collinearity", f"there is {'one' if stack.columns else 'no'} column")
        return
    factors = inflation(result)
    if factors is None:
        yield not_checked("collinearity", "some slopes are not determined")
        return
    j = int(factors.argmax())
    factor, column = float(factors[j]), stack.columns[j]
    severity = INFLATION.grade(factor)
    yield Finding(
        name="collinearity",
        subject=(column,),
        severity=severity,
        effect=Effect(
            factor,
            "mean factor by which collinearity inflates the standard errors of a column (root of the generalised VIF)",
            f"The standard errors of {quoted(column)}, over the {len(stack.predictors)} log odds, are on average {number(factor, 3)} times what they "
            "would be with columns that do not correlate.",
            INFLATION.strength(factor),
        ),
        details=tuple(zip(stack.columns, factors.tolist(), strict=True)),
        matters=MATTERS,
        remedy=""
        if severity is Severity.FINE
        else "nothing to mend if you predict; test columns that go together jointly, rather than one by one",
    )


CHECKS = (
    Check(
        "class_collinearity",
        "generalised variance inflation of each column over all log odds",
        ("collinearity", "dependence"),
        without_rows=_check,
        applies=classes,
    ),
)
