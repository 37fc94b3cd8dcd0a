"""One coefficient worked in full: estimate and standard error, t and p, interval."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from mathlearn.explain import again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import agree, counted, resolved
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._line import Line
from mathlearn.explain.topics._words import display, less, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.cells import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def applies(setting: Setting) -> bool:
    """Where there is a parameter with a standard error that is not zero."""
    return setting.undefined is None and setting.term is not None and Line.of(setting).se > 0


def step(setting: Setting) -> Step:
    """Work the line of a parameter."""
    line = Line.of(setting)
    pairs = ((line.estimate, line.recorded), (line.df, again.degrees_of_freedom(setting)))
    return Step(
        heading="One coefficient in full",
        claim=prose("The line of @ in the table, worked by hand.", line.name),
        body=(),
        because=prose(line.why(setting)),
        checks=(counted("estimate and degrees of freedom are those of the record and of the counts", *pairs),),
        reference="Seber and Lee (2003), Linear Regression Analysis, sections 3.1 and 5.1",
        children=(_estimate(setting, line), _t_and_p(setting, line), _interval(setting, line)),
    )


def _estimate(setting: Setting, line: Line) -> Step:
    """Show what is left of a column once the others have explained what they can."""
    xx = rf"x_{{\perp}}^{{\top}}{setting.W} x_{{\perp}}"
    slope = (
        r"A coefficient is found from the part $x_{\perp}$ of its column that the other columns do not explain: "
        rf"$\hat\beta_{{{line.j}}} = x_{{\perp}}^{{\top}}{setting.W} {setting.left} \,/\, {xx}$. "
        "The less is left of the column, the less certain the coefficient."
    )
    intercept = (
        r"The intercept is the fitted value where every column is zero. Its variance grows with the distance of the "
        r"means "
        r"$\bar x$ from there; that it is large says nothing about the fit."
    )
    if not setting.p:
        intercept = f"Without a column the intercept is the mean of the response{less(setting)}; the more rows, the less it varies."
    return Step(
        heading="Its estimate and standard error",
        claim=prose(r"The standard error says by how much the estimate would vary from sample to sample."),
        body=tuple(_estimate_body(setting, line, xx)),
        because=prose(intercept if line.slot < 0 else slope),
        checks=tuple(_estimate_checks(setting, line)),
        reference=(
            "Frisch and Waugh (1933), Partial time regressions as compared with individual trends, Econometrica 1(4)"
        ),
    )


def _estimate_body(setting: Setting, line: Line, xx: str) -> Iterator[Block]:
    covariance, books = setting.result.covariance, setting.books
    assert covariance is not None
    se = rf"\operatorname{{SE}}(\hat\beta_{{{line.j}}})"
    yield display(rf"\hat\beta_{{{line.j}}} = {num(line.estimate)}")
    if covariance.meat is not None:
        root = rf"\sqrt{{b_{{{line.j}}}^{{\top}} M\, b_{{{line.j}}}}}"
        yield display(rf"{se} = {root} = \sqrt{{{num(line.se**2)}}} = {num(line.se, 4)}")
    elif books is not None and line.slot >= 0:
        whole = float(books.H[line.slot, line.slot])
        left = (setting.sigma / line.se) ** 2
        share = num(max(1 - left / whole, 0.0), 4)
        h = rf"H_{{{line.j}{line.j}}} (1 - R_{{{line.j}}}^2)"
        yield display(rf"{xx} = {h} = {num(whole)} \times (1 - {share}) = {num(left)}")
        root = rf"\frac{{\hat\sigma}}{{\sqrt{{{xx}}}}}"
        yield display(rf"{se} = {root} = \frac{{{num(setting.sigma)}}}{{\sqrt{{{num(left)}}}}} = {num(line.se, 4)}")
        if setting.p > 1:
            yield said(rf"$R_{{{line.j}}}^2$ is the share of @ that the other columns account for.", line.name)
    else:
        yield display(rf"{se} = {num(line.se, 4)}")


def _estimate_checks(setting: Setting, line: Line) -> Iterator[StepCheck]:
    """Solve the normal equations for this parameter alone, by a factor that knows no V."""
    books, result = setting.books, setting.result
    assert result.covariance is not None
    assert setting.term is not None
    if books is None:
        yield agree("the standard error, as estimate over t", line.estimate / line.statistic, line.se, 4 * ROUNDOFF)
        return
    estimate, variance = again.parameter(setting, books, setting.term)
    sigma = again.sigma(setting, books)
    spread = sigma.value * sqrt(max(variance.value, 0.0)) if variance.value == variance.value else line.se
    far = abs(estimate.value - line.estimate) / max(spread, TINY)
    says = "the estimate from its column less what the others explain, in standard errors"
    yield resolved(result, StepCheck(far, estimate.bound / max(spread, TINY), says), "optimisation_error")
    if result.covariance.meat is None:
        says = "the standard error from what is left of its column and the residual sum of squares, relative"
        bound = variance.bound + sigma.bound + 8 * ROUNDOFF
        yield resolved(result, StepCheck(abs(spread / line.se - 1.0), bound, says), "standard_errors")


_EXACTLY = (
    r"The estimate is normal around the true coefficient, and $\hat\sigma$ is independent of it; such a ratio "
    r"follows Student's "
    "distribution."
)
_ROUGHLY = (
    "The estimate is about normal around the true coefficient when there are many rows, or many clusters; Student's "
    "distribution allows for their number."
)


def _t_and_p(setting: Setting, line: Line) -> Step:
    covariance = setting.result.covariance
    assert covariance is not None
    freedom = f"with {line.df:g} degrees of freedom"
    return Step(
        heading="Its t statistic and p-value",
        claim=prose(
            "$t$ is the estimate in standard errors; the p-value is how often a coefficient of zero would give a "
            "$|t|$ as large."
        ),
        body=(*line.test(), said(f"Here $T$ has Student's distribution {freedom}, and $f$ is its density.")),
        because=prose(_EXACTLY if covariance.meat is None else _ROUGHLY),
        checks=tuple(line.test_checks(again.degrees_of_freedom(setting))),
        reference="Student (1908), The probable error of a mean, Biometrika 6(1)",
    )


def _interval(setting: Setting, line: Line) -> Step:
    level = setting.level
    covariance = setting.result.covariance
    assert covariance is not None
    about = "" if covariance.meat is None else "about "
    return Step(
        heading="Its interval",
        claim=prose(
            f"The {percent(level)} interval holds the values that lie at most $t^{{*}}$ standard errors from the "
            f"estimate."
        ),
        body=tuple(line.interval()),
        because=prose(
            f"$|T|$ exceeds $t^{{*}} = {num(line.quantile)}$ with probability ${1 - level:.10g}$. Under what is assumed, {about}"
            f"{percent(level)} of such intervals, from sample to sample, hold the true coefficient."
        ),
        checks=tuple(line.interval_checks(again.degrees_of_freedom(setting))),
        reference="Seber and Lee (2003), Linear Regression Analysis, section 5.1",
    )


TOPIC = Topic(100, "least squares", "fit", applies, step)
