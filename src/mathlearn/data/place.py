"""`Place`: where the bytes of a file are, and what tells that they are still the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from mathlearn import _engines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["LocalPlace", "Look", "Place"]


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


class Place(ABC):
    """Where a file is.

    Attributes
    ----------
    label : str
        What to call it in messages.
    name : str
        Its whole path or address, to tell it from others; credentials are left out.
    """

    __slots__ = ()
    label: str
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
    def native_text(self, first: int | None = None) -> AbstractContextManager[Any]:
        """Give what `text` does as a stream that does not need Python, for threads of Arrow's that read ahead.

        Parameters
        ----------
        first : int, optional
            How many bytes will do; there may be more.
        """


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

    @contextmanager
    def native_text(self, first: int | None = None) -> Iterator[Any]:  # noqa: ARG002 -- all is at hand
        """Give the file, decompressed."""
        yield self.text()
