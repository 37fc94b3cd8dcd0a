"""What is assumed of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Display, Maths, Step, Whole, maths, prose
from mathlearn.explain.evidence import counted
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import (
    MANY,
    always,
    any_parameter,
    display,
    indexed,
    less,
    named_terms,
    on_lines,
    said,
)
from mathlearn.statistics.equation import summand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, StepCheck
    from mathlearn.explain.setting import Setting

_EXACT = (
    " If they are normal as well, the intervals and p-values below are exact; if not, they are approximations that "
    "become better "
    "as rows are added."
)
_APPROXIMATE = " Intervals and p-values are approximations that become better as rows are added."
# What is assumed of the errors e, by the kind of covariance.
_ASSUMED = {
    "classical": (
        r"independent from row to row, with mean zero and the same variance $\sigma^2$.",
        r"\operatorname{E}(e_i) = 0, \quad \operatorname{Var}(e_i) = \sigma^2",
    ),
    "HC": (
        "independent from row to row, with mean zero; their variances may differ from row to row.",
        r"\operatorname{E}(e_i) = 0, \quad \operatorname{Var}(e_i) = \sigma_i^2",
    ),
    "cluster": (
        (
            "independent from cluster to cluster, with mean zero; within a cluster they may depend on each other, and "
            "their variances "
            "may differ."
        ),
        r"\operatorname{E}(e_i) = 0, \quad \operatorname{Cov}(e_i, e_k) = 0 \text{ between clusters}",
    ),
    "HAC": (
        "of mean zero; their variances may differ, and errors of rows that are near in time may depend on each other.",
        (
            r"\operatorname{E}(e_i) = 0, \quad \operatorname{Cov}(e_i, e_k) \to 0 \text{ as rows } i, k "
            r"\text{ lie further apart}"
        ),
    ),
}


def step(setting: Setting) -> Step:
    """Write the model down, with the user's names."""
    kind = None if setting.undefined and setting.result.covariance is None else setting.result.covariance
    return Step(
        heading="The model",
        claim=prose(_claim(setting), setting.y),
        body=tuple(_body(setting, "" if kind is None else kind.kind)),
        because=prose(_because(setting, "" if kind is None else kind.kind)),
        checks=(_counts(setting),),
        reference="Seber and Lee (2003), Linear Regression Analysis, sections 3.1 and 3.10",
    )


def _claim(setting: Setting) -> str:
    offset = "" if setting.result.offset is None else "its offset"
    if not any_parameter(setting):
        return f"Each row's @ is {offset}{' and ' * bool(offset)}an error $e_i$: there is no parameter to estimate."
    first = f"Each row's @ is {offset}{', ' * bool(offset)}"
    if not setting.p:
        return f"{first}a number that is the same for all rows, and an error $e_i$."
    return f"{first}a sum of its columns, each times a number that is the same for all rows, and an error $e_i$."


def _body(setting: Setting, kind: str) -> Iterator[Block]:
    if setting.p <= MANY:
        parts = predictor_terms(setting)
        parts.append(Maths("+ e" if parts else "e"))
        yield Display((on_lines(maths("@", setting.y), parts),))
    else:
        yield display(rf"@ = {predictor_indexed(setting)} + e_i", setting.y)
        yield named_terms(setting.terms)
    if setting.result.offset is not None:
        yield said(
            "The offset $o$, here @, is known and has no coefficient: it is added to every prediction, and what is fitted is @ "
            "less it, $y - o$.",
            setting.result.offset,
            setting.y,
        )
    if kind:
        yield display(_ASSUMED[_family(kind)][1] if kind != "classical" else _classical(setting))
    yield said(size_words(setting))


def predictor_terms(setting: Setting) -> list[Maths]:
    """Write the linear predictor with the user's names: one summand each."""
    parts = [Maths(r"\beta_0")] if setting.centred else []
    for j, term in enumerate(setting.terms):
        parts.append(maths(rf"{'+' if parts else ''} \beta_{{{j + 1}}}\, @", term))
    if setting.result.offset is not None:
        parts.append(maths("+ @" if parts else "@", Whole(summand(setting.result.offset))))
    return parts


def predictor_indexed(setting: Setting) -> str:
    """Write the linear predictor of many columns by their numbers."""
    constant = r"\beta_0 + " if setting.centred else ""
    offset = "" if setting.result.offset is None else " + o_i"
    return f"{constant}{indexed(setting.p)}{offset}"


def _family(kind: str) -> str:
    return "HC" if kind.startswith("HC") else kind


def _classical(setting: Setting) -> str:
    variance = r"\frac{\sigma^2}{w_i}" if setting.result.weights_type == "precision" else r"\sigma^2"
    return rf"\operatorname{{E}}(e_i) = 0, \quad \operatorname{{Var}}(e_i) = {variance}"


def size_words(setting: Setting) -> str:
    """Say how many rows, columns, parameters and degrees of freedom there are."""
    result = setting.result
    k = setting.p + setting.centred
    rank = f", of rank $r = {result.rank}$," if setting.deficient else ""
    columns = f"$p = {setting.p}$ column{'s' if setting.p != 1 else ''}{rank}"
    parameters = f"$k = {k}$ parameter{'s' * (k != 1)}"
    one = result.df_resid == 1
    left = rf"${setting.df} = {result.df_resid}$ degree{'' if one else 's'} of freedom {'is' if one else 'are'} left"
    return f"There {row_words(setting)}, {columns} and {parameters}; {left}."


def row_words(setting: Setting) -> str:
    """Say how many rows there are, from the verb on."""
    result = setting.result
    rows = f"{'is' if result.n == 1 else 'are'} $n = {result.n}$ row{'s' * (result.n != 1)}"
    rows += ", counted by their weights" * (result.weights_type == "frequency")
    if result.n_dropped:
        one = result.n_dropped == 1
        rows += f" ({result.n_dropped} more {'was' if one else 'were'} dropped: a value is missing in {'it' if one else 'them'})"
    return rows


def _because(setting: Setting, kind: str) -> str:
    if not kind:
        return "Least squares needs no assumption on the errors. None is made here, because no standard error is given."
    words, _ = _ASSUMED[_family(kind)]
    if kind == "classical" and setting.result.weights_type == "precision":
        words = (
            r"independent from row to row, with mean zero and variance $\sigma^2 / w_i$ for known weights $w_i$: a "
            r"row of weight 4 "
            "counts as the mean of four rows."
        )
    counts = r" A weight $w_i$ stands for so many equal rows." if setting.result.weights_type == "frequency" else ""
    return (
        f"This is assumed, not found: that the mean of the response{_mean(setting)}, and that the errors are "
        f"{words}{counts}" + ((_EXACT if kind == "classical" else _APPROXIMATE) if any_parameter(setting) else "")
    )


def _mean(setting: Setting) -> str:
    """Say what the mean of the response is assumed to be."""
    if setting.p:
        return " is such a sum"
    return f"{less(setting)} is {'the same for all rows' if setting.centred else 'zero'}"


def _counts(setting: Setting) -> StepCheck:
    """Count rows, rank and degrees of freedom again."""
    result, books = setting.result, setting.books
    n, weight = (result.n, result.weight_sum) if books is None else (books.n, books.weight)
    rank = result.rank if result.curvature is None else result.curvature.whitener.shape[1]
    return counted(
        "rows, sum of weights, rank and degrees of freedom, counted again",
        (result.n, n),
        (result.weight_sum, weight),
        (result.rank, rank),
        (result.df_resid, n - rank - setting.centred),
        (result.df_model, rank),
    )


TOPIC = Topic(10, "least squares", "fit", always, step)
