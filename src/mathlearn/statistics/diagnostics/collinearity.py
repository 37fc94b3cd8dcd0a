"""Collinearity: variance inflation, scaled condition indices, variance-decomposition proportions. It reads no rows.

References
----------
Belsley, Kuh and Welsch (1980), "Regression Diagnostics", chapter 3: condition indices of columns scaled to length one, the
constant among them, and the share of each coefficient's variance that belongs to each.
O'Brien (2007), "A caution regarding rules of thumb for variance inflation factors", Quality & Quantity 41: a large factor
is no defect of the fit; what matters is whether the interval is still narrow enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.statistics import reasons
from mathlearn.statistics.cells import number, p_statement
from mathlearn.statistics.diagnostics.case import triangular
from mathlearn.statistics.diagnostics.check import Check, not_checked, one_predictor
from mathlearn.statistics.diagnostics.grade import Scale
from mathlearn.statistics.diagnostics.record import Effect, Finding, Severity
from mathlearn.statistics.frame import FrameKind, to_frame
from mathlearn.statistics.functional import parameter_names, parameters, require_curvature
from mathlearn.statistics.wald import joint_test
from mathlearn.statistics.words import distinct, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.diagnostics.case import Case

__all__ = ["CHECKS", "INFLATION", "MATTERS", "Collinearity", "collinearity", "dependence"]

INFLATION = Scale(look=float(np.sqrt(5.0)), serious=float(np.sqrt(30.0)))  # of a standard error
INVOLVED = 0.5  # share of its variance that a column has in a near dependence to be named (Belsley, Kuh and Welsch)
MATTERS = "coefficients of the columns involved, one by one; not predictions at rows like these, nor what the columns do together"


@dataclass(frozen=True, slots=True)
class Collinearity:
    """How nearly the columns of a fit depend on one another.

    Attributes
    ----------
    terms : (p,) names of the columns; parameters : (k,) names with the intercept first
    vif : (p,)
        Variance of each coefficient over what it would be with a column uncorrelated with the others (orthogonal to them,
        without intercept); NaN where the coefficient is not determined.
    indices : (c,)
        Condition indices of the columns scaled to length one, intercept and all, largest last.
    proportions : (c, k)
        Share of each parameter's variance that belongs to each index; columns sum to one.
    centred_indices, centred_proportions : (r,), (r, p)
        The same of the columns about their means, where units and offsets play no part.
    """

    terms: tuple[str, ...]
    parameters: tuple[str, ...]
    vif: FloatArray
    indices: FloatArray
    proportions: FloatArray
    centred_indices: FloatArray
    centred_proportions: FloatArray

    def to_frame(self, as_: FrameKind = "pandas") -> Any:
        """Return a data frame, one row an index: the index, and the proportion of each parameter."""
        columns = {name: self.proportions[:, j] for j, name in enumerate(distinct(self.parameters))}
        return to_frame({"condition_index": self.indices, **columns}, as_)


def collinearity(result: FitResult) -> Collinearity:
    """Measure the collinearity of the columns of a fit, from its curvature alone.

    Parameters
    ----------
    result : FitResult

    Raises
    ------
    DomainError
        Inference is withheld for this fit.

    Examples
    --------
    >>> import numpy as np
    >>> from mathlearn.linear_model import LinearRegression
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 100))
    >>> model = LinearRegression().fit(np.column_stack([a, a + 0.1 * b]), a + b)
    >>> collinearity(model.result_).vif.round(0)
    array([104., 104.])
    """
    curvature, factor = require_curvature(result), triangular(result)
    length = np.linalg.norm(factor, axis=0)
    vif = np.square(length * np.linalg.norm(curvature.whitener, axis=1))
    first = int(result.fit_intercept)
    whole = factor
    if first:
        top = np.sqrt(result.weight_sum) * np.concatenate([[1.0], curvature.mean + curvature.origin])
        whole = np.concatenate([top[None], np.concatenate([np.zeros((len(factor), 1)), factor], axis=1)])
    return Collinearity(
        result.terms,
        parameter_names(result),
        np.where(result.estimable[first:], vif, np.nan),
        *_decompose(whole, len(whole)),
        *_decompose(factor, len(factor)),
    )


def _decompose(factor: FloatArray, rank: int) -> tuple[FloatArray, FloatArray]:
    """Condition indices (rank,) and variance proportions (rank, k) of the columns with this factor."""
    length = np.linalg.norm(factor, axis=0)
    _, d, vt = np.linalg.svd(factor / np.where(length > 0, length, 1.0), full_matrices=False)
    d, vt = d[:rank], vt[:rank]
    if rank == 0:
        return d, vt
    part = np.square(vt / d[:, None])
    total = part.sum(axis=0)
    return d[0] / d, part / np.where(total > 0, total, 1.0)


def _check(case: Case) -> Iterator[Finding]:
    result = case.result
    if result.rank < len(result.terms):
        yield dependence(result)
    measured = collinearity(result)
    known = np.isfinite(measured.vif)
    if known.sum() < 1 or len(result.terms) < 2:
        reason = "there is one column" if len(result.terms) == 1 else "no coefficient is determined by the data"
        yield not_checked("collinearity", "no column varies" if result.rank == 0 else reason)
        return
    yield _inflation(case, measured)


def dependence(result: FitResult) -> Finding:
    """Say which columns depend on others exactly."""
    loose = len(result.aliases) if result.stack is not None else len(result.terms) - result.rank
    names = tuple(dict.fromkeys(alias.term for alias in result.aliases))
    plural = loose != 1
    return Finding(
        name="dependence",
        subject=names,
        severity=Severity.SERIOUS,
        effect=Effect(
            float(loose),
            "columns that depend on others exactly",
            f"{loose} column{'s depend' if plural else ' depends'} on others exactly: {reasons.dependences(result.aliases)}. "
            "Their coefficients have no unique value and are withheld.",
            float("inf"),
        ),
        matters="coefficients of the columns involved; predictions at rows that keep the dependence are not affected",
        remedy=f"leave out {listed(names) if names else 'as many columns'}: no prediction changes",
    )


def _inflation(case: Case, measured: Collinearity) -> Finding:
    result = case.result
    factor = np.sqrt(np.nan_to_num(measured.vif, nan=0.0))
    j = int(factor.argmax())
    severity = INFLATION.grade(float(factor[j]))
    involved = _involved(measured, j, factor)
    fine = severity is Severity.FINE
    index = float(measured.centred_indices[-1])
    whole = (
        f"; {number(float(measured.indices[-1]), 3)} with the constant, in your units" if result.fit_intercept else ""
    )
    with_whom = "" if fine or len(involved) < 2 else f"; involved: {listed([result.terms[m] for m in involved])}"
    return Finding(
        name="collinearity",
        subject=(result.terms[j],) if fine else tuple(result.terms[m] for m in involved),
        severity=severity,
        effect=Effect(
            float(factor[j]),
            "factor by which collinearity inflates a standard error (root of the VIF)",
            f"The standard error of {quoted(result.terms[j])} is {number(float(factor[j]), 3)} times what it would be with "
            f"columns that do not correlate (VIF {number(float(measured.vif[j]), 3)}){with_whom}. Scaled condition index "
            f"{number(index, 3)} about the means{whole}.",
            INFLATION.strength(float(factor[j])),
        ),
        details=tuple(zip(result.terms, measured.vif.tolist(), strict=True)),
        matters=MATTERS,
        remedy="" if fine else _remedy(case, involved, float(factor[j])),
    )


def _involved(measured: Collinearity, j: int, factor: FloatArray) -> list[int]:
    """Columns with much of their variance in the near dependence that inflates column j most, the most inflated first."""
    part = measured.centred_proportions[int(measured.centred_proportions[:, j].argmax())]
    others = [m for m in np.argsort(-factor, kind="stable").tolist() if m != j and part[m] > INVOLVED]
    return [j, *others]


def _remedy(case: Case, involved: list[int], factor: float) -> str:
    result = case.result
    names = [result.terms[m] for m in involved]
    drop = f"without the others {quoted(names[0])} would have an interval up to {number(factor, 2)} times shorter, and another meaning"
    if len(involved) < 2 or len(result.responses) > 1 or result.covariance is None or not result.estimable.all():
        return f"nothing to mend if you predict; {drop}"
    rows = np.array(involved) + int(result.fit_intercept)
    test = joint_test(result, case.parameters[rows], parameters(result)[:, rows])
    if np.isnan(test.p_value[0]):
        return f"nothing to mend if you predict; {drop}"
    joint = f"{test.law} = {number(float(test.statistic[0]), 3)}, {p_statement(float(test.p_value[0]))}"
    return f"nothing to mend if you predict; test {listed(names)} together rather than one by one: {joint}; {drop}"


CHECKS = (
    Check(
        "collinearity",
        "variance inflation, condition indices, variance proportions",
        ("collinearity", "dependence"),
        without_rows=_check,
        applies=one_predictor,
    ),
)
