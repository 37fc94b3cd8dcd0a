"""`Condition`: what ``scan(..., where=)`` asks of a row, in Arrow's functions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn.data.arrow_columns import floats_of_decimals
from mathlearn.data.arrow_types import is_text, storage
from mathlearn.data.formula._refusal import Refusal, pointing
from mathlearn.data.formula.conditions import Denied, Joined, Test, comparisons, parse_condition
from mathlearn.data.formula.tree import Binary, Call, Name, Node, Number, Sum, Text, columns_of, names_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.data.schema import Schema

_COMPARE = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
_JOIN = {"and": "and_kleene", "or": "or_kleene"}
_OPERATE = {"*": "multiply", "/": "divide", "**": "power"}
_CALL = {"log": "ln", "sqrt": "sqrt", "exp": "exp"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition whose columns exist and can be compared so.

    Attributes
    ----------
    text : str
    columns : tuple of str
        Columns read.
    test : Test
    """

    text: str
    columns: tuple[str, ...]
    test: Test

    @classmethod
    def of(cls, text: str, schema: Schema, arrow_schema: Any) -> Condition:
        """Read a condition on the columns of a table.

        Raises
        ------
        SchemaError
            With the place of what is not allowed.
        """
        with pointing(text):
            test = parse_condition(text)
            for part in comparisons(test):
                _check(part, schema, arrow_schema)
        names = (name for part in comparisons(test) for name in columns_of(part))
        return cls(" ".join(text.split()), tuple(dict.fromkeys(names)), test)

    def mask(self, batch: Any) -> Any:
        """Return where it holds in a `plain` batch, an Arrow array of booleans; null where a value is missing or undefined."""
        return _Arrow(batch.schema, partial(_values, batch)).holds(self.test)

    def necessary(self, schema: Any) -> Any | None:
        """Return an Arrow expression that holds wherever this does, or None.

        It is made of those comparisons of a numeric column with a number that all must hold: whether they can in a block of rows is
        known from the block's least and largest value.
        """
        compute = _engines.load("pyarrow.compute")
        joined = isinstance(self.test, Joined) and self.test.operator == "and"
        every = self.test.parts if joined else (self.test,)  # type: ignore[union-attr]
        arrow = _Arrow(schema, compute.field)
        known = [arrow.compared(part) for part in every if isinstance(part, Binary) and _is_simple(part, schema)]
        return reduce(compute.and_kleene, known) if known else None


@dataclass(frozen=True, slots=True)
class _Arrow:
    """Compiles to Arrow's functions, which take arrays and expressions alike.

    Attributes
    ----------
    schema : pyarrow.Schema
    column : callable
        Gives a column by its name.
    """

    schema: Any
    column: Callable[[str], Any]

    def holds(self, test: Test) -> Any:
        compute = _engines.load("pyarrow.compute")
        match test:
            case Joined(operator, parts):
                return reduce(getattr(compute, _JOIN[operator]), map(self.holds, parts))
            case Denied(part):
                return compute.invert(self.holds(part))
            case Binary():
                return self.guarded(test)

    def guarded(self, test: Binary) -> Any:
        """Compare, giving null where a side is no number: NaN counts as missing."""
        compute, pa = _engines.load("pyarrow.compute"), _engines.load("pyarrow")
        sides, found = self._sides(test), self.compared(test)
        undefined = [compute.is_nan(side) for side in sides if pa.types.is_floating(side.type)]
        if not undefined:
            return found
        return compute.if_else(reduce(compute.or_kleene, undefined), pa.scalar(None, pa.bool_()), found)

    def compared(self, test: Binary) -> Any:
        """Compare; NaN is not equal to, below or above anything."""
        return getattr(_engines.load("pyarrow.compute"), _COMPARE[test.operator])(*self._sides(test))

    def _sides(self, test: Binary) -> tuple[Any, Any]:
        match test.left, test.right:
            case Name(name), Text(text):
                return self._plain(name), _text_scalar(text, _type(self.schema, name))
            case Name(name), Number() as number:
                return self._beside(name, _number_scalar(number, _type(self.schema, name)))
            case Number() as number, Name(name):
                return self._beside(name, _number_scalar(number, _type(self.schema, name)))[::-1]
            case Name(left), Name(right) if _type(self.schema, left).equals(_type(self.schema, right)):
                return self._plain(left), self._plain(right)
        return self._float(test.left), self._float(test.right)

    def _beside(self, name: str, scalar: Any) -> tuple[Any, Any]:
        """Return a column and what it is compared with, in one type."""
        types = _engines.load("pyarrow.types")
        mixed = types.is_floating(scalar.type) and types.is_integer(_type(self.schema, name))
        return self._float(Name(name, 0)) if mixed else self._plain(name), scalar

    def _plain(self, name: str) -> Any:
        compute = _engines.load("pyarrow.compute")
        column, wanted = self.column(name), _type(self.schema, name)
        # Beyond 2**53 integers are rounded: no number with a fraction lies among them.
        return column if self.schema.field(name).type.equals(wanted) else compute.cast(column, wanted, safe=False)

    def _float(self, node: Node) -> Any:
        """Compute arithmetic in doubles."""
        compute, pa = _engines.load("pyarrow.compute"), _engines.load("pyarrow")
        match node:
            case Name(name):
                return compute.cast(self.column(name), pa.float64(), safe=False)
            case Number():
                return pa.scalar(node.value, pa.float64())
            case Sum(((sign, first), *rest)):
                total = self._float(first) if sign > 0 else compute.negate(self._float(first))
                for sign_of, item in rest:
                    total = (compute.add if sign_of > 0 else compute.subtract)(total, self._float(item))
                return total
            case Binary(mark, left, right):
                return getattr(compute, _OPERATE[mark])(self._float(left), self._float(right))
            case Call("I", (argument,)):
                return self._float(argument)
            case Call(function, (argument,)):
                return getattr(compute, _CALL[function])(self._float(argument))
        raise AssertionError("unchecked arithmetic")


def _type(schema: Any, name: str) -> Any:
    """Type of a column as it is compared: in Arrow's own types without dictionaries, unsigned 64-bit integers and decimals as floats."""
    pa = _engines.load("pyarrow")
    found = storage(schema.field(name).type)
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_boolean(found):
        return pa.int8()
    special = pa.types.is_uint64(found) or pa.types.is_decimal(found) or pa.types.is_float16(found)
    return pa.float64() if special or pa.types.is_null(found) else found


def _values(batch: Any, name: str) -> Any:
    """Return a column without its dictionary; decimals become the nearest doubles, as they do where they are fitted."""
    pa = _engines.load("pyarrow")
    array = batch.column(name)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_decimal(array.type):
        return pa.array(floats_of_decimals(array, name, rounding=True), from_pandas=True)
    return array


def _number_scalar(number: Number, arrow_type: Any) -> Any:
    """Return a number in the type of the column that it is compared with, else in the narrowest that holds both."""
    pa = _engines.load("pyarrow")
    if pa.types.is_floating(arrow_type) or not number.value.is_integer():
        return pa.scalar(number.value, pa.float64())
    whole = int(number.text) if number.text.isdecimal() else int(number.value)  # 1e3 is whole, too
    try:
        return pa.scalar(whole, pa.int64())
    except OverflowError:  # beyond 64 bits no column is
        return pa.scalar(number.value, pa.float64())


def _text_scalar(text: str, arrow_type: Any) -> Any:
    """Return a level, or a date or time that a string stands for."""
    pa = _engines.load("pyarrow")
    scalar = pa.scalar(text)
    return scalar if is_text(arrow_type) else scalar.cast(arrow_type)


def _check(test: Binary, schema: Schema, arrow_schema: Any) -> None:
    """Refuse a comparison with columns that do not exist, or of kinds that it does not go with."""
    pa = _engines.load("pyarrow")
    for name in names_of(test):
        if schema[name.name].kind == "other":  # what is no column says what is near
            raise Refusal(f"column {name.name!r} is {schema[name.name].dtype}, which no condition compares", name.at)
    if isinstance(test.right, Text):
        field = schema[columns_of(test.left)[0]]
        if field.numeric:
            number = "0 or 1" if field.kind == "boolean" else "a number"
            raise Refusal(f"column {field.name!r} is {field.dtype}, and can be compared with {number} only", test.at)
        if field.kind == "categorical" and test.operator not in {"==", "!="}:
            raise Refusal(
                f"column {field.name!r} is categorical: its levels have no order here, use ==, != or in", test.at
            )
        try:
            _text_scalar(test.right.text, _type(arrow_schema, field.name))
        except pa.ArrowInvalid:
            raise Refusal(
                f"column {field.name!r} is {field.dtype}, and {test.right.text!r} is not: such a value is written {_example(field.dtype)}",
                test.right.at,
            ) from None
        return
    for name in names_of(test):
        if not schema[name.name].numeric:
            kind = schema[name.name].kind
            raise Refusal(
                f'column {name.name!r} is {kind}: compare it by itself with a string, {name.name} == "..."', name.at
            )


def _example(dtype: str) -> str:
    """Return a date, or a time, of this type as it is written."""
    if dtype.startswith("date"):
        return '"2024-12-31"'
    return '"2024-12-31T23:59:00+01:00", with its zone' if "tz=" in dtype else '"2024-12-31T23:59:00"'


def _is_simple(test: Binary, schema: Any) -> bool:
    """Whether the extremes of a block of rows tell if a row of it may match."""
    types = _engines.load("pyarrow.types")
    if not isinstance(test.left, Name) or not isinstance(test.right, Number) or test.operator == "!=":
        return False
    found = schema.field(test.left.name).type
    if types.is_integer(found) and not types.is_uint64(found):
        # Extremes are brought to the type of the number, which may not hold them if it is no integer.
        return bool(types.is_integer(_number_scalar(test.right, found).type))
    return bool(types.is_float32(found) or types.is_float64(found))
