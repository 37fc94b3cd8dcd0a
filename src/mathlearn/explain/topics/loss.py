"""What is made small, and how small it became."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.numbers import num, sum_line
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import always, any_parameter, display, less, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting

_LONG = 60  # characters of LaTeX that go on the line of the formula they are the numbers of


def step(setting: Setting) -> Step:
    """Write the loss, and its value at the solution."""
    if not any_parameter(setting):
        return _without_parameter(setting)
    weights = ", each times the weight of its row" if setting.weighted else ""
    offset = " The offset is no parameter: it is subtracted first." if setting.result.offset is not None else ""
    return Step(
        heading="The loss",
        claim=prose(
            f"Of all parameters, those are taken for which the sum of the squared residuals{weights}, is smallest.{offset}"
            if weights
            else f"Of all parameters, those are taken for which the sum of the squared residuals is smallest.{offset}"
        ),
        body=tuple(_body(setting)),
        because=prose(
            "A sum of squares has one lowest value, which can be written down; where errors are normal, the "
            "parameters there are "
            "also those that make the data most likely."
        ),
        checks=tuple(_checks(setting)),
        reference="Björck (1996), Numerical Methods for Least Squares Problems, section 1.1",
    )


def _without_parameter(setting: Setting) -> Step:
    """Write the sum of squares of the response, where there is nothing to choose."""
    weights = ", each times the weight of its row" if setting.weighted else ""
    y = "y_i^2" if setting.result.offset is None else "(y_i - o_i)^2"
    return Step(
        heading="The loss",
        claim=prose(
            f"There is no parameter to choose: the loss is the sum of the squares of @{less(setting)}{weights}.",
            setting.y,
        ),
        body=(display(rf"\operatorname{{RSS}} = \sum_{{i=1}}^{{n}} {setting.w}{y} = {num(setting.rss)}"),),
        because=prose(f"Nothing is fitted, so that each residual is the response{less(setting)} itself."),
        checks=(*_checks(setting), _all_is_left(setting)),
        reference="Björck (1996), Numerical Methods for Least Squares Problems, section 1.1",
    )


def _all_is_left(setting: Setting) -> StepCheck:
    """Compare what is left with the whole, where nothing was fitted."""
    bound = 1e-9 if setting.books is None else setting.books.relative
    far = abs(setting.tss - setting.rss) / (setting.rss or 1.0)
    return StepCheck(far, bound, "the total sum of squares against the residual one, relative")


def _body(setting: Setting) -> Iterator[Block]:
    arguments = r"\beta_0, \beta" if setting.centred else r"\beta"
    constant = r" - \beta_0" if setting.centred else ""
    offset = "" if setting.result.offset is None else " - o_i"
    if not setting.p:
        yield display(rf"\operatorname{{RSS}}(\beta_0) = \sum_{{i=1}}^{{n}} {setting.w}(y_i{offset} - \beta_0)^2")
        mean = setting.left_mean
        yield said(rf"At $\beta_0 = {mean}$, which the next step finds, it is")
        yield display(rf"\sum_{{i=1}}^{{n}} {setting.w}(y_i{offset} - {mean})^2 = {num(setting.rss)}")
        return
    yield display(
        rf"\operatorname{{RSS}}({arguments}) = \sum_{{i=1}}^{{n}} {setting.w}(y_i{offset}{constant} - x_i^{{\top}} \beta)^2"
    )
    books = setting.books
    if books is not None:
        beta, X, W = setting.beta, setting.X, setting.W
        y = "y_c" if setting.centred else setting.left
        mean = rf"y_c = {setting.left} - {setting.left_mean}"
        about = (
            rf"Multiplied out about the means, where $X_c = X - \mathbf{{1}} \bar x^{{\top}}$ and ${mean}$, it is"
            if setting.centred
            else "Multiplied out, it is"
        )
        yield said(about)
        squares, products = rf"{y}^{{\top}}{W} {y}", rf"\beta^{{\top}} {X}^{{\top}}{W} {y}"
        left = rf"{squares} - 2\, {products} + \beta^{{\top}} {X}^{{\top}}{W} {X}\, \beta"
        parts = [books.total, -2 * float(beta @ books.right), float(beta @ books.H @ beta)]
        right, equals, found = sum_line(parts, setting.rss)
        if len(right) > _LONG:
            yield display(f"{left} =")
            yield display(f"{right} {equals} {found}")
        else:
            yield display(rf"\begin{{array}}{{rl}} {left} & = {right} \\ & {equals} {found} \end{{array}}")
        if setting.centred:
            yield said(rf"with $\beta_0 = {setting.left_mean} - \bar x^{{\top}} \beta$, which the next step finds.")
    else:
        yield display(rf"\operatorname{{RSS}} = {num(setting.rss)}")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    books = setting.books
    if books is None:
        slack = 1e-9 * setting.tss  # nothing to recompute it from: it cannot exceed what a constant leaves
        yield StepCheck(
            max(setting.rss - setting.tss, -setting.rss), slack, "at least zero, and no more than without any column"
        )
        return
    size = books.reach(setting.beta) ** 2
    found = books.loss(setting.beta)
    says = "the sum of squares, multiplied out from the statistic, relative to the squares that cancel in it"
    bound = books.loss_bound(setting.beta, setting.rss)
    yield StepCheck(abs(found - setting.rss) / (size or 1.0), bound / (size or 1.0), says)


TOPIC = Topic(20, "least squares", "fit", always, step)
