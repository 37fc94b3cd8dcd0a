"""The estimates of more than two classes at which the iterations ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, prose
from mathlearn.explain.evidence import certified
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._classes import levels_again
from mathlearn.explain.topics._words import any_maximum, display, said
from mathlearn.linalg.errorfree import TINY
from mathlearn.results.stack import predictors_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def step(setting: Setting) -> Step:
    """Show them, a column a class."""
    return Step(
        heading="The solution",
        claim=prose("The estimates are where the last step ends."),
        body=tuple(_body(setting)),
        because=prose(
            "Log odds near the rows are what the data tell best. Intercepts are found from them, far outside the data as that may be."
            if setting.stack.intercept and setting.stack.columns
            else "Nothing else is estimated."
        ),
        checks=tuple(_checks(setting)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 5.5",
    )


def _body(setting: Setting) -> Iterator[Block]:
    separated, stack = setting.law.record.separation is not None, setting.stack
    shown = setting.table.estimate[0] if separated else setting.beta
    matrix = shown.reshape(setting.predictors, -1).T
    head = Maths(
        rf"(\hat\beta_2, \ldots, \hat\beta_{{{len(stack.classes)}}}) ="
        if setting.predictors > 2
        else r"(\hat\beta_2, \hat\beta_3) ="
    )
    yield Display((head, Matrix(matrix, stack.terms)))
    yield said("A column holds the log odds of a class against the first.")
    if separated:
        yield said(
            "What is infinite, or not known, the separated rows would have to tell; the rest is told by the rows that no direction moves."
        )
    elif setting.deficient:
        yield said("Of all coefficients with these probabilities they are the shortest.")
    if setting.law.penalised and stack.columns:
        yield display(r"\beta_k = b_k - b_1, \qquad \sum_{k=1}^K b_k = 0")
        yield Display((Maths("(b_1, \\ldots, b_K) ="), Matrix(predictors_of(setting.result).coef.T, stack.columns)))
        yield said("The second form is that of the scores, which the penalty makes as small as it can.")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    found = levels_again(setting)
    share = np.abs(found.value - setting.stack.level) / np.maximum(found.size, TINY)
    says = "the log odds at a point near the rows, from intercepts and slopes, relative to what is added up"
    yield StepCheck(float(share.max()), found.bound, says)
    yield StepCheck(float(np.count_nonzero(~np.isfinite(setting.beta))), 0.0, "coefficients that are not finite")
    error = certified(setting.result, "optimisation_error")
    if error is not None:
        yield error


TOPIC = Topic(60, "classes", "fit", any_maximum, step)
