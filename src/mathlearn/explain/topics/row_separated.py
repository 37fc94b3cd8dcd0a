"""Why a prediction lies at the end of its range, or is not known: the classes are separated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Step, StepCheck, joined, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.mean import mean_of
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._moved import held, moved
from mathlearn.explain.topics._words import display, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Prose
    from mathlearn.explain.setting import RowSetting


def applies(setting: RowSetting) -> bool:
    """Where the row has no finite predictor."""
    return not held(setting)


def step(setting: RowSetting) -> Step:
    """Say to which end the row is driven."""
    return Step(
        heading="The predictor has no finite value",
        claim=_claim(setting),
        body=tuple(_body(setting)),
        because=prose(
            "No finite coefficients are the best: along $v$ the likelihood rises for ever, and the predictor of this row goes with it. "
            "How sure the mean at the end is the data cannot tell, so that no interval is given."
            if moved(setting)
            else "Every row of the fit is moved by some direction, so that none is left to tell what a row on the border would have."
        ),
        checks=tuple(_checks(setting)),
        reference="Albert and Anderson (1984), On the existence of maximum likelihood estimates in logistic regression models, "
        "Biometrika 71(1)",
    )


def _claim(setting: RowSetting) -> Prose:
    far = moved(setting)
    if not far:
        return prose("The row lies on the border between what is separated, where the data say nothing.")
    return prose(f"As the likelihood rises, the predictor of this row goes to ${'-' if far < 0 else ''}\\infty$.")


def _body(setting: RowSetting) -> Iterator[Block]:
    far = moved(setting)
    if not far:
        return
    one = "(1, x)" if setting.centred else "x"
    yield display(rf"{one}^{{\top}} v {'<' if far < 0 else '>'} 0")
    end = float(setting.family_law.link.mu(np.array([far * np.inf]))[0])
    yield Display((joined(" ", [mean_of(setting.family_law, setting.y), Maths(rf"\to {num(end)}")]),))
    classes = setting.family_law.record.classes
    if len(classes) == 2:
        yield said("Predicted is @.", repr(classes[int(far > 0)]))


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    separation = setting.family_law.record.separation
    assert separation is not None
    k = setting.p + setting.centred
    yield counted(
        "directions that no second pass has confirmed", (separation.verified, True), (separation.directions.shape[0], k)
    )


TOPIC = Topic(5, "likelihood", "row", applies, step)
