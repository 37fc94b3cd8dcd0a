"""`Design`: what a fit learned about its input, enforced whenever the model meets rows again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mathlearn.data.encode import NumericEncoder
from mathlearn.data.rebind import rebind

if TYPE_CHECKING:
    from mathlearn._choices import Missing
    from mathlearn.data.bound import BoundRows
    from mathlearn.data.encode import Encoder
    from mathlearn.data.formula import Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a fit learned about its input: names, order, roles and coding. Pure data, storable as JSON and arrays.

    Attributes
    ----------
    columns : tuple of str
        Columns of the input from which X is made, in order.
    named : bool
        Whether the input had column names of its own; if so columns are found by name, else by position.
    responses : tuple of str
        Names of the q columns of y; empty when there was none.
    y_ndim : int
        1 or 2, as y was given; 0 without y.
    weights_type : {"precision", "frequency"}
    int_shift : tuple of int
        What is subtracted, in exact integer arithmetic, from each column of X before it becomes float64;
        empty when nothing is.
    encoding : Encoding or None
        The learned formula.
    response_columns, weight_columns, offset_columns, group_columns : tuple of str
        Columns of the input that had these roles at fit; empty when the values came apart from X.
    """

    columns: tuple[str, ...]
    named: bool
    responses: tuple[str, ...] = ()
    y_ndim: int = 0
    weights_type: str = "precision"
    int_shift: tuple[int, ...] = ()
    encoding: Encoding | None = None
    response_columns: tuple[str, ...] = ()
    weight_columns: tuple[str, ...] = ()
    offset_columns: tuple[str, ...] = ()
    group_columns: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the p columns of X."""
        return self.columns if self.encoding is None else self.encoding.terms

    @property
    def encoder(self) -> Encoder:
        """What turns batches into X."""
        return self.encoding or NumericEncoder(self.columns, self.int_shift)

    def bind(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        groups: Any = None,
        offset: Any = None,
        missing: Missing = "raise",
        require_y: bool = False,
        estimator: str = "Estimator",
    ) -> BoundRows:
        """Give new rows the roles learned at fit, or say in which way they do not fit.

        Parameters
        ----------
        X : array, sparse matrix, frame or source
            With the columns of the fit; named columns may come in another order.
        y, sample_weight, groups, offset
            As at fit: values, or column names.
        missing : {"raise", "drop"}
            With "drop", `Chunk.rows` says which rows are left.
        require_y : bool
            With y None, take it from the columns that were the response at fit.
        estimator : str
            Class name for messages.

        Raises
        ------
        SchemaError, NonFiniteInputError, DomainError
        """
        return rebind(
            self,
            X,
            y,
            weights=sample_weight,
            groups=groups,
            offset=offset,
            missing=missing,
            require_y=require_y,
            estimator=estimator,
        )
