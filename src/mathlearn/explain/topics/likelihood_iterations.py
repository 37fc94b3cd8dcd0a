"""The iterations that were made to find the maximum of this fit."""

from __future__ import annotations

from itertools import pairwise
from math import log
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, Table, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.formula import shown
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import TINY
from mathlearn.results.fit_result import Status
from mathlearn.statistics.cells import Cells, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.calculus.trace import Iteration
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

_WHOLE, _LEADING = 14, 8  # iterations up to which each is shown, and those shown of more
_NOISE = 1e-11  # of the loss: what the solver takes for rounding in its own sums
_NEAR = (
    0.5  # standard errors from the maximum, within which the loss is a parabola but for what the next distance tells
)
_ROUNDING = 1e-7  # standard errors below which distances are of rounding
_SQUARED = 1.6  # order of convergence that is visibly two
_MORE_THAN_SQUARED = 2.6  # and that is not: the step before was far off, or of another kind
_MOST = 1e-6  # standard errors at which the certificate, too, lets a solution pass


def applies(setting: Setting) -> bool:
    """Where iterations were kept."""
    return bool(setting.law.record.iterations)


def step(setting: Setting) -> Step:
    """Show them, and how fast they converge."""
    steps = len(setting.law.record.iterations) - 1
    return Step(
        heading="The iterations",
        claim=prose(
            f"{steps} step{'s' if steps != 1 else ''} of Newton's method lead{'s' if steps == 1 else ''} there: each "
            + _does(setting)
        ),
        body=tuple(_body(setting)),
        because=prose(
            r"At every point the loss is replaced by the parabola with the same gradient $g$ and curvature $H$, whose lowest point is "
            r"$-H^{-1} g$ away. A step that does not lower the loss is shortened until it does, so that nothing can diverge."
            + (
                ""
                if setting.law.canonical
                else " Far off $H$ is the expected curvature (Fisher's scoring), which is always positive; near the maximum, where that would "
                "be slow, it is the second derivative itself."
            )
        ),
        checks=tuple(_checks(setting)),
        reference="Green (1984), Iteratively reweighted least squares, J. R. Statist. Soc. B 46(2)",
    )


def _does(setting: Setting) -> str:
    """Say what a step does."""
    kept = " or of an earlier one" if _kept(setting.law.record.iterations) else ""
    if setting.predictors > 1:
        return f"moves all classes at once, by the curvature of the point reached{kept}."
    if kept:
        return (
            f"solves a weighted least-squares problem, with responses of the point reached and weights of this{kept}."
        )
    return "solves a weighted least-squares problem in which weights and responses are those of the point reached."


def _kept(seen: Sequence[Iteration]) -> bool:
    """Whether a step was by a curvature that was formed before."""
    return not all(at.renewed for at in seen)


def _body(setting: Setting) -> Iterator[Block]:
    seen = setting.law.record.iterations
    whole = max(iteration.rows for iteration in seen)
    yield display(_newton(setting))
    if seen[0].rows < whole:
        yield said(
            f"The start was sought on a sample of {seen[0].rows} rows, where a pass costs little; its loss is that of the sample. "
            "What it leaves over was done on all rows."
        )
    if seen[-1].rows < whole:
        yield said(
            "On all rows the likelihood rises for ever, so that this goes on without an end. The last iterations are on the "
            f"{seen[-1].rows} rows that no direction moves."
        )
    yield Table(_table(seen))
    if len(seen) > _WHOLE:
        yield said(f"{len(seen) - _LEADING - 1} lines are left out.")
    yield said(
        "The loss is minus the log-likelihood of dispersion 1, up to a function of the responses"
        + (", with the penalty" if setting.law.shrunk else "")
        + r"; $\delta$ is the distance to the maximum in standard errors, as gradient and curvature predict it; the column of steps has "
        "the share of the step that was taken from there."
    )
    if _kept(seen):
        yield said(
            "The curvature is formed anew at some points and kept from an earlier one at the others. Kept, it is off by some share, and a "
            r"step leaves about that share of $\delta$; the pass is cheaper by far."
        )
    yield from _rate(setting, list(_runs(seen))[-1])


def _newton(setting: Setting) -> str:
    """Write a step: of one predictor as weighted least squares, of stacked ones as it is."""
    if setting.predictors > 1:
        return r"\theta \leftarrow \theta - H^{-1} g"
    penalty = r" + \Lambda" if setting.law.penalised else ""
    return rf"\theta \leftarrow (X^{{\top}} C X{penalty})^{{-1}} X^{{\top}} C z, \qquad z = X\theta + C^{{-1}} s"


def _table(seen: Sequence[Iteration]) -> Cells:
    rows: list[tuple[str, ...]] = []
    kept = _kept(seen)
    for k in shown(len(seen), _LEADING, _WHOLE):
        if k is None:
            rows.append(("…", *[""] * (4 + kept)))
            continue
        at = seen[k]
        cells = (str(k), str(at.rows), number(at.loss, 9), number(at.gradient, 3), number(at.step, 3))
        rows.append((*cells, "anew" if at.renewed else "kept") if kept else cells)
    heads = ("point", "rows", "loss", "δ", "step")
    return Cells((*heads, "curvature") if kept else heads, tuple(rows))


def _rate(setting: Setting, run: Sequence[Iteration]) -> Iterator[Block]:
    """Say how the last distances follow from each other, where they do so visibly and by steps of one kind."""
    distances = [at.gradient for at in run]
    useful = [d for d in distances if d > _ROUNDING]
    useful += [d for d in distances[len(useful) : len(useful) + 1] if d > 0]  # the first below still has its order
    if len(useful) < 3 or not useful[-3] > useful[-2] > useful[-1]:
        return
    one, two, three = useful[-3:]
    steps = run[len(useful) - 3 : len(useful) - 1]
    if _kept(steps):
        if not any(at.renewed for at in steps):
            yield said(
                rf"The convergence is linear: each step leaves about ${num(three / two, 2)}$ of $\delta$, because the curvature is kept."
            )
        return
    order = log(three / two) / log(two / one)
    if two < 1.0 and _SQUARED <= order < _MORE_THAN_SQUARED:
        yield said(
            rf"The convergence is quadratic: $\delta$ falls from ${num(one, 2)}$ to ${num(two, 2)}$ to ${num(three, 2)}$, of order "
            f"{order:.1f}. Near the maximum each distance goes with the square of the one before, so that every step doubles the digits."
        )
    elif two < 1.0 and order >= _MORE_THAN_SQUARED:
        square = ", less than its square" if three < two**2 else ""
        yield said(
            rf"The convergence is fast at the end: the last step takes $\delta$ from ${num(two, 2)}$ to ${num(three, 2)}${square}. Near the "
            "maximum each distance goes with the square of the one before, so that every step doubles the digits."
        )
    elif not setting.law.canonical:
        yield said(
            rf"The convergence is linear: each step leaves about ${num(three / two, 2)}$ of $\delta$, because the expected curvature is "
            "not quite the observed one."
        )


def _runs(seen: Sequence[Iteration]) -> Iterator[Sequence[Iteration]]:
    """Split the iterations where the solver started anew: on other rows, or after a point from which no step was taken."""
    start = 0
    for k in range(1, len(seen) + 1):
        if k == len(seen) or seen[k].rows != seen[k - 1].rows or seen[k - 1].step == 0:
            yield seen[start:k]
            start = k


def _checks(setting: Setting) -> Iterator[StepCheck]:
    record = setting.law.record
    seen = record.iterations
    whole = max(iteration.rows for iteration in seen)
    full = sum(iteration.rows == whole for iteration in seen)
    counts = (
        "passes over all rows that the record lacks, its iterations and one for the certificate being counted again"
    )
    least = full + (setting.result.curvature is not None)
    yield StepCheck(float(max(least - record.passes, 0)), 0.0, counts)
    says = "steps that are no share of Newton's, or no distance"
    wrong = [not (0.0 <= at.step <= 1.0 and at.gradient >= 0.0) for at in seen]
    yield counted(says, (sum(wrong), 0))
    rises = [(b.loss - a.loss) / max(abs(a.loss), TINY) for run in _runs(seen) for a, b in pairwise(run)]
    yield StepCheck(
        float(max([0.0, *rises])), _NOISE, "the largest rise of the loss from one point to the next, relative"
    )
    yield from _parabola(setting)
    if setting.result.status is Status.OPTIMAL and not setting.law.corrected:
        last, before = seen[-1].gradient, seen[-2].gradient if len(seen) > 1 else np.inf
        left = last * min(1.0, last / before) if seen[-1].step else last
        yield StepCheck(
            float(left),
            _MOST,
            "the distance that is left after the last step, in standard errors, as the last two predict it",
        )


def _parabola(setting: Setting) -> Iterator[StepCheck]:
    r"""Compare what a step gained with half the square of the distance, :math:`\delta^2 \phi / 2`.

    The gradient along the step changes as the curvature says, but for what is left of it at its end, which bounds the difference.
    """
    record = setting.law.record
    if setting.law.dispersed or setting.law.corrected or not setting.law.canonical:  # what each point had is not kept
        return
    found = []
    for run in _runs(record.iterations):
        for a, b in pairwise(run):
            noise = _NOISE * abs(a.loss)
            if a.step == 1.0 and a.gradient <= _NEAR and a.gradient**2 > 100 * noise and b.gradient <= a.gradient:
                gained = abs(a.loss - b.loss - a.gradient**2 / 2)
                found.append((gained / a.gradient**2, (a.gradient * b.gradient + 2 * noise) / a.gradient**2))
    if found:
        worst, bound = max(found, key=lambda pair: pair[0] / pair[1])
        yield StepCheck(worst, bound, "what a step gained, against half its squared distance, relative to that square")


TOPIC = Topic(50, "any likelihood", "fit", applies, step)
