"""What is assumed of the rows of a fit by likelihood: their law, its mean, the link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Display, Maths, Step, joined, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.mean import mean_of
from mathlearn.explain.numbers import num, short
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import MANY, always, display, named_terms, on_lines, said
from mathlearn.explain.topics.model import predictor_indexed, predictor_terms, size_words
from mathlearn.statistics.equation import event_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Prose, StepCheck
    from mathlearn.explain.law import FittedLaw
    from mathlearn.explain.setting import Setting

__all__ = ["approximate", "rows_assumed", "step"]

_LETTERS = {"theta": r"\vartheta", "power": r"\xi"}
_LONG = 80  # characters of LaTeX that stay on one line
_FORMULAS = {
    "log-density": r"\log f(y; \mu) =",
    "log-density up to a constant": r"\log f(y; \mu) = \text{(a function of } y) +",
    "score": r"\frac{\partial \ell}{\partial \mu} =",
}
_TRIALS = {
    "successes and failures": "a number of successes among trials, from the binomial law",
    "proportions and trials": "a share of successes among trials, from the binomial law",
}
_ASSUMED = {
    "classical": "that rows are independent, and have this law",
    "HC": "that rows are independent; their variances may be others than those of the law",
    "cluster": "that clusters of rows are independent; within a cluster rows may depend on each other",
    "HAC": "that rows far apart in time are independent; near ones may depend on each other",
}
"""By the kind of covariance, what is assumed of the rows beside their law."""


def step(setting: Setting) -> Step:
    """Write law, mean and link down, with the user's names."""
    return Step(
        heading="The model",
        claim=_claim(setting),
        body=tuple(_body(setting)),
        because=prose(_because(setting)),
        checks=(_counts(setting),),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, sections 2.2 and 2.3",
    )


def _claim(setting: Setting) -> Prose:
    law, y = setting.family_law, setting.y
    event = event_of(law.record)
    through = f"through the {law.link.name} link" if law.link.inverse_power != 1.0 else "directly"
    on = "its columns" if setting.p else "one number, the same for all rows"
    if event is not None:
        return prose(f"Each row has @ = @ with a probability that depends on {on}, {through}.", y, event)
    if not law.has_density:
        return prose(
            f"Each row's @ has a mean that depends on {on}, {through}, and a variance that depends on the mean. No more is "
            "assumed of its law.",
            y,
        )
    kind = _TRIALS.get(law.record.response, f"from the {law.family.title} law")
    return prose(f"Each row's @ is {kind}; its mean depends on {on}, {through}.", y)


def _body(setting: Setting) -> Iterator[Block]:
    law = setting.family_law
    mean = mean_of(law, setting.y)
    yield Display(
        (joined("", [Maths(r"\mu_i = "), mean, Maths(rf", \qquad g(\mu_i) = {law.in_mean(law.link.latex)} = \eta_i")]),)
    )
    if setting.p <= MANY:
        parts = predictor_terms(setting) or [Maths("0")]
        yield Display((on_lines(Maths(r"\eta"), parts),))
    else:
        yield display(rf"\eta_i = {predictor_indexed(setting)}")
        yield named_terms(setting.terms)
    yield display(rf"\mu_i = {_at_row(law.link.mean_latex)}")
    yield from _classes(setting)
    if setting.result.offset is not None:
        yield said(
            "The offset $o$, here @, is known and has no coefficient: it is added to $\\eta$.", setting.result.offset
        )
    yield display(_formula(law))
    yield from _trials(law)
    yield from _parameters(law)
    yield display(_variance(setting))
    yield said(size_words(setting))


def _formula(law: FittedLaw) -> str:
    """Write the law of a row, a long one on two lines."""
    head, latex = _FORMULAS[law.family.formula.kind], law.family.formula.latex
    breaks = _signs(latex)
    if len(latex) <= _LONG or not breaks:
        return f"{head} {latex}"
    at = min(breaks, key=lambda i: abs(i - len(latex) // 2))
    first, second = latex[:at], latex[at:]
    return rf"\begin{{array}}{{rl}} {head.removesuffix('=')} & = {first} \\ & \quad {{}} {second} \end{{array}}"


def _signs(latex: str) -> list[int]:
    """Return where a sum is added to or taken from outside of all brackets."""
    depth, found = 0, []
    for i, letter in enumerate(latex):
        depth += (letter in "({") - (letter in ")}")
        if i and letter in "+-" and depth == 0:
            found.append(i)
    return found


def _at_row(mean_latex: str) -> str:
    return mean_latex.replace(r"\eta", r"\eta_i")


def _classes(setting: Setting) -> Iterator[Block]:
    """Say which class is one."""
    classes = setting.family_law.record.classes
    if len(classes) == 2 and classes != (0, 1):
        yield said(
            "In the formulas $y$ is 1 where @ is @, and 0 where it is @.", setting.y, repr(classes[1]), repr(classes[0])
        )


def _trials(law: FittedLaw) -> Iterator[Block]:
    if law.with_trials:
        total = f"{law.record.trials:.15g}"
        yield said(
            rf"Here $y$ is the share of successes among the $\tau$ trials of a row; there are {total} trials in all."
        )
    elif law.binary and law.has_density:
        yield said(r"There is one trial a row: $\tau = 1$.")


def _parameters(law: FittedLaw) -> Iterator[Block]:
    for name, value in law.record.parameters:
        how = "given, not estimated"
        if name in law.record.estimated:
            error = law.record.estimated_errors[law.record.estimated.index(name)]
            how = f"estimated beside the coefficients, with standard error ${num(error, 3)}$"
        yield said(rf"Here ${_LETTERS[name]} = {short(value)}$, {how}.")


def _variance(setting: Setting) -> str:
    law = setting.family_law
    below = law.trials.replace(r"\, ", "") + (
        "w_i" if setting.result.weights_type == "precision" and law.dispersed else ""
    )
    above = (r"\phi\, " if law.dispersed else "") + r"V(\mu_i)"
    share = rf"\frac{{{above}}}{{{below}}}" if below else above
    return rf"\operatorname{{Var}}(y_i) = {share}, \qquad V(\mu) = {law.family.variance_latex}"


def _because(setting: Setting) -> str:
    return f"This is assumed, not found: {rows_assumed(setting)}, and that the mean is the one written above. {approximate(setting)}"


def rows_assumed(setting: Setting) -> str:
    """Say what is assumed of the rows, by the kind of covariance."""
    covariance = setting.result.covariance
    kind = "classical" if covariance is None else "HC" if covariance.kind.startswith("HC") else covariance.kind
    return _ASSUMED[kind]


def approximate(setting: Setting) -> str:
    """Say how far standard errors hold, what a weight does, and what a penalty is."""
    law, weights, penalty = setting.law, "", ""
    if setting.result.weights_type == "frequency":
        weights = " A weight stands for so many equal rows."
    elif setting.weighted:
        weights = (
            r" A weight $w_i$ divides the dispersion of its row, $\phi / w_i$."
            if law.dispersed
            else " A weight multiplies the log-likelihood of its row."
        )
    if law.penalised:
        penalty = rf" The penalty $\lambda = {short(law.record.penalty)}$ is chosen, not estimated: it draws the coefficients to zero."
    return f"Standard errors and p-values are approximations that become better as rows are added.{weights}{penalty}"


def _counts(setting: Setting) -> StepCheck:
    """Count rank and degrees of freedom again, and the trials where every row has one."""
    result, record = setting.result, setting.family_law.record
    known = result.curvature is not None and record.separation is None
    rank = result.curvature.whitener.shape[1] if result.curvature is not None and known else result.rank
    one = not setting.family_law.with_trials and result.weights_type != "frequency"
    return counted(
        "rank, degrees of freedom and trials, counted again",
        (result.rank, rank),
        (result.df_resid, result.n - rank - setting.centred),
        (result.df_model, rank),
        (record.trials if one else 0, result.n if one else 0),
    )


TOPIC = Topic(10, "likelihood", "fit", always, step)
