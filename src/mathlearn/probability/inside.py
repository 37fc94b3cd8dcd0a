"""Observations that a family does not have: found block by block, refused once for all, in the user's own terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn._typing import BoolArray, FloatArray, IntArray
    from mathlearn.probability.family import Family

__all__ = ["Outside", "outside"]

_WHOLE = 1e-3  # how far a proportion times its trials may be from whole, as in R: files hold rounded proportions

_OF_TRIALS = (
    "trials that are no positive whole number",
    "proportions outside 0 to 1 (fewer trials than successes?)",
    "proportions that are no whole number of successes",
)


class Broken(NamedTuple):
    """How often one rule is broken.

    Attributes
    ----------
    times : int
    y : float
    trials : float or None
    row : int
        Of the first.
    """

    times: int = 0
    y: float = 0.0
    trials: float | None = None
    row: int = 0

    def merge(self, later: Broken) -> Broken:
        """Return what is known of earlier and later rows."""
        return (self if self.times else later)._replace(times=self.times + later.times)


class Outside(NamedTuple):
    """What observations lie outside a family's domain; a monoid under `merge`.

    Attributes
    ----------
    of : int
        How many were looked at.
    broken : tuple of Broken
        Of each rule; the first that is broken is told.
    """

    of: int
    broken: tuple[Broken, ...]

    def merge(self, later: Outside) -> Outside:
        """Return what is known of earlier and later rows."""
        each = (a.merge(b) for a, b in zip(self.broken, later.broken, strict=True))
        return Outside(self.of + later.of, tuple(each))

    def refuse(self, family: Family, column: str, locate: Callable[[int], str]) -> None:
        """Refuse them, if there are any.

        Raises
        ------
        DomainError
        """
        found = next(((rule, broken) for rule, broken in enumerate(self.broken) if broken.times), None)
        if found is None:
            return
        rule, (times, y, trials, row) = found
        head, where = f"{column} has {times} of {self.of}", locate(row)
        if trials is None:
            raise DomainError(
                f"{head} values outside the domain of the {family.title} family, first {y!r} in {where}: allowed are "
                f"{family.domain.allowed}. {family.domain.remedy}"
            )
        raise DomainError(
            f"{head} {_OF_TRIALS[rule]}, first {y!r} of {trials!r} trials in {where}: allowed are successes / trials, with "
            f"0 <= successes <= trials. Give proportions in {column} and their whole numbers of trials"
        )


def outside(family: Family, y: FloatArray, trials: FloatArray | None, index: IntArray | None = None) -> Outside:
    """Find the observations (n,) that a family does not have, and the first of them by its place or its `index` (n,).

    Raises
    ------
    DomainError
        There are trials, and the family has none.
    """
    broken = []
    for bad in _rules(family, y, trials):
        rows = np.flatnonzero(bad)
        if rows.size:
            first = int(rows[0])
            of_first = None if trials is None else float(trials.flat[first])
            row = first if index is None else int(index[first])
            broken.append(Broken(int(rows.size), float(y.flat[first]), of_first, row))
        else:
            broken.append(Broken())
    return Outside(int(y.size), tuple(broken))


def _rules(family: Family, y: FloatArray, trials: FloatArray | None) -> Iterator[BoolArray]:
    """Yield, rule by rule, which observations break it."""
    if trials is None:
        yield ~family.domain.inside(y)
        return
    if not family.takes_trials:
        raise DomainError(
            f"trials were given, which the {family.title} family does not have: leave them out, or use 'binomial' or 'quasibinomial'"
        )
    yield ~(np.isfinite(trials) & (trials > 0.0) & (trials == np.rint(trials)))
    yield ~((y >= 0.0) & (y <= 1.0))
    yield _uneven(y, trials)


def _uneven(y: FloatArray, trials: FloatArray) -> BoolArray:
    with np.errstate(over="ignore", invalid="ignore"):
        successes = trials * y
        return np.asarray(np.abs(successes - np.rint(successes)) > _WHOLE)
