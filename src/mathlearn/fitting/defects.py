"""Facts about a problem, in the user's own column names, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.results.fit_result import Alias, Defect, DefectKind
from mathlearn.statistics.law import reducible
from mathlearn.statistics.separation import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.likelihood_spec import LikelihoodSpec
    from mathlearn.linalg.dependence import Dependence
    from mathlearn.results.certificate import Certificate
    from mathlearn.results.likelihood import Separation

_NAMED = 5


def aliases(dependence: Dependence, terms: tuple[str, ...]) -> tuple[Alias, ...]:
    """Name the linear dependences among the columns."""
    found = []
    for k, column in enumerate(dependence.dropped.tolist()):
        used = np.flatnonzero(dependence.weights[:, k])
        found.append(
            Alias(
                term=terms[column],
                others=tuple(terms[dependence.kept[i]] for i in used),
                coefficients=tuple(float(dependence.weights[i, k]) for i in used),
                constant=float(dependence.constant[k]),
            )
        )
    return tuple(found)


def least_squares_defects(
    dependences: tuple[Alias, ...], responses: tuple[str, ...], exact: BoolArray, tss: FloatArray, df_resid: int, n: int
) -> tuple[Defect, ...]:
    """Collect what limits what can be said about this fit."""
    few = [_too_few(n, df_resid)] if df_resid <= 0 else []
    return *_rank(dependences), *_responses(responses, exact, tss), *few


def likelihood_defects(
    rows: Rows,
    dependences: tuple[Alias, ...],
    certificate: Certificate,
    separation: Separation | None,
    stopped: str,
    df_resid: int,
    n: int,
    spec: LikelihoodSpec,
) -> tuple[Defect, ...]:
    """Collect what limits what can be said about a fit by likelihood.

    Parameters
    ----------
    rows : Rows
        Of more than two classes the contrasts, whose terms are the stacked parameters.
    stopped : str
        Why the solver ended.
    """
    few = [_too_few(n, df_resid)] if df_resid <= 0 else []
    name = rows.responses[0]
    if separation is not None:
        return (
            _separated(name, rows.terms, separation, n, spec),
            *_rank(dependences),
            *few,
        )
    return *_rank(dependences), *few, *_unfinished(name, certificate, stopped)


def _finite_by(spec: LikelihoodSpec) -> str:
    """Say what gives finite estimates to a fit that is separated: what its estimator and its law offer."""
    if spec.classes:
        return "bias_reduction='firth'" if len(spec.classes) == 2 else "a penalty (C=1.0)"
    firth = "GeneralizedLinearRegressor's bias_reduction='firth', or " * reducible(spec.family, spec.link.name)
    return f"{firth}a penalty (alpha=1.0)"


def _separated(name: str, terms: tuple[str, ...], separation: Separation, n: int, spec: LikelihoodSpec) -> Defect:
    """Name the columns, the direction and the remedy."""
    several = len(spec.classes) > 2
    names = ("(Intercept)", *terms) if spec.fit_intercept and not several else terms
    touched = [names[j] for j in np.flatnonzero(separation.directions.any(axis=1))]
    first = readable(separation.directions[:, 0])
    parts = [f"{first[j]:+.4g}·{names[j]}" for j in np.flatnonzero(first)]
    which = "all rows" if separation.complete else f"{separation.separated} of {n} rows"
    then = f"a class is ruled out for {which}" if several else f"{which} are fitted without error"
    message = (
        f"{name} is separated: along {listed(parts, ' ')} the likelihood rises for ever, and {then} in the "
        f"limit. No finite estimate is known for {listed(touched)}: {_shown(len(touched) > 1)}, without standard error. "
        f"{_what_holds(separation, alone=len(touched) == 1)} Use {_finite_by(spec)} for finite estimates, more rows, or fewer levels."
    )
    return Defect(DefectKind.SEPARATED, message)


def _what_holds(separation: Separation, *, alone: bool) -> str:
    """Say which predictions do not depend on the direction: all where there is one, else those of the rows fitted."""
    if alone:
        return "Other coefficients, and predictions, hold."
    others = "Predictions" if separation.complete else "Other coefficients, and predictions"
    return f"{others} of the rows fitted hold; other rows are predicted along this direction, where another may lead elsewhere."


def _shown(several: bool) -> str:
    be, end = ("they are", "their") if several else ("it is", "its")
    return f"{be} reported as infinite, or withheld where the rows leave {end} end open"


def _unfinished(response: str, certificate: Certificate, stopped: str) -> Iterator[Defect]:
    if certificate.ok:
        return
    failed = ", ".join(check.name for check in certificate.checks if not check.passed)
    message = (
        f"the fit of {response} is not at its optimum ({failed}; {stopped}): standard errors and tests do not hold. Rescale columns of "
        "very different size, raise max_iter, or add a small penalty."
    )
    yield Defect(DefectKind.NOT_CONVERGED, message)


def _rank(dependences: tuple[Alias, ...]) -> Iterator[Defect]:
    if not dependences:
        return
    constant = [alias.term for alias in dependences if not alias.others]
    if constant:
        message = f"constant: {listed(constant)}. A constant column cannot be told from the intercept: leave it out."
        yield Defect(DefectKind.NO_VARIATION, message)
    dependent = [str(alias) for alias in dependences if alias.others]
    if dependent:
        message = (
            f"linearly dependent columns: {listed(dependent, '; ')}. Their coefficients are not determined one by one and "
            "are withheld; predictions are not affected. Leave out one column of each dependence."
        )
        yield Defect(DefectKind.RANK_DEFICIENT, message)


def _responses(responses: tuple[str, ...], exact: BoolArray, tss: FloatArray) -> Iterator[Defect]:
    if not np.count_nonzero(exact):
        return
    constant = [name for name, flag, size in zip(responses, exact, tss, strict=True) if flag and size == 0]
    if constant:
        yield Defect(DefectKind.CONSTANT_TARGET, f"the target does not vary: {listed(constant)}.")
    perfect = [name for name, flag, size in zip(responses, exact, tss, strict=True) if flag and size != 0]
    if perfect:
        message = (
            f"exact fit of {listed(perfect)}: the residuals are at the rounding level of the target, so there is no error "
            "variance to test against. If this is a surprise, look for the target among the columns."
        )
        yield Defect(DefectKind.EXACT_FIT, message)


def _too_few(n: int, df_resid: int) -> Defect:
    rows = "1 row leaves" if n == 1 else f"{n} rows leave"
    message = f"{rows} {df_resid} residual degrees of freedom: no variance can be estimated. Add rows or drop columns."
    return Defect(DefectKind.TOO_FEW_ROWS, message)


def listed(names: list[str], separator: str = ", ") -> str:
    """Join names, the first few of many."""
    shown = separator.join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown}{separator}… ({len(names)} in all)"
