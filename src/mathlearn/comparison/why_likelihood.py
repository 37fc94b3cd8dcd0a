"""Why two fits by likelihood of the same rows differ: what the evidence says, and nothing beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.comparison.apart import Apart, Cause, causes_of, our_evidence
from mathlearn.statistics.cells import number
from mathlearn.statistics.words import rough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray

__all__ = ["LikelihoodEvidence", "causes"]

UNEVEN = 100.0
"""Ratio of the sizes of columns from which their units are told of."""
ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodEvidence(Apart):
    """What is known of two fits by likelihood, beside how far they are apart.

    Attributes
    ----------
    excess : float
        By how much scikit-learn's objective is above mathlearn's, in log-likelihoods; negative if below.
    warned : bool
        Whether scikit-learn said that it had not converged.
    steps, limit : int
        Its iterations, and how many it may make.
    solver : str
    sizes : (p,)
        Root mean squares of the columns, in the user's units.
    """

    excess: float
    warned: bool
    steps: int
    limit: int
    solver: str
    sizes: FloatArray


def causes(evidence: LikelihoodEvidence) -> Iterator[Cause]:
    """Yield the reasons for the difference, the weightiest first; of penalised fits, what both are not."""
    yield from causes_of(evidence, _differences)
    likelihood = evidence.result.likelihood
    if likelihood is not None and likelihood.penalty and not evidence.error:
        yield Cause(
            "penalty",
            f"both add half of {number(likelihood.penalty, 4)} times the sum of squared coefficients, in the units of the columns: neither shows the "
            "estimates of maximum likelihood",
        )


def _differences(evidence: LikelihoodEvidence) -> Iterator[Cause]:
    if evidence.float32:
        yield Cause(
            "precision",
            "X is float32, in which scikit-learn computes (24 bits, 7 digits); mathlearn computes in float64",
        )
    if evidence.solver == "liblinear" and evidence.result.fit_intercept:
        yield Cause("penalty", "scikit-learn's liblinear penalises the intercept too: it minimises another objective")
        return
    size = max(abs(evidence.result.deviance[0]), 1.0)
    if evidence.excess > ROUNDING * size:
        yield from _stopped_early(evidence)
    elif evidence.excess < -ROUNDING * size:
        yield Cause(
            "not certified",
            f"scikit-learn's objective is {number(-evidence.excess, 2)} below mathlearn's{our_evidence(evidence)}",
        )


def _stopped_early(evidence: LikelihoodEvidence) -> Iterator[Cause]:
    """Tell how far above the minimum scikit-learn stopped, and whether the units of the columns are why.

    Near the minimum the objective rises by half the squared distance, in standard errors of the direction gone.
    """
    reached = f"all {evidence.limit}" if evidence.steps >= evidence.limit else str(evidence.steps)
    word = "and warned of it" if evidence.warned else "without a warning"
    yield Cause(
        "iterations",
        f"scikit-learn's {evidence.solver or 'solver'} stopped after {reached} iteration{'s' * (evidence.steps != 1)} {word}: its objective is "
        f"{number(evidence.excess, 2)} above the minimum, which is {number(sqrt(2 * evidence.excess), 2)} {evidence.unit} away"
        f"{our_evidence(evidence)}",
    )
    sizes = evidence.sizes[evidence.sizes > 0]
    if sizes.size and sizes.max() >= UNEVEN * min(sizes.min(), 1.0):
        small, large = int(np.where(evidence.sizes > 0, evidence.sizes, np.inf).argmin()), int(evidence.sizes.argmax())
        terms, scaled = evidence.result.terms, evidence.result.condition_scaled
        after = "" if isnan(scaled) else f". After centring and scaling the condition number is {rough(scaled)}"
        between = f" down to {number(float(sizes.min()), 2)} ({terms[small]})" if small != large else ""
        yield Cause(
            "conditioning",
            f"the columns are of size {number(float(sizes.max()), 2)} ({terms[large]}){between}, beside the constant 1, and scikit-learn's steps "
            f"depend on these units{after}",
        )
