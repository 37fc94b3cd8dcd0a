"""The coefficient in a sentence: what goes with what, and how far that is known."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING

from mathlearn.explain import again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import RESOLVED, certified
from mathlearn.explain.registry import Topic
from mathlearn.linalg.errorfree import TINY
from mathlearn.statistics.cells import number, percent, rounded

if TYPE_CHECKING:
    from mathlearn.explain.derivation import Prose
    from mathlearn.explain.setting import Setting

# Units that a name ends in after an underscore or a space, or in brackets; single letters are left out, being anything.
_UNIT = re.compile(
    r"(?:[_ ]|[\[(])(mm|cm|km|um|nm|g|mg|kg|ms|hz|khz|kw|kwh|usd|eur|gbp|percent|pct"
    r"|years?|months?|weeks?|days?|hours?|minutes?|seconds?)[\])]?$",
    re.IGNORECASE | re.ASCII,
)


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
            "This describes how the response goes with the column in these data. It does not say that changing the "
            "column would "
            "change the response, nor that the relation goes on outside the data."
            if setting.p
            else "This describes the mean of the response in these data. It does not say what the mean is elsewhere."
        ),
        checks=(_check(setting),),
        reference="Gelman, Hill and Vehtari (2020), Regression and Other Stories, section 10.2",
    )


def _values(setting: Setting) -> tuple[float, float, float]:
    """Estimate and interval."""
    table, at = setting.table, (setting.response, setting.term)
    return float(table.estimate[at]), float(table.conf_low[at]), float(table.conf_high[at])


def shown_values(values: tuple[float, float, float]) -> tuple[str, ...]:
    """Write an estimate and its interval with the decimals that the width of the interval supports.

    Examples
    --------
    >>> shown_values((40.7054, 34.6648, 46.7460))
    ('40.7', '34.7', '46.7')
    """
    _, low, high = values
    return rounded(*values) or tuple(number(x, 3 if low < high else 5) for x in values)


def _sentence(setting: Setting) -> Prose:
    table, y = setting.table, setting.y
    assert setting.term is not None
    name, (estimate, low, high) = table.names[setting.term], _values(setting)
    if setting.centred and setting.term == 0:
        shown = shown_values((estimate, low, high))
        where = "every column is zero" if setting.p else "there is no column"
        value = f"the fitted @ is {shown[0]}{_known(setting, shown, low, high)}"
        if setting.result.offset is None:
            return prose(f"Where {where}, {value}.", y)
        return prose(f"Where {where} and the offset @ is zero, {value}.", setting.result.offset, y)
    if setting.result.rung == "active-set" and estimate == 0:
        return prose(
            "The coefficient of @ is held at zero: raising it would fit worse, and it must not be negative.", name
        )
    up = estimate >= 0
    ends = (low, high) if up else (-high, -low)
    shown = shown_values((abs(estimate), *ends))
    known = _known(setting, shown, *ends)
    if known and ends[0] < 0:
        known += f", where a minus sign means {'less' if up else 'more'}"
    amount = f"{shown[0]}{unit_of(y, ' ')} {'more' if up else 'less'}"
    same = ["the other columns"] * (setting.p > 1) + ["the offset"] * (setting.result.offset is not None)
    held = f", {' and '.join(same)} being the same" if same else ""
    if _is_switch(setting):
        return prose(f"Rows where @ is 1 have {amount} @ on average than rows where it is 0{held}{known}.", name, y)
    unit = unit_of(name, "").lower() or "unit"
    one = unit.removesuffix("s") if len(unit) > 3 else unit
    return prose(f"One more {one} of @ goes with {amount} @ on average{held}{known}.", name, y)


def _known(setting: Setting, shown: tuple[str, ...], low: float, high: float) -> str:
    if not (isfinite(low) and low < high):
        return ""
    return f"; the data are compatible with {shown[1]} to {shown[2]} ({percent(setting.level)} interval)"


def unit_of(name: str, before: str) -> str:
    """Return the unit that a name ends in, if it is one of those known."""
    found = _UNIT.search(name)
    return "" if found is None else before + found[1]


def _is_switch(setting: Setting) -> bool:
    """Whether a column holds zeros and ones alone, so that its squares sum to what it sums to itself."""
    moments, term = setting.result.statistic, setting.term
    if moments is None or term is None:
        return False
    j = term - setting.centred
    square = float(moments.norms(centred=False)[j]) ** 2
    total = float(moments.mean[j]) * moments.weight
    return 0 < total < moments.weight and abs(square - total) <= 8 * moments.relative_error * total


def _check(setting: Setting) -> StepCheck:
    """Solve for the estimate again, and compare with what the sentence says, which is rounded."""
    values, term, books = _values(setting), setting.term, setting.books
    assert term is not None
    text = shown_values(values)[0]
    half = abs(values[0]) * 1e-2 if "e" in text else 0.5 * 10.0 ** -len(text.partition(".")[2])
    says = "the number in the sentence, against the estimate found again; half of its last digit is allowed"
    if books is None or setting.result.curvature is None:
        return StepCheck(abs(float(text) - values[0]), half, says)
    estimate, _ = again.parameter(setting, books, term)
    check = StepCheck(abs(float(text) - estimate.value), half + estimate.bound, says)
    if estimate.bound <= RESOLVED * max(abs(values[0]), TINY):
        return check
    return certified(setting.result, "relative_error") or check


TOPIC = Topic(110, "least squares", "fit", applies, step)
