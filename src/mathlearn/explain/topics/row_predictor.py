"""The linear predictor of one prediction as a sum of contributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Step, Table, prose
from mathlearn.explain.numbers import num, signed
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._contributions import contributions, from_means, from_zero_check, predicted
from mathlearn.explain.topics._moved import held
from mathlearn.explain.topics._words import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting


def step(setting: RowSetting) -> Step:
    """Add up what the columns contribute on the scale of the link."""
    offset, and_ = ("", "and ") if setting.result.offset is None else (", and the offset of the row", "")
    return Step(
        heading="The linear predictor",
        claim=prose(
            f"It is that at the means of the columns, {and_}what each column adds by differing from its own mean{offset}."
            if from_means(setting)
            else f"It is the sum of what each column contributes{offset}."
        ),
        body=tuple(_body(setting)),
        because=prose(
            f"On the scale of the {setting.family_law.link.name} link contributions add up; on that of the mean they do not. The means are those "
            "under the working weights of the fit. How a predictor splits up depends on where one starts; its sum does not."
        ),
        checks=(from_zero_check(setting),),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 2.2",
    )


def _body(setting: RowSetting) -> Iterator[Block]:
    value = predicted(setting)
    offset = " + o" if setting.result.offset is not None else f" {signed(setting.offset)}" if setting.offset else ""
    if from_means(setting):
        middle = r"\hat\eta(\bar x) + \sum_j \hat\beta_j (x_j - \bar x_j)"
    else:
        middle = (r"\hat\beta_0 + " if setting.centred else "") + r"\sum_j \hat\beta_j x_j"
    yield display(rf"\hat\eta(x) = {middle}{offset} = {num(value)}")
    yield Table(contributions(setting, value, "linear predictor"))


TOPIC = Topic(10, "likelihood", "row", held, step)
