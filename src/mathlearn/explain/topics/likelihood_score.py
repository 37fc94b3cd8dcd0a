"""Where the score vanishes: the condition that the estimates satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Step, prose
from mathlearn.explain.evidence import certified, counted
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_maximum, display, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, StepCheck
    from mathlearn.explain.setting import Setting

__all__ = ["claimed", "decrement", "score_checks", "step"]


def step(setting: Setting) -> Step:
    """Set the derivatives to zero, and say how near to that the solution is."""
    law = setting.family_law
    return Step(
        heading="The score is zero",
        claim=prose(claimed(setting)),
        body=tuple(_body(setting)),
        because=prose(_because(setting)),
        checks=tuple(score_checks(setting)),
        reference="Firth (1993), Bias reduction of maximum likelihood estimates, Biometrika 80(1)"
        if law.corrected
        else "McCullagh and Nelder (1989), Generalized Linear Models, section 2.5",
    )


def claimed(setting: Setting) -> str:
    """Say of which rows the derivatives vanish."""
    if setting.law.record.separation is not None:
        return "Of the rows that no direction moves, every derivative vanishes; of the others it does in the limit."
    return "At the maximum no coefficient can be moved either way to gain: every derivative vanishes."


def _body(setting: Setting) -> Iterator[Block]:
    law, w, trials = setting.family_law, setting.w, setting.family_law.trials
    general = r"\frac{y_i - \mu_i}{V(\mu_i)}\, \frac{\partial \mu_i}{\partial \eta_i}"
    plain = r"(y_i - \mu_i)" if w or trials else r"y_i - \mu_i"
    score = plain if law.plain else general
    yield display(rf"s_i = {w}{trials}{score}")
    yield display(rf"g = -X^{{\top}} s{_pull(setting)} = 0" if setting.p else r"g = -\sum_i s_i = 0")
    if law.plain and not law.corrected and setting.centred and setting.p:
        weighted = f"{w}{trials}"
        yield display(rf"\sum_i {weighted}\hat\mu_i = \sum_i {weighted}y_i")
        yield said("The last is the equation of the intercept: fitted means add up to what was observed.")
    yield from decrement(setting)


def decrement(setting: Setting) -> Iterator[Block]:
    """Say what is left of the gradient."""
    left = next((c.value for c in setting.result.certificate.checks if c.name == "newton_decrement"), None)
    if left is None:
        return
    phi = r" / \phi" if setting.law.dispersed else ""
    yield display(rf"\delta = \sqrt{{g^{{\top}} H^{{-1}} g{phi}}} = {num(left, 3)}")
    yield said(
        r"$\delta$ is what is left of the gradient, in the unit that matters: how many standard errors away the maximum can still be. "
        "$H$ is the information of the next step."
    )


def _pull(setting: Setting) -> str:
    """Write what is beside the score in the gradient."""
    law = setting.family_law
    correction = r" - \frac{1}{2} \frac{\partial}{\partial \beta} \log\left|H\right|" if law.corrected else ""
    return (r" + \lambda \beta" if law.penalised else "") + correction


def _because(setting: Setting) -> str:
    law = setting.family_law
    if law.corrected:
        return "The correction takes the leading term of the bias out of the estimates, and keeps them finite where the data are separated."
    chain = r"By the chain rule $\partial \ell / \partial \beta$ is a sum over rows of $s_i = \partial \ell_i / \partial \eta_i$ times $x_i$."
    if law.plain:
        orthogonal = "" if law.penalised else ": residuals are orthogonal to the columns, as in least squares"
        return (
            rf"{chain} With this link $\partial \mu / \partial \eta = V(\mu)$, so that the difference of "
            f"observation and mean is all that is left{orthogonal}."
        )
    phi = r" The dispersion divides every term, so that it cancels." if law.dispersed else ""
    return chain + phi


def score_checks(setting: Setting) -> Iterator[StepCheck]:
    """Tell what was found in a pass over the rows, by other code than the solver's."""
    found = [certified(setting.result, name) for name in ("gradient", "newton_decrement")]
    known = [check for check in found if check is not None]
    yield counted("pieces of evidence about the gradient that are missing", (len(found), len(known)))
    yield from known


TOPIC = Topic(30, "likelihood", "fit", any_maximum, step)
