"""The proof that the solution is the maximum, on this fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import certified
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._classes import centred_whitener
from mathlearn.explain.topics._words import any_maximum, display, said
from mathlearn.linalg.errorfree import ROUNDOFF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

_CONVEX = (
    r"With the canonical link $-\ell_1$ is convex in the coefficients: its second derivative is $X^{\top} C X$ at every $\beta$, and "
    r"$v^{\top} X^{\top} C X v = \sum_i c_i (x_i^{\top} v)^2 \ge 0$. Where the gradient of a convex function vanishes, it is lowest."
)
_CONVEX_CLASSES = (
    r"$-\ell$ is convex in the coefficients: along a direction with the predictors $v_{ik} = x_i^{\top} v_k$, and $v_{i1} = 0$ of the first "
    r"class, its second derivative is $\sum_i w_i \bigl(\sum_k \pi_{ik} v_{ik}^2 - (\sum_k \pi_{ik} v_{ik})^2\bigr)$, a sum of variances, at "
    "every point. Where the gradient of a convex function vanishes, it is lowest."
)
_LOCAL = (
    "With this link the second derivative is the information only on average, so that a vanishing gradient and a positive curvature "
    "prove a local maximum: no point nearby is better. That none far away is, is not proved."
)
_ADJUSTED = "The gradient of the corrected log-likelihood vanishes, and its curvature is positive there."


def step(setting: Setting) -> Step:
    """Say why, and with what evidence."""
    return Step(
        heading="It is the maximum",
        claim=prose(_claim(setting)),
        body=tuple(_body(setting)),
        because=prose(_because(setting)),
        checks=tuple(_checks(setting)),
        reference="Boyd and Vandenberghe (2004), Convex Optimization, sections 4.2.3 and 9.5",
    )


def _claim(setting: Setting) -> str:
    law = setting.law
    if law.record.separation is not None:
        return "Of the rows that no direction moves the gradient vanishes, and the curvature is positive: there this is a maximum."
    if law.corrected or not law.canonical:
        return "The gradient vanishes and the curvature is positive in every direction: this is a local maximum."
    if setting.deficient and not law.penalised:
        return "The gradient vanishes and the curvature is nowhere negative: no coefficients are better, though others are as good."
    return "The gradient vanishes and the curvature is positive everywhere: this is the maximum, and the only one."


def _because(setting: Setting) -> str:
    law = setting.law
    if law.corrected:
        return _ADJUSTED
    if not law.canonical:
        return _LOCAL
    convex = _CONVEX if setting.predictors == 1 else _CONVEX_CLASSES
    if law.penalised:
        return (
            convex
            + r" The penalty adds $\lambda$ to every curvature of a slope, so that it is lowest at one point only."
        )
    if setting.deficient:
        return convex + " Along the directions that the data leave open the sum is zero: it is as low there."
    return convex + " Here the sum is zero for no direction $v$ but zero, so that it is lowest at one point only."


def _body(setting: Setting) -> Iterator[Block]:
    found = {check.name: check.value for check in setting.result.certificate.checks}
    if "curvature" in found:
        least = 1.0 - found["curvature"]
        ratio = r"\min_v \frac{v^{\top} H_{\text{obs}}\, v}{v^{\top} H\, v}"
        yield display(f"{ratio} = {num(least, 4)}{' > 0' if least > 0 else ''}")
        yield said(
            r"$H_{\text{obs}}$ is the second derivative as observed in the rows; over the information, which is positive, it is at "
            "least this in every direction."
        )
    if "optimisation_error" in found:
        yield said(
            f"No coefficient is further from the maximum than ${num(found['optimisation_error'], 2)}$ standard errors, rounding included."
        )


def _checks(setting: Setting) -> Iterator[StepCheck]:
    curvature = setting.result.curvature
    if curvature is not None:
        white = curvature.whitener if setting.predictors == 1 else centred_whitener(setting)
        length = np.sqrt(np.einsum("ij,ij->i", white, white))
        values = np.linalg.svd(white / np.where(length > 0, length, 1.0)[:, None], compute_uv=False)
        share = float(values[-1] / values[0]) if values.size else 1.0
        says = "what rounding can make of a curvature of zero, relative to the least found"
        yield StepCheck((setting.p + 1) * ROUNDOFF / share if share > 0 else np.inf, 1.0, says)
    for name in ("newton_decrement", "curvature", "optimisation_error", "convergence"):
        found = certified(setting.result, name)
        if found is not None:
            yield found


TOPIC = Topic(70, "any likelihood", "fit", any_maximum, step)
