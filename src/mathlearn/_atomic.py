"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NO_ROOM", "replacing", "require_folder"]

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What only writing can end in: the system names no file then."""


@contextmanager
def replacing(path: str | os.PathLike[str], *, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes the place of `path` when the block ends well, and vanishes otherwise.

    The bytes go to a hidden file in the same folder, are flushed to disk, and are renamed over `path` in one step. An
    error, a full disk or Ctrl-C inside the block leaves whatever was at `path` before, and nothing beside it. A link is
    followed; the permissions of an existing file are kept. Something that is no regular file (``/dev/stdout``, a pipe) cannot be
    replaced and is written to directly.

    Parameters
    ----------
    path : str or path-like
    private : bool
        Whether nobody but this user may read a new file.

    Yields
    ------
    binary file

    Raises
    ------
    OSError
        As `open` does, for example if the folder does not exist; it names `path`, never the hidden file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder, "table.csv")
    ...     with replacing(target) as file:
    ...         _ = file.write(b"a,b")
    ...     target.read_bytes()
    b'a,b'
    """
    require_folder(path)
    target = Path(path).resolve()
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb") as file:
            yield file
        return
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        # "x" refuses a name somebody else took; the permissions are those of any new file, unless it is private.
        with open(part, "xb", opener=_private if private else None) as file:
            if mode is not None:
                part.chmod(stat.S_IMODE(mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        _discard(part)
        if error.filename != str(part) and (error.filename is not None or error.errno not in NO_ROOM):
            raise  # of something else that the block does, such as reading
        # The number makes it of the same class as the system's own, which is its cause.
        remedy = ": make room there, or write elsewhere" if error.errno in NO_ROOM else ""
        raise OSError(error.errno, f"cannot be written ({error.strerror}){remedy}", os.fspath(path)) from error
    except BaseException:
        _discard(part)
        raise
    _flush_folder(target.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _discard(part: Path) -> None:
    with suppress(OSError):
        part.unlink(missing_ok=True)


def require_folder(path: str | os.PathLike[str]) -> None:
    """Refuse a path that no file can be written to, because it is empty or a folder, or its folder is missing.

    Raises
    ------
    FileNotFoundError
        The name is empty, or the folder is missing; the message says which.
    IsADirectoryError
        It is a folder itself.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     require_folder(Path(folder, "table.csv"))
    """
    if not os.fspath(path):
        raise FileNotFoundError("the name of the file to write is empty: give one")
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the name of a file in it")
    folder = Path(path).resolve().parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"the folder {folder} does not exist: make it first, or write {Path(path).name} elsewhere"
        )


def _mode(target: Path) -> int | None:
    try:
        return target.stat().st_mode
    except FileNotFoundError:
        return None


def _flush_folder(folder: Path) -> None:
    # The rename itself is durable only once the folder is; systems that cannot open a folder need no such step.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
