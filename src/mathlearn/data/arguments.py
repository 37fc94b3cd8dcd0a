"""The arguments y, sample_weight, groups and offset, turned into roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.beside import Beside
from mathlearn.data.classes import count_missing
from mathlearn.data.coded import HeldLabels, NamedLabels
from mathlearn.data.inputs import Numbers, check_index, read_labels, read_numbers
from mathlearn.data.labels import read_class_labels
from mathlearn.data.roles import (
    ALL_ZERO,
    ArrayRole,
    ColumnRole,
    ConstantRole,
    LabelRole,
    Roles,
    check_weights,
    columns_named,
    columns_of_list,
)
from mathlearn.data.schema import listing
from mathlearn.data.validate import Tally, check_lengths, is_finite

if TYPE_CHECKING:
    from mathlearn._typing import BoolArray
    from mathlearn.data.bound import Missing
    from mathlearn.data.coded import Label, Labels
    from mathlearn.data.inputs import Intake
    from mathlearn.data.roles import Role
    from mathlearn.data.source import Source


class Arguments(NamedTuple):
    """What the caller gave beside X, before it is read."""

    y: Any = None
    weights: Any = None
    groups: Any = None
    offset: Any = None

    def named_columns(self, intake: Intake, *, labels: bool = False) -> NamedColumns:
        """Say which of them name columns of X; a list of text is not that where y is labels, but for the name of one column."""
        source, named = intake.source, intake.named
        y = _label_column(self.y, source, named=named) if labels else self.y

        def columns(value: Any, what: str) -> tuple[str, ...]:
            return value.columns if isinstance(value, Beside) else columns_named(value, source, what, named=named)

        return NamedColumns(
            columns(y, "y"),
            _one(columns(self.weights, "sample_weight"), "sample_weight"),
            columns(self.groups, "groups"),
            _one(columns(self.offset, "offset"), "offset"),
        )


class NamedColumns(NamedTuple):
    """Columns of the input that have a role other than X."""

    y: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    offset: tuple[str, ...] = ()

    def of_X(self, given: Arguments) -> NamedColumns:
        """Leave out those that were not in X, but came beside it."""
        came = (isinstance(value, Beside) for value in (given.y, given.weights, given.groups, given.offset))
        return NamedColumns(*(() if beside else columns for beside, columns in zip(came, self, strict=True)))

    @property
    def all(self) -> tuple[str, ...]:
        """Each column once."""
        return tuple(dict.fromkeys((*self.y, *self.weights, *self.groups, *self.offset)))


def _one(names: tuple[str, ...], what: str) -> tuple[str, ...]:
    if len(names) > 1:
        raise SchemaError(f"{what} names {len(names)} columns ({listing(names)}); it takes one.")
    return names


def _label_column(y: Any, source: Source, *, named: bool) -> Any:
    """Return what names the column of labels, or None where y holds the labels themselves."""
    if isinstance(y, str):
        return y
    if isinstance(y, Beside):
        if len(y.columns) > 1:
            raise SchemaError(f"y has {len(y.columns)} columns ({listing(y.names)}); class labels are one column.")
        return y
    names = columns_of_list(y)
    if not named or not names or source.n_rows == len(names) or not all(name in source.schema for name in names):
        return None
    if len(names) > 1:
        raise SchemaError(f"y names {len(names)} columns ({listing(names)}); class labels are one column.")
    return names[0]


class Reading(NamedTuple):
    """The arguments, read.

    Attributes
    ----------
    roles : Roles
        Without a y while that is labels: these have to be coded first.
    responses : tuple of str
        Names of the columns of y.
    y_ndim : int
        1 or 2, as given; 0 without y.
    labels : Labels or None
        Where class labels come from.
    """

    roles: Roles
    responses: tuple[str, ...]
    y_ndim: int
    labels: Labels | None = None

    def coded(self, classes: tuple[Label, ...]) -> Roles:
        """Return the roles with the labels as codes of these classes."""
        return self.roles if self.labels is None else self.roles._replace(y=self.labels.coded(classes))


def read_arguments(
    intake: Intake,
    given: Arguments,
    named: NamedColumns,
    *,
    missing: Missing,
    weights_type: str,
    label_columns: tuple[str, ...] | None = None,
    event: Labels | None = None,
) -> Reading:
    """Read what was given beside X, check each for itself, and all for their lengths and row labels.

    Parameters
    ----------
    intake : Intake
    given : Arguments
    named : NamedColumns
    missing : {"raise", "drop"}
    weights_type : {"precision", "frequency"}
    label_columns : tuple of str or None
        Where y is class labels, the column of the source that they are, or () where they are values (or there are none).
    event : Labels or None
        Labels that a formula makes, in the place of such a column.
    """
    check = _Checks(intake, missing)
    labels = event
    if labels is None and label_columns is not None:
        labels = _read_labels(given.y, label_columns, check)
    if label_columns is None:
        y, responses, ndim = _read_y(given.y, named.y, check)
    else:
        y, responses, ndim = None, () if labels is None else (labels.name,), 0 if labels is None else 1
    weight = _read_weights(given.weights, named.weights, weights_type, check)
    offset = _read_offset(given.offset, named.offset, check)
    group = _read_groups(given.groups, named.groups, check)
    roles = Roles(y, weight, offset, group)
    check.compare()
    return Reading(roles, responses, ndim, labels)


class _Checks:
    """Collects lengths and row labels of the arguments while they are read."""

    def __init__(self, intake: Intake, missing: Missing) -> None:
        self.source = intake.source
        self.missing = missing
        rows = intake.source.n_rows
        self._lengths = [] if rows is None else [("X", rows)]
        self._indices = [] if intake.index is None else [("X", intake.index)]

    def note(self, what: str, length: int, index: Any) -> None:
        self.source.refuse_values(what)
        self._lengths.append((what, length))
        if index is not None:
            self._indices.append((what, index))

    def compare(self) -> None:
        check_lengths(self._lengths)
        if len(self._indices) > 1:
            check_index(self._indices)

    def role(self, what: str, numbers: Numbers) -> ArrayRole:
        """Refuse NaN (unless rows with gaps are dropped) and infinity."""
        values = numbers.values
        self.note(what, len(values), numbers.index)
        if is_finite(values):
            return ArrayRole(values)
        tally = Tally(what, numbers.names or _plain_names(what, values.shape[1]))
        for j in range(values.shape[1]):
            tally.add(j, values[:, j], None, 0)
        tally.report(self.source.locate, f"among {len(values)} rows", allow_missing=self.missing == "drop")
        missing: BoolArray = np.logical_or.reduce(np.isnan(values), axis=1)
        return ArrayRole(values, missing)


def _plain_names(what: str, k: int) -> tuple[str, ...]:
    return (what,) if k == 1 else tuple(f"{what}{j}" for j in range(k))


def _read_y(value: Any, columns: tuple[str, ...], check: _Checks) -> tuple[Role | None, tuple[str, ...], int]:
    if isinstance(value, Beside):
        return _numeric_columns(columns, "y", check), value.names, value.ndim
    if columns:
        return _numeric_columns(columns, "y", check), columns, 1 if isinstance(value, str) else 2
    if value is None:
        return None, (), 0
    numbers = read_numbers(value, "y", differences=True)
    names = numbers.names or _plain_names("y", numbers.values.shape[1])
    return check.role("y", numbers), names, numbers.ndim


def _read_labels(value: Any, columns: tuple[str, ...], check: _Checks) -> Labels | None:
    if columns:
        (name,) = columns
        held = check.source.held(name)
        if held is None:
            return NamedLabels(name)
        read = read_class_labels(held)
    elif value is None:
        return None
    else:
        read = read_class_labels(value)
        name = read.name or "y"
    check.note("y", len(read.column.values), read.index)
    tally = Tally("y", (name,))
    count_missing(tally, read.column, 0)
    span = f"among {len(read.column.values)} rows"
    tally.report(check.source.locate, span, allow_missing=check.missing == "drop")
    return HeldLabels(name, read.column, read.dtype)


def _read_weights(value: Any, columns: tuple[str, ...], weights_type: str, check: _Checks) -> Role | None:
    if columns:
        return _numeric_columns(columns, "sample_weight", check)
    if value is None:
        return None
    if np.isscalar(value) and not isinstance(value, str):
        numbers = read_numbers([value], "sample_weight")
        role: ArrayRole | ConstantRole = ConstantRole(float(numbers.values[0, 0]))
    else:
        numbers = _vector(value, "sample_weight", check)
        role = check.role("sample_weight", numbers)
    weight = numbers.values[:, 0]
    if not is_finite(weight):
        if isinstance(role, ConstantRole):
            raise DomainError(f"sample_weight is {value!r}; it must be a positive finite number.")
        weight = np.where(np.isnan(weight), 1.0, weight)
    check_weights(weight, weights_type, "sample_weight", check.source.locate)
    if not weight.any():
        raise DomainError(ALL_ZERO)
    return role


def _read_offset(value: Any, columns: tuple[str, ...], check: _Checks) -> Role | None:
    if columns:
        return _numeric_columns(columns, "offset", check)
    return None if value is None else check.role("offset", _vector(value, "offset", check))


def _vector(value: Any, what: str, check: _Checks) -> Numbers:
    """Read one number a row."""
    numbers = read_numbers(value, what)
    rows = check.source.n_rows
    shape = numbers.values.shape if numbers.ndim == 2 else (len(numbers.values),)
    if numbers.values.shape[1] != 1 or (numbers.ndim == 2 and numbers.names is None):
        label = "Sample weights" if what == "sample_weight" else what
        raise SchemaError(
            f"{label} must be 1D array or scalar, got {numbers.ndim}D array of shape {shape}. "
            f"Expected either a scalar value or a 1D array of length {'n' if rows is None else rows}."
        )
    if rows is not None and len(numbers.values) != rows:
        raise SchemaError(
            f"{what}.shape == {shape}, expected {(rows,)}! Found input variables with inconsistent numbers of samples: "
            f"{[rows, len(numbers.values)]}. Give one value for each row of X."
        )
    return numbers


def _read_groups(value: Any, columns: tuple[str, ...], check: _Checks) -> Role | None:
    if columns:
        if len(columns) > 2:
            raise SchemaError(f"groups names {len(columns)} columns ({listing(columns)}); one or two are allowed.")
        return LabelRole(columns)
    if value is None:
        return None
    labels = read_labels(value, "groups")
    check.note("groups", len(labels.values), labels.index)
    if labels.missing is not None and check.missing == "raise":
        raise SchemaError(
            f"groups: {int(labels.missing.sum())} of {len(labels.values)} labels are missing, first in "
            f"{check.source.locate(int(np.flatnonzero(labels.missing)[0]))}. "
            "Give each row a label, or use missing='drop'."
        )
    return ArrayRole(labels.values, labels.missing)


def _numeric_columns(columns: tuple[str, ...], what: str, check: _Checks) -> ColumnRole:
    for name in columns:
        field = check.source.schema[name]
        if not field.numeric:
            raise SchemaError(
                f"{what}={name!r} is a {field.kind} column ({field.dtype}); {what} must be numeric. "
                "Convert it to numbers first."
            )
    return ColumnRole(columns)
