"""What a summary says of a fit by likelihood: the law, deviances, the likelihood-ratio test, and what a coefficient is."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.probability.multinomial import MULTINOMIAL
from mathlearn.results.stack import columns_of
from mathlearn.statistics.cells import number, p_statement
from mathlearn.statistics.equation import event_of
from mathlearn.statistics.functional import dispersion_known
from mathlearn.statistics.law import family_of
from mathlearn.statistics.likelihood_goodness import iteration_count
from mathlearn.statistics.reasons import fractional_counts
from mathlearn.statistics.summary.phrases import collinearity, rank, rows
from mathlearn.statistics.words import rough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import FloatArray
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood
    from mathlearn.statistics.likelihood_goodness import LikelihoodGoodness

__all__ = ["design", "fit_lines", "meaning", "model_name", "notes", "offset", "title", "withheld"]

# Models that are called by their link.
_NAMES = {
    ("binomial", "logit"): "Logistic regression",
    ("binomial", "probit"): "Probit regression",
    (MULTINOMIAL.name, MULTINOMIAL.link): "Multinomial logistic regression",
}

_MEANINGS = {
    "logit": "for one unit more the log odds of {event} change by the coefficient; exp(coefficient) is an odds ratio",
    "probit": "for one unit more the normal quantile of the probability of {event} changes by the coefficient",
    "cloglog": "for one unit more log(-log(1 - probability of {event})) changes by the coefficient; exp(coefficient) is a ratio of rates",
    "cauchit": "for one unit more the Cauchy quantile of the probability of {event} changes by the coefficient",
    MULTINOMIAL.link: "for one unit more the log odds of the class named first against {first} change by the coefficient; exp(coefficient) is a "
    "ratio of odds",
    "log": "for one unit more the mean of {response} is multiplied by exp(coefficient), a ratio of means",
    "identity": "for one unit more the mean of {response} changes by the coefficient",
}
_MCFADDEN = "McFadden's pseudo-R²"
_OTHERWISE = "for one unit more the linear predictor, which is the {link} link of the mean of {response}, changes by the coefficient"


# ---------------------------------------------------------------------------------------------------------------- names


def title(result: FitResult) -> str:
    """Name the model: ``Logistic regression of survived ('yes' against 'no')``."""
    likelihood = _of(result)
    against = " against ".join(repr(label) for label in reversed(likelihood.classes))
    classes = f" ({against})" if len(likelihood.classes) == 2 else ""
    if len(likelihood.classes) > 2:
        classes = f" ({len(likelihood.classes)} classes, against {likelihood.classes[0]!r})"
    return f"{model_name(likelihood)} of {result.responses[0]}{classes}"


def model_name(likelihood: Likelihood) -> str:
    """Name family and link; the link and the parameters only where they are not the ones understood."""
    name = _NAMES.get((likelihood.family, likelihood.link))
    if name is not None:
        return name
    family = family_of(likelihood)
    # Where no link is canonical, the first is the usual one.
    canonical = family.canonical or family.links[0].name
    said = [] if likelihood.link == canonical else [f"{likelihood.link} link"]
    for parameter, value in likelihood.parameters:
        said.append(f"{parameter} = {value:.6g}{', estimated' * (parameter in likelihood.estimated)}")
    return f"{family.title[:1].upper()}{family.title[1:]} regression" + (f" ({', '.join(said)})" if said else "")


def meaning(result: FitResult) -> str:
    """Say what a coefficient is, in the user's names."""
    likelihood = _of(result)
    sentence = _MEANINGS.get(likelihood.link, _OTHERWISE)
    first = repr(next(iter(likelihood.classes), None))
    return sentence.format(event=_event(result), first=first, response=result.responses[0], link=likelihood.link)


def _event(result: FitResult) -> str:
    """Say what the probability is the probability of: a class, a value of y, or what was counted."""
    likelihood, response = _of(result), result.responses[0]
    event = event_of(likelihood)
    if event is not None:
        return event if likelihood.classes else f"{response} = {event}"
    return response if likelihood.response == "successes and failures" else f"success, whose share is {response}"


def _of(result: FitResult) -> Likelihood:
    if result.likelihood is None:
        msg = "a fit by least squares has no likelihood"
        raise ValueError(msg)
    return result.likelihood


# ----------------------------------------------------------------------------------------------------------------- head


def withheld(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield that there is no inference, and why; or which inference is to be preferred."""
    penalty = _of(result).penalty
    if _of(result).bias_reduction == "firth":
        yield "Inference", "bias-reduced (Firth); prefer profile_intervals, which hold near separation"
    if result.withheld is not None:
        shrunk = f" (half of {number(penalty, 4)} times the sum of squared coefficients was added)" if penalty else ""
        yield "Inference", result.withheld + shrunk


def design(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield rank, and conditioning where it is known and there are columns."""
    yield rank(result)
    scaled = result.condition_scaled
    if columns_of(result) and not isnan(scaled):
        centred = "centred, " * (result.fit_intercept if result.stack is None else result.stack.intercept)
        aside = ", once dependent columns are set aside" if result.rank < len(result.terms) else ""
        yield (
            "Condition",
            f"{rough(scaled)} of the weighted, {centred}scaled columns{aside}: {collinearity(scaled)}",
        )


def offset(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield what is added to the linear predictor."""
    if result.offset is not None:
        yield "Offset", f"{result.offset} is added to every linear predictor, that of the null model included"


def notes(result: FitResult) -> Iterator[tuple[str, str]]:
    """Yield what is not to be believed of a law of counts."""
    told = fractional_counts(result)
    if told is not None:
        yield "Note", told


# -------------------------------------------------------------------------------------------------------------- numbers


def fit_lines(result: FitResult, fit: LikelihoodGoodness) -> Iterator[tuple[str, str]]:
    """Yield the numbers about the fit, and what a coefficient is."""
    likelihood = _of(result)
    trials = (
        f" rows with {likelihood.trials:.15g} trials"
        if likelihood.trials != result.n and result.weights_type == "none"
        else ""
    )
    yield "Fit", f"{rows(result, trials)}; {_dispersion(result, fit)}"
    for name, error in zip(likelihood.estimated, likelihood.estimated_errors, strict=True):
        value = dict(likelihood.parameters)[name]
        yield name.capitalize(), f"{number(value, 5)}, standard error {number(error, 4)}, by maximum likelihood"
    yield "Deviance", _deviance(result, fit)
    yield from _tests(fit)
    penalised = np.array([likelihood.penalised_log_likelihood])
    tops = {"log-likelihood": fit.log_likelihood, "penalised log-likelihood": penalised}
    criteria = _said({**tops, "AIC": fit.aic, "BIC": fit.bic}, 6)
    if criteria:
        yield "Likelihood", criteria + _null_of_its_own(likelihood, fit, slopes=bool(columns_of(result)))
    steps = iteration_count(likelihood)
    yield "Solver", f"{steps} iteration{'s' * (steps != 1)} ({result.rung}), {likelihood.passes} passes over the rows"
    if columns_of(result):
        yield "Meaning", meaning(result)


def _dispersion(result: FitResult, fit: LikelihoodGoodness) -> str:
    if dispersion_known(result):
        return "dispersion fixed at 1"
    value = float(fit.dispersion[0])
    return (
        "dispersion unknown" if isnan(value) else f"dispersion = {number(value, 4)} (Pearson's statistic over its df)"
    )


def _deviance(result: FitResult, fit: LikelihoodGoodness) -> str:
    null = float(fit.null_deviance[0])
    left = f"{number(float(fit.deviance[0]))} on {result.df_resid} df"
    if not columns_of(result):
        return left
    against = "" if isnan(null) else f", {number(null)} on {result.df_resid + result.df_model} df without columns"
    estimated = ", ".join(_of(result).estimated)
    alike = f", both at this {estimated}" if against and estimated else ""
    pseudo = {} if estimated else {_MCFADDEN: fit.pseudo_r_squared}
    shares = _said({"explained": fit.deviance_explained, **pseudo}, 4)
    return left + against + alike + (f"; {shares}" if shares else "")


def _null_of_its_own(likelihood: Likelihood, fit: LikelihoodGoodness, *, slopes: bool) -> str:
    """Say what the model without columns has, where it estimates parameters of the family by itself."""
    if not slopes or not likelihood.null_parameters or isnan(fit.null_log_likelihood[0]):
        return ""
    own = ", ".join(f"{name} = {number(value, 5)}" for name, value in likelihood.null_parameters)
    share = _said({_MCFADDEN: fit.pseudo_r_squared}, 4)
    return f"; {number(float(fit.null_log_likelihood[0]), 6)} without columns, at {own} of its own" + (
        f"; {share}" if share else ""
    )


def _tests(fit: LikelihoodGoodness) -> Iterator[tuple[str, str]]:
    """Yield the likelihood-ratio test against the null model, or the Wald test where only that one holds."""
    for name, law, statistic, p in (
        ("likelihood ratio" if fit.lr_law.chi_squared else "deviance", fit.lr_law, fit.lr_statistic, fit.lr_p_value),
        ("Wald", fit.wald_law, fit.wald_statistic, fit.wald_p_value),
    ):
        if not isnan(statistic[0]):
            yield "All slopes", f"{name} {law} = {number(float(statistic[0]))}, {p_statement(float(p[0]))}"
            return


def _said(values: dict[str, FloatArray], digits: int) -> str:
    return ", ".join(
        f"{name} = {number(float(value[0]), digits)}" for name, value in values.items() if not isnan(value[0])
    )
