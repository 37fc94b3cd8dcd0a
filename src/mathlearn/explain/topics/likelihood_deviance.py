"""How well the model fits: deviance, likelihood-ratio test against the model without columns, AIC."""

from __future__ import annotations

from math import inf, isfinite, isinf, log
from typing import TYPE_CHECKING

from mathlearn.explain import likelihood_again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import agree, counted, joint_tail_check
from mathlearn.explain.numbers import in_sum, num, p_latex
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import always, display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY
from mathlearn.statistics.likelihood_goodness import likelihood_statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting
    from mathlearn.statistics.joint_law import JointLaw
    from mathlearn.statistics.likelihood_goodness import LikelihoodGoodness


def step(setting: Setting) -> Step:
    """Set the fit against the model without columns."""
    table = likelihood_statistics(setting.result)
    return Step(
        heading="The deviance",
        claim=prose(
            "The deviance is what the log-likelihood lacks of its largest value, that of a model with "
            f"{'a mean' if setting.predictors == 1 else 'probabilities'} for every row. Columns are worth what they take off it."
        ),
        body=tuple(_body(setting, table)),
        because=prose(_because(setting, table)),
        checks=tuple(_checks(setting, table)),
        reference="Wilks (1938), The large-sample distribution of the likelihood ratio, Ann. Math. Statist. 9(1); McCullagh and "
        "Nelder (1989), sections 2.3 and 4.4",
    )


def _because(setting: Setting, table: LikelihoodGoodness) -> str:
    if not isfinite(table.lr_statistic[0]):
        return "A deviance is never negative, and zero only where every mean is its observation."
    if setting.law.record.estimated:
        size = "twice the gain in log-likelihood, each model having a shape of its own,"
    elif isinf(table.lr_law.df_den):
        size = "the difference of the deviances"
    else:
        size = "their mean difference, over the dispersion,"
    return (
        f"Were the coefficients of all columns zero, {size} would follow about the distribution named, when there are many rows: "
        "twice the gain in log-likelihood is a sum of as many squares of standard normal variables as there are coefficients."
    )


def _body(setting: Setting, table: LikelihoodGoodness) -> Iterator[Block]:
    result, rest, total = setting.result, setting.rss, setting.tss
    top = (
        r"2\, \phi\, (\ell_{\text{max}} - \ell(\hat\beta))"
        if setting.law.dispersed
        else rf"2\, (\ell_{{\text{{max}}}} - \ell(\hat{setting.parameters}))"
    )
    yield display(rf"D = {top} = {num(rest)}")
    yield display(
        rf"D_0 = {num(total)} \qquad \text{{without columns, on }} {result.df_resid + result.df_model} \text{{ degrees of freedom}}"
    )
    if setting.p and isfinite(table.deviance_explained[0]):
        yield said(f"The columns account for {100 * float(table.deviance_explained[0]):.3g} % of the deviance.")
    yield from _test(setting, table)
    yield from _criteria(setting, table)


def _test(setting: Setting, table: LikelihoodGoodness) -> Iterator[Block]:
    statistic, p, law = float(table.lr_statistic[0]), float(table.lr_p_value[0]), table.lr_law
    if not isfinite(statistic):
        reason = table.reasons.get((0, "lr_statistic"), "")
        yield said("No likelihood-ratio test is given: @.", reason)
        return
    if setting.law.record.estimated:
        yield from _of_likelihoods(setting, statistic, p, law)
        return
    (left, taken), whole, holds = in_sum([setting.tss, -setting.rss], setting.tss - setting.rss)
    difference = rf"{left} - {taken.removeprefix('-')}"
    if law.chi_squared:
        sign = "=" if holds else r"\approx"
        yield display(rf"D_0 - D = {difference} {sign} {whole}")
        yield display(rf"p = \Pr(\chi^2_{{{law.df_num:g}}} \ge {num(statistic)}) {p_latex(p)}")
        return
    phi = num(setting.law.record.dispersion)
    yield display(
        rf"F = \frac{{(D_0 - D) / r}}{{\hat\phi}} = \frac{{({difference}) / {law.df_num:g}}}{{{phi}}} = {num(statistic)}"
    )
    yield display(rf"p = \Pr(F_{{{law.df_num:g}, {law.df_den:g}}} \ge {num(statistic)}) {p_latex(p)}")


def _of_likelihoods(setting: Setting, statistic: float, p: float, law: JointLaw) -> Iterator[Block]:
    """Test by log-likelihoods: deviances at two shapes measure different things, and the two shown are at that of the fit."""
    record = setting.law.record
    top, null = num(record.log_likelihood), num(record.null_log_likelihood)
    yield display(rf"2\, (\ell - \ell_0) = 2\, ({top} - ({null})) = {num(statistic)}")
    yield display(rf"p = \Pr(\chi^2_{{{law.df_num:g}}} \ge {num(statistic)}) {p_latex(p)}")


def _criteria(setting: Setting, table: LikelihoodGoodness) -> Iterator[Block]:
    aic, bic = float(table.aic[0]), float(table.bic[0])
    if not isfinite(aic):
        yield said("AIC and BIC are not given: @.", table.reasons.get((0, "aic"), "the log-likelihood is not finite"))
        return
    m, top = _count(setting), num(setting.law.record.log_likelihood)
    minus = rf"+ 2 \times {top[1:]}" if top.startswith("-") else rf"- 2 \times {top}"
    yield display(rf"\operatorname{{AIC}} = 2m - 2\ell = 2 \times {m} {minus} = {num(aic)}, \qquad m = {m}")
    yield display(rf"\operatorname{{BIC}} = m \log n - 2\ell = {num(bic)}")
    extra = ["the dispersion"] * setting.law.dispersed + ["what else was estimated of the family"] * bool(
        setting.law.record.estimated
    )
    yield said(f"$m$ counts the determined coefficients{''.join(f', and {what}' for what in extra)}.")


def _count(setting: Setting) -> int:
    """Count the parameters again."""
    law = setting.law
    return (
        int(setting.result.estimable.size - (setting.p - setting.result.rank))
        + law.dispersed
        + len(law.record.estimated)
    )


def _checks(setting: Setting, table: LikelihoodGoodness) -> Iterator[StepCheck]:
    record, result = setting.law.record, setting.result
    yield counted(
        "degrees of freedom of the model without columns",
        (result.df_resid + result.df_model, setting.predictors * result.n - int(setting.constants.sum())),
    )
    most = setting.tss if isfinite(setting.tss) and not setting.law.shrunk else inf
    says = "the deviance is at least zero, and of a maximum at most that without columns"
    yield StepCheck(max(-setting.rss, setting.rss - most), 1e-9 * abs(setting.rss), says)
    gain = likelihood_again.gain(setting)
    statistic, law = float(table.lr_statistic[0]), table.lr_law
    if isfinite(statistic):
        if setting.law.record.estimated or (gain is not None and not setting.law.dispersed):
            found = 2 * (record.log_likelihood - record.null_log_likelihood)
            says = "twice the gain in log-likelihood, relative to the deviances"
            size = max(setting.tss + setting.rss, TINY)
            bound = 0.0 if gain is None else 2 * gain.bound / size
            yield StepCheck(abs(found - statistic) / size, bound + 4 * ROUNDOFF, says)
        f = statistic / (law.df_num if law.chi_squared else 1.0)
        freedom = float("inf") if not setting.law.dispersed else float(result.df_resid)
        says = "the p-value, by adding up the tail from one or two degrees of freedom, relative"
        yield joint_tail_check(says, f, result.df_model, freedom, float(table.lr_p_value[0]))
    if isfinite(float(table.aic[0])):
        m, n = _count(setting), result.n
        yield agree(
            "AIC, counted again, relative", 2 * m - 2 * record.log_likelihood, float(table.aic[0]), 8 * ROUNDOFF
        )
        difference = float(table.bic[0] - table.aic[0])
        size = abs(float(table.bic[0])) + abs(float(table.aic[0]))
        says = "BIC less AIC, relative to the two"
        yield StepCheck(
            abs(difference - m * (log(n) - 2)) / max(size, TINY),
            8 * ROUNDOFF * (1 + m * log(max(n, 2)) / max(size, TINY)),
            says,
        )


TOPIC = Topic(80, "any likelihood", "fit", always, step)
