"""From what a caller passes to the record of its fit."""

from __future__ import annotations

from typing import Any

from mathlearn.results.fit_result import FitResult

__all__ = ["result_of"]


def result_of(model: Any, which: str) -> FitResult:
    """Return the record of a fitted model (or the record itself).

    Parameters
    ----------
    model : object
    which : str
        Which one it is, for the message: "model 2".

    Raises
    ------
    NotFittedError
        It is a model, not fitted yet.
    TypeError
        It is none of ours.
    """
    result = getattr(model, "result_", model)
    if isinstance(result, FitResult):
        return result
    from mathlearn._sklearn import BaseEstimator, NotFittedError

    name = type(model).__name__
    if isinstance(model, BaseEstimator) and _ours(type(model)):
        raise NotFittedError(f"{which}: this {name} instance is not fitted yet. Call 'fit' with its data first.")
    raise TypeError(f"{which} is of type {name}, which holds no fit of mathlearn's. {_remedy(model)}")


def _ours(kind: type) -> bool:
    return any(base.__module__.partition(".")[0] == "mathlearn" for base in kind.__mro__)


def _remedy(model: Any) -> str:
    if isinstance(model, list | tuple):
        return "Pass the models one by one: compare(*models)."
    if hasattr(model, "steps"):
        return "Of a pipeline pass the last step: pipeline[-1]."
    if hasattr(model, "best_estimator_"):
        return "Of a search pass what it found: search.best_estimator_."
    if type(model).__module__.partition(".")[0] == "sklearn":
        return (
            "Fit mathlearn's estimator of that name; compare_with_sklearn(model, X, y) sets it beside scikit-learn's."
        )
    return "Pass fitted models, or their result_."
