"""From the linear predictor to the mean, or through the odds to the probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Step, StepCheck, joined, prose
from mathlearn.explain.mean import mean_of
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._contributions import from_zero, predicted
from mathlearn.explain.topics._moved import held
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Prose
    from mathlearn.explain.setting import RowSetting

_ULPS = 16.0  # of a mean, and of the odds


def step(setting: RowSetting) -> Step:
    """Put the predictor through the inverse of the link."""
    return Step(
        heading="From the predictor to the mean",
        claim=_claim(setting),
        body=tuple(_body(setting)),
        because=prose(_because(setting)),
        checks=(_check(setting),),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, sections 2.2.3 and 4.3.1",
    )


def _claim(setting: RowSetting) -> Prose:
    if setting.family_law.link.name == "logit":
        return prose(
            "The predictor is the logarithm of the odds: its exponential gives them, and they give the probability."
        )
    return prose("The inverse of the link makes a mean of the predictor.")


def _because(setting: RowSetting) -> str:
    link = setting.family_law.link
    if link.name == "logit":
        return (
            r"With probability $\mu$ the odds are $\mu / (1 - \mu)$, so that $\mu$ is the odds over one more than the odds. Near zero and "
            "one a step of the predictor changes the probability little, at one half the most."
        )
    return (
        rf"The link is $g(\mu) = {link.latex}$, and $g^{{-1}}(\eta) = {link.mean_latex}$ undoes it; it keeps the mean inside its range."
        if link.inverse_power != 1.0
        else "The link is the identity: the mean is the predictor itself."
    )


def mean_at(setting: RowSetting, eta: float) -> float:
    """Mean that belongs to a predictor."""
    return float(setting.family_law.link.mu(np.array([eta]))[0])


def _body(setting: RowSetting) -> Iterator[Block]:
    eta = predicted(setting)
    mu, mean = mean_at(setting, eta), mean_of(setting.family_law, setting.y)
    if setting.family_law.link.name == "logit":
        with np.errstate(over="ignore"):
            odds = num(float(np.exp(eta)))
        yield display(rf"\frac{{\hat\mu}}{{1 - \hat\mu}} = e^{{\hat\eta}} = e^{{{num(eta)}}} = {odds}")
        middle = rf"\frac{{{odds}}}{{1 + {odds}}}"
        yield Display((joined(" ", [Maths(r"\hat\mu ="), mean, Maths(rf"= {middle} = {num(mu)}")]),))
    else:
        inverse = setting.family_law.link.mean_latex.replace(r"\eta", r"\hat\eta")
        worked = f" = {inverse}" if setting.family_law.link.inverse_power != 1.0 else ""
        yield Display((joined(" ", [Maths(r"\hat\mu ="), mean, Maths(rf"{worked} = {num(mu)}")]),))
    yield from _decision(setting, eta)


def _decision(setting: RowSetting, eta: float) -> Iterator[Block]:
    """Say which class is predicted, and how probable the other is."""
    classes = setting.family_law.record.classes
    if len(classes) != 2:
        return
    other = num(mean_at(setting, -eta) if setting.family_law.link.name == "logit" else 1 - mean_at(setting, eta))
    yield said(
        f"The probability of @ is {other}. Predicted is the more probable class, @.".replace(other, f"${other}$"),
        repr(classes[0]),
        repr(classes[int(eta > 0)]),
    )


def _check(setting: RowSetting) -> StepCheck:
    """Find the mean again from the predictor added up from zero, and of the logit through the odds."""
    found, link = from_zero(setting), setting.family_law.link
    mu = mean_at(setting, predicted(setting))
    eta = np.array([found.value])
    if link.name == "logit":
        from scipy.special import expit

        again = float(expit(eta)[0])
        says = "the mean, by the logistic function, from the predictor added up from zero, relative"
    else:
        again, says = float(link.mu(eta)[0]), "the mean from the predictor added up from zero, relative"
    steep = abs(float(link.dmu(eta)[0])) / max(abs(mu), TINY)
    spread = steep * (found.bound + 4 * ROUNDOFF * abs(found.value))
    if np.isnan(mu) and np.isnan(again):
        return StepCheck(0.0, _ULPS * ROUNDOFF, "the predictor lies outside the range of the link: there is no mean")
    if again == mu:  # infinite, perhaps
        return StepCheck(0.0, _ULPS * ROUNDOFF, says)
    return StepCheck(abs(again - mu) / max(abs(mu), TINY), spread * (1 + spread) + _ULPS * ROUNDOFF, says)


TOPIC = Topic(20, "likelihood", "row", held, step)
