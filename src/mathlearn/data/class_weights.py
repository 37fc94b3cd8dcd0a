"""Weights by class: those of the rows times a number for the class of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.data.bound import BoundRows
from mathlearn.data.reduce import found_again
from mathlearn.data.schema import did_you_mean, listing

if TYPE_CHECKING:
    from mathlearn._typing import AnyArray, BoolArray, FloatArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.coded import Label
    from mathlearn.data.roles import Role

__all__ = ["class_weighted"]

_COUNT_ROWS = 1 << 14


def class_weighted(rows: BoundRows, class_weight: Mapping[Any, float] | str | None) -> BoundRows:
    """Return the rows with their weights multiplied by those of their classes.

    Parameters
    ----------
    rows : BoundRows
        Whose y is class labels; without a y they are returned as they are.
    class_weight : dict of label to weight, "balanced" or None
        A class that the dict leaves out has weight 1. "balanced" gives each class the same total: the sum of all weights over the
        number of classes and the sum of the weights of the class, which takes a pass over the rows.

    Raises
    ------
    DomainError
        A weight is no positive finite number, or the dict speaks of other classes than those of y.

    Examples
    --------
    >>> from mathlearn.data.bind import bind
    >>> rows = bind([[1.0], [2.0], [4.0]], ["a", "b", "b"], labels=True)
    >>> [chunk.weight for chunk in class_weighted(rows, "balanced").chunks(max_rows=3)]
    [array([1.5 , 0.75, 0.75])]
    """
    y, classes = rows.roles.y, rows.design.classes
    if class_weight is None or class_weight == {} or y is None:
        return rows
    table = _given(class_weight, classes) if isinstance(class_weight, Mapping) else _balanced(rows, len(classes))
    roles = rows.roles._replace(weight=ClassWeightRole(rows.roles.weight, y, table))
    return BoundRows(
        rows.source,
        rows.design,
        roles,
        missing=rows.missing,
        formula_response=rows.formula_response,
        fitting=rows.fitting,
        told=rows.told,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ClassWeightRole:
    """The weight of a row times that of its class.

    Attributes
    ----------
    weight : Role or None
        Of the rows; None for 1.
    codes : Role
        The classes as codes.
    table : (K,)
    """

    weight: Role | None
    codes: Role
    table: FloatArray

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns read for either."""
        own = () if self.weight is None else self.weight.columns
        return tuple(dict.fromkeys((*own, *self.codes.columns)))

    @property
    def length(self) -> int | None:
        """Rows by itself."""
        return self.codes.length

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the products (n, 1); a label that is none of the classes is refused where y is read."""
        codes, _ = self.codes.take(batch)
        by_class = self.table[codes.astype(np.intp)]
        if self.weight is None:
            return by_class, None
        own, missing = self.weight.take(batch)
        return own * by_class, missing


def _given(class_weight: Mapping[Any, float], classes: tuple[Label, ...]) -> FloatArray:
    table = np.array([_positive(label, class_weight.get(label, 1.0)) for label in classes])
    without = [label for label in classes if label not in class_weight]
    unknown = [label for label in class_weight if label not in classes]
    if without and unknown:
        near = did_you_mean(unknown[0], [str(label) for label in without]) if isinstance(unknown[0], str) else ""
        raise DomainError(
            f"The classes, {without}, are not in class_weight, which has weights for {listing(unknown)} instead.{near} "
            f"The classes of y are: {listing(classes)}. Name them as y does, or leave the others out: they then have weight 1."
        )
    return table


def _positive(label: Label, weight: Any) -> float:
    """Return a weight.

    Raises
    ------
    DomainError
        It is no positive finite number.
    """
    number = isinstance(weight, int | float | np.number) and not isinstance(weight, bool)
    if not number or not math.isfinite(weight) or weight <= 0:
        raise DomainError(
            f"class_weight of class {label!r} is {weight!r}: it must be a positive finite number. To fit without a class, leave its rows "
            "out."
        )
    return float(weight)


def _balanced(rows: BoundRows, classes: int) -> FloatArray:
    of = partial(_totals, classes=classes)
    totals = found_again(rows.reduce(of, np.add, max_rows=_COUNT_ROWS, threads=1))
    # A class of which no row is left (with a new table) weighs nothing, rather than dividing by zero.
    weights: FloatArray = np.divide(totals.sum(), classes * totals, out=np.ones(classes), where=totals > 0.0)
    return weights


def _totals(chunk: Chunk, classes: int) -> FloatArray:
    codes = np.asarray(chunk.y)[:, 0].astype(np.intp)
    return np.bincount(codes, weights=chunk.weight, minlength=classes).astype(np.float64)
