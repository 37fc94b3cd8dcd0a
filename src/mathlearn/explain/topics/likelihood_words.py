"""The coefficient of a fit by likelihood in a sentence: what goes with what, and how far that is known."""

from __future__ import annotations

import re
from math import exp, isfinite
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._ratio import MULTIPLIES
from mathlearn.explain.topics.plain_words import shown_values, unit_of
from mathlearn.statistics.cells import percent
from mathlearn.statistics.equation import event_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.explain.derivation import Prose
    from mathlearn.explain.setting import Setting

__all__ = ["DESCRIBES", "how_known", "said_check", "step", "went_with"]

_MOST_LOG = 300.0  # whose exponential can still be read
DESCRIBES = (
    "This describes how the response goes with the column in these data. It does not say that changing the column would change the "
    "response, nor that the relation goes on outside the data."
)
_LEVEL = re.compile(r"\[T\.[^\]]*\]$")  # a level against the one that a formula leaves out


def applies(setting: Setting) -> bool:
    """Where a parameter is determined."""
    return setting.term is not None and isfinite(setting.table.estimate[setting.response, setting.term])


def step(setting: Setting) -> Step:
    """Say it."""
    return Step(
        heading="In plain words",
        claim=_sentence(setting),
        body=(),
        because=prose(
            DESCRIBES
            if setting.p
            else "This describes the mean of the response in these data. It does not say what the mean is elsewhere."
        ),
        checks=(_check(setting),),
        reference="Gelman, Hill and Vehtari (2020), Regression and Other Stories, sections 13.2 and 15.2",
    )


def _values(setting: Setting) -> tuple[float, float, float]:
    """Estimate and interval, on the scale on which the sentence says them."""
    table, at, to = setting.table, (setting.response, setting.term), _scale(setting)
    low, high = to(float(table.conf_low[at])), to(float(table.conf_high[at]))
    return to(float(table.estimate[at])), min(low, high), max(low, high)


def _constant(setting: Setting) -> bool:
    return setting.centred and setting.term == 0


def _scale(setting: Setting) -> Callable[[float], float]:
    """Choose on which scale a parameter is said: of the intercept the mean, of a slope a ratio, if the link has one, else as it is."""
    if _constant(setting):
        return lambda x: float(setting.family_law.link.mu(np.array([x]))[0])
    return exp if _multiplies(setting) else float


def _multiplies(setting: Setting) -> bool:
    """Whether a slope is said as a ratio: with such a link, as long as that can be written."""
    table, at = setting.table, (setting.response, setting.term)
    ends = np.array([table.estimate[at], table.conf_low[at], table.conf_high[at]])
    written = not bool((np.abs(ends[~np.isnan(ends)]) > _MOST_LOG).any())
    return setting.family_law.link.name in MULTIPLIES and not _constant(setting) and written


def _sentence(setting: Setting) -> Prose:
    table, y = setting.table, setting.y
    assert setting.term is not None
    name, values = table.names[setting.term], _values(setting)
    shown = shown_values(values)
    known = how_known(setting, shown, values)
    event = event_of(setting.family_law.record)
    words = (y,) if event is None else (y, event)
    if _constant(setting):
        where = "every column is zero" if setting.p else "there is no column"
        offset = "" if setting.result.offset is None else " and the offset is zero"
        return prose(f"Where {where}{offset}, {_mean(event)} is {shown[0]}{known}.", *words)
    same = ["the other columns"] * (setting.p > 1) + ["the offset"] * (setting.result.offset is not None)
    held = f", {' and '.join(same)} being the same" if same else ""
    did = _effect(setting, values[0], shown[0], event)
    return prose(f"{went_with(name, did)}{held}{known}.", name, *words)


def went_with(name: str, did: str) -> str:
    """Say that something goes with one more of a column called `name`, for which ``@`` stands."""
    if _LEVEL.search(name):
        return f"Rows where @ is 1 have {did}, against rows where it is 0"
    unit = unit_of(name, "").lower() or "unit"
    one = unit.removesuffix("s") if len(unit) > 3 else unit
    return f"One more {one} of @ goes with {did}"


def _mean(event: str | None) -> str:
    return "the mean of @" if event is None else "the probability that @ is @"


def _effect(setting: Setting, value: float, shown: str, event: str | None) -> str:
    """Say what goes with one more, on the scale of the link."""
    link = setting.family_law.link
    if _multiplies(setting):
        ratio = MULTIPLIES[link.name]
        of = "success in @" if event is None else "@ being @"
        return f"{_mean(event) if ratio.what == 'the mean' else f'{ratio.what} of {of}'} multiplied by {shown}"
    rises = (value >= 0) == bool(np.nansum(link.dmu(np.array([0.5, 1.0]))) > 0)
    side = "higher" if rises else "lower"
    if link.inverse_power == 1.0:
        return f"{_mean(event)} {side} by {shown.removeprefix('-')}"
    return f"{_mean(event)} {side}, by {shown} on the scale of the {link.name} link"


def how_known(setting: Setting, shown: tuple[str, ...], values: tuple[float, float, float]) -> str:
    """Say with what the data are compatible, or that it is not said."""
    _, low, high = values
    if not (isfinite(low) and low < high):
        return "; how far that is known is not said, because no interval is given" if setting.undefined else ""
    return f"; the data are compatible with {shown[1]} to {shown[2]} ({percent(setting.level)} interval)"


def _check(setting: Setting) -> StepCheck:
    """Compare the number in the sentence, which is rounded, with that of the record."""
    assert setting.term is not None
    slot = setting.term - setting.centred
    recorded = setting.intercept if slot < 0 else float(setting.beta[slot])
    return said_check(shown_values(_values(setting))[0], _scale(setting)(recorded))


def said_check(text: str, value: float) -> StepCheck:
    """Compare a number as it stands in a sentence with the number itself."""
    half = abs(value) * 1e-2 if "e" in text else 0.5 * 10.0 ** -len(text.partition(".")[2])
    says = "the number in the sentence, against the estimate of the record; half of its last digit is allowed"
    return StepCheck(abs(float(text) - value), half * (1 + 1e-9), says)


TOPIC = Topic(110, "likelihood", "fit", applies, step)
