"""A fit by likelihood beside scikit-learn's: coefficients, scores and the objective that both minimise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.comparison.twin_measures import Pairing, agreed_digits, fitted, twin_parameters
from mathlearn.comparison.twin_record import Score, TwinComparison
from mathlearn.comparison.twin_rows import counted, other_rows
from mathlearn.comparison.why_likelihood import LikelihoodEvidence, causes
from mathlearn.statistics.functional import model_errors, parameter_labels, parameters
from mathlearn.statistics.law import family_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mathlearn._typing import AnyArray, FloatArray
    from mathlearn.comparison.twin_measures import Fitting
    from mathlearn.comparison.twin_rows import TwinRows
    from mathlearn.data.design import Design
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood

__all__ = ["LIKELIHOOD"]

SAME_DEVIANCE = 1e-6
"""Relative; a sum over other rows differs by far more, rounding by far less."""


@dataclass(frozen=True, slots=True)
class _Law:
    """Family and link of a fit, and its rows."""

    family: Family
    link: Link
    y: FloatArray
    weight: FloatArray
    penalty: float

    @classmethod
    def of(cls, rows: TwinRows, result: FitResult) -> _Law:
        likelihood = _likelihood(result)
        family = family_of(likelihood)
        return cls(family, family.link(likelihood.link), rows.y[:, 0], rows.weights, likelihood.penalty)

    def deviance(self, mean: FloatArray) -> float:
        return float(self.weight @ self.family.deviance(self.y, mean))

    def loss(self, eta: FloatArray) -> FloatArray:
        return self.family.kernels(self.y, eta, self.link).loss


def _likelihood(result: FitResult) -> Likelihood:
    if result.likelihood is None:
        msg = "a fit by least squares has no likelihood"
        raise ValueError(msg)
    return result.likelihood


def _shared(both: Iterable[str]) -> list[str]:
    """All that scikit-learn knows; weights of classes are in the weights of the rows already."""
    return [name for name in both if name != "class_weight"]


def _require_same(rows: TwinRows, result: FitResult) -> None:
    """Compare number and deviance with those of the fit.

    Raises
    ------
    DomainError
        There is an offset.
    SchemaError
        These are other rows.
    """
    if result.offset is not None:
        raise DomainError(
            f"the fit has an offset ({result.offset}), which scikit-learn's models do not take: there is no fit of theirs to compare with"
        )
    law, shown = _Law.of(rows, result), float(result.deviance[0])
    found = law.deviance(law.link.mu(rows.fitted[:, 0]))
    if counted(rows, result) != result.n or not abs(found - shown) <= SAME_DEVIANCE * max(found, shown):
        raise other_rows(rows, result)


def _compare(result: FitResult, design: Design, rows: TwinRows, twin: Any) -> TwinComparison:
    """Fit the twin, and set it beside the fit."""
    import sklearn

    law = _Law.of(rows, result)
    y: AnyArray = law.y.astype(np.int64) if design.classes else law.y  # codes keep the classes in our order
    fitting = fitted(twin, rows, y)
    ours = parameters(result)
    theirs = np.full_like(ours, np.nan) if fitting.error else twin_parameters(twin, result)
    eta = rows.fitted[:, 0]
    their_eta = _predictor(rows, theirs[0], intercept=result.fit_intercept)
    evidence = _evidence(result, law, rows, twin, fitting, theirs, their_eta)
    return TwinComparison(
        twin=" ".join(repr(twin).split()),
        version=sklearn.__version__,
        n=result.n,
        responses=result.responses,
        terms=evidence.names,
        mathlearn=evidence.ours,
        sklearn=evidence.theirs,
        std_error=evidence.std_error,
        in_se=evidence.in_se,
        digits=evidence.digits,
        estimable=result.estimable,
        scores=(_score(law, eta, their_eta), _objective(law, result, eta, evidence)),
        rank=(result.rank, None),
        verdict=evidence.verdict,
        alike=evidence.alike,
        causes=tuple(causes(evidence)),
        unit=_UNITS[law.penalty > 0],
        measure="Units" if law.penalty else "SE",
    )


_UNITS = {
    False: "model-based standard errors of mathlearn's fit",
    True: "of curvature: what the standard errors would be if the penalised objective were a log-likelihood, which it is not",
}


def _predictor(rows: TwinRows, theta: FloatArray, *, intercept: bool) -> FloatArray:
    slopes = theta[1:] if intercept else theta
    return np.asarray(rows.X @ slopes, np.float64) + (theta[0] if intercept else 0.0)


def _evidence(
    result: FitResult,
    law: _Law,
    rows: TwinRows,
    twin: Any,
    fitting: Fitting,
    theirs: FloatArray,
    their_eta: FloatArray,
) -> LikelihoodEvidence:
    ours, eta = parameters(result), rows.fitted[:, 0]
    std_error, size = _errors(result), _sizes(rows)
    away = law.link.mu(their_eta) - law.link.mu(eta)
    mean = float(np.average(law.y, weights=law.weight))
    spread = float(np.sqrt(np.average((law.y - mean) ** 2, weights=law.weight)))
    apart = float(np.sqrt(np.average(away**2, weights=law.weight)))
    natural = 1.0 / np.where(size > 0, size, 1.0)
    unit = np.concatenate([[1.0], natural]) if result.fit_intercept else natural
    return LikelihoodEvidence(
        result=result,
        names=parameter_labels(result),
        ours=ours,
        theirs=theirs,
        std_error=std_error,
        digits=agreed_digits(ours, theirs, np.where(std_error > 0, std_error, unit)),
        gap=np.array([apart / spread if spread > 0 else np.nan]),
        float32=str(rows.X.dtype) == "float32",
        error=fitting.error,
        excess=_excess(law, result, (eta, their_eta), theirs[0]),
        warned=fitting.warned,
        steps=int(np.max(getattr(twin, "n_iter_", 0))),
        limit=int(getattr(twin, "max_iter", 0)),
        solver=str(getattr(twin, "solver", "")),
        sizes=size,
    )


def _errors(result: FitResult) -> FloatArray:
    """Scales of the coefficients (1, k) by the curvature of the objective: standard errors, where it has no penalty."""
    penalised = replace(result, withheld=None) if _likelihood(result).penalty else result
    if penalised.withheld is not None or penalised.curvature is None:
        return np.full_like(parameters(result), np.nan)
    return model_errors(penalised)


def _sizes(rows: TwinRows) -> FloatArray:
    """Root mean square (p,) of each column, about zero: what an iteration in the user's units sees."""
    w = rows.weights
    squares = (
        rows.X.multiply(rows.X).T @ w if rows.sparse else np.einsum("i,ij,ij->j", w, rows.X, rows.X, dtype=np.float64)
    )
    sizes: FloatArray = np.sqrt(np.asarray(squares, np.float64) / w.sum())
    return sizes


def _excess(law: _Law, result: FitResult, predictors: tuple[FloatArray, FloatArray], theirs: FloatArray) -> float:
    """Return how far scikit-learn's objective is above mathlearn's, in log-likelihoods: summed row by row, where most cancels."""
    first = int(result.fit_intercept)
    slopes, other = result.coef[0], theirs[first:]
    penalty = 0.5 * law.penalty * float((other - slopes) @ (other + slopes))
    rows = float(law.weight @ (law.loss(predictors[1]) - law.loss(predictors[0])))
    phi = _likelihood(result).dispersion
    return (rows + penalty) / (phi if phi > 0 else 1.0)


def _score(law: _Law, ours: FloatArray, theirs: FloatArray) -> Score:
    """Return what ``score`` gives of both: accuracy of classes, else the share of the deviance explained."""
    if law.family.support == "binary":
        right = [np.average((eta > 0) == (law.y == 1.0), weights=law.weight) for eta in (ours, theirs)]
        return Score("accuracy on these rows", np.array(right[:1]), np.array(right[1:]))
    constant = law.deviance(np.full_like(law.y, np.average(law.y, weights=law.weight)))
    if not constant > 0:
        return Score(
            "D² on these rows",
            np.array([np.nan]),
            np.array([np.nan]),
            "does not exist: the response does not vary on these rows",
        )
    shares = [np.array([1.0 - law.deviance(law.link.mu(eta)) / constant]) for eta in (ours, theirs)]
    return Score("D² on these rows", shares[0], shares[1])


def _objective(law: _Law, result: FitResult, eta: FloatArray, evidence: LikelihoodEvidence) -> Score:
    """Return minus the log-likelihood, constants apart, plus the penalty, of both, in units of the dispersion."""
    phi = _likelihood(result).dispersion
    phi = phi if phi > 0 else 1.0
    ours = float(law.weight @ law.loss(eta)) + 0.5 * law.penalty * float(result.coef[0] @ result.coef[0])
    label = "penalised loss" if law.penalty else "loss"
    theirs = np.nan if isnan(evidence.excess) else ours / phi + evidence.excess
    return Score(label, np.array([ours / phi]), np.array([theirs]))


LIKELIHOOD = Pairing(shared=_shared, require_same=_require_same, compare=_compare)
