"""A coefficient of more than two classes in a sentence: what goes with what, and how far that is known."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, prose
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics.likelihood_words import DESCRIBES, applies, how_known, said_check, went_with
from mathlearn.explain.topics.plain_words import shown_values

if TYPE_CHECKING:
    from mathlearn._typing import FloatArray
    from mathlearn.explain.derivation import Prose, StepCheck
    from mathlearn.explain.setting import Setting

_MOST_LOG = 300.0  # whose exponential can still be read


def step(setting: Setting) -> Step:
    """Say it."""
    return Step(
        heading="In plain words",
        claim=_sentence(setting),
        body=(),
        because=prose(DESCRIBES),
        checks=(_check(setting),),
        reference="Hosmer, Lemeshow and Sturdivant (2013), Applied Logistic Regression, section 8.1.2",
    )


def _ends(setting: Setting) -> FloatArray:
    """Estimate and interval, as logarithms of odds."""
    table = setting.table
    return np.array([x[0, setting.term] for x in (table.estimate, table.conf_low, table.conf_high)])


def _written(setting: Setting) -> bool:
    """Whether the odds themselves can be written."""
    ends = _ends(setting)
    return not bool((np.abs(ends[~np.isnan(ends)]) > _MOST_LOG).any())


def _values(setting: Setting) -> tuple[float, float, float]:
    """Estimate and interval, on the scale on which the sentence says them."""
    estimate, low, high = _ends(setting).tolist()
    return (exp(estimate), exp(low), exp(high)) if _written(setting) else (estimate, low, high)


def _sentence(setting: Setting) -> Prose:
    stack, values = setting.stack, _values(setting)
    assert setting.term is not None
    k, j = divmod(setting.term, len(stack.terms))
    classes = setting.law.record.classes
    pair = (repr(classes[k + 1]), repr(classes[0]))
    shown = shown_values(values)
    known = how_known(setting, shown, values)
    ratio = _written(setting)
    what = f"{'odds' if ratio else 'log odds'} of @ against @"
    if setting.constants[setting.term]:
        where = "every column is zero" if stack.columns else "there is no column"
        return prose(f"Where {where}, the {what} are {shown[0]}{known}.", *pair)
    held = ", the other columns being the same" if len(stack.columns) > 1 else ""
    did = f"{what} {'multiplied by' if ratio else 'changed by'} {shown[0]}"
    return prose(f"{went_with(stack.terms[j], did)}{held}{known}.", stack.terms[j], *pair)


def _check(setting: Setting) -> StepCheck:
    assert setting.term is not None
    recorded = float(setting.beta[setting.term])
    return said_check(shown_values(_values(setting))[0], exp(recorded) if _written(setting) else recorded)


TOPIC = Topic(110, "classes", "fit", applies, step)
