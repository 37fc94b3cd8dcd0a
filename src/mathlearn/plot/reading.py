"""From a model and its rows to what is drawn: bind the rows, read them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mathlearn._config import get_config
from mathlearn._errors import DomainError, SchemaError
from mathlearn.fitting.origin import counted_from
from mathlearn.fitting.resources import numbers
from mathlearn.linalg import ladder
from mathlearn.linalg.threads import pool_size, single_threaded_blas
from mathlearn.results.of_model import result_of
from mathlearn.results.stack import require_one_predictor

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.data.bound import BoundRows
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.results.fit_result import FitResult

__all__ = ["Reading", "block_rows", "read"]

S = TypeVar("S")
_BLOCKS = 4


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
    def of(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        classes: bool = False,
    ) -> Reading:
        """Bind the rows of a fit; weights, groups and an offset that were columns need not be named again.

        A figure of more than two `classes` says so; any other is of one linear predictor.

        Raises
        ------
        NotFittedError
        TypeError
            This is no model of mathlearn's, or there are no rows.
        SchemaError, NonFiniteInputError
            The rows do not fit what was learned, or the offset is missing.
        DomainError
            The fit has more than one linear predictor, or is not of more than two classes where the figure is.
        """
        result = result_of(model, "the model")
        if classes:
            require_classes(result)
        else:
            require_one_predictor(result, "this figure")
        if X is None:
            raise TypeError(
                "X is None: this figure draws the rows of the fit. Give X and y as to fit; "
                "kind='coefficients' (CoefficientDisplay) needs no rows."
            )
        roles = {"sample_weight": sample_weight, "groups": groups, "offset": offset}
        rows = model._fit_rows(X, y, require_offset=True, **roles)  # noqa: SLF001 -- the hook that estimators offer
        return cls(counted_from(result, model.design_.int_shift), model.design_, rows)


def require_classes(result: FitResult) -> None:
    """Refuse a figure of several classes for a fit that has them not.

    Raises
    ------
    DomainError
    """
    if result.stack is None:
        raise DomainError("this figure is of more than two classes, and the fit has one linear predictor: use plot().")


def block_rows(rows: BoundRows) -> int:
    """Rows to read at a time: more than a fit does, since merging what was counted costs more than merging sums."""
    return _BLOCKS * ladder.block_rows(len(rows.terms))


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
