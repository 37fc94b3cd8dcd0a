"""The only place that uses what scikit-learn does not document as public."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils._param_validation import Interval, StrOptions

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BaseEstimator",
    "ConvergenceWarning",
    "Interval",
    "MultiOutputMixin",
    "NotFittedError",
    "RegressorMixin",
    "StrOptions",
    "check_parameters",
    "is_fitted",
]


# Parameters that passed the check before: class, values and their types (True is not 1 there). Forgotten when there are many.
_PASSED: set[tuple[Any, ...]] = set()
_MOST_PASSED = 1024
_PLAIN = frozenset({bool, int, float, str, type(None)})


def check_parameters(estimator: BaseEstimator) -> None:
    """Check constructor parameters against ``_parameter_constraints``, as scikit-learn's own fits do.

    The same plain values of the same class are checked once: a small fit takes less time than scikit-learn's check.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        A ValueError naming the parameter, what it got and what is allowed.
    """
    kind: Any = type(estimator)
    values = _reader(kind)(estimator)
    types = tuple(map(type, values))
    plain = _PLAIN.issuperset(types)
    if plain and (kind, types, values) in _PASSED:
        return
    estimator._validate_params()  # noqa: SLF001 - inherited, for estimators to call
    if plain:
        if len(_PASSED) >= _MOST_PASSED:
            _PASSED.clear()
        _PASSED.add((kind, types, values))


@cache
def _reader(kind: Any) -> Callable[[BaseEstimator], tuple[Any, ...]]:
    """Return what reads all parameters of an estimator of this class at once."""
    names = kind._get_param_names()  # noqa: SLF001 - the names that get_params reads, without reading them
    return attrgetter(*names) if len(names) > 1 else lambda estimator: tuple(getattr(estimator, name) for name in names)


def is_fitted(estimator: BaseEstimator) -> bool:
    """Whether the estimator holds a fit."""
    return "result_" in vars(estimator)
