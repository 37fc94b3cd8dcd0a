"""How far a row lies from those of the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import agree, counted, resolved
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.results.stack import columns_of
from mathlearn.statistics import reasons
from mathlearn.statistics.functional import estimable_at, whiten_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting
    from mathlearn.results.fit_result import Alias

_FAR = 3.0  # times the average
_BECAUSE = (
    r"The leverage of a row is its squared distance from the means, in the spread of the columns. Over the $n$ rows of the "
    r"fit leverages add up to the number of parameters, and none exceeds 1: so at most that number divided by $h$ of them "
    r"lie as far out as $h$."
)
_BECAUSE_WEIGHTED = (
    r"The squared distance of a row from the means, in the spread of the columns, times its weight is its leverage. Over the "
    r"$n$ rows of the fit leverages add up to the number of parameters, and none exceeds 1. A new row has no weight yet: it "
    r"is compared as one of the mean weight $\bar w$."
)


def applies(setting: RowSetting) -> bool:
    """Where there is a curvature."""
    return setting.result.curvature is not None and setting.result.withheld is None


def leverage(setting: RowSetting) -> float:
    """Squared length of the row in the whitened basis."""
    b = whiten_rows(setting.result, setting.x[None])[0]
    return float(b @ b)


def determined(setting: RowSetting) -> bool:
    """Whether the data determine the prediction."""
    return bool(estimable_at(setting.result, setting.x[None])[0])


def step(setting: RowSetting) -> Step:
    """Compare its leverage with the average."""
    if not determined(setting):
        return not_determined(setting)
    h, average = leverage(setting), _average(setting)
    because = _BECAUSE_WEIGHTED if _mean_weight(setting) is not None else _BECAUSE
    return Step(
        heading="How far the row lies from the data",
        claim=prose(_verdict(setting, h, average)),
        body=tuple(_body(setting, h, average)),
        because=prose(because),
        checks=(_check(setting, h),),
        reference="Seber and Lee (2003), Linear Regression Analysis, sections 5.3 and 10.2; Hoaglin and Welsch "
        "(1978), Amer. Statist. 32(1)",
    )


def _mean_weight(setting: RowSetting) -> float | None:
    """Mean of precision weights, which enter the leverages of rows; None where all are one, or count equal rows."""
    result = setting.result
    return result.weight_sum / result.n if result.weights_type == "precision" else None


def _average(setting: RowSetting) -> float:
    return (setting.result.rank + setting.centred) / setting.result.n


def _verdict(setting: RowSetting, h: float, average: float) -> str:
    typical = _mean_weight(setting)
    h *= 1.0 if typical is None else typical
    of = "," if typical is None else " with the mean weight,"
    numbers = f"leverage {h:.2g}{of} where the average is {average:.2g}"
    if h > 1 and typical is None:
        return f"The row lies outside the data, further out than any row of a fit can: {numbers}."
    if h > _FAR * average:
        return f"The row lies far out, at the edge of the data or beyond: {numbers}."
    return f"The row lies among the data: {numbers}."


def _body(setting: RowSetting, h: float, average: float) -> Iterator[Block]:
    constant = r"\frac{1}{\sum w} + " if setting.weighted else r"\frac{1}{n} + "
    if setting.centred:
        yield display(rf"h(x) = {constant}(x - \bar x)^{{\top}} V V^{{\top}} (x - \bar x) = {num(h, 4)}")
    else:
        yield display(rf"h(x) = x^{{\top}} V V^{{\top}} x = {num(h, 4)}")
    k = setting.result.rank + setting.centred
    yield display(rf"\bar h = \frac{{{k}}}{{n}} = \frac{{{k}}}{{{setting.result.n}}} = {num(average, 4)}")
    typical = _mean_weight(setting)
    if typical is not None:
        yield display(rf"\bar w\, h(x) = {num(typical, 4)} \times {num(h, 4)} = {num(typical * h, 4)}")
        return
    most = int(k / h) if h > 0 else setting.result.n
    if h > _FAR * average and most < setting.result.n:
        share = 100 * most / setting.result.n
        yield said(f"At most {most} of the {setting.result.n} rows ({share:.2g} %) can lie as far out.")


def _check(setting: RowSetting, h: float) -> StepCheck:
    if setting.books is None:
        length = float(np.linalg.norm(whiten_rows(setting.result, setting.x[None])[0]))
        return agree("the leverage, as a squared length, relative", length**2, h, 8 * (setting.p + 1) * ROUNDOFF)
    found = again.mean_spread(setting.books, setting.x, centred=setting.centred)
    says = "the leverage, by solving the normal equations without V, relative"
    check = StepCheck(abs(found.value - h) / max(h, TINY), found.bound + 8 * ROUNDOFF, says)
    return resolved(setting.result, check, "standard_errors")


def not_determined(setting: RowSetting) -> Step:
    """Say which relations of the rows the row breaks."""
    result = setting.result
    return Step(
        heading="The data do not determine this prediction",
        claim=prose("In the rows of the fit @; this row breaks that.", reasons.dependences(result.aliases)),
        body=(display(r"(x - \bar x)^{\top} N \ne 0" if setting.centred else r"x^{\top} N \ne 0"),),
        because=prose(
            r"Moving the coefficients along $N$ changes no fitted value of the rows, but changes this prediction. "
            r"The number above is that of the shortest "
            r"coefficients; others, which fit the data as well, give another."
        ),
        checks=(
            counted(
                "the row was put into the relations above, and breaks at least one",
                (any(map(_breaks(setting), result.aliases)), True),
            ),
        ),
        reference="Searle (1971), Linear Models, section 5.4",
    )


def _breaks(setting: RowSetting) -> Callable[[Alias], bool]:
    """Whether the row is further from a dependence than rounding alone."""
    result = setting.result
    curvature = result.curvature
    assert curvature is not None
    origin = curvature.origin if result.stack is None else result.stack.origin
    values = dict(zip(columns_of(result), (setting.x + origin).tolist(), strict=True))

    def breaks(alias: Alias) -> bool:
        parts = [c * values[name] for c, name in zip(alias.coefficients, alias.others, strict=True)]
        size = abs(values[alias.term]) + sum(map(abs, parts)) + abs(alias.constant)
        return bool(abs(values[alias.term] - sum(parts) - alias.constant) > 8 * ROUNDOFF * size)

    return breaks


TOPIC = Topic(20, "least squares", "row", applies, step)
