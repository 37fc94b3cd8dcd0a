"""Paths, folders and globs to an ordered list of files, and the format of each."""

from __future__ import annotations

import os
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn.data.file_names import FORMATS, empty, found, is_address, is_hidden, managed, wanted
from mathlearn.data.place import LocalPlace
from mathlearn.data.schema import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mathlearn.data.file_names import Found

__all__ = ["find", "missing_file"]


def find(
    what: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    fmt: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> list[Found]:
    """List the files named by a path, a folder, a glob, an address, or a list of them, in a fixed order.

    Files of a folder or glob come sorted by name; a list keeps its order.

    Parameters
    ----------
    what : path, str, or sequence of them
    fmt : {"csv", "parquet", "ipc"}, optional
        The format of all files; by default the ending of each name decides.
    storage_options : mapping, optional
        For the file systems of addresses.

    Raises
    ------
    FileNotFoundError
        If nothing is there.
    SchemaError
        If formats are unknown or mixed, or a folder is no plain folder of files.
    """
    if fmt is not None and fmt not in FORMATS:
        raise SchemaError(f"format={fmt!r} is unknown.{did_you_mean(fmt, FORMATS)} Allowed are {listing(FORMATS)}.")
    named = [what] if isinstance(what, str | os.PathLike) else list(what)
    if not named:
        raise FileNotFoundError("an empty list of files was given: name at least one")
    if storage_options and not any(map(is_address, named)):
        raise SchemaError(
            f"storage_options= is for addresses (as s3://...), and {os.fspath(named[0])!r} is a path of this machine. Leave it out."
        )
    files = [file for name in named for file in _expanded(os.fspath(name), fmt, storage_options or {})]
    formats = {file.format for file in files}
    if len(formats) > 1:
        samples = [next(file.place.label for file in files if file.format == f) for f in sorted(formats)]
        raise SchemaError(f"files of several formats are mixed: {listing(samples)}. Scan one format at a time.")
    return files


def _expanded(name: str, fmt: str | None, storage_options: Mapping[str, Any]) -> Iterator[Found]:
    if is_address(name):
        from mathlearn.data.remote_paths import find_at

        yield from find_at(name, fmt, storage_options)
        return
    path = Path(name).expanduser()
    if path.is_dir():
        yield from _in_folder(path, fmt)
    elif path.exists() or not has_magic(name):
        yield _one(path, name, fmt)
    else:
        names = glob(str(path), recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
        matches = sorted(match for match in map(Path, names) if match.is_file() and not is_hidden(match.name))
        if not matches:
            raise FileNotFoundError(f"no file matches {name!r} (looked from {Path.cwd()})")
        yield from (_one(match, str(match), fmt) for match in matches)


def _one(path: Path, label: str, fmt: str | None) -> Found:
    if not path.exists():
        raise FileNotFoundError(missing_file(path, label))
    if not path.is_file():
        raise SchemaError(
            f"{label} is not a regular file: a fit may read its rows more than once. Save them to a file first."
        )
    return found(LocalPlace(path.absolute(), label), path.name, fmt)


def missing_file(path: Path, label: str) -> str:
    """Say that a file does not exist, where it was looked for, and what is near."""
    if not path.parent.is_dir():
        return f"there is no file {label!r}: the folder {str(path.parent)!r} does not exist (looked from {Path.cwd()})"
    near = did_you_mean(path.name, (sibling.name for sibling in path.parent.iterdir()))
    return f"there is no file {label!r} (looked in {path.parent.resolve()}).{near}"


def _in_folder(folder: Path, fmt: str | None) -> Iterator[Found]:
    """Yield the data files under a folder."""
    if (folder / "_delta_log").is_dir():
        raise managed(str(folder))
    names = sorted(Path(root, name).relative_to(folder) for root, _, names in os.walk(folder) for name in names)
    files = [name for name in names if wanted(str(folder), name, fmt)]
    if not files:
        raise empty(str(folder))
    for name in files:
        yield _one(folder / name, str(name), fmt)
