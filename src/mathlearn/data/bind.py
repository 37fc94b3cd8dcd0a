"""`bind`: give the columns of an input their roles, at fit."""

from __future__ import annotations

import operator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import compress, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.arguments import Arguments, read_arguments
from mathlearn.data.arrays import MatrixSource, as_columns, is_single
from mathlearn.data.beside import recognised
from mathlearn.data.bound import BoundRows
from mathlearn.data.classes import learn_classes, reference_in, referred
from mathlearn.data.design import Design
from mathlearn.data.event_labels import event_labels
from mathlearn.data.integers import bounds, is_wide, lost_differences, rounding_step, shift_for, telling_once, to_float
from mathlearn.data.nonfinite import without_gaps
from mathlearn.data.progress import read
from mathlearn.data.reduce import found_again
from mathlearn.data.validate import check_numeric, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mathlearn._typing import BoolArray
    from mathlearn.data.arguments import NamedColumns, Reading
    from mathlearn.data.batch import Batch
    from mathlearn.data.bound import Missing
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.coded import Label
    from mathlearn.data.formula import Encoding, Formula, Learners
    from mathlearn.data.inputs import Intake
    from mathlearn.data.schema import Schema
    from mathlearn.data.source import Source

_LEARN_ROWS = 1 << 14
_LEARN_NUMBERS = 1 << 20
_NO_Y = (
    "This {} estimator requires y to be passed, but the target y is None. "
    "Pass y, name a column of X as y, or use a two-sided formula ('y ~ x')."
)


def bind(
    X: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    offset: Any = None,
    formula: str | None = None,
    missing: Missing = "raise",
    weights_type: str = "precision",
    require_y: bool = True,
    labels: bool = False,
    shift_integers: bool = True,
    estimator: str = "Estimator",
) -> BoundRows:
    """Give the columns of an input their roles and learn its `Design`.

    Parameters
    ----------
    X : array-like, sparse matrix, frame or Source of shape (n, p)
    y : array-like of shape (n,) or (n, q), column name or names, optional
        A column that is named leaves X; so for the next three.
    sample_weight : array-like of shape (n,), number or column name, optional
    groups : array-like of shape (n,) or (n, 2), column name or two names, optional
    offset : array-like of shape (n,) or column name, optional
    formula : str, optional
        With two sides it gives y too; then `y` must be None.
    missing : {"raise", "drop"}
        What to do with rows that lack a value in a column that is used.
    weights_type : {"precision", "frequency"}
    require_y : bool
        Whether having no y is an error.
    labels : bool
        Whether y is class labels, of any one kind: text, booleans, whole numbers. The design then knows the `classes` of the rows
        that count (of positive weight, not dropped), and chunks carry their codes 0, 1, ... as y.
    shift_integers : bool
        Whether integer columns beyond 2**53 may be shifted (the model has an intercept).
    estimator : str
        Class name for messages.

    Raises
    ------
    SchemaError, NonFiniteInputError, DomainError
        One clear error for input that does not fit, in the user's own column names.

    Examples
    --------
    >>> rows = bind([[1.0], [2.0], [4.0]], [1, 2, 3])
    >>> rows.terms, rows.responses, rows.n_rows
    (('x0',), ('y',), 3)
    >>> [chunk.n for chunk in rows.chunks(max_rows=2)]
    [2, 1]
    """
    intake, given = recognised(X, Arguments(y, sample_weight, groups, offset))
    named = given.named_columns(intake, labels=labels)
    told: set[str] = set()
    with telling_once(told):
        encoding = None if formula is None else _learn_formula(formula, intake.source, y, named, missing, labels=labels)
    from_formula = encoding is not None and bool(encoding.responses)
    if require_y and y is None and not from_formula:
        raise SchemaError(_NO_Y.format(estimator))
    if not labels:
        refuse_rounding(intake.source, named.y, of_y=True)
    response = encoding.response_columns if encoding is not None and from_formula else named.y
    reading = read_arguments(
        intake,
        given,
        named,
        missing=missing,
        weights_type=weights_type,
        label_columns=response if labels else None,
        event=event_labels(encoding) if labels else None,
    )
    columns = _columns_of_X(intake, named) if encoding is None else encoding.columns
    in_X = named.of_X(given)
    shift = learn_shift(intake.source, columns) if shift_integers and encoding is None else ()
    design = Design(
        columns=columns,
        named=intake.named,
        responses=encoding.responses if encoding is not None and from_formula else reading.responses,
        y_ndim=_formula_ndim(encoding) if from_formula else reading.y_ndim,
        weights_type=weights_type,
        int_shift=shift,
        encoding=encoding,
        response_columns=in_X.y if response == named.y else response,
        weight_columns=in_X.weights,
        offset_columns=in_X.offset,
        group_columns=in_X.groups,
        offset_given=offset is not None and not in_X.offset,
        single=encoding is None and is_single(intake.source, columns),
    )
    if reading.labels is not None:
        return _classified(intake.source, design, reading, missing, told)
    return BoundRows(intake.source, design, reading.roles, missing=missing, formula_response=from_formula, told=told)


def _classified(source: Source, design: Design, reading: Reading, missing: Missing, told: set[str]) -> BoundRows:
    """Learn the classes of the rows that count, and bind the rows with their codes.

    One pass reads the labels alone. Where rows may leave, others are read with all that is used until each class was met in a row that
    stays: mostly a few.
    """
    if reading.labels is None:
        raise TypeError("there are no labels")
    learned = learn_classes(reading.labels, source, missing)
    reference = reference_in(design.encoding)
    ordered = referred(learned.labels, reference, reading.labels.name)

    def rows_of(classes: tuple[Label, ...], told: Iterable[str]) -> BoundRows:
        known = replace(design, classes=classes, class_dtype=learned.dtype)
        return BoundRows(source, known, reading.coded(classes), missing=missing, told=told)

    rows = rows_of(ordered, told)
    if missing == "raise" and reading.roles.weight is None:
        return rows
    met = _met(rows, len(ordered))
    if met.all():
        return rows
    return rows_of(referred(tuple(compress(ordered, met)), reference, reading.labels.name), rows.told)


def _met(rows: BoundRows, classes: int) -> BoolArray:
    """Mark the classes that occur in rows that stay."""
    met = np.zeros(classes, dtype=np.bool_)
    size = max(1, min(_LEARN_ROWS, _LEARN_NUMBERS // max(1, len(rows.terms))))
    if rows.source.apart:
        return found_again(rows.reduce(partial(_meets, classes=classes), np.logical_or, max_rows=size, threads=1))
    for chunk in rows.chunks(size):
        met |= _meets(chunk, classes)
        if met.all():
            break
    return met


def _meets(chunk: Chunk, classes: int) -> BoolArray:
    met = np.zeros(classes, dtype=np.bool_)
    if chunk.y is not None:
        met[chunk.y[:, 0].astype(np.intp)] = True
    return met


def _formula_ndim(encoding: Encoding | None) -> int:
    return 2 if encoding is not None and len(encoding.responses) > 1 else 1


def _columns_of_X(intake: Intake, named: NamedColumns) -> tuple[str, ...]:
    source = intake.source
    if isinstance(source, MatrixSource) and not named.all:
        return source.names
    schema = source.schema.without(named.all)
    if not len(schema):
        raise SchemaError(empty((source.n_rows, 0), "feature"))
    check_numeric(schema)
    return schema.names


def _learn_formula(
    text: str, source: Source, y: Any, named: NamedColumns, missing: Missing, *, labels: bool
) -> Encoding:
    """Compile the formula against the columns and learn its levels, knots and polynomials."""
    from mathlearn.data.formula import compile as compile_formula
    from mathlearn.data.formula import together

    formula = compile_formula(text, source.schema.without(named.y), roles=named.all, labels=labels)
    if formula.has_response and y is not None:
        raise SchemaError(
            f"y is given twice: by the left side of the formula {text!r} and by the argument y. "
            "Leave one out; a one-sided formula ('~ a + b') takes y as an argument."
        )

    learners = formula.learners(in_memory=source.in_memory)
    if formula.needs_rows(learners):
        learners = source.fold(partial(_shown, formula, learners, missing), together, formula.columns)
    encoding = formula.learned(learners)
    if encoding.fit_intercept:
        refuse_rounding(source, encoding.numeric_columns)
    if formula.has_response and not labels:
        refuse_rounding(source, encoding.numeric_responses, of_y=True)
    return encoding


def _shown(formula: Formula, learners: Learners, missing: Missing, source: Source) -> Learners:
    """Show the rows of a source, or of a part, to learners of its own."""
    wanted = formula.columns
    batches: Iterator[Batch] = (as_columns(batch, wanted) for batch in read(source, wanted, max_rows=_LEARN_ROWS))
    if missing == "raise" and not source.in_memory:  # what is in memory is counted whole by the pass of the fit
        used = {"X": formula.predictor_columns, "y": formula.response_columns}
        batches = without_gaps(source, used, batches)
    return formula.shown(deepcopy(learners), batches)


def learn_shift(source: Source, columns: tuple[str, ...]) -> tuple[int, ...]:
    """Return what to subtract from each column so that integers beyond 2**53 stay exact; () when no column needs it.

    A source in memory is read whole for this (its integer columns only), a stream only at its beginning.
    """
    if isinstance(source, MatrixSource) and (not is_wide(source.matrix) or hasattr(source.matrix, "indptr")):
        return ()
    wide = columns if isinstance(source, MatrixSource) else _integer_columns(source.schema, columns)
    if not wide:
        return ()
    ranges, _ = _ranges(source, wide)
    shifts = tuple(shift_for(*ranges.get(name, (0, 0))) for name in columns)
    return shifts if any(shifts) else ()


def refuse_rounding(source: Source, columns: tuple[str, ...], *, of_y: bool = False) -> None:
    """Refuse integers that would be rounded so coarsely, as float64, that little of how they differ is left.

    A formula takes columns as they are, without a shift, and so is y taken. A stream is read whole only where its beginning, which
    may be all of it, is rounded so.

    Raises
    ------
    DomainError
        Naming the column, and what to do.
    """
    wide = _integer_columns(source.schema, columns) if columns else ()
    if not wide:
        return
    ranges, whole = _ranges(source, wide)
    suspects = tuple(name for name, (low, high) in ranges.items() if rounding_step(low, high))
    if suspects and not whole:
        ranges, _ = _ranges(source, suspects, to_end=True)
    for name in suspects:
        low, high = ranges[name]
        step = rounding_step(low, high)
        if step and low < high and _inexact(source, name):
            raise DomainError(
                lost_differences(name, low, high, step)
                if of_y
                else f"column {name!r} holds integers beyond 2**53 from {low} to {high}, which a formula would round to multiples of "
                f"{step}: fit it without a formula, subtract an origin first (such as {low}), or leave it out if it is an "
                f"identifier, or use C({name}) if it is a category."
            )


_Ranges = dict[str, tuple[int, int]]


def _ranges(source: Source, wide: tuple[str, ...], *, to_end: bool = False) -> tuple[_Ranges, bool]:
    """Return the ranges of 64-bit integer columns, and whether all rows were read: a stream only at its beginning if not `to_end`."""
    if to_end:
        return source.fold(partial(_ranges_of, wide=wide, whole=True), _wider, wide)
    return source.first(partial(_beginning, wide=wide, whole=source.in_memory), wide) or ({}, True)


def _beginning(source: Source, *, wide: tuple[str, ...], whole: bool) -> tuple[_Ranges, bool] | None:
    """Return the ranges in the first rows; None for a part without rows."""
    return None if source.part and not source.n_rows else _ranges_of(source, wide=wide, whole=whole)


def _ranges_of(source: Source, wide: tuple[str, ...], *, whole: bool) -> tuple[_Ranges, bool]:
    ranges: _Ranges = {}
    to_end = True
    for batch in islice(source.batches(wide, max_rows=_LEARN_ROWS), None if whole else 1):
        to_end = whole or (batch.n < _LEARN_ROWS and not source.part)
        for name, column in as_columns(batch, wide).columns.items():
            values = column.known
            if is_wide(values) and values.size:
                low, high = bounds(values)
                known = ranges.get(name, (low, high))
                ranges[name] = (min(low, known[0]), max(high, known[1]))
    return ranges, to_end


def _wider(left: tuple[_Ranges, bool], right: tuple[_Ranges, bool]) -> tuple[_Ranges, bool]:
    """Put together the ranges of the rows of two parts."""
    both = dict(left[0])
    for name, (low, high) in right[0].items():
        known = both.get(name, (low, high))
        both[name] = (min(low, known[0]), max(high, known[1]))
    return both, left[1] and right[1]


def _inexact(source: Source, name: str) -> bool:
    """Whether a cast to float64 loses digits of an integer column."""
    inexact: bool = source.fold(partial(_inexact_in, name=name), operator.or_, (name,))
    return inexact


def _inexact_in(source: Source, name: str) -> bool:
    batches = source.batches((name,), max_rows=_LEARN_ROWS)
    columns = (as_columns(batch, (name,)).columns[name] for batch in batches)
    return not all(to_float(column.known)[1] for column in columns)


def _integer_columns(schema: Schema, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in columns if schema[name].kind == "integer")
