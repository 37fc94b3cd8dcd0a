"""The estimates at which the iterations ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import likelihood_again
from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, prose
from mathlearn.explain.evidence import certified
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_maximum, column, display, said
from mathlearn.linalg.errorfree import TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def step(setting: Setting) -> Step:
    """Show them."""
    return Step(
        heading="The solution",
        claim=prose("The estimates are where the last step ends."),
        body=tuple(_body(setting)),
        because=prose(
            r"The linear predictor at the means $\bar x$ of the columns is what the data tell best. The intercept is found from it, "
            "far outside the data as that may be."
            if setting.centred and setting.p
            else "Nothing else is estimated."
        ),
        checks=tuple(_checks(setting)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 2.5",
    )


def _body(setting: Setting) -> Iterator[Block]:
    separated = setting.law.record.separation is not None
    if setting.p:
        shown = setting.table.estimate[setting.response][int(setting.centred) :] if separated else setting.beta
        yield Display((Maths(r"\hat\beta ="), Matrix(column(shown), setting.terms)))
    if separated:
        yield said(
            "What is infinite, or not known, the separated rows would have to tell; the rest is told by the rows that no direction moves."
        )
    elif setting.deficient:
        yield said("Of all coefficients with these fitted means they are the shortest.")
    if setting.centred:
        middle = (
            rf"\hat\eta(\bar x) - \bar x^{{\top}} \hat\beta = {num(setting.centre)} - \bar x^{{\top}} \hat\beta"
            if setting.p
            else ""
        )
        yield display(rf"\hat\beta_0 = {middle}{' = ' if middle else ''}{num(setting.intercept)}")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    found = likelihood_again.intercept(setting)
    size = max(abs(setting.centre), abs(setting.intercept), TINY)
    says = "the intercept, from the predictor at the means, relative" if setting.centred else "the intercept is zero"
    yield StepCheck(abs(found.value - setting.intercept) / size, found.bound / size, says)
    bad = float(np.count_nonzero(~np.isfinite(setting.beta)))
    yield StepCheck(bad, 0.0, "coefficients that are not finite")
    error = certified(setting.result, "optimisation_error")
    if error is not None:
        yield error


TOPIC = Topic(60, "likelihood", "fit", any_maximum, step)
