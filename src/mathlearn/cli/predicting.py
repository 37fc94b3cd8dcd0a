"""What ``mathlearn predict`` writes: means, or labels and probabilities, or intervals; block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn import _engines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import AnyArray
    from mathlearn.cli.commands import Wanted
    from mathlearn.data.source import Source

__all__ = ["predicted"]


def predicted(
    model: Any, source: Source, wanted: Wanted, notes: dict[str, None]
) -> tuple[list[str], Iterator[AnyArray]]:
    """Return the names of the columns, and their blocks (m, k); notes are collected on the way.

    Raises
    ------
    typer.BadParameter
        The model has no classes, or takes no offset, and is asked for them.
    """
    classes = getattr(model, "classes_", None)
    if wanted.proba and classes is None:
        raise _usage("--proba is for classifiers, and this model predicts a mean: leave it out")
    if wanted.offset is not None and model.result_.likelihood is None:
        raise _usage("--offset is for models fitted by likelihood: one by least squares has its offset in the formula")
    options = {} if wanted.offset is None else {"offset": wanted.offset}
    if wanted.level is not None:
        return _interval_names(model, classes), _intervals(model, source, wanted, options, notes)
    if classes is None:
        return _of_each(model, ["prediction"]), _means(model, source, options)
    names = ["prediction", *(map(_probability, classes) if wanted.proba else ())]
    return names, _labels(model, source, options, proba=wanted.proba)


def _probability(label: Any) -> str:
    return f"probability of {label}"


def _interval_names(model: Any, classes: AnyArray | None) -> list[str]:
    """Name the columns of intervals: of means, of the probability of the second class, or of that of each of several."""
    if classes is None:
        return _of_each(model, ["prediction", "lower", "upper"])
    if len(classes) == 2:
        return [_probability(classes[-1]), "lower", "upper"]
    each = [_probability(label) for label in classes]
    return [f"{part}{name}" for part in ("", "lower ", "upper ") for name in each]


def _of_each(model: Any, parts: list[str]) -> list[str]:
    responses = model.result_.responses
    return parts if len(responses) == 1 else [f"{part} of {response}" for part in parts for response in responses]


def _means(model: Any, source: Source, options: dict[str, Any]) -> Iterator[AnyArray]:
    """Yield blocks of predictions, a column a response."""
    return (block.reshape(len(block), -1) for block in model.iter_predict(source, **options))


def _labels(model: Any, source: Source, options: dict[str, Any], *, proba: bool) -> Iterator[AnyArray]:
    """Yield blocks of labels, None where there is none, with the probability of each class if wanted."""
    for block in model.iter_predict_proba(source, **options):
        known = ~np.isnan(block[:, 0])
        labels = np.full(len(block), None, dtype=object)
        labels[known] = model.classes_[block[known].argmax(axis=1)].tolist()
        yield np.column_stack([labels, block.astype(object)]) if proba else labels[:, None]


def _intervals(
    model: Any, source: Source, wanted: Wanted, options: dict[str, Any], notes: dict[str, None]
) -> Iterator[AnyArray]:
    """Yield blocks of predictions, lower and upper bounds, a column a response each; collect the notes on the way."""
    kind = {} if wanted.kind is None else {"kind": wanted.kind}
    for block in model.iter_predict_interval(source, level=wanted.level, **kind, **options):
        notes |= dict.fromkeys(block.notes)
        yield np.column_stack([block.estimate, block.lower, block.upper])


def _usage(message: str) -> Exception:
    error: Exception = _engines.load("typer").BadParameter(message)
    return error
