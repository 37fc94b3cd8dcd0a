"""The proof that the solution is the minimum, on this fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, Table, prose
from mathlearn.explain.evidence import RESOLVED, certified, flat
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import TINY
from mathlearn.results.certificate_text import GRADES
from mathlearn.statistics.cells import Cells, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.explain.books import Books
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

_TOLD = 8


def applies(setting: Setting) -> bool:
    """Where the statistic was kept."""
    return setting.books is not None and setting.p > 0


def step(setting: Setting) -> Step:
    """Move each coefficient, and see the loss rise by what the curvature says."""
    lowest = "a" if setting.deficient else "the only"
    return Step(
        heading="It is the minimum",
        claim=prose(
            f"The gradient vanishes and the curvature is {'not negative' if setting.deficient else 'positive'}: this "
            f"is {lowest} lowest point, not a saddle and not a stop on the way."
        ),
        body=tuple(_body(setting)),
        because=prose(
            r"The loss is quadratic, so that from the solution $\hat\beta$ (the intercept going along) it rises by "
            r"exactly "
            r"$\Delta^{\top} H \Delta$ for every move $\Delta$; this is never negative, being a sum of squares."
        ),
        checks=tuple(_checks(setting)),
        reference="Björck (1996), Numerical Methods for Least Squares Problems, theorem 1.1.2",
    )


def _moves(setting: Setting, books: Books) -> tuple[FloatArray, str]:
    """One standard error under independent errors of one variance; where there is none, one hundredth of each coefficient."""
    curvature, sigma = setting.result.curvature, setting.sigma
    if setting.deficient and sigma > 0:
        alone = np.sqrt(np.maximum(np.diag(books.H), 0.0))
        return np.divide(
            sigma, alone, out=np.zeros(setting.p), where=alone > 0
        ), "the standard error it would have as the only column"
    if curvature is not None and sigma > 0:
        se = sigma * np.linalg.norm(curvature.whitener, axis=1)
        if se.any():
            return np.where(setting.result.estimable[int(setting.centred) :], se, 0.0), "one standard error"
    flat = np.diag(books.H) > 0
    size = np.maximum(np.abs(setting.beta), np.abs(setting.beta).max(initial=0.0) * 1e-3)
    return np.where(flat, np.where(size > 0, size, 1.0) / 100, 0.0), "one hundredth of it"


def _body(setting: Setting) -> Iterator[Block]:
    books = setting.books
    assert books is not None
    yield display(
        r"\operatorname{RSS}(\hat\beta + \Delta) - \operatorname{RSS}(\hat\beta) = 2\, g^{\top} \Delta + "
        r"\Delta^{\top} H \Delta, \qquad g = 0"
    )
    moves, by = _moves(setting, books)
    told = [int(j) for j in np.flatnonzero(moves)][:_TOLD]
    yield said(f"Each coefficient alone moved by {by}:")
    rises = _rises(setting, books, moves)
    variance = setting.sigma**2
    header = ["moved", "by", "loss rises by", "curvature says"] + (["in error variances"] if variance > 0 else [])
    rows = [
        (
            setting.terms[j],
            number(float(moves[j]), 4),
            number(rises[j], 5),
            number(float(moves[j] ** 2 * books.H[j, j]), 5),
            *([number(float(moves[j] ** 2 * books.H[j, j]) / variance, 4)] if variance > 0 else []),
        )
        for j in told
    ]
    yield Table(Cells(tuple(header), tuple(rows)))
    if np.count_nonzero(moves) > _TOLD:
        yield said(f"and so on for {np.count_nonzero(moves) - _TOLD} more.")
    if setting.deficient:
        yield said(r"Moved together along a direction of $N$ they leave the loss as it is: it is as low there.")
    elif by == "one standard error" and len(told) > 1:
        yield said(
            "The last column is the variance inflation factor: 1 for a column that is orthogonal to the others, "
            "larger the better the others explain it."
        )


def _rises(setting: Setting, books: Books, moves: FloatArray) -> dict[int, float]:
    """Loss at each moved point, less that at the solution, both multiplied out."""
    start = books.loss(setting.beta)
    return {int(j): books.loss(_moved(setting.beta, int(j), moves)) - start for j in np.flatnonzero(moves)[:_TOLD]}


def _moved(beta: FloatArray, j: int, moves: FloatArray) -> FloatArray:
    at = beta.copy()
    at[j] += moves[j]
    return at


def _checks(setting: Setting) -> Iterator[StepCheck]:
    books, beta = setting.books, setting.beta
    assert books is not None
    yield flat(books, beta, setting.rss)
    yield from _positive(setting, books)
    moves, _ = _moves(setting, books)
    size = books.reach(np.abs(beta) + moves) ** 2
    rises = _rises(setting, books, moves)
    far = max((abs(rise - moves[j] ** 2 * books.H[j, j]) / size for j, rise in rises.items()), default=0.0)
    slope = float(books.gradient_bound(beta, setting.rss).max(initial=0.0)) - books.relative  # not of rounding
    yield StepCheck(
        float(far),
        2 * (books.relative + slope),
        "the rises found, against the curvature, relative to the squares that cancel in them",
    )
    if setting.deficient and setting.result.curvature is not None:
        yield _level(setting, books, setting.result.curvature.null)
    found = certified(setting.result, "normal_equations")
    if found is not None:
        yield StepCheck(
            found.value,
            found.tolerance,
            f"the certificate's own gradient, {GRADES[setting.result.certificate.grade]}, in units of its rounding "
            f"level",
        )


def _level(setting: Setting, books: Books, null: FloatArray) -> StepCheck:
    """Loss after moves along the open directions, less that at the solution."""
    start = books.loss(setting.beta)
    found = []
    for direction in null.T[:_TOLD]:
        away = setting.beta + direction * (
            float(np.linalg.norm(setting.beta)) / float(np.linalg.norm(direction)) or 1.0
        )
        size = max(max(books.reach(away), books.reach(setting.beta)) ** 2, TINY)
        bound = books.loss_bound(away, setting.rss) + books.loss_bound(setting.beta, setting.rss)
        found.append((abs(books.loss(away) - start) / size, max(bound / size, books.relative)))
    worst, bound = max(found, key=lambda pair: pair[0] / pair[1])
    return StepCheck(worst, bound, "the loss along the open directions, relative to the squares that cancel in it")


def _positive(setting: Setting, books: Books) -> Iterator[StepCheck]:
    """Compare what rounding can make of a curvature of zero with the least curvature found, columns having length one."""
    if not books.kept.size:
        return
    if books.doubt > RESOLVED:
        certificate = certified(setting.result, "curvature")
        if certificate is not None:
            yield certificate
            return
    yield StepCheck(books.doubt, 1.0, "what rounding can make of a curvature of zero, relative to the least found")


TOPIC = Topic(70, "least squares", "fit", applies, step)
