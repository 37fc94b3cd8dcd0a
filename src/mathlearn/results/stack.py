"""`Stack`: several linear predictors in one row of parameters. Pure data, and what follows from it alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.results.fit_result import FitResult

__all__ = [
    "INTERCEPT",
    "Predictors",
    "Stack",
    "columns_of",
    "for_one_predictor",
    "predictors_of",
    "require_one_predictor",
    "stacked_names",
]

INTERCEPT = "(Intercept)"
_BETWEEN = ": "


@dataclass(frozen=True, slots=True)
class Stack:
    r"""How the parameters of a multinomial fit stand in one row.

    Of K classes there are K - 1 linear predictors, the log odds :math:`\eta_k = \log(\pi_k / \pi_1)` of each class but the first against the
    first. A `FitResult` holds their parameters as those of one predictor without intercept: class by class, in each the intercept first,
    if there is one, then the slopes. Statistics of linear functionals (tables, tests, contrasts across classes) then hold as they are.

    Attributes
    ----------
    classes : tuple of str
        The K classes as text, the first of which is the one compared with.
    columns : tuple of str
        Names of the p columns of X.
    intercept : bool
    mean : (p,)
        A point near the rows, in their coordinates.
    origin : (p,)
        What was subtracted from each column, exactly, before it became float64; zeros but for huge integers.
    level : (K - 1,)
        Linear predictors there, more accurate than intercept and slopes can give them; without intercept those at zero, which are zero.
    """

    classes: tuple[str, ...]
    columns: tuple[str, ...]
    intercept: bool
    mean: FloatArray
    origin: FloatArray
    level: FloatArray

    @property
    def predictors(self) -> tuple[str, ...]:
        """Names of the K - 1 predictors: ``versicolor / setosa``."""
        return tuple(f"{name} / {self.classes[0]}" for name in self.classes[1:])

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the parameters of each predictor, the intercept first."""
        return (INTERCEPT, *self.columns) if self.intercept else self.columns

    @property
    def intercepts(self) -> BoolArray:
        """Which of the stacked parameters are intercepts."""
        each = np.arange(len(self.terms)) < int(self.intercept)
        return np.tile(each, len(self.classes) - 1)

    def apart(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Take stacked parameters (m,) apart: slopes (K - 1, p) and intercepts (K - 1,), which are zero where there is none."""
        each = parameters.reshape(len(self.classes) - 1, -1)
        first = int(self.intercept)
        return each[:, first:], each[:, 0] if first else np.zeros(len(each))

    @staticmethod
    def balanced(against_first: FloatArray) -> FloatArray:
        """Put differences (K - 1, ...) from the first class as K numbers that sum to zero."""
        every = np.concatenate([np.zeros((1, *against_first.shape[1:])), against_first])
        return np.asarray(every - every.mean(axis=0))


def stacked_names(classes: Sequence[str], terms: Sequence[str]) -> tuple[str, ...]:
    """Name the stacked parameters, no two alike: ``versicolor: petal_length``; a class with a colon stands in backquotes."""
    quoted = [f"`{name}`" if _BETWEEN in name else name for name in classes[1:]]
    return tuple(_BETWEEN.join(pair) for pair in product(quoted, terms))


class Predictors(NamedTuple):
    """The linear predictors by which a fit predicts.

    Attributes
    ----------
    coef, intercept : (q, p), (q,)
    mean : (p,) or None
        A point in the coordinates of the rows; None where none is known.
    centre : (q,)
        Predictors there, more accurate than ``intercept + mean @ coef``.
    """

    coef: FloatArray
    intercept: FloatArray
    mean: FloatArray | None
    centre: FloatArray


def predictors_of(result: FitResult) -> Predictors:
    """Return the predictors of a fit: one a response, or one a class in the symmetric form, whose softmax are the probabilities.

    Of the scores of K classes only differences are determined. In the symmetric form the coefficients sum to zero over the classes, which
    with a penalty on their squares are the ones that minimise it.
    """
    stack = result.stack
    if stack is None:
        mean = None if result.curvature is None else result.curvature.mean
        return Predictors(result.coef, result.intercept, mean, result.centre)
    slopes, intercept = stack.apart(result.coef[0])
    return Predictors(stack.balanced(slopes), stack.balanced(intercept), stack.mean, stack.balanced(stack.level))


def columns_of(result: FitResult) -> tuple[str, ...]:
    """Names of the columns of X, which are not the terms where predictors are stacked."""
    return result.terms if result.stack is None else result.stack.columns


def require_one_predictor(result: FitResult, what: str) -> None:
    """Refuse what is there for a single linear predictor only.

    Raises
    ------
    DomainError
        The fit is of more than two classes.
    """
    if result.stack is not None:
        raise for_one_predictor(what, len(result.stack.classes))


def for_one_predictor(what: str, classes: int) -> DomainError:
    """Say that a fit of several classes has not what is asked of it, and what it has."""
    return DomainError(
        f"{what} is there for one linear predictor, and this fit of {classes} classes has {classes - 1}: fit two classes at a time."
    )
