"""Paths, folders and globs to an ordered list of files, and the format of each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from mathlearn._errors import SchemaError
from mathlearn.data.schema import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FORMATS: dict[str, tuple[str, ...]] = {
    "csv": (".csv", ".tsv"),
    "parquet": (".parquet", ".pq"),
    "ipc": (".arrow", ".feather", ".ipc"),
}
"""Formats, and the endings by which they are known."""

_COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was found: where it is, what to call it, its format."""

    path: Path
    label: str
    format: str

    @property
    def tabbed(self) -> bool:
        """Whether the name says that tabs separate the columns."""
        return _ending(self.path) == ".tsv"


def find(what: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], fmt: str | None = None) -> list[Found]:
    """List the files named by a path, a folder, a glob, or a list of them, in a fixed order.

    Files of a folder or glob come sorted by name; a list keeps its order.

    Parameters
    ----------
    what : path, str, or sequence of them
    fmt : {"csv", "parquet", "ipc"}, optional
        The format of all files; by default the ending of each name decides.

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
    found = [file for name in named for file in _expanded(os.fspath(name), fmt)]
    formats = {file.format for file in found}
    if len(formats) > 1:
        samples = [next(file.label for file in found if file.format == f) for f in sorted(formats)]
        raise SchemaError(f"files of several formats are mixed: {listing(samples)}. Scan one format at a time.")
    return found


def _expanded(name: str, fmt: str | None) -> Iterator[Found]:
    if "://" in name:
        raise SchemaError(f"{name!r} is an address, not a local path. Download the file first, then scan the copy.")
    path = Path(name).expanduser()
    if path.is_dir():
        yield from _in_folder(path, fmt)
    elif path.exists() or not has_magic(name):
        yield _one(path, name, fmt)
    else:
        names = glob(str(path), recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
        matches = sorted(match for match in map(Path, names) if match.is_file() and not _is_hidden(match.name))
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
    known = fmt or format_of(path)
    if known is None:
        endings = ", ".join(ending for endings in FORMATS.values() for ending in endings)
        raise SchemaError(
            f"the format of {label} is unknown: its name ends in none of {endings}. Pass format= ({listing(FORMATS)})."
        )
    return Found(path, label, known)


def missing_file(path: Path, label: str) -> str:
    """Say that a file does not exist, where it was looked for, and what is near."""
    if not path.parent.is_dir():
        return f"there is no file {label!r}: the folder {str(path.parent)!r} does not exist (looked from {Path.cwd()})"
    near = did_you_mean(path.name, (sibling.name for sibling in path.parent.iterdir()))
    return f"there is no file {label!r} (looked in {path.parent.resolve()}).{near}"


def _in_folder(folder: Path, fmt: str | None) -> Iterator[Found]:
    """Yield the data files under a folder; hidden names (``.x``, ``_x``) are bookkeeping of other programs."""
    _refuse_managed(folder)
    files = sorted(
        Path(root, name)
        for root, folders, names in os.walk(folder)
        if not any(_is_hidden(part) for part in Path(root).relative_to(folder).parts)
        for name in names
        if not _is_hidden(name) and (fmt or format_of(Path(name)))
    )
    if not files:
        raise FileNotFoundError(
            f"the folder {str(folder)!r} holds no file that ends in "
            f"{', '.join(ending for endings in FORMATS.values() for ending in endings)}"
        )
    for file in files:
        relative = file.relative_to(folder)
        _refuse_partitions(folder, relative)
        yield _one(file, str(relative), fmt)


def _refuse_managed(folder: Path) -> None:
    if (folder / "_delta_log").is_dir():
        raise SchemaError(
            f"{str(folder)!r} is a Delta table: its files also hold deleted rows. Export the table to Parquet, or "
            "read it to an Arrow table with the package deltalake, and scan that."
        )


def _refuse_partitions(folder: Path, relative: Path) -> None:
    key = next((part.partition("=")[0] for part in relative.parts[:-1] if "=" in part), None)
    if key is not None:
        raise SchemaError(
            f"{str(folder)!r} is partitioned: the column {key!r} stands in folder names ({str(relative)!r}) and not "
            f"in the files, and would be lost. Scan the folder of one partition, or read it with pyarrow.dataset and "
            "scan the table."
        )


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _ending(path: Path) -> str:
    inner = path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path
    return inner.suffix.lower()


def format_of(path: Path) -> str | None:
    """Return the format that the ending of a name stands for, None when it stands for none."""
    ending = _ending(path)
    return next((known for known, endings in FORMATS.items() if ending in endings), None)
