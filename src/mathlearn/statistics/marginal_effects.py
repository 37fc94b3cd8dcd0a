r"""Average marginal effects: how far a column moves the mean, with standard errors by the delta method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.chunk import dense_rows
from mathlearn.statistics import reasons
from mathlearn.statistics.class_effects import ClassProbabilities
from mathlearn.statistics.class_rows import ClassBasis
from mathlearn.statistics.coefficients import COLUMNS, t_tests
from mathlearn.statistics.effect_columns import Piece, asked_of, zero_or_one
from mathlearn.statistics.effect_sums import EffectSums, Predictor, RowsAt
from mathlearn.statistics.frame import FrameKind, Reasons, to_frame
from mathlearn.statistics.functional import estimable_rows, standard_errors, without_error
from mathlearn.statistics.law import family_of
from mathlearn.statistics.tails import require_level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mathlearn._typing import FloatArray
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.results.fit_result import FitResult
    from mathlearn.results.likelihood import ResponseForm
    from mathlearn.results.stack import Stack
    from mathlearn.statistics.effect_columns import Asked, Label
    from mathlearn.statistics.effect_sums import Change, Means

    Blocks = Iterator[tuple[RowsAt, tuple[Change, ...]]]

__all__ = ["At", "marginal_effects"]

At = Literal["average", "mean"]

_TRIALS: dict[ResponseForm, Callable[[FloatArray], FloatArray]] = {
    "successes and failures": lambda y: np.asarray(y.sum(axis=1)),
    "proportions and trials": lambda y: y[:, -1],
}
"""The trials (n,) of responses (n, 2) that have any."""

INFINITE = "it depends on an estimate that is infinite"

_MEANING = {
    "average": "mean over the rows given of the effect in each",
    "mean": "effect in the one row that is the mean of the rows given, column of the design by column",
}


def marginal_effects(
    result: FitResult,
    rows: BoundRows,
    *,
    max_rows: int,
    at: At = "average",
    columns: Sequence[str] | None = None,
    discrete: bool = False,
    level: float = 0.95,
    as_: FrameKind = "pandas",
) -> Any:
    r"""Estimate how the mean, or the probability of each of several classes, changes with each column, in one pass.

    The gradient of an effect in the parameters is summed over the rows with it; its length in the whitened basis, times the root of the
    dispersion, is the standard error (delta method).

    Parameters
    ----------
    result : FitResult
        Of one response.
    rows : BoundRows
        Over which effects are averaged, with their weights. Where they have responses, which are then successes and failures or proportions
        and trials, a row counts as so many as it has trials.
    max_rows : int
        Rows of a block.
    at : {"average", "mean"}
    columns : sequence of str, optional
    discrete : bool
        Whether a numeric column of zeros and ones is taken from 0 to 1, at the cost of another pass.
    level : float
    as_ : {"pandas", "polars", "arrow"}

    Raises
    ------
    DomainError
        Another `at`, a `level` outside (0, 1), a fit by least squares, or a derivative that is not finite.
    SchemaError
        There is no such column, or no row.

    References
    ----------
    Greene (2018), "Econometric Analysis", 8th edition, section 17.3.2; section 4.4.4 for the delta method.
    """
    require_level(level)
    if at not in get_args(At):
        raise DomainError(f"at is {at!r}: it must be one of {', '.join(map(repr, get_args(At)))}")
    means = _means(result)
    asked = asked_of(rows.design, columns, frozenset())
    names = tuple(dict.fromkeys(label.term for question in asked for label in question.labels))
    if discrete:
        asked = asked_of(rows.design, columns, zero_or_one(rows, names, max_rows))
    labels = [label for question in asked for label in question.labels]
    if not labels:
        nothing: dict[str, Any] = dict.fromkeys(COLUMNS, np.zeros(0))
        return to_frame(_named(result, []) | nothing, as_, {}, {"at": at, "meaning": _MEANING[at]})
    sums = {"average": _average, "mean": _at_mean}[at](means, _blocks(means, rows, asked, max_rows, _form(result)))
    order = sorted(range(len(labels)), key=lambda i: names.index(labels[i].term))
    return _table(result, [labels[i] for i in order], EffectSums(*(array[order] for array in sums)), at, level, as_)


def _means(result: FitResult) -> Means:
    """Return the fitted means about the mean of the columns, or about zero where that is not known."""
    likelihood, curvature = result.likelihood, result.curvature
    if result.stack is not None:
        return ClassProbabilities.of(result)
    if likelihood is None or len(result.coef) > 1:
        raise DomainError("marginal effects are of a generalised linear model with one linear predictor")
    link = family_of(likelihood).link(likelihood.link)
    mean, centre = np.zeros(len(result.terms)), float(result.intercept[0])
    if curvature is not None:
        mean, centre = curvature.mean, float(result.centre[0])
    return Predictor(link, result.coef[0], mean, centre, result.fit_intercept, likelihood.separation)


def _form(result: FitResult) -> ResponseForm:
    return "numbers" if result.likelihood is None else result.likelihood.response


def _weight(chunk: Chunk, form: ResponseForm) -> FloatArray:
    """Return what each row counts (n,): its weight, times its trials where they are read."""
    weight = np.ones(chunk.n) if chunk.weight is None else chunk.weight
    trials = _TRIALS.get(form)
    return weight if chunk.y is None or trials is None else np.asarray(weight * trials(chunk.y))


def _blocks(means: Means, rows: BoundRows, asked: tuple[Asked, ...], max_rows: int, form: ResponseForm) -> Blocks:
    """Yield the rows about the mean, with what happens to them."""
    seen = False
    for batch, chunk in rows.batches(max_rows):
        if not chunk.n:
            continue
        seen = True
        dense = dense_rows(chunk.X)
        if not np.isfinite(dense).all():
            rows.diagnose_nonfinite()
        piece = Piece(rows, batch, chunk, means.mean)
        at = RowsAt(
            _weight(chunk, form),
            dense - means.mean,
            np.zeros(chunk.n) if chunk.offset is None else chunk.offset,
        )
        yield at, tuple(change for question in asked for change in question.changes(piece))
    if not seen:
        raise SchemaError(
            "no row is left to average over: each lacks a value in a column that is used, or has weight zero."
        )


def _average(means: Means, blocks: Blocks) -> EffectSums:
    total: EffectSums | None = None
    weight = 0.0
    for at, changes in blocks:
        sums = EffectSums.beside([change.sums(means, at) for change in changes])
        total = sums if total is None else total.merge(sums)
        weight += float(at.weight.sum())
    assert total is not None
    return EffectSums(*(array / weight for array in total))


def _at_mean(means: Means, blocks: Blocks) -> EffectSums:
    """Average the rows, and what happens to them, into one row."""
    weight, mean = 0.0, None
    first: tuple[Change, ...] = ()
    parts: list[list[FloatArray]] = []
    for at, changes in blocks:
        before, weight = weight, weight + float(at.weight.sum())
        own, theirs = at.averaged(weight), [[at.weight @ part / weight for part in change.parts] for change in changes]
        share = before / weight
        if mean is None:
            mean, first, parts = own, changes, theirs
            continue
        mean = RowsAt(own.weight, share * mean.centred + own.centred, share * mean.offset + own.offset)
        parts = [[share * a + b for a, b in zip(*pair, strict=True)] for pair in zip(parts, theirs, strict=True)]
    assert mean is not None
    changed = tuple(change.of([part[None] for part in row]) for change, row in zip(first, parts, strict=True))
    return EffectSums.beside([change.sums(means, mean) for change in changed])


def _table(result: FitResult, labels: Sequence[Label], sums: EffectSums, at: At, level: float, as_: FrameKind) -> Any:
    withheld = reasons.whole_fit(result)
    separated = result.likelihood is not None and result.likelihood.separation is not None
    # Effects on one mean after the other.
    sums = EffectSums(*(np.moveaxis(array, 1, 0).reshape(-1, *array.shape[2:]) for array in sums))
    named = _named(result, labels)
    value, known = sums.value.copy(), np.full(sums.value.size, not separated)
    error = np.full_like(value, np.nan)
    if withheld is None:
        b, functionals = _gradients(result, sums)
        # A row at the end of its range has no derivative that would tell a column which the data leave open besides.
        known = estimable_rows(result, functionals) & (not (separated and result.aliases))
        error = np.where(known, standard_errors(result, b)[0], np.nan)
    value[~known] = np.nan
    df = np.nan if result.covariance is None else result.covariance.df
    tests = t_tests(value[None], error[None], df, level)
    why: Reasons = {}
    broken = INFINITE if separated else f"not determined by the data: {reasons.dependences(result.aliases)}"
    keys = list(zip(*named.values(), strict=True))
    for label, ok in zip(keys, known.tolist(), strict=True):
        if not ok:
            why.update({(*label, column): broken for column in COLUMNS})
        elif withheld is not None:
            why.update({(*label, column): withheld for column in COLUMNS[1:]})
        elif without_error(result)[0]:
            why.update({(*label, column): reasons.exact(result, 0) for column in COLUMNS[2:4]})
    values = {name: array[0] for name, array in tests.items()}
    return to_frame(named | values, as_, why, {"at": at, "meaning": _MEANING[at]})


def _named(result: FitResult, labels: Sequence[Label]) -> dict[str, Any]:
    """Name the effects, of several classes with a leading response."""
    stack = result.stack
    classes = () if stack is None else stack.classes
    count = max(1, len(classes))
    leading = {"response": [name for name in classes for _ in labels]} if classes else {}
    return leading | {
        "term": [label.term for label in labels] * count,
        "contrast": [label.contrast for label in labels] * count,
    }


def _gradients(result: FitResult, sums: EffectSums) -> tuple[FloatArray, FloatArray]:
    """Gradients of the effects: whitened coordinates (m, r + intercept), and functionals (m, k) of the parameters."""
    curvature, stack = result.curvature, result.stack
    assert curvature is not None
    if stack is not None:
        return _class_gradients(result, stack, sums)
    constant, slopes = sums.constant, sums.slopes[:, 0]
    white = slopes @ curvature.whitener
    if not result.fit_intercept:
        return white, slopes
    functionals = np.concatenate([constant, slopes + constant * (curvature.mean + curvature.origin)], axis=1)
    return np.concatenate([constant / np.sqrt(result.weight_sum), white], axis=1), functionals


def _class_gradients(result: FitResult, stack: Stack, sums: EffectSums) -> tuple[FloatArray, FloatArray]:
    """Do the same for the stacked parameters of several classes."""
    basis, constant = ClassBasis.of(result), sums.constant[:, :, None]
    white = np.einsum("mj,jr->mr", sums.constant, basis.level[1:])
    white += np.einsum("mjp,jpr->mr", sums.slopes, basis.slopes[1:])
    at_zero = sums.slopes + constant * (stack.mean + stack.origin)
    each = np.concatenate([constant, at_zero], axis=2) if stack.intercept else sums.slopes
    return white, each.reshape(len(each), -1)
