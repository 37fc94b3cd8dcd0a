"""`Source`: a re-iterable origin of rows. One file per concrete source beside this one."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from mathlearn import _text
from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mathlearn.data.batch import Batch
    from mathlearn.data.schema import Schema

S = TypeVar("S")


class Source(ABC):
    """A re-iterable origin of rows; it holds no fit state.

    Attributes
    ----------
    schema : Schema
        Column names, in order, with their kinds (and levels where the source declares them).
    n_rows : int or None
        None when it is not known before reading.
    in_memory : bool
        Whether a second pass costs no input or output.
    label : str
        What to call it in messages and reports (credentials never included).
    apart : bool
        Whether its rows lie in parts elsewhere, where they are worked on.
    part : bool
        Whether it is such a part, which may have no row.
    number, begins : int
        Which part it is, counted from 0, and where it begins among the rows of the whole: parts are in order, but unless all their
        lengths are known there are places without a row between them.
    """

    schema: Schema
    n_rows: int | None
    in_memory: bool
    label: str
    apart: bool = False
    part: bool = False
    number: int = 0
    begins: int = 0

    @abstractmethod
    def batches(self, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Yield consecutive batches of at most `max_rows` rows holding the named columns (all when None)."""

    def batches_from(self, first_row: int, columns: Sequence[str] | None = None, *, max_rows: int) -> Iterator[Batch]:
        """Yield the rows from row `first_row` on as `batches` does; sources with an `identity` can."""
        raise NotImplementedError(f"{self.label} is read from its first row on, not from row {first_row} on")

    def identity(self) -> dict[str, str] | None:
        """Return what must be the same for these rows to be the same another time, by its name; None where nothing can tell."""
        return None

    def held(self, column: str) -> Any:  # noqa: ARG002 -- what sources in memory override
        """Return a column as its owner holds it, in a type of which batches may know less; None where there is no such thing."""
        return None

    def renamed(self, names: Mapping[str, str]) -> Source:
        """Return a source without column names of its own with these in the place of those that it was given."""
        del names
        msg = f"{type(self).__name__} has column names of its own"
        raise TypeError(msg)

    def fold(self, of: Callable[[Source], S], merge: Callable[[S, S], S], columns: Sequence[str]) -> S:  # noqa: ARG002 -- of several parts
        """Merge ``of(part)`` over the parts in a fixed order; each is a source of at least these columns, and of rows where they lie."""
        return of(self)

    def first(self, of: Callable[[Source], S | None], columns: Sequence[str]) -> S | None:  # noqa: ARG002 -- as `fold`
        """Return ``of`` of the first part for which that is not None."""
        return of(self)

    def refuse_values(self, what: str) -> None:  # noqa: B027 -- most sources have nothing to refuse
        """Refuse the argument `what` as values in memory, where rows cannot be paired with them."""

    def reads(self, path: str | os.PathLike[str]) -> bool:  # noqa: ARG002 -- most have no file
        """Whether a file is among those that the rows come from."""
        return False

    def refuse_as_target(self, path: str | os.PathLike[str] | None) -> None:
        """Refuse to write over a file that the rows come from.

        Raises
        ------
        DomainError
        """
        if path is not None and self.reads(path):
            raise DomainError(
                f"{os.fspath(path)} is read here, and would be replaced by what is made of it: write to another file."
            )

    def locate(self, row: int) -> str:
        """Say where row `row` (0-based) is, in the user's terms, for example ``"row 17"`` or ``"part-2.csv, line 19"``."""
        return f"row {row}"

    def __repr__(self) -> str:
        p = len(self.schema)
        return _text.terminal(f"<{type(self).__name__}: {self.label}: {p} column{'s' if p != 1 else ''}>")

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, with the remedy: a source may be a stream."""
        raise TypeError(_ONLY_MATHLEARN.format(what="is no array"))

    def __len__(self) -> NoReturn:
        """Refuse, with the remedy: a source may be a stream."""
        raise TypeError(_ONLY_MATHLEARN.format(what="has no len()"))

    def __getitem__(self, key: Any) -> NoReturn:
        """Refuse, with the remedy: a source may be a stream."""
        raise TypeError(_ONLY_MATHLEARN.format(what="cannot be indexed"))


_ONLY_MATHLEARN = (
    "a mathlearn source {what}: it is a stream of rows and goes only to mathlearn estimators. "
    "To use these rows elsewhere, read them into a data frame first (pandas.read_csv, pandas.read_parquet, ...)."
)
