"""One prediction as a sum of contributions."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, Table, prose
from mathlearn.explain.numbers import num, signed
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._contributions import contributions, from_means, from_zero_check, predicted
from mathlearn.explain.topics._words import always, display, less
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting


def step(setting: RowSetting) -> Step:
    """Add up what the columns contribute."""
    from_mean = from_means(setting)
    offset, and_ = ("", "and ") if setting.result.offset is None else (", and the offset of the row", "")
    return Step(
        heading="The prediction",
        claim=prose(
            f"It is the mean response{less(setting)}, {and_}what each column adds by differing from its own mean{offset}."
            if from_mean
            else f"It is the sum of what each column contributes{offset}."
        ),
        body=tuple(_body(setting, from_mean)),
        because=prose(
            "The fitted surface passes through the point of means, and is straight: from there each column adds its "
            "coefficient times its "
            "distance. How a prediction splits up depends on where one starts; its sum does not."
            if from_mean
            else "The fitted surface is straight, so that contributions add up."
        ),
        checks=tuple(_checks(setting)),
        reference="Seber and Lee (2003), Linear Regression Analysis, section 5.3",
    )


def _body(setting: RowSetting, from_mean: bool) -> Iterator[Block]:
    value = predicted(setting)
    offset = " + o" if setting.result.offset is not None else f" {signed(setting.offset)}" if setting.offset else ""
    if from_mean:
        middle = rf"{setting.left_mean} + \sum_j \hat\beta_j (x_j - \bar x_j)"
    else:
        middle = (r"\hat\beta_0 + " if setting.centred else "") + r"\sum_j \hat\beta_j x_j"
    yield display(rf"\hat\mu(x) = {middle}{offset} = {num(value)}")
    yield Table(contributions(setting, value))


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    """Add up from zero instead of from the means, and from the means of the statistic."""
    yield from_zero_check(setting)
    books = setting.books
    if books is None or not setting.centred:
        return
    found = books.mean_y + fsum((setting.beta * (setting.x - books.mean)).tolist()) + setting.offset
    far = np.abs(setting.x) + np.abs(books.mean)
    size = abs(books.mean_y) + float(np.abs(setting.beta) @ far) + abs(setting.offset)
    size += books.size_y / np.sqrt(books.weight) + float(np.abs(setting.beta) @ books.size) / np.sqrt(books.weight)
    says = "the prediction from the means of the statistic, relative to what is added up"
    strayed = books.strayed(setting.beta) / np.sqrt(books.weight)
    bound = books.relative + 8 * ROUNDOFF + strayed / max(size, TINY)
    yield StepCheck(abs(found - predicted(setting)) / max(size, TINY), bound, says)


TOPIC = Topic(10, "least squares", "row", always, step)
