"""Refusals of observations that a family does not have, in the user's own terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.probability.family import Family

__all__ = ["check_trials", "refuse"]


def refuse(family: Family, y: FloatArray, bad: BoolArray, column: str, locate: Callable[[int], str]) -> None:
    """Refuse observations that are outside the domain.

    Raises
    ------
    DomainError
    """
    rows = np.flatnonzero(bad)
    if rows.size:
        first = int(rows[0])
        raise DomainError(
            f"{column} has {rows.size} of {y.size} values outside the domain of the {family.title} family, first "
            f"{float(y.flat[first])!r} in {locate(first)}: allowed are {family.domain.allowed}. {family.domain.remedy}"
        )


def check_trials(family: Family, y: FloatArray, trials: FloatArray, column: str, locate: Callable[[int], str]) -> None:
    """Refuse proportions that are none of their trials.

    Raises
    ------
    DomainError
    """
    if not family.takes_trials:
        raise DomainError(
            f"trials were given, which the {family.title} family does not have: leave them out, or use 'binomial'"
        )
    for bad, problem in (
        (
            ~(np.isfinite(trials) & (trials > 0.0) & (trials == np.rint(trials))),
            "trials that are no positive whole number",
        ),
        (~((y >= 0.0) & (y <= 1.0)), "proportions outside 0 to 1 (fewer trials than successes?)"),
        (_uneven(y, trials), "proportions that are no whole number of successes"),
    ):
        rows = np.flatnonzero(bad)
        if rows.size:
            first = int(rows[0])
            raise DomainError(
                f"{column} has {rows.size} of {y.size} {problem}, first {float(y.flat[first])!r} of {float(trials.flat[first])!r} trials "
                f"in {locate(first)}: allowed are successes / trials, with 0 <= successes <= trials. Give proportions in {column} and "
                f"their whole numbers of trials"
            )


def _uneven(y: FloatArray, trials: FloatArray) -> BoolArray:
    with np.errstate(over="ignore", invalid="ignore"):
        successes = trials * y
        return np.asarray(np.abs(successes - np.rint(successes)) > _WHOLE)


_WHOLE = 1e-3  # how far a proportion times its trials may be from whole, as in R: files hold rounded proportions
