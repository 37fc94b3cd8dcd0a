"""`LikelihoodLaw`: the law of a fit by likelihood, and how its letters read; of one linear predictor, or of several classes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.multinomial import MULTINOMIAL
from mathlearn.statistics.law import family_of

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.likelihood import Likelihood

__all__ = ["ClassesLaw", "FittedLaw", "LikelihoodLaw", "law_of_record"]

_MU = re.compile(r"\\mu(?![a-zA-Z])")
_AT = (-0.4, 0.7, 1.9)  # predictors at which kernels are compared
_SAME = 1e-12


class LikelihoodLaw(ABC):
    """What is asked of the law of any fit by likelihood.

    Attributes
    ----------
    record : Likelihood
    """

    __slots__ = ()

    record: Likelihood

    @property
    @abstractmethod
    def canonical(self) -> bool:
        """Whether the link is the canonical one, for which the log-likelihood is concave."""

    @property
    @abstractmethod
    def has_density(self) -> bool:
        """Whether there is a density, so that there is a likelihood; a quasi-likelihood has none."""

    @property
    @abstractmethod
    def certain(self) -> bool:
        """Whether a model with a mean for every row gives what was observed the probability one."""

    @property
    @abstractmethod
    def of_row(self) -> str:
        """LaTeX of the logarithm of the density of a row."""

    @property
    def dispersed(self) -> bool:
        """Whether the dispersion is estimated."""
        return self.record.dispersion_from != "fixed"

    @property
    def penalised(self) -> bool:
        """Whether the squares of the coefficients are penalised."""
        return self.record.penalty > 0

    @property
    def corrected(self) -> bool:
        """Whether Firth's correction is in the objective."""
        return self.record.bias_reduction == "firth"

    @property
    def shrunk(self) -> bool:
        """Whether something beside the likelihood is in the objective."""
        return self.penalised or self.corrected

    @property
    def with_trials(self) -> bool:
        """Whether y was given with numbers of trials."""
        return self.record.response in {"successes and failures", "proportions and trials"}

    @property
    def trials(self) -> str:
        """LaTeX of the trials of a row, before what they multiply."""
        return r"\tau_i\, " if self.with_trials else ""


@dataclass(frozen=True, slots=True, eq=False)
class ClassesLaw(LikelihoodLaw):
    """The multinomial law of more than two classes, whose log odds are linear predictors.

    Attributes
    ----------
    record : Likelihood
    """

    record: Likelihood

    @property
    def canonical(self) -> bool:
        """The softmax is the canonical link of its log odds."""
        return True

    @property
    def has_density(self) -> bool:
        """There is a likelihood."""
        return True

    @property
    def certain(self) -> bool:
        """A row's own class has the probability one in a model that knows every row."""
        return True

    @property
    def of_row(self) -> str:
        """The log-probability of the class observed."""
        return r"\log \pi_{i y_i}"


@dataclass(frozen=True, slots=True, eq=False)
class FittedLaw(LikelihoodLaw):
    """The law of one linear predictor.

    Attributes
    ----------
    record : Likelihood
    family, link : made again from their names and parameters
    """

    record: Likelihood
    family: Family
    link: Link

    @property
    def canonical(self) -> bool:
        """Whether the link is the canonical one, for which the log-likelihood is concave."""
        return self.family.canonical == self.link.name

    @property
    def plain(self) -> bool:
        """Whether the score of a row is the difference of observation and mean, times its weight."""
        share = self._always(self.link.dmu(np.array(_AT)) / self._variance())
        return self.canonical and abs(share - 1.0) <= _SAME

    @property
    def constant_weight(self) -> float:
        """The working weight of a row of weight one, where it is the same for every mean; else NaN."""
        return self._always(self.link.dmu(np.array(_AT)) ** 2 / self._variance())

    @property
    def has_density(self) -> bool:
        """Whether the family has a density, so that there is a likelihood; a quasi-likelihood has none."""
        return self.family.saturated_of is not None

    @property
    def binary(self) -> bool:
        """Whether y is one of two classes, or zero and one."""
        return self.family.of_events and not self.with_trials

    @property
    def certain(self) -> bool:
        """Of a binary response with a likelihood, it does."""
        return self.binary and self.has_density

    @property
    def of_row(self) -> str:
        """That of its observation at its mean."""
        return r"\log f(y_i; \mu_i)"

    def in_mean(self, latex: str, mean: str = r"\mu_i") -> str:
        r"""Write another mean where LaTeX of the family or the link has :math:`\mu`."""
        return _MU.sub(lambda _: mean, latex)

    def _variance(self) -> FloatArray:
        return self.family.variance(self.link.mu(np.array(_AT)))

    def _always(self, values: FloatArray) -> float:
        """Return a value that holds wherever there is a mean; NaN where they differ."""
        known = values[np.isfinite(values)]
        same = known.size > 1 and float(np.ptp(known)) <= _SAME * abs(float(known[0]))
        return float(known.mean()) if same else float("nan")


def law_of_record(record: Likelihood | None) -> LikelihoodLaw | None:
    """Make the law of a record again; None where there is none, which is least squares."""
    if record is None:
        return None
    if record.family == MULTINOMIAL.name:
        return ClassesLaw(record)
    family = family_of(record)
    return FittedLaw(record, family, family.link(record.link))
