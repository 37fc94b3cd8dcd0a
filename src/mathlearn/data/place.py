"""`Place`: where the bytes of a file are, and what tells that they are still the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from mathlearn import _engines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["Beginning", "LocalPlace", "Look", "Place", "Text"]


class Look(NamedTuple):
    """What a file is known by without being read.

    Attributes
    ----------
    size : int or None
        In bytes; None where it is not said.
    version : str
        The time of its last change, or whatever else differs between what was there at different times.
    """

    size: int | None
    version: str


class Text(ABC):
    """Text that can be read from its beginning again and again.

    Attributes
    ----------
    label : str
        What to call it in messages.
    """

    __slots__ = ()
    label: str

    @abstractmethod
    def text(self) -> Any:
        """Open it as an Arrow input stream."""


@dataclass(frozen=True, slots=True)
class Beginning(Text):
    """The first bytes of a text, held in memory."""

    label: str
    head: bytes = field(repr=False)

    def text(self) -> Any:
        """Open them."""
        return _engines.load("pyarrow").BufferReader(self.head)


class Place(Text):
    """Where a file is.

    Attributes
    ----------
    name : str
        Its whole path or address, to tell it from others; credentials are left out.
    """

    __slots__ = ()
    name: str

    @property
    @abstractmethod
    def native(self) -> str | None:
        """The path by which Arrow opens the file itself, None where it is read through Python."""

    @abstractmethod
    def look(self) -> Look:
        """Return what the file is known by at this moment.

        Raises
        ------
        FileNotFoundError
        OSError
        """

    @abstractmethod
    def open(self) -> Any:
        """Open the bytes for random access, as an Arrow file.

        Raises
        ------
        FileNotFoundError
        OSError
        """

    @abstractmethod
    def text(self) -> Any:
        """Open the bytes, decompressed according to the name (.gz, .bz2, .zst, .lz4), as an Arrow input stream."""

    @abstractmethod
    def beginning(self, n: int) -> Text:
        """Return what begins as the text does for `n` bytes, and does not need Python to be read: see `at_hand`."""

    @abstractmethod
    def at_hand(self) -> AbstractContextManager[Text]:
        """Give the text so that it does not need Python to be read: threads of Arrow's that read ahead may outlive it."""


@dataclass(frozen=True, slots=True)
class LocalPlace(Place):
    """A file of this machine.

    Attributes
    ----------
    path : Path
        Absolute: the working folder may change between passes.
    """

    path: Path
    label: str

    @property
    def name(self) -> str:  # type: ignore[override]
        """The path."""
        return str(self.path)

    @property
    def native(self) -> str:
        """The path."""
        return str(self.path)

    def look(self) -> Look:
        """Return the size and the time of the last change."""
        seen = self.path.stat()
        changed = seen.st_mtime_ns
        return Look(seen.st_size, f"{datetime.fromtimestamp(changed / 1e9, UTC).isoformat()} ({changed} ns)")

    def open(self) -> Any:
        """Open the file."""
        return _engines.load("pyarrow").OSFile(self.native)

    def text(self) -> Any:
        """Open the file, decompressed."""
        return _engines.load("pyarrow").input_stream(self.native, compression="detect")

    def beginning(self, n: int) -> Text:  # noqa: ARG002 -- all is at hand
        """Return the file."""
        return self

    @contextmanager
    def at_hand(self) -> Iterator[Text]:
        """Give the file."""
        yield self
