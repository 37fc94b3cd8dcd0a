"""`Design`: what a fit learned about its input, enforced whenever the model meets rows again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from mathlearn.data.classes import decode
from mathlearn.data.encode import NumericEncoder
from mathlearn.data.rebind import rebind

if TYPE_CHECKING:
    from mathlearn._choices import Missing
    from mathlearn._typing import AnyArray
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
    classes : tuple of bool, int, float or str
        The labels that y had, sorted but for the reference that a formula names, which comes first; chunks carry their codes 0, 1, ... Empty when y is not labels.
    class_dtype : str
        The type of an array of the classes, by NumPy's name; ``""`` when y is not labels.
    offset_given : bool
        Whether an offset came as values apart from X.
    single : bool
        Whether all numbers of X were single precision.
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
    classes: tuple[bool | int | float | str, ...] = ()
    class_dtype: str = ""
    offset_given: bool = False
    single: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the p columns of X."""
        return self.columns if self.encoding is None else self.encoding.terms

    @property
    def offset(self) -> str | None:
        """What is added to every prediction, as text: of the formula, the column's name, ``offset`` for values; None if nothing."""
        formula = None if self.encoding is None else self.encoding.offset
        parts = ([] if formula is None else [formula], self.offset_columns, ["offset"] * self.offset_given)
        return " + ".join(chain.from_iterable(parts)) or None

    @property
    def has_offset(self) -> bool:
        """Whether the fit had an offset of any kind."""
        return self.offset is not None

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
        require_offset: bool = False,
        estimator: str = "Estimator",
    ) -> BoundRows:
        """Give new rows the roles learned at fit, or say in which way they do not fit.

        Parameters
        ----------
        X : array, sparse matrix, frame or source
            With the columns of the fit; named columns may come in another order.
        y, sample_weight, groups, offset
            As at fit: values, or column names. With offset None, a column that was the offset at fit is read again if X has it.
        missing : {"raise", "drop"}
            With "drop", `Chunk.rows` says which rows are left.
        require_y : bool
            With y None, take it from the columns that were the response at fit.
        require_offset : bool
            Whether having no offset is an error if the fit had one.
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
            require_offset=require_offset,
            estimator=estimator,
        )

    def decode(self, codes: Any) -> AnyArray:
        """Return the labels that codes stand for, in the type that they had at fit.

        Parameters
        ----------
        codes : array-like of whole numbers from 0 to K - 1, of any shape

        Raises
        ------
        DomainError
            A code is not the place of a class.

        Examples
        --------
        >>> from mathlearn.data.bind import bind
        >>> design = bind([[1.0], [2.0], [4.0]], [7, 3, 7], labels=True).design
        >>> design.classes, design.decode([0, 1, 1])
        ((3, 7), array([3, 7, 7]))
        """
        return decode(self, codes)
