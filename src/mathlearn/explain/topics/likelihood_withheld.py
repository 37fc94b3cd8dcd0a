"""What is withheld of a fit by likelihood, and why: at the top, before any number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Step, maths, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.numbers import short
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import on_lines, said, sentence
from mathlearn.statistics import reasons
from mathlearn.statistics.functional import parameter_names
from mathlearn.statistics.separation import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.explain.derivation import Block, StepCheck
    from mathlearn.explain.setting import Setting
    from mathlearn.results.likelihood import Separation

_TOLD = 3  # directions of separation that are written out
_PENALISED = (
    "The penalty draws the coefficients to zero, by an amount that the data do not tell. A standard error would speak of how they vary, "
    "not of how far they are off, and an interval made of it would not hold the truth as often as it says."
)
_SEPARATED = (
    "Along the direction above the probability of what was observed rises for ever, so that no finite coefficient is the best. What a "
    "solver returns then is where it stopped, and a standard error there is of nothing."
)
_UNFINISHED = (
    "The numbers are where the solver stopped, not where the log-likelihood is largest: what follows shows how far off, and the steps "
    "that rest on the maximum fail."
)
_OTHERWISE = "A number that the data do not support would be worse than none. Predictions are not affected."


def applies(setting: Setting) -> bool:
    """Where there is no standard error, or the certificate is not ok."""
    return setting.undefined is not None or not setting.result.certificate.ok or _separation(setting) is not None


def _separation(setting: Setting) -> Separation | None:
    return setting.law.record.separation


def step(setting: Setting) -> Step:
    """Say what, and why."""
    return Step(
        heading="What is withheld",
        claim=prose(_claim(setting), *([setting.undefined] if setting.undefined is not None else [])),
        body=tuple(_body(setting)),
        because=prose(_because(setting)),
        checks=tuple(_checks(setting)),
        reference="Albert and Anderson (1984), On the existence of maximum likelihood estimates in logistic regression models, "
        "Biometrika 71(1)"
        if _separation(setting) is not None
        else "McCullagh and Nelder (1989), Generalized Linear Models, section 4.4.2",
    )


def _claim(setting: Setting) -> str:
    if setting.undefined is not None:
        return "No standard error, interval or test is given: @."
    if _separation(setting) is not None:
        return "Some estimates do not exist: they, their standard errors and tests are withheld."
    return "The fit is not certified: its standard errors, intervals and tests must not be relied on."


def _because(setting: Setting) -> str:
    law = setting.law
    if _separation(setting) is not None:
        return _SEPARATED
    if not setting.result.certificate.ok:
        return _UNFINISHED
    return _PENALISED if law.penalised else _OTHERWISE


def _body(setting: Setting) -> Iterator[Block]:
    for defect in setting.result.defects:
        yield said("@", sentence(defect.message, setting.result.responses))
    separation = _separation(setting)
    if separation is not None:
        which = "All rows are" if separation.complete else f"{separation.separated} of {setting.result.n} rows are"
        yield said(f"{which} parted by the sign of:")
        for direction in separation.directions.T[:_TOLD]:
            yield Display((_direction(setting, direction),))
        if separation.directions.shape[1] > _TOLD:
            yield said(
                f"and of {separation.directions.shape[1] - _TOLD} more directions, each of the rows on which those before are zero."
            )
    if setting.law.penalised:
        yield said(
            rf"The penalty is $\lambda = {short(setting.law.record.penalty)}$. Without it inference is given, where the estimate exists."
        )


def _direction(setting: Setting, direction: FloatArray) -> Maths:
    """Write a direction in which the likelihood rises for ever."""
    parts: list[Maths] = []
    names = parameter_names(setting.result)
    for k, (name, value) in enumerate(zip(names, readable(direction).tolist(), strict=False)):
        if value:
            sign = "-" if value < 0 else "+" if parts else ""
            size = short(abs(value))
            parts.append(Maths(f"{sign} {size}") if setting.centred and k == 0 else maths(rf"{sign} {size}\, @", name))
    return on_lines(Maths("v"), parts or [Maths("0")])


def _checks(setting: Setting) -> Iterator[StepCheck]:
    result, separation = setting.result, _separation(setting)
    n = setting.predictors * result.n - result.rank - setting.centred
    if setting.undefined is not None:
        given = int(np.isfinite(setting.table.std_error).sum())
        causes = (result.withheld, reasons.undefined_covariance(result))
        reason = any(causes) or result.covariance is None or (n <= 0 and setting.law.dispersed)
        yield counted(
            "standard errors that are given after all, and whether there is a reason", (given, 0), (reason, True)
        )
    yield counted("degrees of freedom, counted again", (result.df_resid, n))
    if setting.law.penalised:
        yield counted("a penalty that withholds nothing", (result.withheld is None, False))
    if separation is not None:
        names = parameter_names(result)
        moved = np.asarray(separation.directions.any(axis=1))
        kept = np.isfinite(setting.table.std_error[setting.response][: moved.size]) & moved[: len(names)]
        yield counted(
            "directions that no second pass has confirmed",
            (separation.verified, True),
            (moved.size, len(names)),
        )
        yield counted("standard errors of coefficients that do not exist", (int(kept.sum()), 0))
    elif not result.certificate.ok:
        failed = sum(not check.passed for check in result.certificate.checks)
        yield counted("certificates that fail no check", (failed > 0, True))


TOPIC = Topic(5, "any likelihood", "fit", applies, step)
