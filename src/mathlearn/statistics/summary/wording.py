"""`Wording`: what a summary says of one kind of fit, chosen by the record of its statistics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from mathlearn.statistics.goodness import Goodness
from mathlearn.statistics.likelihood_goodness import LikelihoodGoodness
from mathlearn.statistics.summary import least_squares, likelihood

if TYPE_CHECKING:
    from mathlearn.results.fit_result import FitResult

__all__ = ["Wording", "wording"]

Sentences = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a summary that depend on the kind of fit.

    Attributes
    ----------
    title : str
        Of one response its name included.
    first : tuple of (label, sentence)
        Before the evidence: what limits everything below.
    design : tuple of (label, sentence)
        Rank, conditioning, offset.
    lines : tuple of tuple of (label, sentence)
        The numbers about the fit, of each response.
    """

    title: str
    first: Sentences
    design: Sentences
    lines: tuple[Sentences, ...]


@singledispatch
def wording(fit: Any, result: FitResult) -> Wording:
    """Put the statistics of a fit as a whole into words.

    Raises
    ------
    TypeError
        These are statistics of no known kind.
    """
    raise TypeError(f"{type(fit).__name__} holds no statistics of a fit: {result.responses}")


@wording.register(Goodness)
def _(fit: Goodness, result: FitResult) -> Wording:
    return Wording(
        title=least_squares.title(result),
        first=(),
        design=(*least_squares.design(result), *least_squares.offset(result)),
        lines=tuple(tuple(least_squares.fit_lines(result, fit, i)) for i in range(len(result.responses))),
    )


@wording.register(LikelihoodGoodness)
def _(fit: LikelihoodGoodness, result: FitResult) -> Wording:
    return Wording(
        title=likelihood.title(result),
        first=tuple(likelihood.withheld(result)),
        design=(*likelihood.design(result), *likelihood.offset(result), *likelihood.notes(result)),
        lines=(tuple(likelihood.fit_lines(result, fit)),),
    )
