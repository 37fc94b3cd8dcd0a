"""The mean of the response in formulas: a probability of this and that, or an expectation; and its link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.formula import Maths, joined, maths
from mathlearn.statistics.equation import event_of

if TYPE_CHECKING:
    from mathlearn.explain.law import FittedLaw

__all__ = ["link_of_mean", "mean_of"]


def mean_of(law: FittedLaw, y: str) -> Maths:
    """Write the mean of a response called `y`."""
    event = event_of(law.record)
    if event is not None:
        return maths(r"\operatorname{P}(@ = @)", y, event)
    if law.record.response == "successes and failures":
        return maths(r"\operatorname{P}(@)", y)
    return maths(r"\operatorname{E}(@)", y)


def link_of_mean(law: FittedLaw, y: str) -> Maths:
    """Write the link of the mean: a function by its name, a power as one."""
    mean, power = mean_of(law, y), law.link.inverse_power
    if not power:
        return joined("", [Maths(rf"\operatorname{{{law.link.name}}}\left("), mean, Maths(r"\right)")])
    before, after = {1.0: ("", ""), 0.5: (r"\sqrt{", "}"), -1.0: (r"\frac{1}{", "}")}.get(
        power, (r"\left(", rf"\right)^{{{power:g}}}")
    )
    return joined("", [Maths(before), mean, Maths(after)])
