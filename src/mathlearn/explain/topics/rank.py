"""Which directions the data leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Display, Maths, Step, StepCheck, maths, prose
from mathlearn.explain.evidence import certified, counted
from mathlearn.explain.numbers import short
from mathlearn.explain.registry import Topic
from mathlearn.explain.topics._words import display, on_lines, said
from mathlearn.linalg.errorfree import ROUNDOFF
from mathlearn.statistics.functional import parameter_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting
    from mathlearn.results.fit_result import Alias

_TOLD = 5
_ROUNDINGS = 16.0  # of the entries of a column that was computed from others


def applies(setting: Setting) -> bool:
    """Where some columns depend on others, it is known how, and nothing else is open."""
    likelihood = setting.result.likelihood
    if likelihood is not None and likelihood.separation is not None:
        return False
    return setting.deficient and bool(setting.result.aliases) and setting.result.curvature is not None


def step(setting: Setting) -> Step:
    """Show the dependences and what they leave undetermined."""
    open_directions = len(setting.result.aliases)
    which = "one direction" if open_directions == 1 else f"{open_directions} directions"
    return Step(
        heading="What the data leave open",
        claim=prose(
            f"The equations have many solutions: along {which} the coefficients can be moved without changing any "
            f"fitted value{'' if setting.predictors == 1 else ', and those of each class apart'}."
        ),
        body=tuple(_body(setting)),
        because=prose(
            rf"A dependence among columns is a vector $v$ with ${setting.X}\, v = 0$; the vectors $v$ are the "
            rf"columns of $N$. "
            r"Then $X(\beta + v)$ fits as $X\beta$ does, so that no data can tell $\beta$ from $\beta + v$. A sum of "
            r"coefficients is "
            r"determined if it does not change along any $v$."
        ),
        checks=tuple(_checks(setting)),
        reference="Searle (1971), Linear Models, section 5.4",
    )


def _body(setting: Setting) -> Iterator[Block]:
    aliases = setting.result.aliases
    for alias in aliases[:_TOLD]:
        yield Display((_dependence(alias),))
    if len(aliases) > _TOLD:
        yield said(f"and {len(aliases) - _TOLD} more.")
    yield display(
        rf"{setting.X}\, N = 0, \qquad N \text{{ of }} p - r = {setting.p} - {setting.result.rank} \text{{ columns}}"
    )
    loose = [
        name for name, known in zip(parameter_names(setting.result), setting.result.estimable, strict=True) if not known
    ]
    places = ", ".join("@" for _ in loose[:8]) + (f" and {len(loose) - 8} more" if len(loose) > 8 else "")
    yield said(
        f"Not determined one by one, and withheld below: {places}. Predictions are not affected where they keep to "
        f"these relations.",
        *loose[:8],
    )


def _dependence(alias: Alias) -> Maths:
    head = maths("@", alias.term)
    parts: list[Maths] = []
    for coefficient, name in zip(alias.coefficients, alias.others, strict=True):
        size = "" if abs(coefficient) == 1 else rf"{short(abs(coefficient))}\, "
        sign = "-" if coefficient < 0 else ("+" if parts else "")
        parts.append(maths(f"{sign} {size}@", name))
    if alias.constant or not parts:
        sign = "-" if alias.constant < 0 else ("+" if parts else "")
        parts.append(Maths(f"{sign} {short(abs(alias.constant))}"))
    return on_lines(head, parts)


def _checks(setting: Setting) -> Iterator[StepCheck]:
    result, books = setting.result, setting.books
    curvature = result.curvature
    assert curvature is not None
    null = curvature.null
    loose = np.asarray(null.any(axis=1))
    first = [not any(alias.constant for alias in result.aliases)] if setting.centred else []
    flags = [*first, *(not bool(x) for x in loose)]
    yield counted(
        "terms that are withheld, and how many directions are open, counted again from the directions",
        (null.shape[1], setting.p - result.rank),
        *zip(flags, result.estimable.tolist(), strict=True),
    )
    if books is None:
        return
    varies = books.size > 0
    reach = np.maximum(books.size, books.raw) @ np.abs(null)
    left = np.abs(books.H @ null)[varies] / (books.size[varies, None] * reach)
    rounding = _ROUNDINGS * ROUNDOFF * np.sqrt(setting.p)
    found = certified(result, "dependence")
    allowed = max(books.relative + rounding, 0.0 if found is None else found.tolerance)
    yield StepCheck(
        float(left.max(initial=0.0)),
        allowed,
        "the columns along the open directions: what is left of them, relative to their size",
    )


TOPIC = Topic(45, "any", "fit", applies, step)
