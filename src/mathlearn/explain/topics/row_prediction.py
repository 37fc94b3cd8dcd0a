"""One prediction as a sum of contributions."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, Table, prose
from mathlearn.explain.numbers import in_sum, num, signed
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import always, display, less
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import Cells, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting

_TOLD = 12


def step(setting: RowSetting) -> Step:
    """Add up what the columns contribute."""
    from_mean = setting.result.curvature is not None and setting.centred
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


def _base(setting: RowSetting) -> tuple[str, float, FloatArray]:
    """Where contributions start: its name, its fitted value, and the columns there."""
    curvature = setting.result.curvature
    if curvature is not None and setting.centred:
        return "at the means", setting.centre, curvature.mean
    return "intercept", setting.intercept, np.zeros(setting.p)


def predicted(setting: RowSetting) -> float:
    """Prediction at the row."""
    _, start, mean = _base(setting)
    return start + fsum((setting.beta * (setting.x - mean)).tolist()) + setting.offset


def _body(setting: RowSetting, from_mean: bool) -> Iterator[Block]:
    value = predicted(setting)
    offset = " + o" if setting.result.offset is not None else f" {signed(setting.offset)}" if setting.offset else ""
    if from_mean:
        middle = rf"{setting.left_mean} + \sum_j \hat\beta_j (x_j - \bar x_j)"
    else:
        middle = (r"\hat\beta_0 + " if setting.centred else "") + r"\sum_j \hat\beta_j x_j"
    yield display(rf"\hat\mu(x) = {middle}{offset} = {num(value)}")
    yield Table(_contributions(setting, value))


def _contributions(setting: RowSetting, value: float) -> Cells:
    base, start, mean = _base(setting)
    curvature = setting.result.curvature
    origin = np.zeros(setting.p) if curvature is None else curvature.origin
    parts = setting.beta * (setting.x - mean)
    told = np.sort(np.argsort(-np.abs(parts), kind="stable")[:_TOLD])
    rows, added = ([(base, "", "", "", "")], [start]) if setting.centred else ([], [])
    for j in told.tolist():
        there = number(float(mean[j] + origin[j])) if mean.any() else ""
        rows.append(
            (
                setting.terms[j],
                number(float(setting.x[j] + origin[j])),
                there,
                number(float(setting.beta[j])),
                "",
            )
        )
        added.append(float(parts[j]))
    if told.size < setting.p:
        others = setting.p - told.size
        rows.append((f"{others} other column{'s' if others > 1 else ''}", "", "", "", ""))
        added.append(fsum(np.delete(parts, told).tolist()))
    if setting.offset or setting.result.offset is not None:
        rows.append((f"offset {setting.result.offset or ''}".strip(), "", "", "", ""))
        added.append(setting.offset)
    shown, total, holds = in_sum(added, value)
    if not holds:  # numbers of many sizes: each with its own digits
        shown, total = [number(x) for x in added], number(value)
    body = tuple((*row[:-1], contribution) for row, contribution in zip(rows, shown, strict=True))
    header = ("column", "value", "its mean", "coefficient", "contribution")
    return Cells(header, (*body, ("prediction", "", "", "", total)))


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    """Add up from zero instead of from the means, and from the means of the statistic."""
    yield _from_zero(setting)
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


def _from_zero(setting: RowSetting) -> StepCheck:
    curvature = setting.result.curvature
    origin = np.zeros(setting.p) if curvature is None else curvature.origin
    parts = [setting.intercept, *(setting.beta * setting.x).tolist(), *(setting.beta * origin).tolist(), setting.offset]
    size = fsum(map(abs, parts)) + abs(setting.centre)
    if curvature is not None:
        size += float(np.abs(setting.beta) @ np.abs(curvature.mean))
        if setting.deficient:
            null = np.abs(curvature.null)
            size += float((np.abs(curvature.mean) + np.abs(curvature.origin)) @ null @ (null.T @ np.abs(setting.beta)))
    far = abs(fsum(parts) - predicted(setting)) / max(size, TINY)
    return StepCheck(far, 8 * ROUNDOFF, "intercept and coefficients times the row itself, relative to what is added up")


TOPIC = Topic(10, "row", always, step)
