"""Which classes a row cannot have in the limit: the classes are separated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._classes import NAMED, closed
from mathlearn.explain.topics._words import display, said
from mathlearn.explain.topics.classes_row_probability import probabilities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, StepCheck
    from mathlearn.explain.setting import RowSetting


def applies(setting: RowSetting) -> bool:
    """Where some class is ruled out."""
    return bool(closed(setting).any())


def step(setting: RowSetting) -> Step:
    """Name the classes, and say why."""
    shut = np.flatnonzero(closed(setting)).tolist()
    labels = [repr(setting.law.record.classes[k]) for k in shut[:NAMED]]
    more = f" and {len(shut) - NAMED} more" if len(shut) > NAMED else ""
    return Step(
        heading="Classes that are ruled out",
        claim=prose(
            f"As the likelihood rises, the probability of {', '.join('@' for _ in labels)}{more} goes to zero at this row.",
            *labels,
        ),
        body=tuple(_body(setting)),
        because=prose(
            "No finite coefficients are the best: along $v$ the likelihood rises for ever, and the log odds of this row go with it. How sure "
            "a probability at its end is the data cannot tell, so that no interval is given."
        ),
        checks=tuple(_checks(setting)),
        reference="Albert and Anderson (1984), On the existence of maximum likelihood estimates in logistic regression models, "
        "Biometrika 71(1)",
    )


def _body(setting: RowSetting) -> Iterator[Block]:
    row = "(1, x)" if setting.stack.intercept else "x"
    yield display(rf"{row}^{{\top}} v_k < \max_l {row}^{{\top}} v_l, \qquad v_1 = 0")
    left = int((~closed(setting)).sum())
    yield said(
        "One class is left, and its probability goes to one."
        if left == 1
        else f"{left} classes are left, between which the rows that no direction moves decide."
    )


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    separation = setting.law.record.separation
    assert separation is not None
    yield counted(
        "directions that no second pass has confirmed",
        (separation.verified, True),
        (separation.directions.shape[0], setting.p),
    )
    shut = closed(setting)
    yield counted(
        "classes ruled out that have a probability, and others that have none",
        *((float(chance > 0), float(not ruled)) for chance, ruled in zip(probabilities(setting), shut, strict=True)),
    )


TOPIC = Topic(5, "classes", "row", applies, step)
