"""What the exponential of a coefficient multiplies, and why."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["MULTIPLIES", "Multiplied"]


class Multiplied(NamedTuple):
    """What is multiplied, in a sentence, and why it is."""

    what: str
    because: str


MULTIPLIES = {
    "logit": Multiplied(
        "the odds",
        r"The linear predictor is the logarithm of the odds $\mu / (1 - \mu)$: what is added to it multiplies them. How much the "
        "probability itself changes depends on where it is.",
    ),
    "log": Multiplied(
        "the mean",
        "The linear predictor is the logarithm of the mean: what is added to it multiplies the mean, wherever that is.",
    ),
    "cloglog": Multiplied(
        "the cumulative hazard",
        r"The linear predictor is the logarithm of $-\log(1 - \mu)$, the cumulative hazard of an event that either happens by then or "
        "does not: what is added to it multiplies the hazard.",
    ),
}
"""By link; with any other the exponential of a coefficient multiplies nothing."""
