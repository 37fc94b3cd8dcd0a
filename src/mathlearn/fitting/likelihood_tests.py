"""Tests of single terms: likelihood ratio by fits without them, score by one pass there, Wald from the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.fitting.constrained import Constraint
from mathlearn.fitting.opened import opened
from mathlearn.fitting.refit import dependence_of, undetermined
from mathlearn.fitting.resources import numbers
from mathlearn.linalg.threads import single_threaded_blas
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_term
from mathlearn.statistics.functional import (
    combinations,
    coordinates,
    dispersion_known,
    estimable_rows,
    parameter_names,
    without_error,
)
from mathlearn.statistics.joint_law import JointLaw
from mathlearn.statistics.likelihood_tests import TermTests, TestKind
from mathlearn.statistics.wald import joint_test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.data.terms import Term
    from mathlearn.fitting.constrained import Problem
    from mathlearn.results.fit_result import FitResult

__all__ = ["determined", "held_parameters", "no_test", "term_tests"]


class _Outcome(NamedTuple):
    """A test, or why there is none."""

    statistic: float
    df: int
    p_value: float
    reason: str | None = None


def term_tests(
    result: FitResult,
    rows: Rows,
    every: Sequence[Term],
    *,
    kind: TestKind = "lr",
    terms: Sequence[str] | None = None,
    origin: tuple[int, ...] = (),
) -> TermTests:
    r"""Test, term by term, that its coefficients are zero.

    With the loss f, which is minus the log-likelihood of dispersion 1, its minimum :math:`\tilde\theta` without the term, and gradient g and
    expected information H there, the statistics are :math:`2 (f(\tilde\theta) - f(\hat\theta)) / \hat\phi` and
    :math:`g^\top H^{-1} g / \hat\phi`. They are chi-squared where the dispersion is known; where it is estimated, by Pearson's
    statistic of the fit, they are divided by their degrees of freedom and referred to F, as in R's ``anova(test="F")``.

    Where the bias is reduced, the first is of the penalised likelihood, whose prior is that of all parameters in both fits: the term is
    held at zero, not left out.

    Parameters
    ----------
    result : FitResult
    rows : Rows
        Of the fit; not read for "wald".
    every : sequence of Term
        Of the design.
    kind : {"lr", "score", "wald"}
    terms : sequence of str, optional
        Names of terms, whose columns are tested together, or of parameters; every term by default.
    origin : tuple of int
        What was subtracted from each column of X before it became float64; empty when nothing was.

    Raises
    ------
    DomainError
        Another `kind`, inference is withheld for this fit, or "score" of a fit with a reduced bias.
    SchemaError
        There is no such term, or these are not the rows of the fit.

    References
    ----------
    Cox and Hinkley (1974), "Theoretical Statistics", section 9.3.
    McCullagh and Nelder (1989), "Generalized Linear Models", appendix A.
    Heinze and Schemper (2002), "A solution to the problem of separation in logistic regression", Statistics in Medicine 21(16).
    """
    if kind not in get_args(TestKind):
        raise DomainError(f"kind is {kind!r}: it must be one of {', '.join(map(repr, get_args(TestKind)))}")
    if kind == "score" and _reduced(result):
        raise DomainError(
            "kind is 'score', and the bias of this fit is reduced: Rao's test is of the likelihood alone, whose optimum its fits do not "
            "look for. Take kind='lr', which compares penalised likelihoods, or kind='wald'."
        )
    chosen = _chosen(result, every, terms)
    outcomes = (
        [_wald(result, L) for L in chosen.values()] if kind == "wald" else _by_refit(result, rows, kind, chosen, origin)
    )
    df_den = _df_den(result, kind)
    return TermTests(
        kind=kind,
        terms=tuple(chosen),
        statistic=np.array([outcome.statistic for outcome in outcomes]),
        df=np.array([outcome.df for outcome in outcomes]),
        df_den=df_den,
        p_value=np.array([outcome.p_value for outcome in outcomes]),
        notes=tuple(_notes(result, kind, every, chosen)),
        reasons={t: o.reason for t, o in zip(chosen, outcomes, strict=True) if o.reason is not None},
    )


def _chosen(result: FitResult, every: Sequence[Term], terms: Sequence[str] | None) -> dict[str, FloatArray]:
    """Return the functionals (m, k) that each term holds at zero: those combinations of its coefficients that the data determine."""
    names = parameter_names(result)
    first = int(result.fit_intercept)
    columns = {term.name: [first + j for j in term.columns] for term in every}
    wanted = columns if terms is None else [terms] if isinstance(terms, str) else terms
    out = {}
    for term in dict.fromkeys(wanted):
        places = columns.get(term) or [chosen_term(names, term)]
        out[term] = determined(result, np.eye(len(names))[places], places)
    return out


def determined(result: FitResult, L: FloatArray, places: list[int]) -> FloatArray:
    """Combine coefficients so that dependent columns leave them determined; all of them where there are none."""
    dependence, first = dependence_of(result, None), int(result.fit_intercept)
    if not dependence.dropped.size:
        return L
    if min(places) < first:
        return L[: int(dependence.estimable(intercept=True)[0])]
    columns = [place - first for place in places]
    scale = np.ones(len(columns)) if result.curvature is None else result.curvature.scale[columns]
    loose = undetermined(result, dependence)[columns] * scale[:, None]
    u, singular, _ = np.linalg.svd(loose)
    rank = int((singular > _LOOSE * np.abs(loose).max(initial=1e-300)).sum())
    return np.asarray((u[:, rank:].T * scale) @ L)


_LOOSE = 1e-8  # share of the largest dependence below which a combination does not take part in any


def _wald(result: FitResult, L: FloatArray) -> _Outcome:
    none = _withheld(result, L) or _infinite(result, L)
    if none is not None:
        return none
    test = joint_test(result, coordinates(result, L), combinations(result, L))
    return _Outcome(float(test.statistic[0]), len(L), float(test.p_value[0]), test.reasons.get(0))


def _infinite(result: FitResult, L: FloatArray) -> _Outcome | None:
    """Return the outcome of Wald's test where some estimate is infinite."""
    if result.curvature is not None and estimable_rows(result, L).all():
        return None
    return _none(len(L), "an estimate is infinite, and has no standard error: kind='lr' tests it")


def _by_refit(
    result: FitResult, rows: Rows, kind: TestKind, chosen: Mapping[str, FloatArray], origin: tuple[int, ...]
) -> list[_Outcome]:
    with single_threaded_blas(numbers(rows)):
        problem = opened(result, rows, origin)
        return [_refitted(result, problem, kind, L) for L in chosen.values()]


def _refitted(result: FitResult, problem: Problem, kind: TestKind, L: FloatArray) -> _Outcome:
    none = _withheld(result, L)
    if none is not None:
        return none
    constraint = Constraint.of(problem.seen(L))
    start = problem.best.move
    target = constraint.length * (constraint.seen @ start) - problem.value(L, start)
    found = problem.reached(constraint, target, start)
    if found is None:
        return _none(len(L), "the fit without the term has no maximum that could be found")
    total = problem.excess(found) if kind == "lr" else problem.score(found.move)
    law = JointLaw(float(len(L)), _df_den(result, kind))
    statistic = law.statistic(total)
    return _Outcome(float(statistic), len(L), float(law.tail(statistic)))


def _df_den(result: FitResult, kind: TestKind) -> float:
    """Degrees of freedom of the dispersion: of a Wald test those of the covariance."""
    if kind == "wald" and result.covariance is not None:
        return result.covariance.df
    return np.inf if dispersion_known(result) else float(result.df_resid)


def _withheld(result: FitResult, L: FloatArray) -> _Outcome | None:
    """Return the outcome where there is nothing to test, or nothing to test it by."""
    if not len(L):
        return _none(0, f"not determined by the data: {reasons.dependences(result.aliases)}")
    reason = no_test(result)
    return None if reason is None else _none(len(L), reason)


def no_test(result: FitResult) -> str | None:
    """Say why no difference of likelihoods can be judged, or return None; infinite estimates are no reason."""
    if dispersion_known(result):
        return None
    return reasons.whole_fit(result) or (reasons.exact(result, 0) if without_error(result)[0] else None)


def _none(df: int, reason: str) -> _Outcome:
    return _Outcome(np.nan, df, np.nan, reason)


def _reduced(result: FitResult) -> bool:
    """Whether Jeffreys' prior is in what was maximised."""
    return result.likelihood is not None and result.likelihood.bias_reduction == "firth"


def held_parameters(result: FitResult) -> tuple[str, ...]:
    """Say which parameters of the family refits take over that were estimated."""
    if result.likelihood is None or not result.likelihood.estimated:
        return ()
    return (f"{', '.join(result.likelihood.estimated)} held at the estimate of the whole fit",)


def _notes(result: FitResult, kind: TestKind, every: Sequence[Term], chosen: Mapping[str, FloatArray]) -> list[str]:
    """Say what the tests take for granted."""
    notes = []
    covariance = result.covariance
    if kind == "wald" and covariance is not None:
        notes.append(covariance.description)
    elif covariance is not None and covariance.kind != "classical":
        notes.append(f"the fit has the {covariance.kind} covariance, this test does not: kind='wald' tests in it")
    if kind != "wald":
        notes.extend(held_parameters(result))
    if kind == "lr" and _reduced(result):
        notes.append("penalised likelihoods, with Jeffreys' prior of all parameters in both (Firth)")
    lower = [term.name for term in every if term.name in chosen and any(map(term.within, every))]
    if lower:
        notes.append(
            f"part of an interaction that stays in the model: {', '.join(lower[:4])}. What is tested is their effect where the columns "
            "they interact with are zero, or at the reference level"
        )
    return notes
