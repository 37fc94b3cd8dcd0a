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
    "softmax": Multiplied(
        "the odds of this class against the first",
        r"Each linear predictor is the logarithm of the odds $\pi_k / \pi_1$: what is added to it multiplies them, whatever the other "
        "classes do. A probability itself may fall although its odds rise, where those of a third class rise more.",
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
