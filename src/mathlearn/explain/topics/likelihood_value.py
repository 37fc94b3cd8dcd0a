"""The log-likelihood, and what is minimised."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain import likelihood_again
from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.numbers import num, short
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import always, display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting


def step(setting: Setting) -> Step:
    """Show it with the number of this fit."""
    law = setting.law
    return Step(
        heading="The log-likelihood",
        claim=prose(_claim(setting)),
        body=tuple(_body(setting)),
        because=prose(
            "Of all coefficients those are taken under which what was observed is most probable. The logarithm turns the product "
            "over independent rows into a sum, and moves no maximum."
            if law.has_density
            else r"Integrating $(y - \mu) / V(\mu)$ gives a function with the two properties of a log-likelihood that matter here: its "
            "slope has mean zero, and its curvature is the variance of its slope."
        ),
        checks=tuple(_checks(setting)),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, sections 2.2.2 and 9.2",
    )


def _claim(setting: Setting) -> str:
    law = setting.law
    if law.record.separation is not None:
        return "The log-likelihood has no maximum: along the direction above it comes ever closer to the number below."
    if law.corrected:
        return "The log-likelihood plus half the logarithm of the determinant of the information is made as large as possible."
    if law.penalised:
        return "The log-likelihood less a penalty on the squares of the coefficients is made as large as possible."
    if not law.has_density:
        return "There is no density, and so no likelihood: a quasi-likelihood takes its place, with the same maximum."
    return "The coefficients are those that make the log-likelihood as large as possible."


def _body(setting: Setting) -> Iterator[Block]:
    law, record = setting.law, setting.law.record
    if law.has_density:
        yield from _density(setting)
    else:
        yield display(
            rf"\ell_1(\beta) = \sum_i {setting.w}{law.trials}\int_{{y_i}}^{{\mu_i}} \frac{{y_i - s}}{{V(s)}}\, \operatorname{{d}}\!s"
        )
    if law.penalised:
        yield display(
            rf"\ell_1({setting.parameters}) - \frac{{\lambda}}{{2}} {_squares(setting)}, \qquad \lambda = {short(record.penalty)}, \quad "
            rf"{_squares(setting, hat=True)} = {num(setting.squares)}"
        )
        yield said(_free(setting))
    if law.corrected:
        yield display(r"\ell(\beta) + \frac{1}{2} \log\left|H(\beta)\right|")
    if law.penalised or not law.has_density:
        yield said(r"Here $\ell_1$ is that of dispersion 1, up to what does not depend on the coefficients.")
    if law.dispersed:
        yield said(r"Where the maximum lies does not depend on $\phi$, which is estimated afterwards.")


def _density(setting: Setting) -> Iterator[Block]:
    law, record = setting.law, setting.law.record
    if not law.dispersed:
        theta = setting.parameters
        yield display(rf"\ell({theta}) = \sum_i {setting.w}{law.of_row}")
        yield display(
            rf"\ell(\hat{theta}) = {num(record.log_likelihood)}, \qquad \ell_0 = {num(record.null_log_likelihood)}"
        )
    else:
        phi = r"\phi / w_i" if setting.result.weights_type == "precision" else r"\phi"
        weight = setting.w if setting.result.weights_type == "frequency" else ""
        yield display(rf"\ell(\beta, \phi) = \sum_i {weight}\log f(y_i; \mu_i, {phi})")
        yield display(
            rf"\ell(\hat\beta, D/n) = {num(record.log_likelihood)}, \qquad \ell_0 = {num(record.null_log_likelihood)}"
        )
        yield said("The dispersion enters it as the deviance $D$ over $n$, as in R.")
    yield said(
        rf"$\ell_0$ is that of the model without columns{_alone(setting)}."
        if setting.p
        else r"There is no column: $\ell_0$ is that of the same model."
    )


def _free(setting: Setting) -> str:
    if not setting.constants.any():
        return "There is no intercept."
    return "The intercept is not penalised." if setting.predictors == 1 else "Intercepts are not penalised."


def _squares(setting: Setting, *, hat: bool = False) -> str:
    """Write the sum of the squares that are penalised."""
    letter = r"\hat\beta" if hat else r"\beta"
    return rf"\sum_j {letter}_j^2" if setting.predictors == 1 else rf"\sum_k \sum_j {letter}_{{kj}}^2"


def _alone(setting: Setting) -> str:
    """Say what the model without columns has, where that is not an intercept alone."""
    if setting.law.record.estimated:
        return ", with a shape of its own"
    if setting.constants.any():
        return ""
    return " (the offset alone)" if setting.predictors == 1 else " (where all classes are equally probable)"


def _checks(setting: Setting) -> Iterator[StepCheck]:
    law, record = setting.law, setting.law.record
    both = (record.log_likelihood, record.null_log_likelihood)
    if not law.has_density:
        yield counted("log-likelihoods that are given without a density", (sum(map(isfinite, both)), 0))
        return
    found = likelihood_again.gain(setting)
    shown = both[0] - both[1]
    if found is not None and isfinite(shown):
        size = max(abs(both[0]) + abs(both[1]), TINY)
        says = "its excess over that of the model without columns, from the deviances, relative to the two"
        yield StepCheck(abs(found.value - shown) / size, found.bound / size, says)
    else:
        # A model that holds the other cannot fit worse: with one dispersion the deviances are ordered as the likelihoods are.
        most = setting.tss if isfinite(setting.tss) and not law.shrunk else np.inf
        says = "the deviance is at least zero, and of a maximum at most that without columns"
        yield StepCheck(max(-setting.rss, setting.rss - most), 1e-9 * abs(setting.rss), says)
    yield from _certain(setting)


def _certain(setting: Setting) -> Iterator[StepCheck]:
    """Compare with the deviance where a saturated row has probability one, and with the loss at which the solver ended."""
    law, record = setting.law, setting.law.record
    if not law.certain:
        return
    size = max(abs(record.log_likelihood), TINY)
    yield StepCheck(
        abs(record.log_likelihood + setting.rss / 2) / size, 8 * ROUNDOFF, "minus half the deviance, relative"
    )
    lost = _lost(setting)
    if not record.iterations or law.corrected or setting.result.curvature is None or not isfinite(lost):
        return
    last = record.iterations[-1]
    loss = -record.log_likelihood + record.penalty / 2 * setting.squares
    # What the last step still gains, the noise of the solver's own sums, and what rounding does to the predictors.
    allowed = last.gradient**2 + 1e-11 * max(size, loss) + 64 * ROUNDOFF * setting.result.n + lost
    says = "what the solver minimised, at the last point that it looked at: less what its last step gains, relative"
    yield StepCheck(abs(last.loss - loss) / size, allowed / size, says)


def _lost(setting: Setting) -> float:
    """Bound what rounding the terms of the predictors can do to the log-likelihood: large where nearly dependent columns cancel.

    In the metric of the working weights the predictors are off by at most a few roundings of ``sum |b_j| |x_j|``, and the score has the
    norm of Pearson's residuals. Infinite where the lengths of the columns are not known.
    """
    if not setting.p:
        return 0.0
    found = likelihood_again.Information.of(setting)
    if found is None:
        return np.inf
    reach = float(np.abs(setting.beta) @ np.sqrt(np.diag(found.matrix)))
    return 8 * (setting.p + 2) * ROUNDOFF * float(np.sqrt(max(setting.law.record.pearson, 0.0))) * reach


TOPIC = Topic(20, "any likelihood", "fit", always, step)
