"""How far a row lies from those of a fit by likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.likelihood_again import row_coordinates
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._contributions import predicted
from mathlearn.explain.topics._moved import held
from mathlearn.explain.topics._words import display, said
from mathlearn.explain.topics.row_leverage import applies as measured
from mathlearn.explain.topics.row_leverage import determined, leverage, not_determined
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting

_FAR = 3.0  # times the average
_BECAUSE = (
    r"$b$ are the coordinates of the row in a basis in which the information is one, so that $\phi\, b^{\top} b$ is the variance of its "
    r"predictor. Over the rows of the fit $c_i\, b_i^{\top} b_i$ are the leverages: they add up to the number of parameters, and none "
    "exceeds 1."
)


def applies(setting: RowSetting) -> bool:
    """Where there is a curvature, anything is estimated, and the row has a predictor."""
    return measured(setting) and held(setting) and _parameters(setting) > 0


def step(setting: RowSetting) -> Step:
    """Compare its distance with the average, and its leverage with what a row of the fit can have."""
    if not determined(setting):
        return not_determined(setting)
    return Step(
        heading="How far the row lies from the data",
        claim=prose(_verdict(setting)),
        body=tuple(_body(setting)),
        because=prose(_BECAUSE),
        checks=tuple(_checks(setting)),
        reference="Pregibon (1981), Logistic regression diagnostics, Ann. Statist. 9(4); Hoaglin and Welsch (1978), Amer. Statist. "
        "32(1)",
    )


def _parameters(setting: RowSetting) -> int:
    return setting.result.rank + setting.centred


def _working_weight(setting: RowSetting) -> float:
    """Working weight of a row of weight one, with one trial, at this predictor."""
    law, eta = setting.family_law, np.array([predicted(setting)])
    return float(
        law.family.kernels(np.ones(1), eta, law.link).curvature[0]
    )  # it is the expected one, the same for every y


def _relative(setting: RowSetting) -> float:
    """Squared distance over its mean under the working weights; without an intercept, leverage over its mean."""
    h, k = leverage(setting), _parameters(setting)
    if setting.centred:
        return h * setting.result.weight_sum / k
    return h * _working_weight(setting) * setting.result.n / k


def _verdict(setting: RowSetting) -> str:
    ratio, hat = _relative(setting), _working_weight(setting) * leverage(setting)
    times = f"{ratio:.2g} times the average"
    if hat > 1 and not setting.weighted:
        return f"The row lies outside the data: its leverage would be {hat:.2g}, and no row of a fit has more than 1."
    if ratio > _FAR:
        return f"The row lies far out, at the edge of the data or beyond: its squared distance is {times}."
    return f"The row lies among the data: its squared distance is {times}."


def _body(setting: RowSetting) -> Iterator[Block]:
    h, k, result = leverage(setting), _parameters(setting), setting.result
    if setting.centred:
        yield display(
            rf"b^{{\top}} b = \frac{{1}}{{\sum_i c_i}} + (x - \bar x)^{{\top}} V V^{{\top}} (x - \bar x) = {num(h, 4)}"
        )
        average = rf"\frac{{{k}}}{{\sum_i c_i}} = \frac{{{k}}}{{{num(result.weight_sum, 4)}}}"
        yield display(
            rf"\frac{{\sum_i c_i\, b_i^{{\top}} b_i}}{{\sum_i c_i}} = {average} = {num(k / result.weight_sum, 4)}"
        )
        ratio = _relative(setting)
        if ratio > _FAR:
            yield said(
                f"Rows that lie as far out, or further, have together at most {100 / ratio:.2g} % of all working weight."
            )
    else:
        yield display(rf"b^{{\top}} b = x^{{\top}} V V^{{\top}} x = {num(h, 4)}")
    c = _working_weight(setting)
    unit = " and one trial" if setting.family_law.with_trials else ""
    yield display(
        rf"h(x) = c(x)\, b^{{\top}} b = {num(c, 4)} \times {num(h, 4)} = {num(c * h, 4)}, \qquad \bar h = \frac{{{k}}}{{n}} = {num(k / result.n, 4)}"
    )
    yield said(
        f"The leverage $h(x)$ is that of a row of weight 1{unit}, with the working weight $c(x)$ of its predictor."
    )


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    found, bound = row_coordinates(setting)
    h = leverage(setting)
    length = float(np.linalg.norm(found))
    says = "the squared distance, from zero instead of from the means, relative"
    root = float(np.sqrt(h))
    allowed = (2 * bound * max(root, length) + bound**2) / max(h, TINY) + 8 * (setting.p + 2) * ROUNDOFF
    yield StepCheck(abs(length**2 - h) / max(h, TINY), allowed, says)


TOPIC = Topic(30, "likelihood", "row", applies, step)
