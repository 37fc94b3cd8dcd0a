"""Records as JSON and arrays: a frozen dataclass tree taken apart and strictly put together again.

Both directions are driven by the declared types of the fields, so what can come out of a file is exactly what the records'
definitions allow: no type name in a file is ever looked up anywhere but among the alternatives that a field declares.

======================  ==========================================================================
declared type           in JSON
======================  ==========================================================================
str, int, bool, None    itself
float                   a number; ``{"float": "nan"}``, ``"inf"``, ``"-inf"`` where JSON has none
Literal                 one of the alternatives
Enum                    ``{"enum": name}``
tuple, also with names  a list
dict of str             ``{"map": {key: value, ...}}``
dict of other keys      ``{"pairs": [[key, value], ...]}``
array                   ``{"array": path}``, the name of a tensor of the file
dataclass               ``{"record": class name, field: value, ...}``, all fields and no other
======================  ==========================================================================
"""

from __future__ import annotations

import dataclasses
import math
from enum import Enum
from functools import cache, reduce
from importlib import import_module
from operator import or_
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from mathlearn._errors import UntrustedModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mathlearn._typing import AnyArray

__all__ = ["decode", "encode", "field_types"]

T = TypeVar("T")

_MODULES = (
    "mathlearn._typing",
    "mathlearn.calculus.trace",
    "mathlearn.linalg.moments",
    "mathlearn.results.certificate",
    "mathlearn.results.fit_result",
    "mathlearn.results.likelihood",
    "mathlearn.results.stack",
)
_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_INT_LIMIT = 2**64
_ANY_DTYPES = ("float64", "int64", "uint64", "bool")


@cache
def field_types(record: Any) -> dict[str, Any]:
    """Return the declared types of a dataclass's fields, in order."""
    hints = get_type_hints(record, localns=_vocabulary())
    return {field.name: hints[field.name] for field in dataclasses.fields(record) if field.init}


@cache
def _vocabulary() -> dict[str, Any]:
    """Return what the names in annotations mean, where modules import them for type checkers only."""
    from mathlearn.data import formula
    from mathlearn.data.formula.factors import Factor

    names: dict[str, Any] = {record.__name__: record for record in formula.RECORDS}
    for module in _MODULES:
        names |= {name: value for name, value in vars(import_module(module)).items() if not name.startswith("_")}
    # A protocol names a behaviour; in a file it stands for the records of the formula layer that have it, and no others.
    behaviour = [name for name in vars(Factor) if not name.startswith("_")]
    factors = [record for record in formula.RECORDS if all(hasattr(record, name) for name in behaviour)]
    return names | {"Factor": reduce(or_, factors)}


def _kind(declared: Any) -> Any:
    """Return the key of a declared type in the tables of this module."""
    origin = get_origin(declared)
    if origin is not None:
        return Union if origin is UnionType else origin
    if dataclasses.is_dataclass(declared):
        return _Record
    if isinstance(declared, type) and issubclass(declared, tuple) and hasattr(declared, "_fields"):
        return _Named
    if isinstance(declared, type) and issubclass(declared, Enum):
        return Enum
    return declared


class _Record:
    """Stands for all dataclasses in the tables."""


class _Named:
    """Stands for all tuples with names in the tables."""


# ------------------------------------------------------------------------------------------------------------- encoding


def encode(value: Any, path: str, arrays: dict[str, AnyArray]) -> Any:
    """Take a record apart.

    Parameters
    ----------
    value
        A record or any of the values in the table above; its arrays are put into `arrays`.
    path : str
        What to call it; names of arrays start with it.
    arrays : dict
        Receives the arrays, by path.

    Returns
    -------
    JSON value

    Raises
    ------
    TypeError
        If something in the tree is of no storable type.
    """
    if dataclasses.is_dataclass(value):
        kind: Any = type(value)
        parts = {name: encode(getattr(value, name), f"{path}.{name}", arrays) for name in field_types(kind)}
        return {"record": kind.__name__, **parts}
    for types, write in _WRITERS:
        if isinstance(value, types):
            return write(value, path, arrays)
    raise TypeError(f"{path} is a {type(value).__name__}, which a model file cannot hold")


def _write_float(value: float, path: str, arrays: dict[str, AnyArray]) -> Any:
    del path, arrays
    return float(value) if math.isfinite(value) else {"float": repr(float(value))}


def _write_tuple(value: tuple[Any, ...], path: str, arrays: dict[str, AnyArray]) -> list[Any]:
    return [encode(item, f"{path}.{index}", arrays) for index, item in enumerate(value)]


def _write_map(value: dict[Any, Any], path: str, arrays: dict[str, AnyArray]) -> dict[str, Any]:
    if all(isinstance(key, str) for key in value):
        return {"map": {key: encode(item, f"{path}.{key}", arrays) for key, item in value.items()}}
    if not all(isinstance(key, _LABELS) for key in value):
        raise TypeError(f"{path} has keys that are no text and no numbers, which a model file cannot hold")
    pairs = [[encode(part, f"{path}.{key}", arrays) for part in (key, item)] for key, item in value.items()]
    return {"pairs": pairs}


def _write_array(value: AnyArray, path: str, arrays: dict[str, AnyArray]) -> dict[str, str]:
    if value.dtype.name not in _ANY_DTYPES:
        raise TypeError(f"{path} is an array of {value.dtype}, which a model file cannot hold")
    arrays[path] = value
    return {"array": path}


_LABELS = (str, bool, int, float, np.bool_, np.integer, np.floating)

# Order matters: bool is an int, and NumPy's float64 a float.
_WRITERS: tuple[tuple[Any, Callable[[Any, str, dict[str, AnyArray]], Any]], ...] = (
    (Enum, lambda value, _path, _arrays: {"enum": value.name}),
    ((bool, np.bool_), lambda value, _path, _arrays: bool(value)),
    (str, lambda value, _path, _arrays: str(value)),
    ((int, np.integer), lambda value, _path, _arrays: int(value)),
    ((float, np.floating), _write_float),
    (NoneType, lambda _value, _path, _arrays: None),
    (tuple, _write_tuple),
    (dict, _write_map),
    (np.ndarray, _write_array),
)


# ------------------------------------------------------------------------------------------------------------- decoding


def decode(stored: Any, declared: Any, path: str, arrays: Mapping[str, AnyArray], used: set[str]) -> Any:
    """Put a value of a declared type together, or refuse.

    Parameters
    ----------
    stored : JSON value
    declared : type
        A dataclass, or any of the types in the table above.
    path : str
        Where the value is, for messages.
    arrays : mapping
        The arrays of the file.
    used : set of str
        Receives the names of the arrays taken; each may be taken once.

    Raises
    ------
    UntrustedModelError
        If the stored value is not exactly of the declared type.
    """
    read = _READERS.get(_kind(declared))
    if read is None:
        raise AssertionError(f"{path} is declared as {declared!r}, for which there is no rule in this module")
    return read(stored, declared, path, _Arrays(arrays, used))


@dataclasses.dataclass(frozen=True, slots=True)
class _Arrays:
    """The arrays of a file and which of them were taken."""

    tensors: Mapping[str, AnyArray]
    used: set[str]

    def decode(self, stored: Any, declared: Any, path: str) -> Any:
        return decode(stored, declared, path, self.tensors, self.used)

    def take(self, name: Any, path: str) -> AnyArray:
        if not isinstance(name, str) or name not in self.tensors:
            raise _refusal(path, f"an array {name!r} that the file does not hold", "the name of an array of the file")
        if name in self.used:
            raise _refusal(path, f"the array {name!r} again", "an array of its own")
        self.used.add(name)
        return self.tensors[name]


def _refusal(path: str, got: str, allowed: str) -> UntrustedModelError:
    return UntrustedModelError(f"the model file is not valid: {path} is {got}; allowed is {allowed}")


def _show(stored: Any) -> str:
    text = repr(stored)
    return text if len(text) <= 60 else text[:57] + "..."


def _read_plain(stored: Any, declared: Any, path: str, _arrays: _Arrays) -> Any:
    # `type(...) is`, since True is an int for isinstance.
    if type(stored) is not declared:
        raise _refusal(path, _show(stored), f"a {declared.__name__}")
    return stored


def _read_int(stored: Any, _declared: Any, path: str, _arrays: _Arrays) -> int:
    if type(stored) is not int or abs(stored) >= _INT_LIMIT:
        raise _refusal(path, _show(stored), "a whole number below 2**64 in size")
    return stored


def _read_float(stored: Any, _declared: Any, path: str, _arrays: _Arrays) -> float:
    if type(stored) in _JSON_TYPES[float]:
        return float(stored)
    if isinstance(stored, dict) and stored.keys() == {"float"} and stored["float"] in _NON_FINITE:
        return _NON_FINITE[stored["float"]]
    raise _refusal(path, _show(stored), "a floating-point number")


def _read_none(stored: Any, _declared: Any, path: str, _arrays: _Arrays) -> None:
    if stored is not None:
        raise _refusal(path, _show(stored), "null")


def _read_literal(stored: Any, declared: Any, path: str, _arrays: _Arrays) -> Any:
    for allowed in get_args(declared):
        if type(stored) is type(allowed) and stored == allowed:
            return allowed
    raise _refusal(path, _show(stored), "one of " + ", ".join(map(repr, get_args(declared))))


def _read_enum(stored: Any, declared: type[Enum], path: str, _arrays: _Arrays) -> Enum:
    name = stored.get("enum") if isinstance(stored, dict) and len(stored) == 1 else None
    if not isinstance(name, str) or name not in declared.__members__:
        raise _refusal(path, _show(stored), "one of " + ", ".join(declared.__members__))
    return declared[name]


def _read_tuple(stored: Any, declared: Any, path: str, arrays: _Arrays) -> tuple[Any, ...]:
    types = get_args(declared)
    if not isinstance(stored, list):
        raise _refusal(path, _show(stored), "a list")
    if types[-1:] == (...,):
        types = (types[0],) * len(stored)
    if len(types) != len(stored):
        raise _refusal(path, f"a list of {len(stored)}", f"a list of {len(types)}")
    pairs = zip(stored, types, strict=True)
    return tuple(arrays.decode(item, kind, f"{path}.{index}") for index, (item, kind) in enumerate(pairs))


def _read_named(stored: Any, declared: Any, path: str, arrays: _Arrays) -> Any:
    hints = get_type_hints(declared, localns=_vocabulary())
    types = tuple(hints[name] for name in declared._fields)
    return declared(*_read_tuple(stored, tuple[types], path, arrays))  # type: ignore[valid-type]  # made while it runs


def _read_map(stored: Any, declared: Any, path: str, arrays: _Arrays) -> dict[Any, Any]:
    label, kind = get_args(declared)
    if isinstance(stored, dict) and stored.keys() == {"map"} and isinstance(stored["map"], dict):
        return {key: arrays.decode(item, kind, f"{path}.{key}") for key, item in stored["map"].items()}
    pairs = stored.get("pairs") if isinstance(stored, dict) and len(stored) == 1 and label is not str else None
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise _refusal(path, _show(stored), "a map")
    read = {
        arrays.decode(key, label, f"{path} key"): arrays.decode(item, kind, f"{path}.{_show(key)}")
        for key, item in pairs
    }
    if len(read) != len(pairs):
        raise _refusal(path, "a map with the same key twice", "a map")
    return read


def _read_union(stored: Any, declared: Any, path: str, arrays: _Arrays) -> Any:
    # The alternatives differ in their JSON form, so at most one can be meant; its own message is the useful one.
    meant = [alternative for alternative in get_args(declared) if _looks_like(stored, alternative)]
    if not meant:
        raise _refusal(path, _show(stored), " or ".join(_name(alternative) for alternative in get_args(declared)))
    return arrays.decode(stored, meant[0], path)


def _looks_like(stored: Any, declared: Any) -> bool:
    kind = _kind(declared)
    if kind is _Record:
        return isinstance(stored, dict) and stored.get("record") == declared.__name__
    if kind is Literal:
        return any(type(stored) is type(allowed) and stored == allowed for allowed in get_args(declared))
    if kind in _TAGS and isinstance(stored, dict):
        return not _TAGS[kind].isdisjoint(stored)
    return type(stored) in _JSON_TYPES.get(kind, ())


_TAGS = {float: {"float"}, Enum: {"enum"}, np.ndarray: {"array"}, dict: {"map", "pairs"}}
_JSON_TYPES: dict[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (float, int),
    NoneType: (NoneType,),
    tuple: (list,),
}


def _name(declared: Any) -> str:
    return getattr(declared, "__name__", None) or str(declared)


def _read_array(stored: Any, declared: Any, path: str, arrays: _Arrays) -> AnyArray:
    if not isinstance(stored, dict) or stored.keys() != {"array"}:
        raise _refusal(path, _show(stored), "an array")
    array = arrays.take(stored["array"], path)
    (scalar,) = get_args(get_args(declared)[1])
    allowed = _ANY_DTYPES if scalar is Any else (np.dtype(scalar).name,)
    if array.dtype.name not in allowed:
        raise _refusal(path, f"an array of {array.dtype}", "an array of " + " or ".join(allowed))
    return array


def _read_record(stored: Any, declared: type, path: str, arrays: _Arrays) -> Any:
    if not isinstance(stored, dict) or stored.get("record") != declared.__name__:
        raise _refusal(path, _show(stored), f"a {declared.__name__}")
    types = field_types(declared)
    missing, unknown = sorted(types.keys() - stored), sorted(stored.keys() - types.keys() - {"record"})
    if missing or unknown:
        got = (
            f"a {declared.__name__} without {missing[0]!r}" if missing else f"a {declared.__name__} with {unknown[0]!r}"
        )
        raise _refusal(path, got, "one with exactly " + ", ".join(types))
    values = {name: arrays.decode(stored[name], kind, f"{path}.{name}") for name, kind in types.items()}
    try:
        return declared(**values)
    except ValueError as error:
        raise _refusal(path, f"a {declared.__name__} that contradicts itself ({error})", "a consistent one") from error


_READERS: dict[Any, Callable[[Any, Any, str, _Arrays], Any]] = {
    str: _read_plain,
    bool: _read_plain,
    int: _read_int,
    float: _read_float,
    NoneType: _read_none,
    Literal: _read_literal,
    Enum: _read_enum,
    tuple: _read_tuple,
    _Named: _read_named,
    dict: _read_map,
    Union: _read_union,
    np.ndarray: _read_array,
    _Record: _read_record,
}
