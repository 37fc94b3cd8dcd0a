"""Enforcing a learned `Design` on new rows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn.data.arguments import Arguments, read_arguments
from mathlearn.data.beside import recognised
from mathlearn.data.bound import BoundRows
from mathlearn.data.event_labels import event_labels
from mathlearn.data.schema import did_you_mean, listing
from mathlearn.data.validate import check_numeric

if TYPE_CHECKING:
    from mathlearn._choices import Missing
    from mathlearn.data.arguments import NamedColumns
    from mathlearn.data.design import Design
    from mathlearn.data.inputs import Intake

_LISTED = 5
"""Names that scikit-learn lists before it writes '...'."""


def rebind(
    design: Design,
    X: Any,
    y: Any,
    *,
    weights: Any,
    groups: Any,
    offset: Any,
    missing: Missing,
    require_y: bool,
    require_offset: bool,
    estimator: str,
) -> BoundRows:
    """Bind new rows to a design learned before; see `Design.bind`."""
    intake, given = recognised(X, Arguments(y, weights, groups, offset))
    labels = bool(design.classes)
    given = _with_offset(design, given, intake, required=require_offset)
    from_formula = require_y and y is None and not labels and _formula_has_response(design)
    event = event_labels(design.encoding) if labels and require_y and y is None else None
    if require_y and y is None and not from_formula and event is None:
        given = given._replace(y=_response_of_fit(design, estimator))
    named = given.named_columns(intake, labels=labels)
    intake, bound = _match(design, intake, named, estimator)
    reading = read_arguments(
        intake,
        given,
        named,
        missing=missing,
        weights_type=design.weights_type,
        label_columns=named.y if labels else None,
        event=event,
    )
    if reading.responses and len(reading.responses) != len(design.responses):
        raise SchemaError(
            f"y has {len(reading.responses)} columns, but {estimator} was fitted to {len(design.responses)} "
            f"({listing(design.responses)}). Give y as at fit"
            + (", or trials= beside it." if len(design.responses) == 2 else ".")
        )
    roles = reading.coded(design.classes)
    return BoundRows(intake.source, bound, roles, missing=missing, formula_response=from_formula, fitting=False)


def _with_offset(design: Design, given: Arguments, intake: Intake, *, required: bool) -> Arguments:
    """Take the offset from the column that it was at fit, where none is given."""
    column = next(iter(design.offset_columns), None)
    if given.offset is not None or not (column or design.offset_given):
        return given
    if column is not None and intake.named and column in intake.source.schema:
        return given._replace(offset=column)
    if required:
        where = "" if column is None else f", the column {column!r}"
        raise SchemaError(
            f"this model was fitted with an offset{where}; pass offset= here too: one number for each row of X"
            + (", zeros for none." if column is None else ", or X with that column.")
        )
    return given


def _formula_has_response(design: Design) -> bool:
    return design.encoding is not None and bool(design.encoding.response_columns)


def _response_of_fit(design: Design, estimator: str) -> Any:
    """Return the names of the response columns, in the form in which y was given."""
    names = design.response_columns
    if not names:
        raise SchemaError(
            f"This {estimator} estimator requires y to be passed, but the target y is None. "
            "At fit y came as values apart from X, so they are needed here too."
        )
    return names[0] if design.y_ndim == 1 else list(names)


def _match(design: Design, intake: Intake, named: NamedColumns, estimator: str) -> tuple[Intake, Design]:
    """Find the columns of the fit: by name where both inputs have names of their own, else by position."""
    if design.encoding is not None or (design.named and intake.named):
        _match_names(design, intake, named)
        return intake, design
    found = _others(intake, named)
    if len(found) != len(design.columns):
        raise SchemaError(
            f"X has {len(found)} features, but {estimator} is expecting {len(design.columns)} features as input."
        )
    if design.named:
        warnings.warn(
            f"X does not have valid feature names, but {estimator} was fitted with feature names", stacklevel=4
        )
        return intake._replace(source=intake.source.renamed(dict(zip(found, design.columns, strict=True)))), design
    if intake.named:
        warnings.warn(f"X has feature names, but {estimator} was fitted without feature names", stacklevel=4)
        check_numeric(intake.source.schema.select(found))
        return intake, replace(design, columns=found)
    return intake, design


def _others(intake: Intake, named: NamedColumns) -> tuple[str, ...]:
    return tuple(name for name in intake.source.schema.names if name not in named.all)


def _match_names(design: Design, intake: Intake, named: NamedColumns) -> None:
    schema = intake.source.schema
    missing = [name for name in design.columns if name not in schema]
    unseen: list[str] = []
    if design.encoding is None:
        roles = {*design.response_columns, *design.weight_columns, *design.offset_columns, *design.group_columns}
        known = {*design.columns, *roles, *named.all}
        unseen = [name for name in schema.names if name not in known]
    if missing or unseen:
        raise SchemaError(_mismatch(unseen, missing))
    if design.encoding is None:
        check_numeric(schema.select(design.columns))


def _mismatch(unseen: list[str], missing: list[str]) -> str:
    """Say what differs, in scikit-learn's words, and which names may be the same column."""
    message = "The feature names should match those that were passed during fit.\n"
    if unseen:
        message += "Feature names unseen at fit time:\n" + _lines(unseen)
    if missing:
        message += "Feature names seen at fit time, yet now missing:\n" + _lines(missing)
    hints = "".join(f"{name!r}:{hint} " for name in missing[:_LISTED] if (hint := did_you_mean(name, unseen)))
    return message + hints.rstrip()


def _lines(names: list[str]) -> str:
    shown = sorted(names)[:_LISTED]
    return "".join(f"- {name}\n" for name in shown) + "- ...\n" * (len(names) > _LISTED)
