"""Where the score of more than two classes vanishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Step, prose
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_maximum, display, said
from mathlearn.explain.topics.likelihood_score import claimed, decrement, score_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def step(setting: Setting) -> Step:
    """Set the derivatives to zero, and say how near to that the solution is."""
    orthogonal = "" if setting.law.penalised else ": residuals are orthogonal to the columns, as in least squares"
    return Step(
        heading="The score is zero",
        claim=prose(claimed(setting)),
        body=tuple(_body(setting)),
        because=prose(
            r"The derivative of $\log \pi_{i y_i} = \eta_{i y_i} - \log \sum_l e^{\eta_{il}}$ by $\eta_{ik}$ is what was observed of class "
            rf"$k$, one or zero, less its probability. By the chain rule that of $\ell$ is a sum over rows of these times $x_i${orthogonal}."
        ),
        checks=tuple(score_checks(setting)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 5.5; Böhning (1992), Multinomial logistic regression "
        "algorithm, Ann. Inst. Statist. Math. 44(1)",
    )


def _body(setting: Setting) -> Iterator[Block]:
    pull = r" + \lambda\, \Bigl(\beta_k - \frac{1}{K} \sum_l \beta_l\Bigr)" if setting.law.penalised else ""
    w = setting.w
    residual = r"([y_i = k] - \pi_{ik})" if w else r"[y_i = k] - \pi_{ik}"
    yield display(rf"s_{{ik}} = {w}{residual}")
    summed = rf"-X^{{\top}} s_k{pull}" if setting.stack.columns else r"-\sum_i s_{ik}"
    which = "2, 3" if setting.predictors == 2 else rf"2, \ldots, {len(setting.stack.classes)}"
    yield display(rf"g_k = {summed} = 0, \qquad k = {which}")
    if setting.stack.intercept and setting.stack.columns:
        yield display(rf"\sum_i {w}\hat\pi_{{ik}} = \sum_i {w}[y_i = k]")
        yield said("The last is the equation of an intercept: the probabilities of a class add up to its rows.")
    yield from decrement(setting)


TOPIC = Topic(30, "classes", "fit", any_maximum, step)
