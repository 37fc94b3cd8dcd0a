"""The law of a fit by likelihood, made again from its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mathlearn.probability import family_named
from mathlearn.probability.multinomial import MULTINOMIAL
from mathlearn.results.stack import for_one_predictor

if TYPE_CHECKING:
    from mathlearn.probability.family import Family, Support
    from mathlearn.results.likelihood import Likelihood

__all__ = ["Law", "family_of", "law_of", "reducible", "same_family", "same_law"]


class Law(Protocol):
    """What is declared of any law, that of one linear predictor a row or of several."""

    @property
    def title(self) -> str:
        """The name in a sentence."""

    @property
    def support(self) -> Support:
        """Where the density lives."""

    @property
    def fixed_dispersion(self) -> bool:
        """Whether the dispersion is 1 by definition."""

    @property
    def has_density(self) -> bool:
        """Whether there is a likelihood, not a quasi-likelihood."""


def law_of(likelihood: Likelihood) -> Law:
    """Return the law that was fitted: a family of one linear predictor, or the multinomial of several."""
    return MULTINOMIAL if likelihood.family == MULTINOMIAL.name else family_of(likelihood)


def family_of(likelihood: Likelihood) -> Family:
    """Return the family that was fitted, with its parameters.

    Raises
    ------
    DomainError
        It was a law of several linear predictors.
    """
    if likelihood.family == MULTINOMIAL.name:
        raise for_one_predictor("this statistic", len(likelihood.classes))
    return family_named(likelihood.family, **dict(likelihood.parameters))


def reducible(family: Family, link: str) -> bool:
    """Whether Jeffreys' prior is what reduces the bias: the link is canonical and the dispersion known."""
    return family.canonical == link and family.fixed_dispersion


def same_law(a: Likelihood, b: Likelihood) -> bool:
    """Whether two fits are by one family with the same parameters, so that their deviances measure the same."""
    return (a.family, a.parameters) == (b.family, b.parameters)


def same_family(a: Likelihood, b: Likelihood) -> bool:
    """Whether two fits are by one family, with the same parameters but for those that both estimated: then likelihoods compare them."""
    return (a.family, a.estimated, _given(a)) == (b.family, b.estimated, _given(b))


def _given(likelihood: Likelihood) -> tuple[tuple[str, float], ...]:
    return tuple((name, value) for name, value in likelihood.parameters if name not in likelihood.estimated)
