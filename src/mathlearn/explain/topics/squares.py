"""How much of the variation the columns account for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.numbers import in_sum, num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import any_parameter, display, less, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def step(setting: Setting) -> Step:
    """Split the sum of squares."""
    about = "its mean" if setting.centred else "zero"
    return Step(
        heading="The split of the sum of squares",
        claim=prose(
            f"The variation of @{less(setting)} about {about} is the sum of what the fit accounts for and what it leaves.",
            setting.y,
        ),
        body=tuple(_body(setting)),
        because=prose(
            f"Residuals are orthogonal to {_to_what(setting)}fitted values; by Pythagoras' theorem their squares add up."
            + (
                ""
                if setting.centred
                else " Without an intercept the variation is about zero, so that $R^2$ must not be compared with "
                "that of a fit with one."
            )
        ),
        checks=tuple(_checks(setting)),
        reference="Seber and Lee (2003), Linear Regression Analysis, section 4.4",
    )


def _to_what(setting: Setting) -> str:
    """Under a constraint only to the columns whose coefficients are free."""
    return "the " if not setting.p or setting.result.rung == "active-set" else "the columns and so to the "


def _body(setting: Setting) -> Iterator[Block]:
    offset = "" if setting.result.offset is None else " - o_i"
    y = f"y_i{offset}" + (f" - {setting.left_mean}" if setting.centred else "")
    fitted = rf"\hat\mu_i{offset}" + (f" - {setting.left_mean}" if setting.centred else "")
    total, rest = setting.tss, setting.rss
    yield display(
        rf"\sum_i {setting.w}({y})^2 = \sum_i {setting.w}({fitted})^2 + \sum_i {setting.w}e_i^2".replace(
            r"(\hat\mu_i)^2", r"\hat\mu_i^2"
        ).replace("(y_i)^2", "y_i^2")
    )
    (explained, left), whole, holds = in_sum([max(total - rest, 0.0), rest], total)
    yield display(rf"{whole} {'=' if holds else chr(92) + 'approx'} {explained} + {left}")
    if total == 0:
        yield said(f"The response{less(setting)} does not vary, so that there is nothing to account for.")
    elif setting.exact:
        yield display(r"R^2 = 1")
        yield said(f"The residuals are at the rounding level of the response{less(setting)}: the fit is exact.")
    else:
        yield display(
            rf"R^2 = 1 - \frac{{\operatorname{{RSS}}}}{{\operatorname{{TSS}}}} = 1 - "
            rf"\frac{{{num(rest)}}}{{{num(total)}}} = {1 - rest / total:.4f}"
        )
        if not setting.p:
            yield said(f"There is no column to account for any of the variation of @{less(setting)}.", setting.y)
            return
        yield said(
            f"The columns account for {100 * (1 - rest / total):.3g} % of the variation of @{less(setting)} in these rows.",
            setting.y,
        )


def _checks(setting: Setting) -> Iterator[StepCheck]:
    books = setting.books
    if books is None:
        yield StepCheck(
            max(setting.rss - setting.tss, -setting.rss),
            1e-9 * setting.tss,
            "what is left is at least zero and at most the whole",
        )
        return
    size = books.size_y**2
    yield StepCheck(
        abs(books.total - setting.tss) / size if size else setting.tss, books.relative, "the whole, from the statistic"
    )
    explained = float(setting.beta @ books.H @ setting.beta)
    size = books.reach(setting.beta) ** 2
    says = "accounted for, as the sum of squares of the fitted values, relative to the squares that cancel"
    bound = 4 * books.relative + (2 * books.strayed(setting.beta) / size**0.5 if size else 0.0)
    yield StepCheck(abs(explained - (setting.tss - setting.rss)) / size if size else 0.0, bound, says)


TOPIC = Topic(80, "least squares", "fit", any_parameter, step)
