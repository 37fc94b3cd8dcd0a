"""Covariance of the estimates, one file a kind; a file's `KINDS` are registered by being there.

To add one: a module here with a `RowStatistic` and ``KINDS = (Kind(...),)``.
"""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from mathlearn._errors import DomainError
from mathlearn.statistics.cells import percent
from mathlearn.statistics.covariance.class_white import ClassWhite
from mathlearn.statistics.covariance.kind import Kind, RowStatistic
from mathlearn.statistics.covariance.white import Tally, WhiteRows
from mathlearn.statistics.functional import require_curvature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.chunk import Chunk
    from mathlearn.data.rows import Rows
    from mathlearn.results.fit_result import CovarianceEstimate, FitResult

__all__ = ["KINDS", "Kind", "RowStatistic", "estimate", "kind_named"]

S = TypeVar("S")

# Rounding may move a robust standard error by about this share of it before it is said.
BLURRED = 0.01

KINDS: dict[str, Kind] = {
    kind.name: kind
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__))
    for kind in getattr(import_module(f"{__name__}.{module}"), "KINDS", ())
}


def kind_named(name: str) -> Kind:
    """Look up a covariance kind.

    Raises
    ------
    DomainError
        There is none of that name.
    """
    if name in KINDS:
        return KINDS[name]
    near = get_close_matches(name.lower(), [known.lower() for known in KINDS], n=1)
    hint = next((f" Did you mean {known!r}?" for known in KINDS if known.lower() in near), "")
    raise DomainError(f"covariance is {name!r}: it must be one of {', '.join(map(repr, KINDS))}.{hint}")


def estimate(
    kind: str, result: FitResult, rows: Rows | None, *, max_rows: int, threads: int, own: bool = False, **options: Any
) -> CovarianceEstimate:
    """Estimate the covariance of the estimates of a fit, reading the rows once if the kind needs them.

    Parameters
    ----------
    kind : {"classical", "HC0", "HC1", "HC2", "HC3", "cluster", "HAC"}
    result : FitResult
        Its curvature and coefficients are used; its own covariance is ignored but must not be withheld.
    rows : Rows or None
        The rows of the fit; not read, and may be None, for "classical".
    max_rows, threads : int
        Rows a chunk, and chunks at work at a time.
    own : bool
        Whether the rows are known to be those of the fit, in which case this is not asked of them.
    **options
        Of the kind: ``lags``, ``small_sample`` for "HAC".

    Raises
    ------
    DomainError
        Unknown kind or bad option; inference is withheld.
    SchemaError
        The rows are not those of the fit, or lack y or groups.
    TypeError
        An option that the kind does not have.

    Examples
    --------
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.statistics import estimate
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> model = LinearRegression().fit(X, y)
    >>> found = estimate("HC3", model.result_, model._fit_rows(X, y), max_rows=100, threads=1)
    >>> found.kind, found.df
    ('HC3', 2.0)
    """
    chosen = kind_named(kind)
    unknown = sorted(set(options) - chosen.options)
    if unknown:
        allowed = ", ".join(sorted(chosen.options)) or "none"
        raise TypeError(f"covariance {kind!r} has no option {', '.join(unknown)} (its options: {allowed})")
    if chosen.without_rows is not None:
        return chosen.without_rows(result)
    if chosen.prepare is None or rows is None:
        raise DomainError(f"covariance {kind!r} reads the rows of the fit: give X and y")
    require_curvature(result)
    return _from_rows(chosen.prepare(result, **options), result, rows, max_rows=max_rows, threads=threads, own=own)


def _from_rows(
    statistic: RowStatistic[S], result: FitResult, rows: Rows, *, max_rows: int, threads: int, own: bool
) -> CovarianceEstimate:
    def of(chunk: Chunk) -> tuple[Tally, S]:
        white = WhiteRows.of(result, chunk) if result.stack is None else ClassWhite.of(result, chunk)
        return white.tally(), statistic.of(white)

    def merge(first: tuple[Tally, S], second: tuple[Tally, S]) -> tuple[Tally, S]:
        return first[0].merge(second[0]), statistic.merge(first[1], second[1])

    total = rows.reduce(of, merge, max_rows=max_rows, threads=threads)
    if total is None:
        raise DomainError("there are no rows: a covariance from rows needs the X and y of the fit")
    tally, summary = total
    if not own:
        tally.require_same_rows(result)
    found = statistic.finish(summary)
    return replace(found, notes=(*found.notes, *_blurred(result, tally)))


def _blurred(result: FitResult, tally: Tally) -> Iterator[str]:
    """Say for which responses rounding leaves few digits of the residuals."""
    for name, share, exact in zip(result.responses, tally.blurred(), result.exact, strict=True):
        if share > BLURRED and not exact:
            yield (
                f"the residuals of {name!r} are so small that the rounding of the numbers they come from may have moved these "
                f"standard errors by up to {percent(float(f'{min(share, 1.0):.1g}'))}"
            )
