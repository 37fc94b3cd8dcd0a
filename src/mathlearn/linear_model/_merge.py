"""`merge`: fits of rows that were never in one place, as one fit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial, reduce
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.schema import listing
from mathlearn.fitting.from_statistic import fit_statistic
from mathlearn.linalg.joining import counted_from, joined, reordered
from mathlearn.linear_model._linear_regression import LinearRegression
from mathlearn.linear_model._updated import require_plain, statistic_of_fit
from mathlearn.linear_model._warning import warn
from mathlearn.persistence import codec

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray
    from mathlearn.data.design import Design
    from mathlearn.linalg.moments import Moments

__all__ = ["merge"]

_OF_THE_WORK = {"copy_X", "n_jobs"}
"""Parameters that say how a fit is computed, and nothing about the model."""


def merge(model_a: LinearRegression, model_b: LinearRegression, *more: LinearRegression) -> LinearRegression:
    """Join fits made apart into the fit of all their rows, from the statistics that they hold: no row is needed.

    Parameters
    ----------
    model_a, model_b, *more : LinearRegression
        Fitted, here or elsewhere (`mathlearn.load`), with a classical covariance and the same parameters, columns and levels. Columns with names
        may stand in another order. None of them is changed.

    Returns
    -------
    LinearRegression
        As fitted to the rows of all, with evidence of the grade "from the statistic". What sums of squares and products hold too few digits for is
        withheld, with a warning, as in ``LinearRegression.partial_fit``.

    Warns
    -----
    ConvergenceWarning
        All numbers are withheld.
    PrecisionWarning
        Standard errors are withheld.

    Raises
    ------
    NotFittedError
    SchemaError
        Columns, levels or responses differ; the message says which.
    DomainError
        Parameters differ, or a model has no statistic or another covariance.
    TypeError
        One is no `LinearRegression`.

    Notes
    -----
    A statistic holds no row, but is no veil. Where rows are no more than columns it determines them but for a rotation, and rows of whole numbers often
    entirely; the difference of two statistics is that of the rows by which they differ; and sums are counted from the mean of the first block of
    rows. Exchange fits of many more rows than columns.

    Examples
    --------
    >>> import mathlearn
    >>> from mathlearn.linear_model import LinearRegression
    >>> north = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 4.0])
    >>> south = LinearRegression().fit([[3.0], [4.0], [6.0]], [8.0, 9.0, 13.0])
    >>> both = mathlearn.merge(north, south)
    >>> both.coef_.round(4), both.result_.n
    (array([2.0429]), 6)
    """
    models = (model_a, model_b, *more)
    _require_alike(models)
    parts = [statistic_of_fit(model, f"model {i}") for i, model in enumerate(models, 1)]
    design = _common_design(models)
    aligned = [_aligned(moments, model.design_, design) for moments, model in zip(parts, models, strict=True)]
    result_a = model_a.result_
    merged = type(model_a)(**model_a.get_params(deep=False))
    weighted = any(model.result_.weights_type != "none" for model in models)
    spec = merged._spec(design, weighted=weighted)  # noqa: SLF001 - what partial_fit does, for several models
    moments = reduce(partial(joined, centred=result_a.fit_intercept), aligned)
    merged.design_, merged.result_ = design, fit_statistic(moments, spec, design)
    merged._validate_loaded()  # noqa: SLF001 - as above
    warn(merged.result_)
    return merged


def _require_alike(models: tuple[LinearRegression, ...]) -> None:
    """Refuse models that are not of one kind and one set of parameters."""
    first = models[0]
    for i, model in enumerate(models, 1):
        if type(model) is not type(first) or not isinstance(model, LinearRegression):
            raise TypeError(f"merge joins fitted LinearRegression models; model {i} is a {type(model).__name__}")
        model._result()  # noqa: SLF001 - raises where there is none
        require_plain(model, "merge")
        known = first.get_params(deep=False)
        for name, value in model.get_params(deep=False).items():
            if name not in _OF_THE_WORK and value != known[name]:
                raise DomainError(
                    f"model {i} has {name}={value!r}, and model 1 has {name}={known[name]!r}: only fits with the same parameters can be merged."
                )


def _common_design(models: tuple[LinearRegression, ...]) -> Design:
    """Return the design of the first model, if it serves all, with the origins that the first to have any has."""
    first = models[0].design_
    shift: tuple[int, ...] = ()
    for i, model in enumerate(models, 1):
        design = model.design_
        _require_same_columns(i, design, first)
        if design.int_shift and not shift:
            shift = tuple(design.int_shift[j] for j in _order(design, first))
    return replace(first, int_shift=shift, single=all(model.design_.single for model in models))


def _require_same_columns(i: int, design: Design, first: Design) -> None:
    """Refuse a design whose columns, levels or responses are not those of the first."""
    if design.named != first.named:
        named, nameless = (i, 1) if design.named else (1, i)
        raise SchemaError(
            f"the columns of model {named} have names and those of model {nameless} have none: fit both to tables, or both to arrays."
        )
    ours, theirs = (design.terms, first.terms) if design.encoding is not None else _as_sets(design, first)
    if ours != theirs:
        extra, lacking = sorted({*ours} - {*theirs}), sorted({*theirs} - {*ours})
        differ = [
            f"{who} alone has {listing(names)}" for who, names in ((f"model {i}", extra), ("model 1", lacking)) if names
        ]
        raise SchemaError(
            f"models 1 and {i} have different columns: {'; '.join(differ) or 'they stand in another order'}. Levels of a category are those that "
            "the rows of a fit have: where some lack one, give the category as columns of zeros and ones."
        )
    if design.responses != first.responses:
        raise SchemaError(
            f"model {i} is fitted to {listing(design.responses)} and model 1 to {listing(first.responses)}: give y the same name."
        )
    if not _same_encoding(design, first):
        raise SchemaError(
            f"the formula has learned other numbers from the rows of model {i} than from those of model 1 (knots, polynomials, means or levels): "
            "only with the same ones do their columns mean the same. Give knots and bounds in the formula, or use powers, I(x**2)."
        )


def _as_sets(design: Design, first: Design) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of both, of named ones in one order."""
    if design.named:
        return tuple(sorted(design.columns)), tuple(sorted(first.columns))
    return design.columns, first.columns


def _same_encoding(design: Design, first: Design) -> bool:
    """Whether two formulas have learned the same."""
    arrays: tuple[dict[str, AnyArray], dict[str, AnyArray]] = ({}, {})
    text = [codec.encode(side.encoding, "formula", held) for side, held in zip((design, first), arrays, strict=True)]
    return text[0] == text[1] and all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[0])


def _order(design: Design, first: Design) -> list[int]:
    """Return where the columns of the first design are in another one."""
    if design.encoding is not None or not first.named:
        return list(range(len(first.terms)))
    return [design.columns.index(name) for name in first.columns]


def _aligned(moments: Moments, own: Design, design: Design) -> Moments:
    """Return the moments of a model in the order and from the origins of another design."""
    order, p = _order(own, design), len(design.terms)
    if order != list(range(p)):
        moments = reordered(moments, np.array([*order, *range(p, moments.sums.size)]))
    if own.int_shift == design.int_shift:
        return moments
    before = [own.int_shift[j] if own.int_shift else 0 for j in order]
    return counted_from(moments, tuple(old - new for old, new in zip(before, design.int_shift, strict=True)))
