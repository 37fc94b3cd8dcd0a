"""`Encoding`: a learned formula, which turns batches of named columns into numbers. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import chain
from itertools import product as combinations
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.data.formula.factors import CategoryFactor, ColumnFactor
from mathlearn.data.formula.view import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.formula.coding import Product
    from mathlearn.data.formula.factors import Factor


@dataclass(frozen=True, slots=True)
class EncodedBatch:
    """A batch in numbers.

    Attributes
    ----------
    X : (n, p) float64
    y : (n, q) float64 or None
    offset : (n,) float64 or None
    bad : (n,) bool or None
        Rows where a used column is missing, in which X, y and offset are undefined; None when there is none.
    joined : None
        What is computed does not come in one array.
    """

    X: FloatArray
    y: FloatArray | None
    offset: FloatArray | None
    bad: BoolArray | None
    joined: None = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """A learned formula.

    A tree of frozen records whose leaves are str, int, float, bool, None, tuples and arrays (see `RECORDS` in the package):
    it can be stored as JSON and arrays, and holds no code. `mathlearn.data.formula.check` tests one that was stored.

    Attributes
    ----------
    text : str
        The formula as written.
    fit_intercept : bool
        Whether the model has an intercept, which is no column of X.
    terms : tuple of str
        Names of the p columns of X.
    responses : tuple of str
        Names of the q columns of y; empty for a one-sided formula.
    columns : tuple of str
        Columns that X and the offset are made of: those needed to predict.
    response_columns : tuple of str
        Columns that y is made of.
    factors : tuple of Factor
    products : tuple of Product
        The blocks of columns of X, in order.
    response_factors, offsets : tuple of Factor
        One column each.
    """

    text: str
    fit_intercept: bool
    terms: tuple[str, ...]
    responses: tuple[str, ...]
    columns: tuple[str, ...]
    response_columns: tuple[str, ...]
    factors: tuple[Factor, ...]
    products: tuple[Product, ...]
    response_factors: tuple[Factor, ...]
    offsets: tuple[Factor, ...]

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Columns that X takes as numbers."""
        numeric = (factor.columns for factor in self.factors if not isinstance(factor, CategoryFactor))
        return tuple(dict.fromkeys(chain.from_iterable(numeric)))

    @property
    def numeric_responses(self) -> tuple[str, ...]:
        """Columns that y takes as numbers."""
        return tuple(dict.fromkeys(chain.from_iterable(factor.columns for factor in self.response_factors)))

    @property
    def plain(self) -> tuple[str, ...] | None:
        """Columns that X consists of as they are, in order; None where something is computed."""
        if self.offsets or any(len(product.factors) != 1 for product in self.products):
            return None
        return _as_they_are([self.factors[product.factors[0]] for product in self.products])

    @property
    def plain_responses(self) -> tuple[str, ...] | None:
        """Columns that y consists of as they are, in order; None where something is computed."""
        return _as_they_are(self.response_factors)

    @property
    def offset(self) -> str | None:
        """What is added to every prediction, as text; None where nothing is."""
        return " + ".join(chain.from_iterable(factor.labels(reduced=False) for factor in self.offsets)) or None

    def encode(self, batch: Batch, *, with_response: bool, by_columns: bool = False) -> EncodedBatch:
        """Turn a batch into numbers.

        Parameters
        ----------
        batch : Batch
            With all of `columns`, and of `response_columns` if these are asked for.
        with_response : bool
            Whether to compute y; rows whose response is missing are bad only then.
        by_columns : bool
            Whether columns lie in one piece, which is faster; then a row alone need not be predicted as it is among others, to the last
            bit.

        Raises
        ------
        SchemaError
            A column is absent or of another kind than at fit, or holds an unseen level.
        DomainError
            A function is not defined for a value, such as log(0).
        """
        view = View(batch, (*self.columns, *self.response_columns) if with_response else self.columns)
        X = np.empty((view.n, len(self.terms)), order="F" if by_columns else "C")
        at = 0
        for product in self.products:
            block = self._block(product, view)
            X[:, at : at + block.shape[1]] = block
            at += block.shape[1]
        y = None
        if with_response and self.response_factors:
            y = np.concatenate([factor.encode(view, reduced=False) for factor in self.response_factors], axis=1)
        offset = None
        if self.offsets:
            offset = np.sum([factor.encode(view, reduced=False)[:, 0] for factor in self.offsets], axis=0)
        return EncodedBatch(X, y, offset, None if view.good is None else ~view.good)

    def _block(self, product: Product, view: View) -> FloatArray:
        parts = (
            self.factors[index].encode(view, reduced=reduced)
            for index, reduced in zip(product.factors, product.reduced, strict=True)
        )
        return reduce(row_products, parts)


def _as_they_are(factors: Sequence[Factor]) -> tuple[str, ...] | None:
    """Return the columns that factors are; None where one is made of a column."""
    return tuple(f.columns[0] for f in factors) if all(isinstance(f, ColumnFactor) for f in factors) else None


def row_products(left: FloatArray, right: FloatArray) -> FloatArray:
    """Multiply every column by every other, row by row; those of `left` vary fastest."""
    return (right[:, :, None] * left[:, None, :]).reshape(len(left), right.shape[1] * left.shape[1])


def term_names(factors: tuple[Factor, ...], products: tuple[Product, ...]) -> tuple[str, ...]:
    """Name the columns of X, in the order in which `Encoding.encode` makes them."""
    names: list[str] = []
    for product in products:
        labels = [factors[i].labels(reduced=r) for i, r in zip(product.factors, product.reduced, strict=True)]
        names.extend(":".join(reversed(choice)) for choice in combinations(*reversed(labels)))
    return tuple(names)


def width(factors: tuple[Factor, ...], products: tuple[Product, ...]) -> int:
    """Count the columns of X without naming them."""
    return sum(
        int(
            np.prod(
                [len(factors[i].labels(reduced=r)) for i, r in zip(p.factors, p.reduced, strict=True)], dtype=object
            )
        )
        for p in products
    )
