"""One coefficient of a fit by likelihood worked in full: standard error, statistic and p-value, interval, what it multiplies."""

from __future__ import annotations

from math import exp, isfinite
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import likelihood_again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import agree, certified, counted
from mathlearn.explain.numbers import num, span
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._line import Line
from mathlearn.explain.topics._ratio import MULTIPLIES
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import percent
from mathlearn.statistics.ratios import ratio_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

_MOST_LOG = 300.0  # the square of whose exponential is a double


def applies(setting: Setting) -> bool:
    """Where there is a parameter with a standard error that is not zero."""
    return setting.undefined is None and setting.term is not None and Line.of(setting).se > 0


def step(setting: Setting) -> Step:
    """Work the line of a parameter."""
    line = Line.of(setting)
    children = [_estimate(setting, line), _test(setting, line), _interval(setting, line)]
    if _has_ratio(setting, line):
        children.append(_ratio(setting, line))
    pairs = ((line.estimate, line.recorded), (line.df, likelihood_again.degrees_of_freedom(setting)))
    return Step(
        heading="One coefficient in full",
        claim=prose("The line of @ in the table, worked by hand.", line.name),
        body=(),
        because=prose(line.why(setting)),
        checks=(counted("estimate and degrees of freedom are those of the record and of the counts", *pairs),),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 4.4.3",
        children=tuple(children),
    )


def _estimate(setting: Setting, line: Line) -> Step:
    return Step(
        heading="Its estimate and standard error",
        claim=prose("The standard error says by how much the estimate would vary from sample to sample."),
        body=tuple(_estimate_body(setting, line)),
        because=prose(
            "It is the root of an entry of the covariance above: the less a column varies apart from the others, in rows whose working "
            "weight is not small, the larger."
            if not line.constant
            else "The intercept is the linear predictor where every column is zero. Its variance grows with the distance of the means "
            r"$\bar x$ from there; that it is large says nothing about the fit."
        ),
        checks=tuple(_estimate_checks(setting, line)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 4.4.3",
    )


def _estimate_body(setting: Setting, line: Line) -> Iterator[Block]:
    covariance = setting.result.covariance
    assert covariance is not None
    yield display(rf"{line.beta} = {num(line.estimate)}")
    se = rf"\operatorname{{SE}}({line.beta})"
    if covariance.meat is not None:
        root = rf"\sqrt{{b_{{{line.j}}}^{{\top}} M\, b_{{{line.j}}}}}"
    else:
        root = rf"\sqrt{{\operatorname{{Cov}}(\hat\theta)_{{{line.j}{line.j}}}}}"
    yield display(rf"{se} = {root} = \sqrt{{{num(line.se**2)}}} = {num(line.se, 4)}")


def _estimate_checks(setting: Setting, line: Line) -> Iterator[StepCheck]:
    """Compare with the record by another route: the predictor at the means; the factor of the information, row by row."""
    covariance = setting.result.covariance
    assert covariance is not None
    error = certified(setting.result, "optimisation_error")
    if error is not None:
        yield error
    if line.slot < 0:
        found, size = likelihood_again.intercept(setting), max(line.se, TINY)
        says = "the intercept from the predictor at the means, in standard errors"
        yield StepCheck(abs(found.value - line.estimate) / size, found.bound / size, says)
    if covariance.meat is None:
        says = "the standard error, from the factor of the inverse of the information and the dispersion"
        spread, bound = _spread(setting, line)
        yield agree(says, spread, line.se, bound)
    else:
        says = "the standard error, as estimate over the statistic"
        yield agree(says, line.estimate / line.statistic, line.se, 4 * ROUNDOFF)


def _spread(setting: Setting, line: Line) -> tuple[float, float]:
    """Find a model-based standard error from its row of the factor, or for the intercept from the means; with a relative bound."""
    curvature, phi = setting.result.curvature, setting.law.record.dispersion
    assert curvature is not None
    rounding = 4 * (setting.p + 8) * ROUNDOFF
    if line.slot >= 0:
        white = curvature.whitener[line.slot]
        return float(np.sqrt(white @ white * phi)), rounding
    white = curvature.whitener.T @ (curvature.mean + curvature.origin)
    far = (np.abs(curvature.mean) + np.abs(curvature.origin)) @ np.abs(curvature.whitener)
    lost = float(np.linalg.norm(far)) / max(float(np.linalg.norm(white)), TINY)
    return float(np.sqrt((white @ white + 1.0 / setting.result.weight_sum) * phi)), rounding * (1 + lost)


def _test(setting: Setting, line: Line) -> Step:
    z = line.letter
    law = (
        "the standard normal distribution"
        if line.letter == "z"
        else f"Student's distribution with {line.df:g} degrees of freedom"
    )
    return Step(
        heading="Its statistic and p-value",
        claim=prose(
            f"${z}$ is the estimate in standard errors; the p-value is about how often a coefficient of zero would give a $|{z}|$ as large."
        ),
        body=(*line.test(), said(f"Here ${line.variable}$ has {law}, and $f$ is its density.")),
        because=prose(
            "The estimate is about normal around the true coefficient when there are many rows. Where an estimate is large and its "
            "standard error larger, the parabola is a poor picture of the log-likelihood: the likelihood-ratio test is then the better one."
        ),
        checks=tuple(line.test_checks(likelihood_again.degrees_of_freedom(setting))),
        reference="Wald (1943), Tests of statistical hypotheses, Trans. Amer. Math. Soc. 54(3); Hauck and Donner (1977), J. Amer. "
        "Statist. Assoc. 72(360)",
    )


def _interval(setting: Setting, line: Line) -> Step:
    level, z = setting.level, line.letter
    return Step(
        heading="Its interval",
        claim=prose(
            f"The {percent(level)} interval holds the values that lie at most ${z}^{{*}}$ standard errors from the estimate."
        ),
        body=tuple(line.interval()),
        because=prose(
            f"$|{line.variable}|$ exceeds ${z}^{{*}} = {num(line.quantile)}$ with probability ${1 - level:.10g}$. Under what is assumed, "
            f"about {percent(level)} of such intervals, from sample to sample, hold the true coefficient."
        ),
        checks=tuple(line.interval_checks(likelihood_again.degrees_of_freedom(setting))),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 4.4.3",
    )


def _has_ratio(setting: Setting, line: Line) -> bool:
    ends = (line.estimate, line.low, line.high)
    written = all(isfinite(x) and abs(x) < _MOST_LOG for x in ends)
    named = setting.law.record.link in MULTIPLIES and ratio_of(setting.law.record) is not None
    return named and not line.constant and written


def _ratio(setting: Setting, line: Line) -> Step:
    """Put coefficient and interval through the exponential."""
    multiplied, ratio = MULTIPLIES[setting.law.record.link], ratio_of(setting.law.record)
    assert ratio is not None
    values = [exp(x) for x in (line.estimate, line.low, line.high)]
    shown = [num(x, 4) for x in values]
    product = agree(
        "lower end times upper end is the square of the ratio", values[1] * values[2], values[0] ** 2, _doubt(line)
    )
    return Step(
        heading="What it multiplies",
        claim=prose(
            f"A column that is one higher multiplies {multiplied.what} by $e^{{\\hat\\beta}}$, the {ratio.name}."
        ),
        body=(
            display(rf"e^{{{line.beta}}} = e^{{{num(line.estimate)}}} = {shown[0]}"),
            display(span(values[1], values[2], 4)),
        ),
        because=prose(multiplied.because),
        checks=(product, _logarithms(line, values)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, sections 4.1.2 and 6.2",
    )


def _doubt(line: Line) -> float:
    return 8 * ROUNDOFF * (1 + abs(line.low) + abs(line.high) + abs(line.estimate))


def _logarithms(line: Line, values: list[float]) -> StepCheck:
    """Compare the logarithms of the ends with estimate and standard error."""
    half = (np.log(values[2]) - np.log(values[1])) / 2
    says = "half the distance of the logarithms of the ends, over the standard error, against the quantile"
    return agree(says, float(half) / line.se, line.quantile, _doubt(line) / max(line.se * line.quantile, TINY))


TOPIC = Topic(100, "any likelihood", "fit", applies, step)
