"""`digest`: a short text that tells values, records and functions apart, the same in every process."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import partial, singledispatch
from hashlib import blake2b
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["digest", "parts"]

_SIZE = 16
"""Bytes: two different values share a digest with a probability of about 1e-38."""


def digest(value: Any) -> str:
    """Return a digest of a value that is equal in another process if and only if the value is the same, to the last bit.

    Functions are told apart by their code, their arguments bound in advance and the variables they have caught; objects by
    their class and what they hold.

    Raises
    ------
    TypeError
        Something in it has no content to be told by, such as a lock or a generator.

    Examples
    --------
    >>> from functools import partial
    >>> digest(partial(pow, 2)) == digest(partial(pow, 2)), digest(partial(pow, 2)) == digest(partial(pow, 3))
    (True, False)
    """
    total = blake2b(digest_size=_SIZE)
    _feed(value, total.update, ())
    return total.hexdigest()


def _feed(value: Any, take: Callable[[bytes], None], within: tuple[int, ...]) -> None:
    """Give the bytes of a value, and of what it is made of, to `take`; `within` are the objects that hold it."""
    head, inside = parts(value)
    take(f"{len(head)}:".encode() + head)
    if id(value) in within:
        return  # it holds itself: its content is being taken already
    for part in inside:
        _feed(part, take, (*within, id(value)))
    take(b";")


@singledispatch
def parts(value: Any) -> tuple[bytes, Iterable[Any]]:
    """Return what tells a value from others of its kind, and the values it is made of; for an object, its fields.

    Raises
    ------
    TypeError
    """
    kind = type(value)
    names = [name for name in _fields(kind) if hasattr(value, name)]
    held = getattr(value, "__dict__", None)
    if held is None and not _is_plain(kind):
        raise TypeError(f"a {kind.__name__} has no content to be told by")
    names += sorted(held or ())
    return _name(kind), [part for name in names for part in (name, getattr(value, name))]


def _fields(kind: type) -> Iterator[str]:
    """Yield the slots of a class and of those it is derived from."""
    for each in reversed(kind.__mro__):
        slots = each.__dict__.get("__slots__", ())
        yield from (name for name in ((slots,) if isinstance(slots, str) else slots) if not name.startswith("__"))


def _is_plain(kind: type) -> bool:
    """Whether instances of a class without ``__dict__`` hold nothing but slots."""
    return all("__slots__" in each.__dict__ for each in kind.__mro__[:-1])


def _name(value: Any) -> bytes:
    return f"{value.__module__}.{value.__qualname__}".encode()


def _leaf(value: Any) -> tuple[bytes, tuple[()]]:
    return f"{type(value).__name__} {value!r}".encode(), ()


for _kind in (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), range, slice):
    parts.register(_kind, _leaf)


@parts.register
def _(value: Enum) -> tuple[bytes, Iterable[Any]]:
    return _name(type(value)) + b" " + value.name.encode(), ()


@parts.register(np.generic)
@parts.register(np.ndarray)
def _array(value: Any) -> tuple[bytes, Iterable[Any]]:
    head = f"array {value.dtype} {value.shape}".encode()
    return (head, value.ravel().tolist()) if value.dtype.hasobject else (head + b" " + value.tobytes(), ())


@parts.register(tuple)
@parts.register(list)
def _sequence(value: Any) -> tuple[bytes, Iterable[Any]]:
    return f"{type(value).__qualname__} {len(value)}".encode(), value


@parts.register(set)
@parts.register(frozenset)
def _set(value: Any) -> tuple[bytes, Iterable[Any]]:
    return f"set {len(value)}".encode(), sorted(map(digest, value))


@parts.register
def _(value: dict) -> tuple[bytes, Iterable[Any]]:  # type: ignore[type-arg]  # singledispatch takes plain classes
    return f"dict {len(value)}".encode(), value.items()


@parts.register(type)
@parts.register(BuiltinFunctionType)
def _named(value: Any) -> tuple[bytes, Iterable[Any]]:
    owner = getattr(value, "__self__", None)  # of a function, the module that it is in
    return b"name " + _name(value), () if owner is None or isinstance(owner, ModuleType) else (owner,)


@parts.register
def _(value: ModuleType) -> tuple[bytes, Iterable[Any]]:
    return f"module {value.__name__}".encode(), ()


@parts.register
def _(value: np.ufunc) -> tuple[bytes, Iterable[Any]]:
    return f"ufunc {value.__name__}".encode(), ()


@parts.register
def _(value: np.dtype) -> tuple[bytes, Iterable[Any]]:
    return f"dtype {value!r}".encode(), ()


@parts.register
def _(value: partial) -> tuple[bytes, Iterable[Any]]:  # type: ignore[type-arg]  # as above
    return b"partial", (value.func, value.args, value.keywords)


@parts.register
def _(value: MethodType) -> tuple[bytes, Iterable[Any]]:
    return b"method", (value.__func__, value.__self__)


@parts.register
def _(value: FunctionType) -> tuple[bytes, Iterable[Any]]:
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    return b"function " + _name(value), (value.__code__, value.__defaults__, value.__kwdefaults__, cells)


@parts.register
def _(value: CodeType) -> tuple[bytes, Iterable[Any]]:
    return b"code " + value.co_code, (value.co_consts, value.co_names)
