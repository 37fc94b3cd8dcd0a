"""The only place that uses what scikit-learn does not document as public."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

from sklearn import __version__ as sklearn_version
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils._param_validation import Hidden, Interval, InvalidParameterError, StrOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "BaseEstimator",
    "CallbackSupport",
    "ClassifierMixin",
    "ConvergenceWarning",
    "Hidden",
    "Interval",
    "MultiOutputMixin",
    "NotFittedError",
    "RegressorMixin",
    "StrOptions",
    "check_parameters",
    "fit_task",
    "has_callbacks",
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


class CallbackSupport:
    """Mixin: takes scikit-learn's callbacks, which came with its version 1.9 and are imported only when they are used."""

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Set scikit-learn's callbacks, which `fit` then tells of its passes over a stream.

        Parameters
        ----------
        *callbacks
            Such as `sklearn.callback.ProgressBar()`; none to take back those there are.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            This scikit-learn has no callbacks.
        TypeError
            One of them is no callback.

        Examples
        --------
        >>> from sklearn.callback import ProgressBar
        >>> from mathlearn.linear_model import LinearRegression
        >>> LinearRegression().set_callbacks(ProgressBar()).set_callbacks()
        LinearRegression()
        """
        _support().set_callbacks(self, *callbacks)
        return self


def _support() -> Any:
    try:
        from sklearn.callback import CallbackSupportMixin
    except ImportError:
        raise ImportError(
            f"callbacks came with scikit-learn 1.9, and this is {sklearn_version}: install a newer one, or use "
            "mathlearn.set_config(progress=...)"
        ) from None
    return CallbackSupportMixin


def has_callbacks(estimator: object) -> bool:
    """Whether scikit-learn's callbacks are to be told of a fit: set on the estimator, or on one that it is a part of."""
    held = vars(estimator)
    return "_skl_callbacks" in held or "_parent_callback_ctx" in held


@contextmanager
def fit_task(estimator: BaseEstimator, **data: Any) -> Iterator[Any]:
    """Tell callbacks that a fit begins, and in the end, with the estimator as it then is, that it has ended.

    Parameters
    ----------
    estimator : BaseEstimator
    **data
        X, y and metadata, as callbacks are given them.

    Yields
    ------
    sklearn.callback.CallbackContext
        The task, for which it is unknown how many subtasks it will have.
    """
    from sklearn.callback import with_callbacks

    try:
        task = _support()._init_callback_context(estimator, max_subtasks=None)  # noqa: SLF001 - for estimators to call
        task.call_on_fit_task_begin(estimator=estimator, **data)
        yield task
        task.call_on_fit_task_end(estimator=estimator, **data, reconstruction_attributes=dict)
    finally:
        with_callbacks(_nothing)(estimator)  # tears the callbacks down, as at the end of a method


def _nothing(_estimator: BaseEstimator) -> None:
    pass
