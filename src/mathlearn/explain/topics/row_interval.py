"""The intervals of one prediction, worked in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import agree, counted, resolved, tail_check
from mathlearn.explain.numbers import num, span, squared
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._contributions import predicted
from mathlearn.explain.topics._interval import quantile
from mathlearn.explain.topics._words import display, said
from mathlearn.explain.topics.row_leverage import determined, leverage
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import percent
from mathlearn.statistics.functional import standard_errors, whiten_rows
from mathlearn.statistics.intervals import predict_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting


def applies(setting: RowSetting) -> bool:
    """Where the prediction is determined."""
    return setting.result.curvature is None or setting.result.withheld is not None or determined(setting)


def step(setting: RowSetting) -> Step:
    """Work the interval of the mean, and that of an observation."""
    if setting.undefined is not None:
        return _withheld(setting)
    level = percent(setting.level)
    unit = " of weight 1" if setting.result.weights_type == "precision" else ""
    return Step(
        heading="Its intervals",
        claim=prose(
            f"One {level} interval is for the mean response at this row, and a wider one for a single new "
            f"observation{unit}."
        ),
        body=tuple(_body(setting)),
        because=prose(
            "The mean is uncertain because the coefficients are. A new observation has, besides, an error of its "
            "own, which no number of "
            "rows makes smaller."
        ),
        checks=tuple(_checks(setting)),
        reference="Seber and Lee (2003), Linear Regression Analysis, section 5.3",
    )


def _withheld(setting: RowSetting) -> Step:
    given = int(np.isfinite(setting.table.std_error).sum())
    return Step(
        heading="Why it has no interval",
        claim=prose("No interval can be given: @. The prediction is not affected.", setting.undefined or ""),
        body=(),
        because=prose("An interval needs the covariance of the estimates."),
        checks=(counted("standard errors that are given after all", (given, 0), *_absent(setting)),),
        reference="Seber and Lee (2003), Linear Regression Analysis, section 5.3",
    )


def _absent(setting: RowSetting) -> Iterator[tuple[bool, bool]]:
    """Yield what goes with a missing interval: no curvature where inference is withheld, and the degrees of freedom."""
    result = setting.result
    if result.withheld is not None:
        yield result.curvature is None, True
    n = result.n if setting.books is None else setting.books.n
    yield result.df_resid == n - result.rank - setting.centred, True


def _spread(setting: RowSetting) -> float:
    return float(standard_errors(setting.result, whiten_rows(setting.result, setting.x[None]))[setting.response, 0])


def _body(setting: RowSetting) -> Iterator[Block]:
    covariance = setting.result.covariance
    assert covariance is not None
    value, se, sigma = predicted(setting), _spread(setting), setting.sigma
    q = quantile(setting)
    if covariance.meat is None:
        yield display(
            rf"\operatorname{{SE}}(\hat\mu) = \hat\sigma \sqrt{{h(x)}} = {num(sigma, 4)} \times "
            rf"\sqrt{{{num(leverage(setting), 4)}}} = {num(se, 4)}"
        )
    else:
        yield display(rf"\operatorname{{SE}}(\hat\mu) = \sqrt{{b^{{\top}} M\, b}} = {num(se, 4)}")
    yield said(
        f"For the mean, with $t^{{*}} = {num(q)}$ from Student's distribution with {covariance.df:g} degrees of freedom:"
    )
    yield display(rf"{num(value)} \pm {num(q)} \times {num(se, 4)}, {_ends(value, q * se)}")
    wide = float(np.hypot(sigma, se))
    yield said("For a new observation:")
    root = rf"\sqrt{{{squared(sigma, 4)} + {squared(se, 4)}}}"
    yield display(rf"{num(value)} \pm {num(q)} \times {root}, {_ends(value, q * wide)}")
    if covariance.meat is not None:
        yield said(
            r"A new observation is taken as normal with the pooled variance $\hat\sigma^2$; the covariance of the "
            r"estimates says nothing about it."
        )


def _ends(value: float, half: float) -> str:
    return rf"\qquad {span(value - half, value + half)}"


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    covariance, books, curvature = setting.result.covariance, setting.books, setting.result.curvature
    assert covariance is not None
    assert curvature is not None
    q = quantile(setting)
    yield counted("degrees of freedom, counted again", (covariance.df, again.degrees_of_freedom(setting)))
    says = "the probability beyond the quantile, by numerical integration, relative"
    yield tail_check(says, q, again.degrees_of_freedom(setting), 1.0 - setting.level)
    se = _spread(setting)
    if books is not None and covariance.meat is None and not setting.exact:
        sigma, variance = again.sigma(setting, books), again.mean_spread(books, setting.x, centred=setting.centred)
        found = sigma.value * np.sqrt(max(variance.value, 0.0))
        bound = variance.bound + sigma.bound + 8 * ROUNDOFF
        says = "the standard error of the mean, by solving the normal equations without V, relative"
        yield resolved(setting.result, agree(says, found, se, bound), "standard_errors")
    yield from _as_shown(setting, predicted(setting) - setting.offset, q, se)


def _as_shown(setting: RowSetting, value: float, q: float, se: float) -> Iterator[StepCheck]:
    """Compare with what `predict_interval` returns."""
    row, q_all = setting.x[None], len(setting.result.responses)
    at = np.full((1, q_all), value)
    for kind, half in (("confidence", q * se), ("observation", q * float(np.hypot(setting.sigma, se)))):
        shown = predict_interval(setting.result, row, at, setting.level, kind)  # type: ignore[arg-type]
        width = float(shown.upper[0, setting.response] - shown.lower[0, setting.response]) / 2
        size = max(half, TINY)
        rounding = 8 * ROUNDOFF * (1 + abs(value) / size) if half > 0 else abs(value) * ROUNDOFF
        yield StepCheck(
            abs(width - half) / size if half > 0 else width,
            rounding,
            f"half width of the {kind} interval that predict_interval gives, relative",
        )


TOPIC = Topic(30, "least squares", "row", applies, step)
