"""`RemotePlace`: a file of a file system that fsspec opens."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._atomic import NO_ROOM
from mathlearn._errors import CorruptFileError, ResourceError
from mathlearn.data.credentials import told
from mathlearn.data.file_names import COMPRESSED
from mathlearn.data.place import Beginning, LocalPlace, Look, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from mathlearn.data.place import Text

__all__ = ["RemotePlace", "guarded"]

_VERSIONS = frozenset({
    "checksum", "content-md5", "crc32c", "created", "digest", "etag", "generation", "last-modified", "last_modified",
    "lastmodified", "md5", "md5hash", "modified", "mtime", "updated", "version_id", "versionid",
})  # fmt: skip
"""What file systems call that which differs between two versions of a file; times of reading are not among it."""


@contextmanager
def guarded(label: str, secrets: frozenset[str]) -> Iterator[None]:
    """Tell the errors of another's file system as OSError, without the credentials that may stand in them.

    Raises
    ------
    FileNotFoundError
    OSError
    """
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {label!r}") from None
    except Exception as error:  # noqa: BLE001 -- each file system has errors of its own
        raise OSError(f"{label}: {told(error, secrets)}") from None


@dataclass(frozen=True, slots=True)
class RemotePlace(Place):
    """A file of a file system that fsspec opens.

    Attributes
    ----------
    system : fsspec.AbstractFileSystem
    path : str
        As the file system calls it.
    secrets : frozenset of str
        What no message may repeat.
    """

    label: str
    name: str
    system: Any = field(repr=False)
    path: str = field(repr=False)
    secrets: frozenset[str] = field(repr=False)

    @property
    def native(self) -> None:
        """None: Arrow knows nothing of this file system."""
        return

    def look(self) -> Look:
        """Return the size, and a digest of the times and marks of the version, as the file system says them now."""
        with self._guarded():
            self.system.invalidate_cache(self.path)  # a listing of before would hide the change
            info = self.system.info(self.path)
            marks = sorted((key, str(value)) for key, value in info.items() if key.lower() in _VERSIONS)
            version = str(marks) if marks else str(self.system.ukey(self.path))
        return Look(info.get("size"), f"version {hashlib.blake2b(version.encode(), digest_size=8).hexdigest()}")

    def open(self) -> Any:
        """Open the file; Arrow reads it through Python."""
        with self._guarded():
            file = self.system.open(self.path, "rb")
        return _engines.load("pyarrow").PythonFile(_Bytes(file, self), mode="r")

    def text(self) -> Any:
        """Open the file, decompressed."""
        pa = _engines.load("pyarrow")
        file = self.open()
        return pa.CompressedInputStream(file, pa.Codec.detect(self._ending).name) if self._ending else file

    def beginning(self, n: int) -> Text:
        """Return the first `n` bytes, read into memory."""
        with self.text() as stream:
            return Beginning(self.label, stream.read(n))

    @contextmanager
    def at_hand(self) -> Iterator[Text]:
        """Give a copy of the file on this machine, which is removed afterwards."""
        with TemporaryDirectory(prefix="mathlearn-", ignore_cleanup_errors=True) as folder:
            copy = Path(folder, f"copy{self._ending}")
            self._copy(copy)
            yield LocalPlace(copy, self.label)

    def _copy(self, to: Path) -> None:
        """Copy the file.

        Raises
        ------
        ResourceError
            If there is no room.
        CorruptFileError
            If fewer or more bytes came than there are.
        """
        announced = self.look().size
        with self._guarded():
            full = _fetched(self.system, self.path, to)
        if full is not None:
            raise ResourceError(
                f"{self.label} is copied to {gettempdir()} while it is read, and that fails: {full}. Make room, or name "
                "another folder by the environment variable TMPDIR. Parquet and Arrow files are read without such a copy."
            )
        size = to.stat().st_size
        if announced is not None and size != announced:
            raise CorruptFileError(f"{self.label} has {announced} bytes, of which {size} came. Read it again.")

    @property
    def _ending(self) -> str:
        """The ending of a compressed file, or nothing."""
        ending = PurePosixPath(self.path.partition("?")[0]).suffix.lower()
        return ending if ending in COMPRESSED else ""

    def _guarded(self) -> AbstractContextManager[None]:
        return guarded(self.label, self.secrets)


def _fetched(system: Any, path: str, to: Path) -> str | None:
    """Copy a file, and say what is wrong where there is no room for it here."""
    try:
        system.get_file(path, str(to))
    except OSError as error:
        if error.errno in NO_ROOM:
            return error.strerror
        raise
    return None


class _Bytes:
    """A file as Arrow asks for it: a block is short only at the end, and errors do not repeat credentials.

    Parameters
    ----------
    file : file of fsspec
    place : RemotePlace
    """

    closed = False

    def __init__(self, file: Any, place: RemotePlace) -> None:
        self._file = file
        self._place = place

    def read(self, n: int) -> bytes:
        """Return the next `n` bytes, or those that are left."""
        blocks: list[bytes] = []
        while n > 0:
            with guarded(self._place.label, self._place.secrets):
                block = self._file.read(n)
            if not block:
                break
            blocks.append(block)
            n -= len(block)
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)

    def seek(self, to: int, whence: int = 0) -> int:
        """Go to a place."""
        with guarded(self._place.label, self._place.secrets):
            return int(self._file.seek(to, whence))

    def tell(self) -> int:
        """Return the place."""
        return int(self._file.tell())

    def seekable(self) -> bool:
        """Whether one can go to a place."""
        return bool(self._file.seekable())

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self.closed = True
            self._file.close()
