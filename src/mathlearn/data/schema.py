"""`Field` and `Schema`: the names, order, kinds and levels of a source's columns."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mathlearn._errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mathlearn._typing import AnyArray
    from mathlearn.data.batch import ColumnKind

_LISTED = 8
"""Names spelt out in a message before the rest is only counted."""

NUMERIC_KINDS: frozenset[str] = frozenset({"float", "integer", "boolean"})
"""Kinds that are numbers without a formula."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name, its kind and, where the source declares them, its levels.

    Attributes
    ----------
    name : str
    kind : ColumnKind
    levels : tuple of str or None
        The declared levels of a categorical column, in the source's order; None when they are only known by reading.
    ordered : bool
        Whether the source declares the levels to be ordered.
    dtype : str
        The type as the source calls it, for messages.
    """

    name: str
    kind: ColumnKind
    levels: tuple[str, ...] | None = None
    ordered: bool = False
    dtype: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the column is made of numbers (booleans are numbers)."""
        return self.kind in NUMERIC_KINDS


class Schema:
    """The columns of a source, in order; names are unique.

    Parameters
    ----------
    fields : iterable of Field
    left_out : mapping of str to str, optional
        Columns that the table holds and the source does not read: why, and how to have them. For messages.

    Raises
    ------
    SchemaError
        If a name occurs twice.

    Examples
    --------
    >>> schema = Schema([Field("height", "float"), Field("species", "categorical")])
    >>> schema.names
    ('height', 'species')
    >>> schema["species"].kind
    'categorical'
    """

    __slots__ = ("_by_name", "_left_out", "fields")

    fields: tuple[Field, ...]

    def __init__(self, fields: Iterable[Field], left_out: Mapping[str, str] | None = None) -> None:
        self.fields = tuple(fields)
        self._left_out = left_out or {}
        self._by_name = {field.name: field for field in self.fields}
        if len(self._by_name) != len(self.fields):
            raise SchemaError(duplicated([field.name for field in self.fields]))

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(self._by_name)

    def __len__(self) -> int:
        return len(self.fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.fields == other.fields

    def __hash__(self) -> int:
        return hash(self.fields)

    def __repr__(self) -> str:
        return f"Schema({list(self.fields)!r})"

    def __getitem__(self, name: str) -> Field:
        """Look a column up by name; an unknown name raises `SchemaError` with the nearest names."""
        try:
            return self._by_name[name]
        except KeyError:
            raise SchemaError(self.unknown(name)) from None

    def unknown(self, name: str) -> str:
        """Say that the column is not there, and why or which ones are."""
        return self._left_out.get(name) or unknown_column(name, self.names)

    def index(self, name: str) -> int:
        """Return the position of column `name`."""
        self[name]
        return self.names.index(name)

    def select(self, names: Sequence[str]) -> Schema:
        """Return the schema of these columns, in the order asked for."""
        return Schema((self[name] for name in names), self._left_out)

    def without(self, names: Iterable[str]) -> Schema:
        """Return the schema without these columns; each must exist."""
        gone = {self[name].name for name in names}
        return Schema((field for field in self.fields if field.name not in gone), self._left_out)


def listing(names: Iterable[object], limit: int = _LISTED) -> str:
    """Spell out the first `limit` names, quoted, and count the rest."""
    quoted = [repr(name) for name in names]
    shown = ", ".join(quoted[:limit])
    return shown if len(quoted) <= limit else f"{shown}, ... ({len(quoted) - limit} more)"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"``, or nothing when no known name is near."""
    from difflib import get_close_matches

    candidates = list(known)
    near = get_close_matches(name, candidates, n=3, cutoff=0.6)
    if not near:
        near = [k for k in candidates if k.casefold().strip() == name.casefold().strip()]
    return f" Did you mean {' or '.join(repr(k) for k in near)}?" if near else ""


def place_of(reference: str, spelt: Sequence[str], values: AnyArray | None) -> int | None:
    """Return the place of a level by its text, or by its value: ``"4"`` names the level 4.0; None where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> place_of("b", ["a", "b"], None), place_of("4", ["3.0", "4.0"], np.array([3.0, 4.0])), place_of("5", ["4"], None)
    (1, 1, None)
    """
    if reference in spelt:
        return list(spelt).index(reference)
    same: list[int] = []
    if values is not None:
        with suppress(ValueError):
            same = np.flatnonzero(values == float(reference)).tolist()
    return same[0] if same else None


def unknown_column(name: object, known: Iterable[str]) -> str:
    """Say that a column does not exist, which ones do, and the nearest."""
    known = tuple(known)
    return (
        f"there is no column {name!r}.{did_you_mean(str(name), known)} The columns are: {listing(known) or '(none)'}."
    )


def duplicated(names: Iterable[str]) -> str:
    """Say which names occur twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    return f"duplicate column names: {listing(twice)}. Each column needs a name of its own: rename them before fitting."
