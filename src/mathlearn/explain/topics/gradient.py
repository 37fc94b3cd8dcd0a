"""Where the loss is flat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import again
from mathlearn.explain.derivation import Display, Maths, Step, StepCheck, prose
from mathlearn.explain.evidence import certified, flat
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_parameter, display, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def applies(setting: Setting) -> bool:
    """Where there is a parameter, and no constraint under which the gradient need not vanish."""
    return any_parameter(setting) and setting.result.rung != "active-set"


def step(setting: Setting) -> Step:
    """Set the derivatives to zero."""
    balanced = ", and sum to zero" if setting.centred else ""
    weights = ", under the weights," if setting.weighted else ""
    return Step(
        heading="The gradient is zero",
        claim=prose(
            f"At the lowest point no parameter can be moved to advantage: the residuals are{weights} orthogonal to "
            f"every column{balanced}."
            if setting.p
            else f"At the lowest point the intercept cannot be moved to advantage: the residuals{weights} sum to zero."
        ),
        body=tuple(_body(setting)),
        because=prose(
            r"The loss is a smooth function of the parameters, so at its lowest point each of its derivatives is zero. "
            r"With $e = y - \hat\mu$ the residuals, each derivative is minus twice a sum of products with $e$."
        ),
        checks=tuple(_checks(setting)),
        reference="Björck (1996), Numerical Methods for Least Squares Problems, theorem 1.1.2",
    )


def _body(setting: Setting) -> Iterator[Block]:
    slope = rf"\frac{{\partial \operatorname{{RSS}}}}{{\partial \beta}} = -2\, X^{{\top}}{setting.W} e = 0"
    if not setting.centred:
        yield display(slope)
        return
    constant = rf"\frac{{\partial \operatorname{{RSS}}}}{{\partial \beta_0}} = -2 \sum_i {setting.w}e_i = 0"
    if not setting.p:
        yield display(constant)
        yield display(rf"\hat\beta_0 = {setting.left_mean} = {num(setting.centre)}")
        return
    yield Display((Maths(rf"{constant}, \qquad {slope}"),))
    yield said(
        "The first says that the fitted surface passes through the point of means, which gives the intercept once "
        "the other "
        "coefficients are known, and lets them be found from centred columns:"
    )
    middle = rf"\hat\beta_0 + \bar x^{{\top}} \hat\beta = {setting.left_mean} = {num(setting.centre)}"
    yield display(rf"{middle}, \qquad g = -X_c^{{\top}}{setting.W} e = 0")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    books, centre = setting.books, setting.centre
    if books is None:
        for name in ("normal_equations", "mean_residual"):
            found = certified(setting.result, name)
            if found is not None:
                yield found
        return
    if setting.centred:
        size = abs(books.mean_y) + books.size_y / np.sqrt(books.weight)
        says = "the fitted value at the means, against the mean of the response"
        fitted, bound = again.centre(setting, books)
        yield StepCheck(abs(centre - fitted) / size if size else abs(centre), bound / size if size else 0.0, says)
    else:
        yield StepCheck(abs(centre) + abs(setting.intercept), 0.0, "the intercept is zero")
    yield flat(books, setting.beta, setting.rss)


TOPIC = Topic(30, "least squares", "fit", applies, step)
