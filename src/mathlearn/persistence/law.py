"""Cross-checks of a loaded fit by likelihood: the law must be one that is known, and agree with the rest of the record."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError, UntrustedModelError
from mathlearn.certify.books import SAME
from mathlearn.fitting.class_consistency import class_inconsistencies
from mathlearn.fitting.likelihood_consistency import inconsistencies
from mathlearn.probability import family_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.data.design import Design
    from mathlearn.probability.family import Family
    from mathlearn.probability.link import Link
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import Likelihood, Separation
    from mathlearn.results.stack import Stack

__all__ = ["check_law"]

_PAIRED = frozenset({"successes and failures", "proportions and trials"})


def check_law(result: FitResult, design: Design, law: tuple[Family, Link] | None) -> None:
    """Refuse a fit whose law is unknown, is not that of the model, or contradicts the rest of its record.

    Parameters
    ----------
    result : FitResult
    design : Design
    law : (Family, Link) or None
        What the model's parameters ask for; None for a model of least squares.

    Raises
    ------
    UntrustedModelError
        Naming the part and what it should be.
    """
    for fault in _faults(result, design, law):
        raise UntrustedModelError(f"the model file contradicts itself: {fault}")


def _faults(result: FitResult, design: Design, law: tuple[Family, Link] | None) -> Iterator[str]:
    likelihood = result.likelihood
    if (likelihood is None) != (law is None):
        yield (
            "the model has a likelihood, and the fit has none"
            if law
            else "the fit has a likelihood, and the model none"
        )
    if likelihood is None or law is None:
        return
    yield from _name_faults(result, likelihood, law)
    yield from _number_faults(likelihood)
    yield from _role_faults(result, likelihood, design)
    if (result.withheld is None) != (result.covariance is not None):
        yield "inference is withheld, and there is a covariance; or neither"
    if likelihood.penalty > 0.0 and result.covariance is not None:
        yield "the fit is penalised, and has a covariance"
    if likelihood.separation is not None:
        yield from _separation_faults(result, likelihood.separation)
    if result.stack is not None:
        yield from _class_faults(result, result.stack, likelihood)
    elif result.curvature is not None:
        yield from _belonging_faults(result, likelihood)


def _belonging_faults(result: FitResult, likelihood: Likelihood) -> Iterator[str]:
    """Say whether intercept, level, mean and whitened mean, or estimates and dependences, belong together."""
    with np.errstate(all="ignore"):
        apart = [*inconsistencies(replace(result, withheld=None), likelihood)]
    if not np.max(apart) <= SAME:
        yield "the intercept, the level at the mean, the slopes and their curvature do not belong together"


def _class_faults(result: FitResult, stack: Stack, likelihood: Likelihood) -> Iterator[str]:
    """Say whether parameters and levels of several classes, their counts and their likelihoods belong together."""
    with np.errstate(all="ignore"):
        apart = [*class_inconsistencies(result, stack, likelihood)]
    if not np.max(apart) <= SAME:
        yield "the numbers of its classes do not belong together: parameters, levels at the mean, counts, likelihoods or curvature"


def _name_faults(result: FitResult, likelihood: Likelihood, law: tuple[Family, Link]) -> Iterator[str]:
    names = (likelihood.family, likelihood.link)
    if result.stack is not None:
        return  # more than two classes have a law of their own, checked with their parameters
    if names != (law[0].name, law[1].name):
        yield f"the fit is by the family {names[0]!r} with the link {names[1]!r}, and the model asks for {law[0].name!r} with {law[1].name!r}"
    try:
        family = family_named(likelihood.family, **dict(likelihood.parameters))
        family.link(likelihood.link)
    except (DomainError, TypeError) as error:
        yield f"its law is unknown: {error}"
        return
    if family.parameters != likelihood.parameters:
        yield "the parameters of the family are not those that it was made with"
    fixed = family.fixed_dispersion
    if fixed != (likelihood.dispersion_from == "fixed") or (fixed and likelihood.dispersion != 1.0):
        yield f"the dispersion {likelihood.dispersion} is {likelihood.dispersion_from!r}, which that of the family is not"
    if not {*likelihood.estimated} <= {name for name, _ in family.parameters}:
        yield "a parameter was estimated that the family does not have"
    if tuple(name for name, _ in likelihood.null_parameters) != likelihood.estimated:
        yield "the parameters of the model without columns are not those that were estimated"


def _number_faults(likelihood: Likelihood) -> Iterator[str]:
    least = {name: getattr(likelihood, name) for name in ("penalty", "trials", "fractional")}
    for name, value in least.items():
        if not (math.isfinite(value) and value >= 0.0):
            yield f"{name} is {value}, which is no finite number of at least 0"
    if not likelihood.pearson >= 0.0:  # infinite where a mean underflows beside what was observed
        yield f"pearson is {likelihood.pearson}, which is no number of at least 0"
    if likelihood.dispersion < 0.0 or math.isinf(likelihood.dispersion):
        yield f"the dispersion is {likelihood.dispersion}"
    tops = {
        "": likelihood.log_likelihood,
        "null ": likelihood.null_log_likelihood,
        "penalised ": likelihood.penalised_log_likelihood,
    }
    for name, value in tops.items():
        if value == math.inf:
            yield f"the {name}log-likelihood is infinite"
    if likelihood.passes < 0 or any(
        step.rows < 1 or not 0.0 <= step.step <= 1.0 or step.gradient < 0.0 for step in likelihood.iterations
    ):
        yield "an iteration holds a number that is impossible"
    if len(likelihood.estimated_errors) != len(likelihood.estimated) or any(
        error < 0.0 for error in likelihood.estimated_errors
    ):
        yield "the parameters that were estimated do not have a standard error each"


def _role_faults(result: FitResult, likelihood: Likelihood, design: Design) -> Iterator[str]:
    if len(result.responses) != 1:
        yield f"it has {len(result.responses)} responses"
    if (likelihood.response in _PAIRED) != (len(design.responses) == 2):
        yield f"y was given as {likelihood.response}, in {len(design.responses)} columns"
    if (likelihood.response == "labels") != bool(design.classes) or likelihood.classes != design.classes:
        yield "the classes of the fit are not those of the labels learned"


def _separation_faults(result: FitResult, separation: Separation) -> Iterator[str]:
    directions, k = separation.directions, len(result.terms) + result.fit_intercept
    if directions.ndim != 2 or directions.shape[0] != k or not 1 <= directions.shape[1] <= k:
        yield f"the directions of separation have shape {directions.shape} and should have {k} rows"
    elif not np.isfinite(directions).all():
        yield "a direction of separation holds a number that is not finite"
    every = {
        "ends": k,
        "score_ends": 0 if result.stack is None else len(result.stack.classes) * len(result.stack.terms),
    }
    for name, size in every.items():
        ends = getattr(separation, name)
        if ends is not None and (
            ends.shape != (size,) or not (np.isnan(ends) | (np.abs(ends) == 1) | (ends == 0)).all()
        ):
            yield f"separation.{name} are not {size} of -1, 0, 1 and NaN"
    if separation.separated < 1:
        yield f"{separation.separated} rows are separated"
