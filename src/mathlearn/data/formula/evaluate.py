"""Arithmetic on columns: the inside of ``I()``, ``log()``, ``exp()``, ``sqrt()`` and of basis functions."""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import DomainError, NonFiniteInputError
from mathlearn.data.formula._refusal import Refusal, pointing
from mathlearn.data.formula.grammar import COMPARED, parse_expression
from mathlearn.data.formula.tree import COMPARISONS, Binary, Call, Name, Node, Number, Sum, names_of, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.formula.view import View

MAX_EXPONENT = 64
"""Largest literal exponent in arithmetic."""

FUNCTIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "I": lambda x: x,
    "log": np.log,
    "exp": np.exp,
    "sqrt": np.sqrt,
}
"""Every function that arithmetic may call."""

_OPERATORS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}

_NEEDS = {
    "log": "log() needs numbers above 0",
    "sqrt": "sqrt() needs numbers of at least 0",
    "exp": "exp() overflows above 709.78",
    "/": "there is a division by 0 or an overflow",
    "**": "the power is not a finite number (a fractional power of a negative number, 0 to a negative power, overflow)",
}


_NO_ARITHMETIC = {
    **dict.fromkeys(COMPARISONS, COMPARED),
    ":": "':' makes an interaction of terms, and has no meaning inside a function: use '*'",
}


def check_arithmetic(node: Node) -> None:
    """Refuse whatever is not arithmetic on columns and numbers.

    Raises
    ------
    Refusal
        With the position of the first part that is not allowed.
    """
    match node:
        case Name():
            pass
        case Number(text):
            if not np.isfinite(node.value):
                raise Refusal(f"the number {text} is beyond the range of float64", node.at)
        case Sum(items):
            for _, item in items:
                check_arithmetic(item)
        case Binary(mark, at=at) if mark in _NO_ARITHMETIC:
            raise Refusal(_NO_ARITHMETIC[mark], at)
        case Binary("**", left, Number() as exponent, at):
            check_arithmetic(left)
            _check_exponent(exponent, at)
        case Binary(_, left, right):
            check_arithmetic(left)
            check_arithmetic(right)
        case Call():
            _check_call(node)
        case _:
            raise Refusal(
                "inside a function only columns, numbers, + - * / ^ and " + _listed() + " are allowed", node.at
            )


def _listed() -> str:
    return ", ".join(f"{name}()" for name in FUNCTIONS)


def _check_exponent(exponent: Number, at: int) -> None:
    if exponent.value > MAX_EXPONENT:
        raise Refusal(f"the exponent {exponent.text} is too large: at most {MAX_EXPONENT} is allowed", at, DomainError)


def _check_call(call: Call) -> None:
    if call.function not in FUNCTIONS:
        message = f"the function {call.function!r} is not allowed inside arithmetic; allowed are {_listed()}"
        raise Refusal(message, call.at)
    if len(call.arguments) != 1 or call.named:
        raise Refusal(f"{call.function}() takes exactly one argument", call.at)
    check_arithmetic(call.arguments[0])


@lru_cache(maxsize=512)
def expression(source: str) -> Node:
    """Parse and check the stored source of an expression, such as ``"log(area + 1)"``.

    Raises
    ------
    SchemaError
        The text is not arithmetic: stored models are checked as formulas are.
    """
    with pointing(source):
        node = parse_expression(source)
        check_arithmetic(node)
    return node


def evaluate(node: Node, view: View) -> FloatArray:
    """Evaluate a checked expression on the rows of `view`; undefined where a value is missing.

    Raises
    ------
    DomainError
        A finite row gives a result that is not finite, as log(0) does; the message names column, count and first row.
    NonFiniteInputError
        A column holds infinity.
    """
    values = np.broadcast_to(_evaluate(node, view), (view.n,))
    if not view.offenders(~np.isfinite(values)).any():
        return values
    raise _explain(*_culprit(node, view), view, node)


def _evaluate(node: Node, view: View) -> FloatArray:
    with np.errstate(all="ignore"):
        match node:
            case Name(name):
                return view.numbers(name)
            case Number():
                return np.float64(node.value)  # type: ignore[return-value] # a 0-d array in all but name
            case Sum(items):
                total, *rest = (_evaluate(item, view) * sign for sign, item in items)
                return sum(rest, total)
            case Binary(mark, left, right):
                return _OPERATORS[mark](_evaluate(left, view), _evaluate(right, view))
            case Call(function, (argument,)):
                return FUNCTIONS[function](_evaluate(argument, view))
    raise AssertionError(f"unchecked expression {render(node)}")


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Sum(items):
            return tuple(item for _, item in items)
        case Binary(_, left, right):
            return left, right
        case Call(_, arguments):
            return arguments
    return ()


def _culprit(node: Node, view: View) -> tuple[Node, BoolArray]:
    """Find the innermost part that is not finite although everything it is made of is."""
    for part in _parts(node):
        wrong = view.offenders(~np.isfinite(np.broadcast_to(_evaluate(part, view), (view.n,))))
        if wrong.any():
            return _culprit(part, view)
    return node, view.offenders(~np.isfinite(np.broadcast_to(_evaluate(node, view), (view.n,))))


def _explain(part: Node, wrong: BoolArray, view: View, whole: Node) -> DomainError | NonFiniteInputError:
    if isinstance(part, Name):
        return NonFiniteInputError(
            f"column {part.name!r} contains infinity in {view.tell(wrong)}: remove those rows or correct the values."
        )
    kind = part.function if isinstance(part, Call) else getattr(part, "operator", "+")
    need = _NEEDS.get(kind, "the sum overflows")
    first = int(wrong.argmax())
    values = {name.name: float(view.numbers(name.name)[first]) for name in names_of(part)}
    columns = " and ".join(f"column {name!r}" for name in values)
    given = ", ".join(f"{name} = {value!r}" for name, value in values.items())
    return DomainError(
        f"{render(whole)} is not defined for {view.tell(wrong)}: {need}, and {columns} gives there {given}. "
        "Remove or correct those rows, or use a term that is defined for every row."
    )
