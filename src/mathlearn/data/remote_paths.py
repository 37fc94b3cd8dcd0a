"""Addresses (``s3://...``), folders and globs of other file systems to an ordered list of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from glob import has_magic
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import SchemaError
from mathlearn.data.credentials import redacted, secrets_of, told
from mathlearn.data.file_names import empty, found, is_hidden, managed, wanted
from mathlearn.data.remote_place import RemotePlace, guarded
from mathlearn.data.schema import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from mathlearn.data.file_names import Found

__all__ = ["find_at"]


def find_at(address: str, fmt: str | None, options: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the files at an address, a folder or a glob there, sorted by name.

    Parameters
    ----------
    address : str
    fmt : {"csv", "parquet", "ipc"} or None
    options : mapping
        For the file system.

    Raises
    ------
    FileNotFoundError
        If nothing is there.
    SchemaError
        If the file system is unknown, a format is, or a folder is no plain folder of files.
    ImportError
        If the file system needs a package that is not installed.
    OSError
        If the file system refuses.
    """
    there = _opened(address, options)
    with there.guarded():
        is_file = there.system.isfile(there.path)  # asked first: of a web page everything is a folder, too
        is_folder = not is_file and there.system.isdir(there.path)
    if is_file:
        yield there.file(there.path, there.label, fmt)
    elif is_folder:
        yield from _in_folder(there, fmt)
    elif has_magic(there.path):
        yield from _matching(there, fmt)
    else:
        raise FileNotFoundError(_missing(there))


@dataclass(frozen=True, slots=True)
class _There:
    """Where an address leads.

    Attributes
    ----------
    system : fsspec.AbstractFileSystem
    path : str
        As the file system calls it.
    label : str
        The address without credentials.
    secrets : frozenset of str
    """

    system: Any
    path: str = field(repr=False)
    label: str
    secrets: frozenset[str] = field(repr=False)

    def guarded(self) -> AbstractContextManager[None]:
        """Tell errors without credentials."""
        return guarded(self.label, self.secrets)

    def file(self, path: str, label: str, fmt: str | None, name: str | None = None) -> Found:
        """Return a file of this file system."""
        place = RemotePlace(label, name or label, self.system, path, self.secrets)
        return found(place, PurePosixPath(path.partition("?")[0]).name, fmt)


def _opened(address: str, options: Mapping[str, Any]) -> _There:
    label, scheme = redacted(address), address.partition("://")[0]
    if "::" in address:
        raise SchemaError(
            f"{label!r} is a chain of addresses, which is not supported. Give the address of the files themselves."
        )
    fsspec = _engines.load("fsspec")
    known = {*fsspec.available_protocols(), *fsspec.registry}
    if scheme not in known:
        raise SchemaError(
            f"{label!r}: no file system is called {scheme!r}.{did_you_mean(scheme, sorted(known))} Those of fsspec are allowed; a package that "
            "brings another has to be installed first."
        )
    secrets = secrets_of(address, options)
    try:
        system, path = fsspec.url_to_fs(address, **options)
    except ImportError as error:
        raise ImportError(f"the file system of {label!r} needs another package. {told(error, secrets)}") from None
    except Exception as error:  # noqa: BLE001 -- each file system has errors of its own
        raise OSError(f"{label}: the file system cannot be opened: {told(error, secrets)}") from None
    return _There(system, path, label, secrets)


def _in_folder(there: _There, fmt: str | None) -> Iterator[Found]:
    """Yield the data files under a folder."""
    with there.guarded():
        there.system.invalidate_cache(there.path)
        paths = there.system.find(there.path)
    relatives = sorted(_below(there.path, path) for path in paths)
    if any(relative.parts[0] == "_delta_log" for relative in relatives):
        raise managed(there.label)
    names = [name for name in relatives if wanted(there.label, name, fmt)]
    if not names:
        raise empty(there.label)
    for name in names:
        path = f"{there.path.rstrip('/')}/{name}"
        yield there.file(path, str(name), fmt, f"{there.label.rstrip('/')}/{name}")


def _matching(there: _There, fmt: str | None) -> Iterator[Found]:
    """Yield the files that a glob matches, called as it calls them."""
    parts = there.path.split("/")
    tail = len(parts) - next(i for i, part in enumerate(parts) if has_magic(part))
    root, shown = "/".join(parts[:-tail]), there.label.rsplit("/", tail)[0]
    with there.guarded():
        there.system.invalidate_cache(root)
        matches = there.system.glob(there.path, detail=True)
    files = sorted(_below(root, path) for path, info in matches.items() if info["type"] == "file")
    names = [
        name for name in files if not is_hidden(name.name) and not any(part.startswith(".") for part in name.parts)
    ]
    if not names:
        raise FileNotFoundError(f"no file matches {there.label!r}")
    for name in names:
        yield there.file(f"{root}/{name}" if root else str(name), f"{shown}/{name}", fmt)


def _below(folder: str, path: str) -> PurePosixPath:
    """Return a path without the folder that it is under."""
    return PurePosixPath(path[len(folder) :].lstrip("/"))


def _missing(there: _There) -> str:
    """Say that a file does not exist, and what is near."""
    folder, _, name = there.path.rpartition("/")
    shown = there.label.rpartition("/")[0]
    try:
        siblings = there.system.ls(folder, detail=False)
    except Exception:  # noqa: BLE001 -- a second failure; the first is told
        return f"there is no file {there.label!r}, and {shown!r} cannot be listed"
    near = did_you_mean(name, (PurePosixPath(sibling).name for sibling in siblings))
    return f"there is no file {there.label!r} (looked in {shown}).{near}"
