"""Classes: the different labels of y, learned in one pass of bounded memory, and given back for codes."""

from __future__ import annotations

import warnings
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn._errors import DomainError, ResourceError, SchemaError
from mathlearn.data.coded import FEW_CLASSES
from mathlearn.data.labels import ALLOWED, OBJECTS, TEXT, type_of
from mathlearn.data.schema import did_you_mean, listing, place_of
from mathlearn.data.validate import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import AnyArray
    from mathlearn.data.batch import Column
    from mathlearn.data.bound import Missing
    from mathlearn.data.coded import Label, Labels
    from mathlearn.data.design import Design
    from mathlearn.data.formula import Encoding
    from mathlearn.data.source import Source

MAX_CLASSES = 10_000
_BLOCK = 1 << 16  # labels looked at together: copies of all of them would double what they take
"""Most classes of one y."""

_FEW_ROWS = 20
"""Up to this many rows scikit-learn says nothing of many classes."""

_REGRESSION = "Maybe you are trying to fit a classifier, which expects discrete classes on a regression target with continuous values."


class Classes(NamedTuple):
    """What was learned of the labels.

    Attributes
    ----------
    labels : tuple
        Sorted, as `numpy.unique` sorts.
    dtype : str
        The type of an array of them.
    """

    labels: tuple[Label, ...]
    dtype: str


# --------------------------------------------------------------------------------------------------------------- learning


def learn_classes(labels: Labels, source: Source, missing: Missing) -> Classes:
    """Learn the different labels in one pass.

    Raises
    ------
    NonFiniteInputError
        A label is missing, and rows with gaps are not dropped; or one is infinite.
    SchemaError
        They are continuous, or of a type that is no label; or there is none.
    ResourceError
        There are too many.
    """
    learner = source.fold(partial(_looked, labels), _Learner.merge, labels.reads)
    learner.report(source, missing)
    return Classes(learner.learned(), labels.dtype or learner.dtype or OBJECTS)


def _looked(labels: Labels, source: Source) -> _Learner:
    """Look at the labels of a source, or of a part."""
    learner = _Learner(labels.name)
    for start, column in labels.columns(source):
        learner.see(start, column)
    return learner.placed(source.begins)


class _Learner:
    """Collects the different labels of a column, part by part."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tally = Tally("y", (name,))
        self._text: set[str] = set()
        self._numbers: AnyArray | None = None
        self._rows = self._known = 0
        self.dtype: str | None = None

    def see(self, start: int, column: Column) -> None:
        """Look at one part."""
        self._rows = start + len(column.values)
        count_missing(self._tally, column, start)
        known = column.known
        self._known += len(known)
        if column.levels is not None:
            used = np.flatnonzero(np.bincount(known, minlength=len(column.levels)))
            self._text.update(column.levels[k] for k in used.tolist())
        elif column.kind in {"datetime", "other"}:
            raise SchemaError(
                f"y={self._name!r} is a column of the kind {column.kind!r}, which are no labels. {ALLOWED}"
            )
        else:
            for at in range(0, len(known), _BLOCK):
                self._see_numbers(known[at : at + _BLOCK])
        self.dtype = type_of([column])
        self._bounded()

    def placed(self, begins: int) -> _Learner:
        """Count the rows from where the part begins."""
        self._tally.move(begins)
        return self

    def merge(self, other: _Learner) -> _Learner:
        """Take in what another one saw of the rows that follow."""
        self._tally.merge(other._tally)
        self._rows += other._rows
        self._known += other._known
        self._text |= other._text
        if other._numbers is not None:
            self._numbers = other._numbers if self._numbers is None else np.union1d(self._numbers, other._numbers)
        if self._text and self._numbers is not None:
            raise SchemaError(f"y={self._name!r} is text in some parts and numbers in others: make it one type first.")
        self.dtype = other.dtype or self.dtype
        self._bounded()
        return self

    def _see_numbers(self, known: AnyArray) -> None:
        if known.dtype.kind == "f":
            known = known[np.isfinite(known)]
            fractional = np.flatnonzero(np.trunc(known) != known)
            if fractional.size:
                raise SchemaError(
                    f"Unknown label type: continuous. {_REGRESSION} y={self._name!r} holds {known[fractional[0]].item()!r}: "
                    "fit a regression, or cut it into classes first."
                )
        if self._numbers is not None and len(self._numbers) <= FEW_CLASSES:  # most parts hold nothing new
            known = known[np.logical_and.reduce([known != label for label in self._numbers])]
            if not len(known):
                return
        here = np.unique(known)
        self._numbers = here if self._numbers is None else np.union1d(self._numbers, here)

    def _bounded(self) -> None:
        count = len(self._text) + (0 if self._numbers is None else len(self._numbers))
        if count > MAX_CLASSES:
            raise ResourceError(
                f"y={self._name!r} has more than {MAX_CLASSES} different labels. {_REGRESSION} "
                "Leave out an identifier, or group rare labels."
            )

    def report(self, source: Source, missing: Missing) -> None:
        """Raise for labels that are missing or infinite, and warn where hardly any occurs twice."""
        self._tally.report(source.locate, f"among {self._rows} rows", allow_missing=missing == "drop")
        count = len(self._text) or (0 if self._numbers is None else len(self._numbers))
        if self._known > _FEW_ROWS and count > round(0.5 * self._known):
            warnings.warn(
                "The number of unique classes is greater than 50% of the number of samples. `y` could represent a "
                "regression problem, not a classification problem.",
                UserWarning,
                stacklevel=5,
            )

    def learned(self) -> tuple[Label, ...]:
        """Sort them."""
        numbers = [] if self._numbers is None else self._numbers.tolist()
        if not self._text and not numbers:
            raise SchemaError(f"y={self._name!r} has no label: every row lacks one.")
        return tuple(sorted(self._text)) or tuple(numbers)


def count_missing(tally: Tally, column: Column, start: int) -> None:
    """Count missing and infinite labels; codes of text are no numbers."""
    values = np.zeros(len(column.values)) if column.levels is not None else column.values
    tally.add(0, values, column.missing, start)


def reference_in(encoding: Encoding | None) -> str | None:
    """Return the label that the left side of a formula compares the others with; None where it names none."""
    if encoding is None:
        return None
    from mathlearn.data.formula import reference_of

    return reference_of(encoding.text)


def referred(labels: tuple[Label, ...], reference: str | None, name: str) -> tuple[Label, ...]:
    """Put the label first that the others are compared with, where a formula names one.

    Parameters
    ----------
    labels : tuple
    reference : str or None
        As it is written in the formula.
    name : str
        The column of labels.

    Raises
    ------
    SchemaError
        No label is written so.

    Examples
    --------
    >>> referred(("a", "b", "c"), "b", "y")
    ('b', 'a', 'c')
    """
    if reference is None:
        return labels
    written, values = list(map(str, labels)), np.array(labels)
    first = place_of(reference, written, values if values.dtype.kind in "biuf" else None)
    if first is None:
        raise SchemaError(
            f"C({name}, ref={reference!r}): no row has the label {reference!r}.{did_you_mean(reference, written)} The labels are: "
            f"{listing(labels)}."
        )
    return (labels[first], *labels[:first], *labels[first + 1 :])


# ------------------------------------------------------------------------------------------------------ what they are for


def require_classes(design: Design, least: int = 2) -> None:
    """Refuse a y of too few classes, in scikit-learn's words.

    Raises
    ------
    DomainError
    """
    if len(design.classes) >= least:
        return
    got = f"one class: {design.classes[0]!r}" if len(design.classes) == 1 else f"{len(design.classes)} classes"
    raise DomainError(
        f"This solver needs samples of at least {least} classes in the data, but the data contains only {got}. Rows that are "
        "dropped or have weight zero do not count: give rows of other classes too."
    )


def classes_array(design: Design) -> AnyArray:
    """Return the classes as an array of the type that the labels had.

    Examples
    --------
    >>> from mathlearn.data.bind import bind
    >>> classes_array(bind([[1.0], [2.0], [4.0]], ["b", "a", "b"], labels=True).design)
    array(['a', 'b'], dtype='<U1')
    """
    return _restored(design.classes, design.class_dtype)


def _restored(classes: tuple[Label, ...], dtype: str) -> AnyArray:
    return np.array(classes, dtype=dtype)


def decode(design: Design, codes: Any) -> AnyArray:
    """Return the labels that codes stand for, in the type that they had.

    Raises
    ------
    DomainError
        A code is none of 0, 1, ..., K - 1.
    """
    given = np.asarray(codes)
    with np.errstate(invalid="ignore"):  # what is no number is no code either
        index = given.astype(np.intp)
    if ((index != given) | (index < 0) | (index >= len(design.classes))).any():
        raise DomainError(f"codes of classes are whole numbers from 0 to {len(design.classes) - 1}.")
    labels: AnyArray = classes_array(design)[index]
    return labels


_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_TYPES: dict[type, tuple[str, ...]] = {
    bool: ("bool", OBJECTS),
    int: (*_INTEGERS, OBJECTS),
    float: ("float16", "float32", "float64", OBJECTS),
    str: (TEXT, OBJECTS),
}
"""Which types an array of labels of each kind may have."""


def class_faults(design: Design) -> Iterator[str]:
    """Say in what way stored classes contradict themselves or the rest of the design."""
    classes, dtype = design.classes, design.class_dtype
    if not classes:
        if dtype:
            yield "there is a type of classes and no class"
        return
    if len(classes) > MAX_CLASSES:
        yield f"there are more than {MAX_CLASSES} classes"
    elif len(design.responses) != 1 or design.y_ndim != 1:
        yield "there are classes, and y is not one column"
    elif len({type(label) for label in classes}) > 1:
        yield "the classes are of different kinds"
    elif not _ordered(classes, reference_in(design.encoding)):
        yield "the classes are not in their order"
    elif dtype not in _TYPES[type(classes[0])] or not _fit(classes, dtype):
        yield f"the classes do not have the type {dtype!r}"


def _ordered(classes: tuple[Any, ...], reference: str | None) -> bool:
    plain = tuple(sorted(classes))
    try:
        return classes == referred(plain, reference, "y") and all(left < right for left, right in pairwise(plain))
    except SchemaError:
        return False


def _fit(classes: tuple[Label, ...], dtype: str) -> bool:
    try:
        with np.errstate(over="ignore"):
            return tuple(_restored(classes, dtype).tolist()) == classes
    except OverflowError:
        return False
