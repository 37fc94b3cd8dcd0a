"""The only place that uses what scikit-learn does not document as public."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils._param_validation import Hidden, Interval, InvalidParameterError, StrOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "BaseEstimator",
    "ClassifierMixin",
    "ConvergenceWarning",
    "Hidden",
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


def check_parameters(
    estimator: BaseEstimator, did_you_mean: Callable[[str, Iterable[str]], str] = lambda _name, _known: ""
) -> None:
    """Check constructor parameters against ``_parameter_constraints``, as scikit-learn's own fits do.

    The same plain values of the same class are checked once: a small fit takes less time than scikit-learn's check.

    Parameters
    ----------
    estimator : BaseEstimator
    did_you_mean : callable
        Ends the message on a misspelt option, given it and those there are.

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
    try:
        estimator._validate_params()  # noqa: SLF001 - inherited, for estimators to call
    except InvalidParameterError as error:
        raise InvalidParameterError(f"{error}{_nearest(estimator, str(error), did_you_mean)}") from None
    if plain:
        if len(_PASSED) >= _MOST_PASSED:
            _PASSED.clear()
        _PASSED.add((kind, types, values))


def _nearest(estimator: BaseEstimator, message: str, did_you_mean: Callable[[str, Iterable[str]], str]) -> str:
    """Return what the misspelt option that a message is about may have meant."""
    allowed: dict[str, list[Any]] = estimator._parameter_constraints  # noqa: SLF001 - scikit-learn's own place for them
    for name, constraints in allowed.items():
        value = getattr(estimator, name)
        options = sorted({option for each in constraints if isinstance(each, StrOptions) for option in each.options})
        if isinstance(value, str) and options and message.startswith(f"The {name!r} parameter"):
            return did_you_mean(value, options)
    return ""


@cache
def _reader(kind: Any) -> Callable[[BaseEstimator], tuple[Any, ...]]:
    """Return what reads all parameters of an estimator of this class at once."""
    names = kind._get_param_names()  # noqa: SLF001 - the names that get_params reads, without reading them
    return attrgetter(*names) if len(names) > 1 else lambda estimator: tuple(getattr(estimator, name) for name in names)


def is_fitted(estimator: BaseEstimator) -> bool:
    """Whether the estimator holds a fit."""
    return "result_" in vars(estimator)
