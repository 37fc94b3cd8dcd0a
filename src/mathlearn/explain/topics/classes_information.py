"""The information of more than two classes: a block for each pair of log odds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, prose
from mathlearn.explain.evidence import certified, counted
from mathlearn.explain.likelihood_again import Information
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_maximum, display, said
from mathlearn.explain.topics.likelihood_information import dots_and_condition
from mathlearn.linalg.errorfree import ROUNDOFF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def step(setting: Setting) -> Step:
    """Show its blocks."""
    penalty = ", the penalty being part of it" if setting.law.penalised else ""
    whose = ", of the rows that no direction moves," if setting.law.record.separation is not None else ""
    return Step(
        heading="The information",
        claim=prose(
            f"At the maximum the log-likelihood{whose} bends by a matrix $H$, of a block for each pair of classes{penalty}: the sharper the "
            "bend, the better the data tell the coefficients."
        ),
        body=tuple(_body(setting)),
        because=prose(
            r"Each row counts with the covariance of which class it has, $\operatorname{diag}(\pi_i) - \pi_i \pi_i^{\top}$: it is the expected "
            "curvature of its log-likelihood in the log odds, and, this link being the canonical one, the observed one."
        ),
        checks=tuple(_checks(setting)),
        reference="Böhning (1992), Multinomial logistic regression algorithm, Ann. Inst. Statist. Math. 44(1), section 2",
    )


def _body(setting: Setting) -> Iterator[Block]:
    one = r"(1, x_i)" if setting.stack.intercept else "x_i"
    penalty = r" + \lambda\, ([k = l] - \tfrac{1}{K})\, I" if setting.law.penalised else ""
    yield display(
        rf"H_{{kl}} = \sum_i {setting.w}\hat\pi_{{ik}} ([k = l] - \hat\pi_{{il}})\, \tilde x_i \tilde x_i^{{\top}}{penalty}, \qquad \tilde x_i = {one}"
    )
    if setting.law.penalised and setting.stack.intercept:
        yield said("The row and the column of an intercept have no penalty.")
    found = Information.of(setting)
    if found is not None:
        yield Display((Maths("H ="), Matrix(found.matrix, setting.terms)))
    yield from dots_and_condition(setting, found)


def _checks(setting: Setting) -> Iterator[StepCheck]:
    found, k = Information.of(setting), len(setting.stack.terms)
    if found is not None:
        blocks = found.matrix.reshape(setting.predictors, k, setting.predictors, k)
        yield _symmetric(blocks, found)
        yield from _intercepts(setting, blocks, found)
    evidence = certified(setting.result, "standard_errors")
    yield counted("pieces of evidence about the information that are missing", (float(evidence is None), 0.0))
    if evidence is not None:
        yield evidence


def _symmetric(blocks: FloatArray, found: Information) -> StepCheck:
    """Compare each block with its transpose, in units in which no entry of H is more than one."""
    others, k = blocks.shape[:2]
    unit = np.sqrt(np.einsum("ajaj->aj", blocks).max(axis=0))
    share = blocks / (unit[:, None, None] * unit)
    skew = np.abs(share - share.transpose(0, 3, 2, 1)).max(initial=0.0)
    says = "each block against its transpose, the whole being the inverse of what standard errors are made of"
    return StepCheck(float(skew), found.bound + 8 * others * k * ROUNDOFF, says)


def _intercepts(setting: Setting, blocks: FloatArray, found: Information) -> Iterator[StepCheck]:
    """Bound the sums of the covariances themselves, which the intercepts have: a variance of a class is at most one quarter."""
    if not setting.stack.intercept:
        return
    level, weight = blocks[:, 0, :, 0], setting.result.weight_sum
    beyond = float(np.diag(level).max() / (weight / 4) - 1.0)
    # Its covariance with the first class, minus the sum of a row, is no more than zero, as are all others.
    others = np.concatenate([level[~np.eye(len(level), dtype=np.bool_)], -level.sum(axis=1)])
    positive = float(others.max(initial=0.0) / weight)
    says = "the variances of all classes, of a quarter a row at most, and their covariances, which are never positive"
    yield StepCheck(max(beyond, positive), found.bound + 64 * ROUNDOFF, says)


TOPIC = Topic(40, "classes", "fit", any_maximum, step)
