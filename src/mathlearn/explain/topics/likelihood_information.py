"""The information: how sharply the log-likelihood bends at its maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, prose
from mathlearn.explain.evidence import agree, certified
from mathlearn.explain.likelihood_again import Information
from mathlearn.explain.numbers import num, short
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

_TOLD = 6  # columns of which all numbers are shown


def applies(setting: Setting) -> bool:
    """Where the curvature was kept, and anything is estimated."""
    return setting.result.curvature is not None and (setting.p > 0 or setting.centred)


def step(setting: Setting) -> Step:
    """Show the working weights' matrix."""
    penalty = ", the penalty being part of it" if setting.family_law.penalised else ""
    whose = ", of the rows that no direction moves," if setting.family_law.record.separation is not None else ""
    return Step(
        heading="The information",
        claim=prose(
            f"At the maximum the log-likelihood{whose} bends by a matrix $H$ of squares and products of the columns{penalty}: the sharper the "
            "bend, the better the data tell the coefficients."
        ),
        body=tuple(_body(setting)),
        because=prose(
            rf"Each row counts with its working weight $c_i$, the expected curvature of its own log-likelihood in $\eta_i$: "
            rf"{_which(setting)}"
        ),
        checks=tuple(_checks(setting)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 2.5 and appendix A",
    )


def _which(setting: Setting) -> str:
    if setting.family_law.canonical:
        return "with this link, the canonical one, the expected curvature is the observed one."
    return "with this link the observed curvature is another, which has the same mean."


def _body(setting: Setting) -> Iterator[Block]:
    law, result = setting.family_law, setting.result
    curvature = result.curvature
    assert curvature is not None
    slope = r"\frac{1}{V(\mu_i)} \left(\frac{\partial \mu_i}{\partial \eta_i}\right)^2"
    yield display(rf"c_i = {setting.w}{law.trials}" + (r"V(\mu_i)" if law.plain else slope))
    if setting.centred:
        yield display(rf"\sum_i c_i = {num(result.weight_sum)}")
    if not setting.p:
        return
    penalty = r" + \lambda I" if law.penalised else ""
    head = rf"H = {setting.X}^{{\top}} C {setting.X}{penalty}, \qquad C = \operatorname{{diag}}(c)"
    yield display(head)
    if setting.centred:
        yield said(
            r"The columns are centred at their means $\bar x$ under the working weights, so that the intercept stands apart."
        )
    found = Information.of(setting)
    if found is not None:
        yield Display((Maths("H ="), Matrix(found.matrix, setting.terms)))
    yield from dots_and_condition(setting, found)


def dots_and_condition(setting: Setting, found: Information | None) -> Iterator[Block]:
    """Say what the picture of a matrix leaves out, or why there is none, and how near to singular it is."""
    if found is not None and setting.p > _TOLD:
        yield said("Where there are dots, numbers are left out of the picture, not of the arithmetic.")
    if found is None:
        yield said(
            r"The record keeps a factor $V$ with $V^{\top} H V = I$."
            + (r" $H$ is singular: the data leave directions open." if setting.deficient else "")
        )
    if setting.p > 1 and np.isfinite(setting.result.condition_scaled):
        yield said(
            rf"Its condition number, in scaled columns, is ${short(float(f'{setting.result.condition_scaled:.3g}'))}^2$."
        )


def _checks(setting: Setting) -> Iterator[StepCheck]:
    result, law = setting.result, setting.family_law
    curvature = result.curvature
    assert curvature is not None
    at = curvature.mean + curvature.origin
    far = np.abs(curvature.mean) + np.abs(curvature.origin)
    size = float(np.linalg.norm(far @ np.abs(curvature.whitener)))
    left = float(np.linalg.norm(curvature.whitener.T @ at - curvature.mean_white))
    says = "the factor of the inverse times the means of the columns, against what was kept of it, relative to what is added up"
    yield StepCheck(left / max(size, TINY), (setting.p + 8) * ROUNDOFF, says)
    if setting.centred and not setting.weighted and not law.with_trials and np.isfinite(law.constant_weight):
        says = "the sum of the working weights, which are the same in every row, relative"
        yield agree(says, law.constant_weight * result.n, result.weight_sum, (result.n**0.5 + 64) * ROUNDOFF)
    found = certified(result, "standard_errors")
    if found is not None:
        yield found


TOPIC = Topic(40, "likelihood", "fit", applies, step)
