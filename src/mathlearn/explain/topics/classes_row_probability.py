"""From log odds to the probabilities of the classes at one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, Table, prose
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._classes import closed, most_probable, row_again, scores
from mathlearn.explain.topics._words import always, display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.probability.multinomial import softmax
from mathlearn.statistics.cells import Cells, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import RowSetting

_ULPS = 32.0


def step(setting: RowSetting) -> Step:
    """Take the softmax."""
    return Step(
        heading="From log odds to probabilities",
        claim=prose(
            "The exponentials are the odds against the first class; divided by their sum they are the probabilities."
        ),
        body=tuple(_body(setting)),
        because=prose(
            r"With $\pi_k / \pi_1 = e^{\eta_k}$ for every class, and probabilities that sum to one, $1 / \pi_1$ is the sum of all odds. One "
            "number added to all scores would change none of them: only differences count."
        ),
        checks=tuple(_checks(setting)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 5.2.4",
    )


def probabilities(setting: RowSetting) -> FloatArray:
    """Probabilities (K,) at the row."""
    found: FloatArray = softmax(scores(setting)[None])[0]
    return found


def _body(setting: RowSetting) -> Iterator[Block]:
    chance, labels = probabilities(setting), [repr(label) for label in setting.law.record.classes]
    found = scores(setting)
    against = not np.isneginf(found[0])
    if against:
        yield display(r"\hat\pi_k = \frac{e^{\hat\eta_k}}{\sum_l e^{\hat\eta_l}}, \qquad \hat\eta_1 = 0")
        with np.errstate(over="ignore"):
            total = float(np.exp(found - found[0]).sum())
        yield display(rf"\sum_l e^{{\hat\eta_l}} = {num(total)}")
    told = most_probable(setting)
    with np.errstate(over="ignore", invalid="ignore"):
        eta = found - found[0] if against else np.full_like(found, np.nan)
        odds = np.exp(eta)
    rows = tuple(
        (labels[k], *([number(float(eta[k])), number(float(odds[k]))] if against else []), number(float(chance[k])))
        for k in told
    )
    yield Table(Cells(("class", *(("log odds", "odds") if against else ()), "probability"), rows))
    if len(told) < len(labels):
        yield said(f"Shown are the {len(told)} most probable of {len(labels)} classes.")
    best = int(np.argmax(found))
    yield said(f"Predicted is the most probable class, @, with probability ${num(float(chance[best]))}$.", labels[best])


def _checks(setting: RowSetting) -> Iterator[StepCheck]:
    """Find each probability again from differences of log odds, without the softmax; and add them up."""
    chance, shut, found = probabilities(setting), closed(setting), row_again(setting)
    eta = np.concatenate([[0.0], found.value])
    eta[shut] = -np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.where(shut, -np.inf, eta - eta[~shut, None] if shut.any() else eta - eta[:, None])
        again = np.zeros(eta.size)
        again[~shut] = 1.0 / np.exp(apart).sum(axis=1)
    size = float(found.size.max(initial=0.0)) + float(np.abs(eta[~shut]).max(initial=0.0))
    spread = 2 * found.bound * size
    share = np.abs(again - chance) / np.maximum(np.maximum(again, chance), TINY)
    says = "each probability as one over the sum of the odds of all classes against it, from log odds added up from zero, relative"
    yield StepCheck(float(share.max()), spread * (1 + spread) + _ULPS * eta.size * ROUNDOFF, says)
    yield StepCheck(abs(float(chance.sum()) - 1.0), 2 * eta.size * ROUNDOFF, "the probabilities add up to one")


TOPIC = Topic(20, "classes", "row", always, step)
