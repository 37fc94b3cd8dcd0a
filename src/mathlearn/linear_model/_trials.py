"""Trials of a binomial that are given apart from the proportions: put beside them, once, as y takes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.data.inputs import read_numbers
from mathlearn.data.validate import check_lengths

if TYPE_CHECKING:
    from collections.abc import Container

    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult

__all__ = ["as_weight", "beside_trials", "require_trials", "rows_with_trials", "trials_of", "with_trials"]

_PAIRED = frozenset({"successes and failures", "proportions and trials"})


def with_trials(y: Any, trials: Any) -> Any:
    """Put proportions and trials side by side, as names or as numbers.

    Raises
    ------
    DomainError
        There is no y, one is a name and the other is not, or either has several columns.
    """
    if isinstance(y, str) and isinstance(trials, str):
        return [y, trials]
    if y is None or isinstance(y, str) or isinstance(trials, str):
        raise DomainError(
            "trials= goes with y= of the same kind, two arrays or two column names; beside a formula with a left side it is the name of "
            "a column."
        )
    from pandas import DataFrame

    proportions, counts = read_numbers(y, "y"), read_numbers(trials, "trials")
    for what, numbers in (("y", proportions), ("trials", counts)):
        if numbers[0].shape[1] != 1:
            raise DomainError(
                f"{what} has {numbers[0].shape[1]} columns; with trials=, y is one column of proportions, and trials are another."
            )
    check_lengths([("y", len(proportions[0])), ("trials", len(counts[0]))])
    # As a table the columns keep their names, and the rows their labels.
    table = {"y": proportions[0][:, 0], "trials": counts[0][:, 0]}
    return DataFrame(table, index=proportions.index)


def beside_trials(result: FitResult, design: Design, y: Any, trials: Any) -> Any:
    """Return y as a fit to proportions and trials takes it again: beside its trials, where these are given apart.

    Parameters
    ----------
    result, design
        Of the fit.
    y, trials
        As given to a method; without trials y is returned as it is.

    Raises
    ------
    DomainError
        The model was fitted without trials, or to successes and failures, or the two do not go together.
    """
    if trials is None:
        return y
    form = None if result.likelihood is None else result.likelihood.response
    if form == "successes and failures":
        raise DomainError(
            f"trials= is given, but this model was fitted to successes and failures ({', '.join(design.responses)}): give both as y, as to fit."
        )
    if form != "proportions and trials":
        raise DomainError(
            "trials= is given, but this model was fitted without: leave it out, or fit proportions with trials=."
        )
    if y is None and isinstance(trials, str) and trials in design.response_columns[-1:]:
        return None  # both are columns of X that the fit knows
    return with_trials(y, trials)


def as_weight(sample_weight: Any, trials: Any) -> Any:
    """Return what rows weigh in an average where each stands for its trials.

    Raises
    ------
    DomainError
        Both are given.
    """
    if trials is None:
        return sample_weight
    if sample_weight is not None:
        raise DomainError("sample_weight= and trials= are both weights of the average: give one, or their product.")
    return trials


def require_trials(result: FitResult, design: Design, columns: Container[str]) -> bool:
    """Whether rows of new X stand for trials, which are to be read from its columns.

    Raises
    ------
    DomainError
        They do, and X has no such columns.
    """
    if result.likelihood is None or result.likelihood.response not in _PAIRED:
        return False
    names = design.response_columns if design.encoding is None else design.encoding.response_columns
    if names and all(name in columns for name in names):
        return True
    raise DomainError(
        f"each row of this fit stands for its trials ({', '.join(design.responses)}), and X has no columns that tell how many: give trials=, "
        "by which rows are weighed, or sample_weight=1 to count each row once."
    )


def rows_with_trials(design: Design, X: Any, trials: Any, **roles: Any) -> BoundRows:
    """Bind new rows with their trials, an array or a column's name, in the place of y; one number for all rows is not read.

    Raises
    ------
    DomainError
        The model is one of labels, whose y is no number, and there is not one number of trials for all rows.
    """
    if not isinstance(trials, str) and np.ndim(trials) == 0:
        return design.bind(X, **roles)
    if design.classes:
        raise DomainError(
            "trials= of each row are read in the place of y, which in this model is labels: give one number for all rows, or fit "
            "GeneralizedLinearRegressor(family='binomial')."
        )
    return replace(design, responses=("trials",)).bind(X, trials, **roles)


def trials_of(chunk: Chunk, trials: Any) -> FloatArray | None:
    """Return the trials (n,) of the rows of a block that was read by `rows_with_trials`; None where none were given."""
    if trials is None:
        return None
    return np.full(chunk.n, float(trials)) if chunk.y is None else np.asarray(chunk.y)[:, -1]
