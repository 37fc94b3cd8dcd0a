"""Why there is no standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, StepCheck
    from mathlearn.explain.setting import Setting


def applies(setting: Setting) -> bool:
    """Where no standard error of this fit exists."""
    return setting.undefined is not None


def step(setting: Setting) -> Step:
    """Give the reason."""
    return Step(
        heading="Why there is no standard error",
        claim=prose("No standard error, interval or test is given: @.", setting.undefined or ""),
        body=tuple(_body(setting)),
        because=prose("A number that the data do not support would be worse than none. Predictions are not affected."),
        checks=tuple(_checks(setting)),
        reference="Searle (1971), Linear Models, section 5.4",
    )


def _body(setting: Setting) -> Iterator[Block]:
    result = setting.result
    if result.n <= result.rank + setting.centred:
        k = setting.p + setting.centred
        yield display(rf"n = {result.n}, \qquad k = {k}, \qquad {setting.df} = {result.df_resid}")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    result = setting.result
    given = int(np.isfinite(setting.table.std_error).sum())
    n = result.n if setting.books is None else setting.books.n
    reason = (result.withheld is None, result.curvature is not None)
    pairs = [(given, 0), (result.df_resid, n - result.rank - setting.centred)]
    if result.withheld is not None:
        pairs.append((reason[1], False))
    yield counted("standard errors that are given after all; degrees of freedom, counted again", *pairs)


TOPIC = Topic(85, "least squares", "fit", applies, step)
