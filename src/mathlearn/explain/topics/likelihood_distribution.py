"""How the estimates of a fit by likelihood would vary from sample to sample."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import likelihood_again
from mathlearn.explain.derivation import Display, Maths, Matrix, Step, StepCheck, Table, prose, strain
from mathlearn.explain.evidence import agree, certified, counted, resolved
from mathlearn.explain.likelihood_again import Information
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import display, said
from mathlearn.explain.topics.distribution import error_table, meat_checks
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting
    from mathlearn.results.fit_result import CovarianceEstimate

_TOLD = 12
_CHECKED = 64  # parameters whose standard errors are solved for again


def applies(setting: Setting) -> bool:
    """Where there are standard errors."""
    return setting.undefined is None and (setting.p > 0 or setting.centred)


def step(setting: Setting) -> Step:
    """Show dispersion, covariance and standard errors."""
    covariance = setting.result.covariance
    assert covariance is not None
    sandwich = covariance.meat is not None
    return Step(
        heading="The distribution of the estimate",
        claim=prose(
            r"When there are many rows the estimates are about normal around the true coefficients. "
            + (
                "Their covariance is a sandwich: a matrix $M$ made of the scores as they are, between factors of the information."
                if sandwich
                else rf"Their covariance is {_inverse(setting)}, the inverse of the information."
            )
        ),
        body=tuple(_body(setting, covariance)),
        because=prose(_because(setting, sandwich)),
        checks=tuple(_checks(setting, covariance)),
        reference="White (1982), Maximum likelihood estimation of misspecified models, Econometrica 50(1)"
        if sandwich
        else "McCullagh and Nelder (1989), Generalized Linear Models, sections 4.4.3 and 9.2.3",
    )


def _inverse(setting: Setting) -> str:
    phi = r"\phi\, " if setting.law.dispersed else ""
    return rf"${phi}V V^{{\top}}$" if setting.deficient else rf"${phi}H^{{-1}}$"


def _because(setting: Setting, sandwich: bool) -> str:
    if sandwich:
        return (
            "The estimates are, to first order, the inverse of the information times the sum of the scores of the rows. $M$ is the "
            "covariance of that sum, estimated from the scores themselves, in coordinates in which the information is one: it holds "
            "even where the variance is not that of the law. The record keeps $M$, not the rows."
        )
    phi = (
        r" The dispersion is estimated by Pearson's statistic, which asks of the law no more than its variance; Student's "
        "distribution allows for its uncertainty."
        if setting.law.dispersed
        else ""
    )
    return (
        "Near the maximum the log-likelihood is a parabola, so that the estimates are a linear function of the score: a sum of many "
        "independent terms of mean zero, which is about normal, and whose covariance is the information." + phi
    )


def _body(setting: Setting, covariance: CovarianceEstimate) -> Iterator[Block]:
    yield from _dispersion(setting)
    if covariance.meat is None:
        found = Information.of(setting)
        curvature = setting.result.curvature
        if found is not None and curvature is not None:
            matrix = setting.sigma**2 * (curvature.whitener @ curvature.whitener.T)
            phi = r"\hat\phi\, " if setting.law.dispersed else ""
            yield Display(
                (
                    Maths(rf"\operatorname{{Cov}}(\hat{setting.parameters}) \approx {phi}H^{{-1}} ="),
                    Matrix(matrix, setting.terms),
                )
            )
    else:
        yield display(rf"\operatorname{{Cov}}(\hat\theta) \approx B\, M\, B^{{\top}}{_parts(setting)}")
        yield said("Row $j$ of $B$ holds the coordinates of parameter $j$. The matrix in the middle, here:")
        yield Display((Maths("M ="), Matrix(covariance.meat[setting.response])))
    yield said("@.", f"{covariance.description[0].upper()}{covariance.description[1:]}")
    for note in covariance.notes:
        yield said("Note: @.", note)
    yield said("The standard error of a parameter is the root of its entry on the diagonal.")
    if not setting.result.estimable.any():
        yield said(
            "Here no parameter has one: the data determine none of them by itself, but sums of them, and predictions."
        )
        return
    yield Table(error_table(setting, covariance))
    if setting.p + setting.centred > _TOLD:
        yield said(f"and {setting.p + setting.centred - _TOLD} more.")


def _parts(setting: Setting) -> str:
    """Say what the vector of all parameters is made of; of classes it was said before."""
    if setting.predictors > 1:
        return ""
    return r", \qquad \hat\theta = " + (r"(\hat\beta_0, \hat\beta)" if setting.centred else r"\hat\beta")


def _dispersion(setting: Setting) -> Iterator[Block]:
    record = setting.law.record
    below = setting.df
    if setting.law.dispersed:
        pearson = (
            rf"\frac{{1}}{{{below}}} \sum_i {setting.w}{setting.law.trials}\frac{{(y_i - \hat\mu_i)^2}}{{V(\hat\mu_i)}}"
        )
        yield display(
            rf"\hat\phi = {pearson} = \frac{{{num(record.pearson)}}}{{{setting.result.df_resid}}} = {num(record.dispersion)}"
        )
        return
    yield display(r"\phi = 1")
    if setting.result.df_resid > 0 and setting.predictors == 1:
        share = record.pearson / setting.result.df_resid
        yield said(
            rf"The law fixes the dispersion. Pearson's statistic over its degrees of freedom is {record.pearson:.5g} / "
            rf"{setting.result.df_resid} = {share:.3g}; for counts, and for shares of many trials, much more than 1 means that the rows "
            "vary more than the law allows."
        )


def _checks(setting: Setting, covariance: CovarianceEstimate) -> Iterator[StepCheck]:
    record = setting.law.record
    yield counted(
        "degrees of freedom of the reference distribution",
        (covariance.df, likelihood_again.degrees_of_freedom(setting)),
    )
    if setting.law.dispersed:
        n = setting.result.n - setting.result.rank - setting.centred
        yield agree(
            "the dispersion, from Pearson's statistic and the degrees of freedom counted again",
            record.pearson / n,
            record.dispersion,
            4 * ROUNDOFF,
        )
    else:
        yield counted("the dispersion is that of the law", (record.dispersion, 1.0))
    if covariance.meat is not None:
        yield from meat_checks(setting, covariance.meat[setting.response], covariance.kind)
        return
    yield from _solved(setting)


def _solved(setting: Setting) -> Iterator[StepCheck]:
    """Solve with the information for the variance of each parameter, which the table has from the factor of its inverse."""
    found = Information.of(setting)
    certificate = certified(setting.result, "standard_errors")
    if found is None:
        if certificate is not None:
            yield certificate
        return
    says = "standard errors in the table, by solving with the information and the dispersion, relative"
    checks = []
    for j in np.flatnonzero(setting.result.estimable)[:_CHECKED].tolist():
        l0 = float(setting.centred and j == 0)
        slopes = np.zeros(setting.p)
        if not l0:
            slopes[j - setting.centred] = 1.0
        variance = found.variance(setting, l0, slopes)
        shown = float(setting.table.std_error[setting.response, j])
        value = sqrt(max(variance.value, 0.0)) * setting.sigma
        checks.append(StepCheck(abs(value - shown) / max(shown, TINY), variance.bound + 8 * ROUNDOFF, says))
    if checks:
        yield resolved(setting.result, max(checks, key=strain), "standard_errors")


TOPIC = Topic(90, "any likelihood", "fit", applies, step)
