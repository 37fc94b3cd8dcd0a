"""What is assumed of the rows of a fit of more than two classes: their law, and log odds that are linear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Display, Maths, Step, joined, maths, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._classes import NAMED
from mathlearn.explain.topics._words import MANY, always, display, named_terms, on_lines, said
from mathlearn.explain.topics.likelihood_model import approximate, rows_assumed
from mathlearn.explain.topics.model import row_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, StepCheck
    from mathlearn.explain.setting import Setting


def step(setting: Setting) -> Step:
    """Write law and log odds down, with the user's names."""
    on = "its columns" if setting.stack.columns else "no column"
    return Step(
        heading="The model",
        claim=prose(
            f"Each row has one of {len(setting.stack.classes)} values of @, with probabilities that depend on {on}: the log odds of each "
            "class against the first are linear.",
            setting.y,
        ),
        body=tuple(_body(setting)),
        because=prose(_because(setting)),
        checks=(_counts(setting),),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, sections 5.2.4 and 6.4.1; Agresti (2013), Categorical Data "
        "Analysis, section 8.1",
    )


def _body(setting: Setting) -> Iterator[Block]:
    stack, p = setting.stack, len(setting.stack.columns)
    labels = [repr(label) for label in setting.law.record.classes]
    told = range(len(labels)) if len(labels) <= NAMED else [*range(NAMED - 1), len(labels) - 1]
    places = [f"{k + 1} is @" if k == told[-1] or k + 1 in told else f"{k + 1} is @, …" for k in told]
    yield said(f"The classes are numbered: {', '.join(places)}.", *(labels[k] for k in told))
    yield Display((joined("", [Maths(r"\pi_{ik} = "), maths(r"\operatorname{P}(@ = k)", setting.y)]),))
    yield display(r"\log \frac{\pi_{ik}}{\pi_{i1}} = \eta_{ik}, \qquad \eta_{i1} = 0")
    start = [Maths(r"\beta_{k0}")] if stack.intercept else []
    if p <= MANY:
        parts = [
            maths(rf"{'+ ' if start or j else ''}\beta_{{k{j + 1}}}\, @", name) for j, name in enumerate(stack.columns)
        ]
        yield Display((on_lines(Maths(r"\eta_k"), [*start, *parts] or [Maths("0")]),))
    else:
        first = r"\beta_{k0} + " if stack.intercept else ""
        yield display(rf"\eta_{{ik}} = {first}\sum_{{j=1}}^{{{p}}} \beta_{{kj}}\, x_{{ij}}")
        yield named_terms(stack.columns)
    yield display(r"\pi_{ik} = \frac{e^{\eta_{ik}}}{\sum_{l=1}^K e^{\eta_{il}}}, \qquad \log f(y_i) = \log \pi_{i y_i}")
    yield said(
        rf"$\theta$ are the ${setting.p}$ parameters of classes 2 to $K$, class by class. Which class is the first changes what coefficients "
        "say, not the probabilities."
    )
    if setting.law.penalised:
        yield said(
            r"With the penalty all classes are treated alike: scores $s_k$ whose coefficients sum to zero over the classes have the differences "
            r"$s_k - s_1 = \eta_k$, and it is their squares that are penalised."
        )
    others, k, p, df = setting.predictors, len(stack.terms), len(stack.columns), setting.result.df_resid
    rank = rf", of which ${setting.result.rank}$ are determined" if setting.deficient else ""
    yield said(
        rf"There {row_words(setting)}, $p = {p}$ column{'s' if p != 1 else ''} and $m = (K - 1)\, k = {others} \times {k} = {setting.p}$ "
        rf"parameters{rank}; $(K - 1)\, n - {'r' if setting.deficient else 'm'} = {df}$ degree{'s' if df != 1 else ''} of freedom {'are' if df != 1 else 'is'} left."
    )


def _because(setting: Setting) -> str:
    return (
        f"This is assumed, not found: {rows_assumed(setting)}, and that the log odds are the ones written above. The odds of two classes then "
        f"do not depend on which others there are (independence of irrelevant alternatives). {approximate(setting)}"
    )


def _counts(setting: Setting) -> StepCheck:
    """Count parameters and degrees of freedom again, and the rows where none has a frequency."""
    result, record, stack = setting.result, setting.law.record, setting.stack
    known = result.curvature is not None and record.separation is None
    rank = result.curvature.whitener.shape[1] if result.curvature is not None and known else result.rank
    one = result.weights_type != "frequency"
    return counted(
        "parameters, their rank, degrees of freedom and rows, counted again",
        (setting.p, (len(stack.classes) - 1) * (len(stack.columns) + stack.intercept)),
        (result.rank, rank),
        (result.df_resid, setting.predictors * result.n - rank),
        (result.df_model, rank - int(setting.constants.sum())),
        (record.trials if one else 0, result.n if one else 0),
    )


TOPIC = Topic(10, "classes", "fit", always, step)
