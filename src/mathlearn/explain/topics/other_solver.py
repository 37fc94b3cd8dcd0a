"""Solutions that were found without a curvature factor: what they satisfy, from the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, prose
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import column, display

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

# Rung: what is claimed, what is shown, why it holds, where it is from.
_TEXTS = {
    "minimum-norm": (
        "Many coefficients fit equally well; the shortest of them are given.",
        r"\hat\beta = A^{\top} z, \qquad A A^{\top} z = \sqrt{W}\,(y - \bar y), \qquad A = \sqrt{W}\, X_c",
        (
            "There are more parameters than rows, so that the equations leave directions open. The shortest solution has "
            "no part "
            "along these, and so is a combination of the rows."
        ),
        "Golub and Van Loan (2013), Matrix Computations, section 5.6",
    ),
    "lsmr": (
        "The coefficients were found step by step, from products with the sparse columns alone.",
        r"X^{\top} W (y - \hat\mu) \approx 0",
        (
            "The matrix of products is too large or too ill-conditioned to be formed. Each step makes the gradient "
            "smaller, until it is at "
            "its rounding level."
        ),
        "Fong and Saunders (2011), LSMR: an iterative algorithm for sparse least-squares problems, section 2",
    ),
    "active-set": (
        "Of all coefficients that are not negative, those of the smallest loss are given.",
        r"\hat\beta_j \ge 0, \qquad g_j \ge 0, \qquad \hat\beta_j\, g_j = 0 \quad \text{for every } j",
        (
            "Where a coefficient is positive the gradient is zero; where it is held at zero, raising it would raise the "
            "loss. For a convex "
            "loss these conditions (Karush, Kuhn and Tucker) are enough."
        ),
        "Lawson and Hanson (1974), Solving Least Squares Problems, chapter 23",
    ),
}


def applies(setting: Setting) -> bool:
    """Where no statistic was kept."""
    return setting.books is None and setting.result.rung in _TEXTS


def step(setting: Setting) -> Step:
    """Show the solution and the evidence for it."""
    claim, shown, why, reference = _TEXTS[setting.result.rung]
    return Step(
        heading="The solution",
        claim=prose(claim),
        body=tuple(_body(setting, shown)),
        because=prose(why),
        checks=tuple(_checks(setting)),
        reference=reference,
    )


def _body(setting: Setting, shown: str) -> Iterator[Block]:
    if setting.result.offset is not None:
        shown = shown.replace(r"(y - \bar y)", r"(y - o - \overline{y - o})")
    if not setting.centred:
        shown = shown.replace("X_c", "X").replace(rf"({setting.left.strip('()')} - {setting.left_mean})", setting.left)
    if not setting.weighted:
        shown = shown.replace(r"\sqrt{W}\,", "").replace(" W ", " ")
    yield display(shown)
    if setting.p:
        yield Display((Maths(r"\hat\beta ="), Matrix(column(setting.beta), setting.terms)))
    if setting.centred:
        yield display(rf"\hat\beta_0 = {setting.left_mean} - \bar x^{{\top}} \hat\beta = {num(setting.intercept)}")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    """Tell what was found in a second pass over the rows."""
    for check in setting.result.certificate.checks:
        yield StepCheck(check.value, check.threshold, f"from the rows: {check.meaning}")
    if setting.result.rung == "active-set":
        yield StepCheck(float(max(0.0, -setting.beta.min(initial=0.0))), 0.0, "no coefficient is negative")
    size = float(np.abs(setting.beta).max(initial=0.0))
    yield StepCheck(float(not np.isfinite(size)), 0.0, "all coefficients are finite")


TOPIC = Topic(60, "least squares", "fit", applies, step)
