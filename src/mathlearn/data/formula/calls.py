"""The functions of a formula: which there are, which arguments they take, which atoms they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError
from mathlearn.data.formula import poly, splines
from mathlearn.data.formula._refusal import Refusal
from mathlearn.data.formula.atoms import ArithmeticAtom, CategoryAtom, ColumnAtom, LabelAtom, PolyAtom, SplineAtom
from mathlearn.data.formula.evaluate import FUNCTIONS, check_arithmetic
from mathlearn.data.formula.events import event_of
from mathlearn.data.formula.tree import (
    COMPARISONS,
    Binary,
    Call,
    Name,
    Node,
    Number,
    Sequence,
    Sum,
    Text,
    names_of,
    render,
)
from mathlearn.data.schema import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.data.formula.atoms import Atom

_MAX_DF = 1000


def atom_of(node: Name | Call) -> Atom:
    """Make the atom that a column or a call stands for in a term.

    Raises
    ------
    Refusal
        An unknown function or arguments that it does not take.
    """
    if isinstance(node, Name):
        return ColumnAtom.of(node)
    if node.function in FUNCTIONS:
        return _arithmetic(node)
    if node.function in _BASES:
        return _BASES[node.function](node)
    if node.function == "offset":
        raise Refusal("offset() is added to the terms as a whole: 'y ~ a + offset(b)'", node.at)
    if node.function == "cbind":
        raise Refusal("cbind() joins responses, on the left of '~'", node.at)
    known = (*FUNCTIONS, *_BASES, "offset", "cbind")
    raise Refusal(
        f"the function {node.function!r} is not known.{did_you_mean(node.function, known)} "
        f"The functions are: {listing(known, len(known))}. Anything else is computed as a column beforehand",
        node.at,
    )


def response_of(node: Node) -> Atom:
    """Make the atom of one response: a column, arithmetic in a function, an event, or labels with a reference."""
    match node:
        case Name():
            return ColumnAtom.of(node)
        case Binary(mark) if mark in COMPARISONS:
            return event_of(node)
        case Call("I", (Binary(mark) as inner,), ()) if mark in COMPARISONS:
            return event_of(inner)
        case Call("C"):
            labels = _category(node)
            (column,) = labels.columns
            return LabelAtom(column, labels.node, node.at, labels.reference)
        case Call(function) if function in FUNCTIONS:
            return _arithmetic(node)
    raise Refusal(
        'a response is a column, an event (x > 3, sex == "female") or one of log(), exp(), sqrt(), I(); '
        "for the sum of two columns write I(a + b), for two responses cbind(a, b)",
        node.at,
    )


def offset_of(call: Call) -> ArithmeticAtom:
    """Make the atom of ``offset(expression)``, which is the expression itself."""
    argument = _bind(call, ("x",))["x"]
    check_arithmetic(argument)
    return ArithmeticAtom(render(argument), argument, call.at)


def _arithmetic(call: Call) -> ArithmeticAtom:
    check_arithmetic(call)
    _require_column(call, call)
    return ArithmeticAtom(render(call), call, call.at)


def _require_column(node: Node, call: Call) -> None:
    if not names_of(node):
        message = f"{render(call)} is the same number in every row: the intercept is written 1, and left out by 0"
        raise Refusal(message, call.at)


def _category(call: Call) -> CategoryAtom:
    given = _bind(call, ("x", "ref"), optional=("ref",))
    column, reference = given["x"], given.get("ref")
    if not isinstance(column, Name):
        raise Refusal("C() takes a column: compute a category beforehand", column.at)
    if reference is not None and not isinstance(reference, Text | Number):
        raise Refusal('ref= is a level, written as a string or a number: C(x, ref="a")', reference.at)
    where = Name(column.name, call.at)  # messages point at the call as a whole
    return CategoryAtom(render(call), where, call.at, None if reference is None else reference.text)


def _poly(call: Call) -> PolyAtom:
    given = _bind(call, ("x", "degree"))
    argument = _numeric_argument(given["x"], call)
    degree = _integer(given["degree"], "the degree of poly()", 1, poly.MAX_DEGREE)
    return PolyAtom(render(call), argument, call.at, degree)


def _spline(call: Call) -> SplineAtom:
    given = _bind(call, ("x", "df", "knots", "bounds", "degree"), optional=("df", "knots", "bounds", "degree"))
    argument = _numeric_argument(given["x"], call)
    degree = _integer(given["degree"], "the degree of bs()", 1, splines.MAX_DEGREE) if "degree" in given else 3
    bounds = _bounds(given["bounds"]) if "bounds" in given else None
    knots = _knots(given, degree, call)
    if not isinstance(knots, int) and bounds is not None:
        try:
            splines.Basis(degree, *bounds, np.array(knots, dtype=np.float64)).check(render(call))
        except DomainError as error:
            raise Refusal(str(error), call.at, DomainError) from None
    return SplineAtom(render(call), argument, call.at, degree, knots, bounds)


_BASES: dict[str, Callable[[Call], Atom]] = {"C": _category, "poly": _poly, "bs": _spline}


def _numeric_argument(node: Node, call: Call) -> Node:
    check_arithmetic(node)
    _require_column(node, call)
    return node


def _knots(given: dict[str, Node], degree: int, call: Call) -> int | tuple[float, ...]:
    """Return the interior knots, or how many there shall be."""
    if "knots" in given:
        if "df" in given:
            raise Refusal("bs() takes df= or knots=, not both", call.at)
        return _numbers(given["knots"], "knots")
    if "df" not in given:
        return 0
    return _integer(given["df"], f"df of bs() of degree {degree}", degree, _MAX_DF) - degree


def _bounds(node: Node) -> tuple[float, float]:
    numbers = _numbers(node, "bounds")
    if len(numbers) != 2:
        raise Refusal(f"bounds= takes two numbers, [lower, upper], not {len(numbers)}", node.at)
    return numbers[0], numbers[1]


def _numbers(node: Node, name: str) -> tuple[float, ...]:
    if not isinstance(node, Sequence):
        raise Refusal(f"{name}= takes a list of numbers in brackets: {name}=[1, 2]", node.at)
    return tuple(_number(item, name) for item in node.items)


def _number(node: Node, name: str) -> float:
    match node:
        case Number():
            value = node.value
        case Sum(((-1, Number() as positive),)):
            value = -positive.value
        case _:
            raise Refusal(f"{name}= takes numbers only", node.at)
    if not np.isfinite(value):
        raise Refusal(f"{name}= takes finite numbers", node.at)
    return value


def _integer(node: Node, what: str, least: int, most: int) -> int:
    if not isinstance(node, Number) or not node.text.isdigit():
        raise Refusal(f"{what} is a whole number from {least} to {most}, not {render(node)}", node.at)
    if not least <= node.value <= most:
        raise Refusal(f"{what} is {node.text}: allowed is {least} to {most}", node.at, DomainError)
    return int(node.text)


def _bind(call: Call, names: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Node]:
    """Give each argument its name."""
    signature = f"{call.function}({', '.join(f'{n}=' if n in optional else n for n in names)})"
    if len(call.arguments) > len(names):
        raise Refusal(f"too many arguments: the function is {signature}", call.arguments[len(names)].at)
    given: dict[str, Node] = dict(zip(names, call.arguments, strict=False))
    for name, value in call.named:
        if name not in names:
            raise Refusal(f"{call.function}() has no argument {name!r}: the function is {signature}", value.at)
        if name in given:
            raise Refusal(f"the argument {name!r} is given twice: the function is {signature}", value.at)
        given[name] = value
    missing = [name for name in names if name not in given and name not in optional]
    if missing:
        raise Refusal(f"the argument {missing[0]!r} is missing: the function is {signature}", call.at)
    return given
