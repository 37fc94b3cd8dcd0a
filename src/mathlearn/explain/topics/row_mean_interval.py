"""The interval of the mean of one prediction: that of the predictor, put through the inverse of the link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import likelihood_again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import counted, tail_check
from mathlearn.explain.numbers import num, span
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._contributions import predicted
from mathlearn.explain.topics._interval import no_interval, quantile
from mathlearn.explain.topics._moved import held
from mathlearn.explain.topics._words import display, said
from mathlearn.explain.topics.row_leverage import determined
from mathlearn.explain.topics.row_mean import mean_at
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import percent
from mathlearn.statistics.functional import standard_errors
from mathlearn.statistics.mean_intervals import mean_interval, predictor_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting


def applies(setting: RowSetting) -> bool:
    """Where the prediction is determined."""
    if not held(setting):
        return False
    return setting.result.curvature is None or setting.result.withheld is not None or determined(setting)


def step(setting: RowSetting) -> Step:
    """Work it, or say why there is none."""
    if setting.undefined is not None:
        df = setting.result.n - setting.result.rank - setting.centred
        return no_interval(setting, "The prediction is", df)
    return Step(
        heading="The interval of its mean",
        claim=prose(
            f"The {percent(setting.level)} interval of the predictor becomes that of the mean; both of its ends are possible means."
        ),
        body=tuple(_body(setting)),
        because=prose(
            "The predictor is about normal around the true one when there are many rows. The link is monotone, so that what holds the "
            "true predictor in so many samples holds the true mean in as many. It is the interval of the mean, not of an observation."
        ),
        checks=tuple(_checks(setting)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 4.4.3",
    )


def _spread(setting: RowSetting) -> float:
    return float(predictor_errors(setting.result, setting.x[None])[0])


def _ends(setting: RowSetting) -> tuple[float, float]:
    """Return the ends of the interval of the predictor."""
    half = quantile(setting) * _spread(setting)
    return predicted(setting) - half, predicted(setting) + half


def _body(setting: RowSetting) -> Iterator[Block]:
    covariance, se, letter = setting.result.covariance, _spread(setting), setting.table.letter
    assert covariance is not None
    phi = r"\hat\phi\, " if setting.family_law.dispersed else ""
    root = rf"\sqrt{{{phi}b^{{\top}} b}}" if covariance.meat is None else r"\sqrt{b^{\top} M\, b}"
    yield display(rf"\operatorname{{SE}}(\hat\eta) = {root} = {num(se, 4)}")
    law = (
        "the normal distribution"
        if letter == "z"
        else f"Student's distribution with {covariance.df:g} degrees of freedom"
    )
    yield said(f"With ${letter}^{{*}} = {num(quantile(setting))}$ from {law}:")
    low, high = _ends(setting)
    yield display(rf"\hat\eta \pm {letter}^{{*}}\, \operatorname{{SE}}\text{{:}} \quad {span(low, high)}")
    if setting.family_law.link.inverse_power == 1.0:
        return
    if setting.family_law.link.name == "logit":
        with np.errstate(over="ignore"):
            yield display(rf"e^{{\eta}}\text{{:}} \quad \text{{odds }} {span(float(np.exp(low)), float(np.exp(high)))}")
    first, second = sorted((mean_at(setting, low), mean_at(setting, high)))
    yield display(rf"g^{{-1}}(\eta)\text{{:}} \quad {span(first, second)}")


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    covariance, result = setting.result.covariance, setting.result
    assert covariance is not None
    df = likelihood_again.degrees_of_freedom(setting)
    yield counted("degrees of freedom, counted again", (covariance.df, df))
    yield tail_check(
        "the probability beyond the quantile, by numerical integration, relative",
        quantile(setting),
        df,
        1.0 - setting.level,
    )
    se = _spread(setting)
    b, bound = likelihood_again.row_coordinates(setting)
    found = float(standard_errors(result, b[None])[0, 0])
    size = max(float(np.linalg.norm(b)), TINY)
    stretch = (
        1.0 if covariance.meat is None else float(np.sqrt(np.abs(covariance.meat[0]).sum())) * size / max(se, TINY)
    )
    if se > 0:
        says = "the standard error of the predictor, from zero instead of from the means, relative"
        yield StepCheck(abs(found / se - 1.0), stretch * bound / size + 16 * (setting.p + 2) * ROUNDOFF * stretch, says)
    yield _as_shown(setting)


def _as_shown(setting: RowSetting) -> StepCheck:
    """Compare the ends with what `predict_interval` returns."""
    law, eta = setting.family_law, np.array([predicted(setting)])
    interval = mean_interval(setting.result, law.family, law.link, setting.x[None], eta, setting.level, "confidence")
    shown = np.array([interval.lower[0], interval.upper[0]])
    found = np.sort([mean_at(setting, end) for end in _ends(setting)])
    same = (shown == found) | (np.isnan(shown) & np.isnan(found))
    with np.errstate(invalid="ignore"):
        share = np.abs(shown - found) / np.maximum(np.abs(found), TINY)
    return StepCheck(
        float(np.where(same, 0.0, share).max()), 16 * ROUNDOFF, "the ends that predict_interval gives, relative"
    )


TOPIC = Topic(40, "likelihood", "row", applies, step)
