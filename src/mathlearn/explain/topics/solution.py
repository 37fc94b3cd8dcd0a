"""The solution, and the intercept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, prose
from mathlearn.explain.numbers import in_sum, num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_parameter, column, display, less, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.books import Books
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting
    from mathlearn.results.fit_result import Curvature


def applies(setting: Setting) -> bool:
    """Where there is a parameter, and the factor and the statistic were kept."""
    return any_parameter(setting) and setting.books is not None and setting.result.curvature is not None


def step(setting: Setting) -> Step:
    """Show the coefficients."""
    claim = "Multiplying by the inverse gives the coefficients"
    claim += "; the means give the intercept." if setting.centred else "."
    if not setting.p:
        claim = "Without a column, the mean is all there is to estimate."
    return Step(
        heading="The solution",
        claim=prose(claim),
        body=tuple(_body(setting)),
        because=prose(_because(setting)),
        checks=tuple(_checks(setting)),
        reference="Golub and Van Loan (2013), Matrix Computations, sections 5.3 and 5.5",
    )


def _because(setting: Setting) -> str:
    if not setting.p:
        return f"Residuals sum to zero about the mean of the response{less(setting)}, and about no other number."
    right = rf"V V^{{\top}} {setting.X}^{{\top}}{setting.W} {setting.left}"
    if not setting.deficient:
        return rf"$V V^{{\top}} H = I$ gives $\hat\beta = V V^{{\top}} H \hat\beta = {right}$."
    return (
        rf"$H\, V V^{{\top}} H = H$, so that ${right}$ solves the normal equations. Of the many solutions this is, "
        rf"after a move "
        "along $N$, the shortest in your units, as scikit-learn gives it."
    )


def _body(setting: Setting) -> Iterator[Block]:
    curvature = setting.result.curvature
    assert curvature is not None
    if setting.p:
        found = rf"V V^{{\top}} {setting.X}^{{\top}}{setting.W} {setting.left}" + (
            " - N a" if setting.deficient else ""
        )
        yield Display((Maths(rf"\hat\beta = {found} ="), Matrix(column(setting.beta), setting.terms)))
        if setting.deficient:
            yield said(r"with the $a$ that makes it shortest: $N^{\top} \hat\beta = 0$.")
    if setting.centred and not setting.p:
        yield display(rf"\hat\beta_0 = {setting.left_mean} = {num(setting.intercept)}")
    elif setting.centred:
        moved = -float(setting.beta @ (curvature.mean + curvature.origin))
        (centre, away), intercept, holds = in_sum([setting.centre, moved], setting.intercept)
        away = away[1:] if away.startswith("-") else f"(-{away})" if moved else away
        equals = "=" if holds else r"\approx"
        mean = rf"{setting.left_mean} - \bar x^{{\top}} \hat\beta"
        yield display(rf"\hat\beta_0 = {mean} = {centre} - {away} {equals} {intercept}")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    books, curvature = setting.books, setting.result.curvature
    assert books is not None
    assert curvature is not None
    if setting.p:
        yield _coefficients(setting, books, curvature)
    if setting.deficient:
        yield _shortest(setting, curvature)
    if setting.centred:
        yield _intercept(setting, curvature)


def _coefficients(setting: Setting, books: Books, curvature: Curvature) -> StepCheck:
    """Compare in whitened coordinates, where the loss is a sphere: ``V' X'y`` with ``V' H b``."""
    V, beta = curvature.whitener, setting.beta
    far = np.abs(V.T @ (books.right - books.H @ beta))
    sizes = books.size @ np.abs(V)
    share = far / np.maximum(sizes * books.reach(beta), TINY)
    says = "V'X'y against V'H times the coefficients shown, relative to the products that cancel in it"
    bound = books.relative + books.strayed(beta) / max(books.reach(beta), TINY)
    return StepCheck(float(share.max(initial=0.0)), bound, says)


def _shortest(setting: Setting, curvature: Curvature) -> StepCheck:
    """Multiply the coefficients with the open directions."""
    null, beta = curvature.null, setting.beta
    size = np.linalg.norm(null, axis=0) * np.linalg.norm(beta)
    along = np.abs(null.T @ beta) / np.maximum(size, TINY)
    says = "the solution along the open directions, relative to its length"
    # The multiple of each direction that was taken away is as large as directions are near to one another.
    near = float(np.linalg.cond(null / np.abs(null).max(axis=0)))
    return StepCheck(float(along.max(initial=0.0)), 16 * (setting.p + 1) * ROUNDOFF * near, says)


def _intercept(setting: Setting, curvature: Curvature) -> StepCheck:
    beta = np.abs(setting.beta)
    found = setting.centre - float(curvature.mean @ setting.beta) - float(curvature.origin @ setting.beta)
    far = np.abs(curvature.mean) + np.abs(curvature.origin)
    # A move along N leaves the mean where it is, up to the rounding of the columns.
    size = (
        abs(setting.centre)
        + abs(setting.intercept)
        + float(far @ (beta + np.abs(curvature.null) @ (np.abs(curvature.null).T @ beta)))
    )
    says = "the intercept from the means, relative to what cancels in it"
    return StepCheck(abs(found - setting.intercept) / max(size, TINY), (2 * setting.p + 8) * ROUNDOFF, says)


TOPIC = Topic(60, "least squares", "fit", applies, step)
