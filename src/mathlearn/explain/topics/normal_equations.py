"""The linear system that the solution solves, with its actual numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, prose
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import column, display, said
from mathlearn.linalg.errorfree import TINY, dd_dot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def applies(setting: Setting) -> bool:
    """Where the matrices were kept, and there are columns."""
    return setting.books is not None and setting.p > 0


def step(setting: Setting) -> Step:
    """Show the matrices."""
    H = rf"H = {setting.X}^{{\top}}{setting.W} {setting.X}"
    size = f"{setting.p} equations for {setting.p} unknowns" if setting.p > 1 else "one equation for one unknown"
    return Step(
        heading="The normal equations",
        claim=prose(rf"That the gradient is zero is {size}, linear in the coefficients."),
        body=tuple(_body(setting)),
        because=prose(
            rf"With $e = y_c - X_c \hat\beta$, the equation $X_c^{{\top}}{setting.W} e = 0$ reads $H \hat\beta = "
            rf"X_c^{{\top}}{setting.W} {setting.left}$ with ${H}$: "
            "on the left are the products of the columns with each other, on the right those with the response."
            if setting.centred
            else rf"With $e = {setting.left.strip('()')} - X \hat\beta$, the equation $X^{{\top}}{setting.W} e = 0$ reads $H \hat\beta = "
            rf"X^{{\top}}{setting.W} {setting.left}$ with ${H}$: on "
            "the left are the products of the columns with each other, on the right those with the response."
        ),
        checks=(_check(setting),),
        reference="Björck (1996), Numerical Methods for Least Squares Problems, section 1.1.4",
    )


def _body(setting: Setting) -> Iterator[Block]:
    books = setting.books
    assert books is not None
    X, W = setting.X, setting.W
    yield display(rf"{X}^{{\top}}{W} {X}\, \hat\beta = {X}^{{\top}}{W} {setting.left}")
    yield Display(
        (
            Matrix(books.H, setting.terms),
            Matrix(column(setting.beta)),
            Maths("="),
            Matrix(column(books.right)),
        )
    )
    if setting.p > 6:
        yield said("Where there are dots, numbers are left out of the picture, not of the arithmetic.")


def _check(setting: Setting) -> StepCheck:
    """Put the solution shown into the equations shown, the products and sums in twice the precision."""
    books, beta = setting.books, setting.beta
    assert books is not None
    both = np.append(-beta, 1.0)[:, None]
    high, low = dd_dot(np.vstack([books.H, books.right]), (both, np.zeros_like(both)))
    size = books.size * books.reach(beta)
    share = np.abs((high + low)[:, 0]) / np.maximum(size, TINY)
    bound = books.gradient_bound(beta, setting.rss)
    worst = int(np.argmax(share / bound))
    says = "left side less right side at the solution shown, relative to the products that cancel in it"
    return StepCheck(float(share[worst]), float(bound[worst]), says)


TOPIC = Topic(40, "least squares", "fit", applies, step)
