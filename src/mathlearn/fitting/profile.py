"""Profile-likelihood intervals: by refits with a coefficient held, until the likelihood has fallen as far as a test allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn.fitting.constrained import Constraint
from mathlearn.fitting.likelihood_tests import determined, held_parameters, no_test
from mathlearn.fitting.opened import opened
from mathlearn.fitting.refit import dependence_of
from mathlearn.fitting.resources import numbers
from mathlearn.linalg.threads import single_threaded_blas
from mathlearn.statistics import reasons
from mathlearn.statistics.chosen import chosen_term
from mathlearn.statistics.frame import FrameKind, Reasons, to_frame
from mathlearn.statistics.functional import dispersion_known, parameter_names, parameters
from mathlearn.statistics.labels import plain_names, predictor_names
from mathlearn.statistics.separation import infinite_signs, with_ends
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.data.rows import Rows
    from mathlearn.fitting.constrained import Problem
    from mathlearn.results.fit_result import FitResult

__all__ = ["profile_intervals"]

_CLOSE = 1e-8  # of the signed root
_TRIES = 80
_STRIDES = 16
_LONGEST = 4.0  # times the stride before

NEVER = "the likelihood never falls so far on this side: it has no finite maximum there"
EDGE = (
    "the end lies beyond {:.6g}, where the optimum of the refits leaves the predictors for which the family has a mean"
)
NOT_FOUND = "the refits did not reach an optimum on this side"


class _Bound(NamedTuple):
    """An end of an interval, and what is to be said of it."""

    value: float
    reason: str | None = None


class _Place(NamedTuple):
    """A value at which the parameter was held: `height` is the root less the one sought, `move` where the optimum was."""

    value: float
    height: float
    move: FloatArray


@dataclass(frozen=True, slots=True)
class _Profile:
    """The root of the deviance's rise along one parameter."""

    problem: Problem
    constraint: Constraint
    L: FloatArray
    sought: float

    @property
    def base(self) -> _Place:
        """Where the likelihood is largest."""
        best = self.problem.best.move
        return _Place(float(self.problem.value(self.L, best)[0]), -self.sought, best)

    @property
    def stride(self) -> float:
        """Length of the first stride: to the end of the Wald interval."""
        return self.sought * float(self.constraint.length[0]) * math.sqrt(self.problem.dispersion)

    def at(self, value: float, start: FloatArray) -> _Place:
        """Hold the parameter; infinitely high where no optimum is found."""
        here = float(self.constraint.length[0] * (self.constraint.seen[0] @ start))
        distance = here + (value - float(self.problem.value(self.L, start)[0]))
        found = self.problem.held(self.constraint, np.array([distance]), start)
        if found is None:
            return _Place(value, math.inf, start)
        return _Place(value, math.sqrt(self.problem.excess(found)) - self.sought, found.move)

    def bound(self, side: float) -> _Bound:
        """Find where the root is the one sought, on one side."""
        low, high = self._bracket(side)
        if high is None:  # Jeffreys' prior falls for ever on every side
            return _Bound(math.nan, NOT_FOUND) if self.problem.reduced else _Bound(side * math.inf, NEVER)
        return self._between(low, high)

    def _bracket(self, side: float) -> tuple[_Place, _Place | None]:
        """Stride outwards, by what the last stride has gained, until the root is exceeded."""
        low, stride = self.base, self.stride
        before = low
        for _ in range(_STRIDES):
            value = low.value + side * stride
            place = self.at(value, _on_line(before, low, value))
            if place.height >= 0.0:
                return low, place
            gain = place.height - low.height
            needed = -2.0 * place.height * stride / gain if gain > 0.0 else math.inf
            before, low, stride = low, place, min(max(needed, 1e-3 * stride), _LONGEST * stride)
        return low, None

    def _between(self, low: _Place, high: _Place) -> _Bound:
        """Close in by false position, with the weight of an end halved that stays (Illinois), and by halves at an edge."""
        weights = [1.0, 1.0]
        for _ in range(_TRIES):
            if min(abs(low.height), abs(high.height)) <= _CLOSE:
                return _Bound(_on_chord(low, high))
            middle = _crossing(low, high, weights)
            if middle in {low.value, high.value}:
                break
            place = self.at(middle, _on_line(low, high, middle))
            kept = place.height < 0.0
            if kept:
                low, weights = place, [1.0, 0.5 * weights[1] if weights[0] == 1.0 else 1.0]
            else:
                high, weights = place, [0.5 * weights[0] if weights[1] == 1.0 else 1.0, 1.0]
        at_edge = math.isinf(high.height) and self.problem.edged
        return _Bound(math.nan, EDGE.format(low.value) if at_edge else NOT_FOUND)


def _on_line(a: _Place, b: _Place, value: float) -> FloatArray:
    """Move to where the optimum should be, by two that are known."""
    if a.value == b.value or math.isinf(b.height):
        return a.move
    move: FloatArray = a.move + (b.move - a.move) * ((value - a.value) / (b.value - a.value))
    return move


def _on_chord(low: _Place, high: _Place) -> float:
    """Take the last step, which costs nothing: where the root is flat, as near separation, what is left of it is far on the axis."""
    return low.value if math.isinf(high.height) else _crossing(low, high, (1.0, 1.0))


def _crossing(low: _Place, high: _Place, weights: Sequence[float]) -> float:
    a, b = weights[0] * low.height, weights[1] * high.height
    share = 0.5 if math.isinf(b) else a / (a - b)
    return low.value + share * (high.value - low.value)


def profile_intervals(
    result: FitResult,
    rows: Rows,
    *,
    terms: Sequence[str] | None = None,
    level: float = 0.95,
    as_: FrameKind = "pandas",
    origin: tuple[int, ...] = (),
) -> Any:
    r"""Give intervals of parameters that hold every value which a likelihood-ratio test does not reject.

    With :math:`f_j(c)` the smallest loss when parameter j is held at c, the ends are where
    :math:`\operatorname{sign}(c - \hat\theta_j) \sqrt{2 (f_j(c) - f(\hat\theta)) / \hat\phi}` is plus or minus the quantile of the normal
    law, or of Student's t with the residual degrees of freedom where the dispersion is estimated. (There R's ``confint`` takes the
    normal quantile; with t, a normal family with the identity link has its exact interval.) Where the bias is reduced, f is that of the
    penalised likelihood, with Jeffreys' prior of all parameters whichever is held: both ends are then finite.

    Parameters
    ----------
    result : FitResult
    rows : Rows
        Of the fit.
    terms : sequence of str, optional
        Names of parameters, as in `FitResult.terms`; all by default.
    level : float in (0, 1)
    as_ : {"pandas", "polars", "arrow"}
    origin : tuple of int
        What was subtracted from each column of X before it became float64; empty when nothing was.

    Returns
    -------
    frame
        Columns ``term, estimate, conf_low, conf_high``, of more than two classes with a leading ``response``. An end is infinite where the likelihood never falls so far. For pandas,
        ``.attrs["reasons"]`` maps ``(term, column)``, or ``(response, term, column)``, of a cell that is NaN or infinite to the reason.

    Raises
    ------
    DomainError
        Inference is withheld for this fit, or `level` is outside (0, 1).
    SchemaError
        There is no such parameter, or these are not the rows of the fit.

    References
    ----------
    Venzon and Moolgavkar (1988), "A method for computing profile-likelihood-based confidence intervals", Applied Statistics 37(1).
    Heinze and Schemper (2002), "A solution to the problem of separation in logistic regression", Statistics in Medicine 21(16).
    Dowell and Jarratt (1971), "A modified regula falsi method for computing the root of an equation", BIT 11(2).
    """
    names = parameter_names(result)
    wanted = names if terms is None else [terms] if isinstance(terms, str) else terms
    places = [chosen_term(names, term) for term in dict.fromkeys(wanted)]
    fixed = dispersion_known(result)
    sought = float(t_quantile(level, np.inf if fixed else result.df_resid))
    with single_threaded_blas(numbers(rows)):
        problem = opened(result, rows, origin)
        ends = {j: _ends(result, problem, j, sought) for j in places}
    labels = [*product(*((predictor_names(result),) if result.stack else ()), plain_names(result))]
    why: Reasons = {}
    for j, (low, high) in ends.items():
        why |= {(*labels[j], c): e.reason for c, e in (("conf_low", low), ("conf_high", high)) if e.reason is not None}
    columns = {
        **_leading([labels[j] for j in places]),
        "estimate": _estimates(result)[places],
        "conf_low": np.array([low.value for low, _ in ends.values()]),
        "conf_high": np.array([high.value for _, high in ends.values()]),
    }
    law = "normal" if fixed else f"t with {result.df_resid:g} df"
    method = f"profile {'penalised ' * problem.reduced}likelihood; {law}"
    return to_frame(columns, as_, why, {"method": method, "level": level, "notes": held_parameters(result)})


def _leading(labels: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Columns that name parameters: by term, or of several classes by predictor and term."""
    columns = list(zip(*labels, strict=True)) or [()]
    return {name: list(column) for name, column in zip(("response", "term")[-len(columns) :], columns, strict=True)}


def _ends(result: FitResult, problem: Problem, j: int, sought: float) -> tuple[_Bound, _Bound]:
    L = np.eye(1, len(parameter_names(result)), j)
    reason = no_test(result) if len(determined(result, L, [j])) else reasons.not_estimable(result)[j]
    if reason is not None:
        return _Bound(math.nan, reason), _Bound(math.nan, reason)
    profile = _Profile(problem, Constraint.of(problem.seen(L)), L, sought)
    return profile.bound(-1.0), profile.bound(1.0)


def _estimates(result: FitResult) -> FloatArray:
    """Estimates (k,), infinite where they are and NaN where dependent columns leave them open."""
    every = with_ends(parameters(result)[0], infinite_signs(result))
    dependence, stack = dependence_of(result, None), result.stack
    if stack is None:
        return np.where(dependence.estimable(intercept=result.fit_intercept), every, np.nan)
    known = dependence.estimable(intercept=stack.intercept)
    return np.where(np.tile(known, len(stack.predictors)), every, np.nan)
