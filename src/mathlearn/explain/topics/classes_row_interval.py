"""The intervals of the probabilities of one row: each by way of its own log odds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import likelihood_again
from mathlearn.explain.derivation import Step, StepCheck, Table, prose
from mathlearn.explain.evidence import counted, tail_check
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._classes import closed, most_probable, scores
from mathlearn.explain.topics._interval import no_interval, quantile
from mathlearn.explain.topics._words import display, said
from mathlearn.explain.topics.row_leverage import not_determined
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import Cells, number, percent
from mathlearn.statistics.functional import standard_errors
from mathlearn.statistics.probability_intervals import logit_errors, probability_intervals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting

_NEAR_ONE = 1e-6  # of a probability to one, from where its log odds have lost their digits


def applies(setting: RowSetting) -> bool:
    """Where no class is ruled out."""
    return not closed(setting).any()


def step(setting: RowSetting) -> Step:
    """Work them, or say why there are none."""
    if setting.undefined is not None:
        df = setting.predictors * setting.result.n - setting.result.rank
        return no_interval(setting, "The probabilities are", df)
    if setting.result.aliases and not np.isfinite(_logits(setting)[1]).any():
        return not_determined(setting)
    return Step(
        heading="The intervals of its probabilities",
        claim=prose(
            f"The {percent(setting.level)} interval of the log odds of a class, against all others together, becomes that of its probability: "
            "both of its ends are possible probabilities."
        ),
        body=tuple(_body(setting)),
        because=prose(
            r"The estimates are about normal around the true ones when there are many rows, and so, to first order, is "
            r"$\zeta_k = \log(\pi_k / (1 - \pi_k))$ (the delta method): if the log odds of class $l$ rise, $\zeta_k$ falls by the probability of "
            "$l$ among the others. Each interval holds by itself, not all of them together."
        ),
        checks=tuple(_checks(setting)),
        reference="Agresti (2013), Categorical Data Analysis, section 16.1.3",
    )


def _logits(setting: RowSetting) -> tuple[FloatArray, FloatArray]:
    value, errors = logit_errors(setting.result, setting.x[None], scores(setting)[None])
    return value[0], errors[0]


def _body(setting: RowSetting) -> Iterator[Block]:
    value, errors = _logits(setting)
    found = probability_intervals(setting.result, setting.x[None], scores(setting)[None], setting.level)
    yield display(
        r"\zeta_k = \log\frac{\pi_k}{1 - \pi_k}, \qquad \frac{\partial \zeta_k}{\partial \eta_k} = 1, \quad "
        r"\frac{\partial \zeta_k}{\partial \eta_l} = -\frac{\pi_l}{1 - \pi_k}"
    )
    letter = setting.table.letter
    yield display(
        rf"\hat\pi_k\text{{:}} \quad \frac{{1}}{{1 + e^{{-\zeta}}}} \text{{ at }} \zeta = \hat\zeta_k \pm {letter}^{{*}}\, "
        rf"\operatorname{{SE}}(\hat\zeta_k), \qquad {letter}^{{*}} = {num(quantile(setting))}"
    )
    told = most_probable(setting)
    labels = [repr(label) for label in setting.law.record.classes]
    columns = (value, errors, found.estimate[0], found.lower[0], found.upper[0])
    rows = tuple((labels[k], *(number(float(each[k])) for each in columns)) for k in told)
    yield Table(Cells(("class", "log odds", "std. error", "probability", "from", "to"), rows))
    if len(told) < len(labels):
        yield said(f"Shown are the {len(told)} most probable of {len(labels)} classes.")
    if not np.isfinite(errors).all():
        yield said("A probability that the data do not determine has no interval.")


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    covariance = setting.result.covariance
    assert covariance is not None
    df = likelihood_again.degrees_of_freedom(setting)
    yield counted("degrees of freedom, counted again", (covariance.df, df))
    yield tail_check(
        "the probability beyond the quantile, by numerical integration, relative",
        quantile(setting),
        df,
        1.0 - setting.level,
    )
    yield _errors_again(setting)
    yield _ends(setting)


def _errors_again(setting: RowSetting) -> StepCheck:
    """Find the standard errors again from zero instead of from amid the rows: of functionals of the stacked parameters themselves."""
    curvature, covariance, stack = setting.result.curvature, setting.result.covariance, setting.stack
    assert curvature is not None
    assert covariance is not None
    _, errors = _logits(setting)
    pull, one = _pull(setting), np.ones(int(stack.intercept))
    z = np.concatenate([one, setting.x + stack.origin])
    functional = np.einsum("kl,j->klj", pull, z).reshape(len(pull), -1)
    found = standard_errors(setting.result, functional @ curvature.whitener)[0]
    far = np.concatenate([one, np.abs(setting.x) + np.abs(stack.mean) + 2 * np.abs(stack.origin)])
    added = np.einsum("kl,j->klj", np.abs(pull), far).reshape(len(pull), -1) @ np.abs(curvature.whitener)
    stretch = 1.0 if covariance.meat is None else float(np.sqrt(np.abs(covariance.meat[0]).sum()))
    known = np.isfinite(errors) & (errors > 0)
    share = np.abs(found[known] / errors[known] - 1.0)
    bound = 16 * (setting.p + 8) * ROUNDOFF * stretch * np.linalg.norm(added, axis=1)[known] / errors[known]
    worst = max(range(share.size), key=lambda k: share[k] / bound[k], default=None)
    says = "the standard errors, as those of functionals of the parameters themselves, relative"
    return StepCheck(0.0, 0.0, says) if worst is None else StepCheck(float(share[worst]), float(bound[worst]), says)


def _pull(setting: RowSetting) -> FloatArray:
    """Differentiate the log odds of each class (K, K - 1) by those against the first; other classes are summed one by one."""
    found = scores(setting)
    odds = np.exp(found - found.max())
    rest = np.array([np.delete(odds, k).sum() for k in range(odds.size)])
    apart = 1.0 - np.eye(odds.size)
    return np.asarray((np.eye(odds.size) - apart * odds / np.maximum(rest, TINY)[:, None])[:, 1:])


def _ends(setting: RowSetting) -> StepCheck:
    """Compare the ends with what `predict_interval` returns, put back on the scale of log odds."""
    value, errors = _logits(setting)
    found = probability_intervals(setting.result, setting.x[None], scores(setting)[None], setting.level)
    known = np.isfinite(errors) & (found.lower[0] > TINY) & (found.upper[0] < 1.0 - _NEAR_ONE)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (np.log(end) - np.log1p(-end) for end in (found.lower[0], found.upper[0]))
    half = quantile(setting) * errors
    off = np.maximum(np.abs(low - (value - half)), np.abs(high - (value + half)))[known]
    size = 1.0 / (1.0 - found.upper[0][known]) + np.abs(value[known]) + half[known]
    says = "the ends that predict_interval gives, on the scale of log odds, relative"
    return StepCheck(float((off / size).max(initial=0.0)), 32 * ROUNDOFF, says)


TOPIC = Topic(40, "classes", "row", applies, step)
