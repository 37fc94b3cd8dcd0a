"""The log odds of the classes at one row as sums of contributions."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, Table, prose
from mathlearn.explain.numbers import in_sum
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._classes import at_row, closed, row_again, scores
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import TINY
from mathlearn.statistics.cells import Cells, number
from mathlearn.statistics.text_table import display_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import IntArray
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting

_COLUMNS, _CLASSES = 12, 4  # that are told one by one
_ROOM = 12  # characters above the numbers of a class


def applies(setting: RowSetting) -> bool:
    """Where no class is ruled out, so that all log odds are finite."""
    return not closed(setting).any()


def step(setting: RowSetting) -> Step:
    """Add up what the columns contribute to the log odds of each class."""
    from_there = setting.stack.intercept and bool(setting.stack.columns)
    return Step(
        heading="The log odds",
        claim=prose(
            "Those of each class against the first are those at a point amid the rows, and what each column adds by differing from there."
            if from_there
            else "Those of each class against the first are the sum of what each column contributes."
        ),
        body=tuple(_body(setting)),
        because=prose(
            "On the scale of log odds contributions add up; on that of probabilities they do not, and what raises the odds of a class against "
            "the first may still lower its probability. How log odds split up depends on where one starts; their sum does not."
        ),
        checks=(_check(setting),),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 5.2.4",
    )


def _body(setting: RowSetting) -> Iterator[Block]:
    stack, found = setting.stack, at_row(setting)
    if stack.intercept:
        yield display(
            r"\hat\eta_k(x) = \hat\eta_k(x_0) + \sum_j \hat\beta_{kj} (x_j - x_{0j})"
            if stack.columns
            else r"\hat\eta_k = \hat\beta_{k0}"
        )
    else:
        yield display(r"\hat\eta_k(x) = \sum_j \hat\beta_{kj} x_j")
    told = _told(setting)
    yield Table(_table(setting, told))
    if not _fit_above(setting, told):
        named = ", ".join(f"class {k + 2} is @" for k in told.tolist())
        yield said(f"Here {named}.", *(repr(setting.law.record.classes[k + 1]) for k in told.tolist()))
    if told.size < found.size:
        yield said(f"Shown are the {told.size} most probable classes beside the first, of {found.size}.")


def _told(setting: RowSetting) -> IntArray:
    """Return which predictors are shown: of many, those of the most probable classes."""
    others = scores(setting)[1:]
    return np.sort(np.argsort(-others, kind="stable")[:_CLASSES])


def _fit_above(setting: RowSetting, told: IntArray) -> bool:
    """Whether what predictors are called finds room above their numbers."""
    return all(display_width(setting.stack.predictors[k]) <= _ROOM for k in told.tolist())


def _table(setting: RowSetting, told: IntArray) -> Cells:
    """Lay out what is added up: a row a column, and a column for each class."""
    stack, total = setting.stack, at_row(setting)
    slopes, _ = stack.apart(setting.beta)
    parts = slopes * (setting.x - stack.mean)
    size = np.abs(parts).max(axis=0, initial=0.0)
    rows = np.sort(np.argsort(-size, kind="stable")[:_COLUMNS])
    left = np.delete(parts, rows, axis=1)
    body = [["at x0", "", ""]] if stack.intercept else []
    for j in rows.tolist():
        start = number(float(stack.mean[j] + stack.origin[j])) if stack.intercept else ""
        body.append([stack.columns[j], number(float(setting.x[j] + stack.origin[j])), start])
    if left.shape[1]:
        body.append([f"{left.shape[1]} other column{'s' if left.shape[1] > 1 else ''}", "", ""])
    body.append(["log odds", "", ""])
    for k in told.tolist():
        added = [float(stack.level[k])] if stack.intercept else []
        added += parts[k, rows].tolist()
        added += [fsum(left[k].tolist())] if left.shape[1] else []
        shown, whole, holds = in_sum(added, float(total[k]))
        if not holds:
            shown, whole = [number(x) for x in added], number(float(total[k]))
        for line, cell in zip(body, [*shown, whole], strict=True):
            line.append(cell)
    fit = _fit_above(setting, told)
    heads = (stack.predictors[k] if fit else f"class {k + 2}" for k in told.tolist())
    return Cells(("column", "value", "x0", *heads), tuple(map(tuple, body)))


def _check(setting: RowSetting) -> StepCheck:
    found = row_again(setting)
    share = np.abs(found.value - at_row(setting)) / np.maximum(found.size, TINY)
    says = "intercepts and coefficients times the row itself, relative to what is added up"
    return StepCheck(float(share.max()), found.bound, says)


TOPIC = Topic(10, "classes", "row", applies, step)
