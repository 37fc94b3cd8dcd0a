"""From a model and its rows to what is drawn: bind the rows, read them once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from mathlearn._config import get_config
from mathlearn._errors import DomainError, SchemaError
from mathlearn._sklearn import NotFittedError, is_fitted
from mathlearn.data.schema import did_you_mean, listing
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.fitting.resources import numbers
from mathlearn.linalg import ladder
from mathlearn.linalg.threads import pool_size, single_threaded_blas

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult

__all__ = ["Reading", "block_rows", "read", "response_index"]

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Reading:
    """A fit beside the rows it is shown with.

    Attributes
    ----------
    result : FitResult
        Its intercept is where the rows count from.
    design : Design
    rows : BoundRows
    """

    result: FitResult
    design: Design
    rows: BoundRows

    @classmethod
    def of(cls, model: Any, X: Any, y: Any = None, *, sample_weight: Any = None, groups: Any = None) -> Reading:
        """Bind the rows of a fit; weights and groups that were columns need not be named again.

        Raises
        ------
        NotFittedError
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned.
        """
        result, design = fitted(model), model.design_
        if sample_weight is None and design.weight_columns:
            sample_weight = design.weight_columns[0]
        if groups is None and design.group_columns:
            groups = list(design.group_columns)
        rows = design.bind(
            X,
            y,
            sample_weight=sample_weight,
            groups=groups,
            require_y=True,
            missing=model.missing,
            estimator=type(model).__name__,
        )
        return cls(at_origin(result, design), design, rows)


def fitted(model: Any) -> FitResult:
    """Return the result of a fitted model.

    Raises
    ------
    NotFittedError
    """
    if not is_fitted(model):
        raise NotFittedError(
            f"This {type(model).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before plotting it."
        )
    result: FitResult = model.result_
    return result


def at_origin(result: FitResult, design: Design) -> FitResult:
    """Return the fit with its intercept where the rows count from, if fitted values are made from it."""
    if result.curvature is not None or not any(design.int_shift):
        return result
    origin = tuple(-shift for shift in design.int_shift)
    return replace(result, intercept=intercept_at_zero(result.intercept, result.coef, origin))


def response_index(result: FitResult, response: str | int | None) -> int:
    """Return which response is meant: the first by default, a name, or a position.

    Raises
    ------
    SchemaError
        There is no such response.
    """
    names = result.responses
    if response is None:
        return 0
    if isinstance(response, int) and not isinstance(response, bool) and -len(names) <= response < len(names):
        return response % len(names)
    if isinstance(response, str) and response in names:
        return names.index(response)
    hint = did_you_mean(response, names) if isinstance(response, str) else ""
    raise SchemaError(f"response is {response!r}: the responses of this fit are {listing(names)}.{hint}")


def block_rows(rows: BoundRows) -> int:
    """Rows to read at a time."""
    return ladder.block_rows(len(rows.terms))


def read(rows: BoundRows, of: Callable[[Chunk], S], merge: Callable[[S, S], S]) -> S:
    """Merge ``of(chunk)`` over all rows in one pass, in the threads that the configuration allows.

    Raises
    ------
    SchemaError
        There is no row.
    """
    size = numbers(rows)
    with single_threaded_blas(size):
        total = rows.reduce(of, merge, max_rows=block_rows(rows), threads=pool_size(size, get_config().threads))
    if total is None:
        raise SchemaError("there is no row to draw: each lacks a value in a column that is used, or has weight zero.")
    return total


def check_level(level: float) -> None:
    """Refuse a level outside (0, 1).

    Raises
    ------
    DomainError
    """
    if not 0.0 < level < 1.0:
        raise DomainError(f"level is {level!r}: it must lie strictly between 0 and 1, for example 0.95")
