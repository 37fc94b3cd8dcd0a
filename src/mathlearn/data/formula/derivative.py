"""The derivative of a learned formula in one of its numeric columns, exact: every term by its own rule.

An expression is differentiated with its values, from the inside out; polynomials and splines by the derivative of their
recurrence; a product of factors by the product rule. A category does not change with a column of numbers.
"""

from __future__ import annotations

from functools import reduce, singledispatch
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.data.formula.encoding import row_products
from mathlearn.data.formula.evaluate import FUNCTIONS, expression
from mathlearn.data.formula.factors import ColumnFactor, ExpressionFactor, PolyFactor, SplineFactor
from mathlearn.data.formula.tree import Binary, Call, Name, Node, Number, Sum, columns_of, render
from mathlearn.data.formula.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import FloatArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.formula.coding import Product
    from mathlearn.data.formula.encoding import Encoding
    from mathlearn.data.formula.factors import Factor

__all__ = ["EncodedSlope", "derivative"]


class EncodedSlope(NamedTuple):
    """How fast a batch in numbers changes with one of its columns.

    Attributes
    ----------
    X : (n, p)
        Derivative of each column of the design.
    offset : (n,)
        Of the formula's offset.
    """

    X: FloatArray
    offset: FloatArray


def derivative(encoding: Encoding, batch: Batch, column: str) -> EncodedSlope:
    """Differentiate the design in a numeric column, row by row; undefined in rows where a used column is missing.

    Parameters
    ----------
    encoding : Encoding
    batch : Batch
        With named columns.
    column : str
        A column that no category is made of.

    Raises
    ------
    DomainError
        The derivative is not finite in some row, as that of sqrt(x) at 0.
    """
    view = View(batch, encoding.columns)
    blocks = [_block(encoding, product, view, column) for product in encoding.products]
    X = np.concatenate([np.empty((view.n, 0)), *blocks], axis=1)
    moved = [_slopes(factor, view, column)[:, 0] for factor in encoding.offsets if column in factor.columns]
    offset: FloatArray = np.sum([np.zeros(view.n), *moved], axis=0)
    wrong = view.offenders(~np.isfinite(X).all(axis=1) | ~np.isfinite(offset))
    if wrong.any():
        raise DomainError(
            f"the derivative of the formula in {column!r} is not finite in {view.tell(wrong)}: no effect of {column!r} exists there. "
            "Leave those rows out, or name other columns."
        )
    return EncodedSlope(X, offset)


def _block(encoding: Encoding, product: Product, view: View, column: str) -> FloatArray:
    """Apply the product rule to a block of columns."""
    factors = [encoding.factors[index] for index in product.factors]
    values = [factor.encode(view, reduced=reduced) for factor, reduced in zip(factors, product.reduced, strict=True)]
    total = np.zeros((view.n, int(np.prod([part.shape[1] for part in values]))))
    for place, factor in enumerate(factors):
        if column in factor.columns:
            parts = [*values[:place], _slopes(factor, view, column), *values[place + 1 :]]
            total += reduce(row_products, parts)
    return total


@singledispatch
def _slopes(factor: Factor, view: View, column: str) -> FloatArray:
    """Differentiate the (n, k) columns of a factor that is made of the column."""
    raise TypeError(f"{type(factor).__name__} is not made of numbers that change with {column!r} in {view.n} rows")


@_slopes.register(ColumnFactor)
def _(factor: ColumnFactor, view: View, column: str) -> FloatArray:  # noqa: ARG001 -- it is the column
    return np.ones((view.n, 1))


@_slopes.register(ExpressionFactor)
def _(factor: ExpressionFactor, view: View, column: str) -> FloatArray:
    return _of_source(factor.source, view, column)[:, None]


@_slopes.register(PolyFactor)
def _(factor: PolyFactor, view: View, column: str) -> FloatArray:
    return factor.recurrence.slopes(factor.values(view)) * _of_source(factor.source, view, column)[:, None]


@_slopes.register(SplineFactor)
def _(factor: SplineFactor, view: View, column: str) -> FloatArray:
    return factor.basis.slopes(factor.values(view)) * _of_source(factor.source, view, column)[:, None]


def _of_source(source: str, view: View, column: str) -> FloatArray:
    with np.errstate(all="ignore"):
        return np.array(np.broadcast_to(_both(expression(source), view, column)[1], (view.n,)))


_OF_FUNCTIONS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "I": lambda x, value: np.ones_like(x),  # noqa: ARG005
    "log": lambda x, value: 1.0 / x,  # noqa: ARG005
    "exp": lambda x, value: value,  # noqa: ARG005
    "sqrt": lambda x, value: 0.5 / value,  # noqa: ARG005
}
"""The derivative of each function, given its argument and its value."""


def _both(node: Node, view: View, column: str) -> tuple[FloatArray, FloatArray]:
    """Return an expression's values and derivatives, either (n,) or one number."""
    match node:
        case Name(name):
            return view.numbers(name), np.asarray(float(name == column))
        case Number():
            return np.asarray(node.value), np.asarray(0.0)
        case Sum(items):
            pairs = [(sign, *_both(item, view, column)) for sign, item in items]
            return _total([s * v for s, v, _ in pairs]), _total([s * d for s, _, d in pairs])
        case Binary():
            return _joined(node, view, column)
        case Call(function, (argument,)):
            x, dx = _both(argument, view, column)
            value = FUNCTIONS[function](x)
            return value, np.asarray(np.where(dx == 0.0, 0.0, dx * _OF_FUNCTIONS[function](x, value)))
    raise AssertionError(f"unchecked expression {render(node)}")


def _total(parts: list[FloatArray]) -> FloatArray:
    """Add arrays and single numbers up, in order."""
    return np.asarray(reduce(np.add, parts))


def _joined(node: Binary, view: View, column: str) -> tuple[FloatArray, FloatArray]:
    a, da = _both(node.left, view, column)
    b, db = _both(node.right, view, column)
    match node.operator:
        case "*":
            return a * b, da * b + a * db
        case "/":
            return a / b, (da - a / b * db) / b
        case _:
            value = a**b
            base = np.where((b == 0.0) | (da == 0.0), 0.0, b * a ** (b - 1.0) * da)
            moved = np.where(a == 0.0, 0.0, value * np.log(a) * db) if column in columns_of(node.right) else 0.0
            return value, np.asarray(base + moved)
