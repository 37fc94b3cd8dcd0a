"""A local copy of the columns that a fit reads again and again, where reading them anew costs more: CSV, SQL, rows chosen by a condition."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

from mathlearn import _engines
from mathlearn._errors import DomainError
from mathlearn.data.arrow_source import ArrowSource
from mathlearn.data.progress_line import LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.data.bound import BoundRows

__all__ = ["AUTO", "NEVER", "Copied", "copied", "require_cache"]

AUTO, NEVER = "auto", "never"

_IN_MEMORY = 64 << 20
"""Bytes that are kept in memory; a longer copy goes to a file."""

_LOOK = 64 << 20
"""Bytes between two looks at the room that is left."""

_log = logging.getLogger("mathlearn")


def require_cache(cache: str | os.PathLike[str]) -> None:
    """Refuse what is neither a choice nor a folder.

    Raises
    ------
    DomainError

    Examples
    --------
    >>> require_cache("auto")
    """
    if cache not in {AUTO, NEVER} and not Path(cache).is_dir():
        raise DomainError(
            f"cache is {os.fspath(cache)!r}: it must be {AUTO!r}, {NEVER!r}, or a folder that exists, in which the copy is put"
        )


@contextmanager
def copied(rows: BoundRows, passes: int = 2) -> Iterator[BoundRows]:
    """Give rows that are copied as they are read for the first time, and read from the copy after that, until the block ends.

    They are given as they are where that would save nothing, or the caller did not allow it.

    Parameters
    ----------
    rows : BoundRows
    passes : int
        How many are expected: a copy is of no use to a single one.
    """
    source = rows.source
    with LINE.cleared():
        if passes < 2 or not isinstance(source, ArrowSource) or not _wanted(source):
            yield rows
            return
        copy = Copied(source, rows.names)
        try:
            yield rows.on(copy)
        finally:
            copy.close()


def _wanted(source: ArrowSource) -> bool:
    return source.cache != NEVER and (source.cache != AUTO or source.costly)


class Copied(ArrowSource):
    """The rows of another source, of which some columns are copied in the first pass that reads them to the end.

    A copy that cannot be finished, because the disk is full or a type changes on the way, is left; the rows are then read as before.

    Parameters
    ----------
    source : ArrowSource
    columns : sequence of str
        The columns to copy.
    """

    def __init__(self, source: ArrowSource, columns: Sequence[str]) -> None:
        self._source = source
        self._columns = frozenset(columns)
        self._kept: _Kept | None = None
        self._wanted = True
        self.n_rows = source.n_rows
        self.label = source.label

    @property
    def schema(self) -> Any:  # type: ignore[override]
        """Column names with their kinds, as the source has them."""
        return self._source.schema

    def reads(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file is among those of the source."""
        return self._source.reads(path)

    def locate(self, row: int) -> str:
        """Say where a row is in the source."""
        return self._source.locate(row)

    def identity(self) -> dict[str, str] | None:
        """Return what the source says of itself."""
        return self._source.identity()

    def record_batches(self, names: Sequence[str]) -> Iterator[Any]:
        """Yield the rows, from the copy once there is one."""
        if self._kept is not None and self._columns.issuperset(names):
            return (batch.select(list(names)) for batch in self._kept.batches())
        if self._wanted and self._columns == set(names):
            return self._copying(names)
        return self._source.record_batches(names)

    def record_batches_from(self, first_row: int, names: Sequence[str]) -> Iterator[Any]:
        """Yield the rows from one on: from the copy, or by the source's own way to pass over others."""
        if self._kept is None and first_row:
            return self._source.record_batches_from(first_row, names)
        return super().record_batches_from(first_row, names)

    def _copying(self, names: Sequence[str]) -> Iterator[Any]:
        kept = _Kept(None if self._source.cache == AUTO else Path(self._source.cache))
        try:
            for batch in self._source.record_batches(names):
                if self._wanted and not self._added(kept, batch):
                    kept.close()
                yield batch
            if self._wanted and self._finished(kept):
                self._kept, kept = kept, _Kept(None)
                self._wanted = False
                _log.info("a copy of %s is read from now on: %s", self.label, self._kept)
        finally:
            kept.close()

    def _added(self, kept: _Kept, batch: Any) -> bool:
        """Whether a batch could be added; if not, no copy is tried again unless only the types changed."""
        try:
            return kept.add(batch)
        except OSError as error:
            self._give_up(error.strerror or str(error))
            return False

    def _finished(self, kept: _Kept) -> bool:
        try:
            return kept.finish()
        except OSError as error:
            self._give_up(error.strerror or str(error))
            return False

    def _give_up(self, why: str) -> None:
        self._wanted = False
        warnings.warn(
            f"no local copy of {self.label} is kept ({why}): each pass of the fit reads it anew. Name a folder with more room by "
            f"scan(..., cache=...), or leave the copy out by cache={NEVER!r}.",
            stacklevel=2,
        )

    def close(self) -> None:
        """Remove the copy."""
        self._wanted = False
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class _Kept:
    """Record batches of one schema: in memory, or in a file that only this user can read, once they are many.

    Parameters
    ----------
    folder : Path or None
        Where the file goes; None for the system's folder for such, of whose room half is left to others.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._batches: list[Any] = []
        self._bytes = 0
        self._seen = 0  # bytes at the last look at the disk
        self._place: TemporaryDirectory[str] | None = None
        self._writer: Any = None
        self._sink: BinaryIO | None = None
        self._schema: Any = None
        self._open = True

    def __str__(self) -> str:
        where = "in memory" if self._place is None else f"in {self._place.name}"
        return f"{self._bytes / 1e6:,.1f} MB {where}"

    def add(self, batch: Any) -> bool:
        """Add a batch; False when the copy is given up, because the types have changed or it was closed."""
        if not self._open:
            return False
        self._schema = self._schema or batch.schema
        if batch.schema != self._schema:
            return False
        self._bytes += batch.nbytes
        if self._writer is None and self._bytes <= _IN_MEMORY:
            self._batches.append(batch)
            return True
        if self._writer is None:
            self._spill()
        self._require_room()
        self._writer.write_batch(batch)
        return True

    def finish(self) -> bool:
        """End the copy; False when there is none."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._sink is not None:
            self._sink.close()
        return self._open

    def batches(self) -> Iterator[Any]:
        """Yield what was added."""
        if self._place is None:
            yield from self._batches
            return
        pa = _engines.load("pyarrow")
        with pa.OSFile(str(self._path)) as file, _engines.load("pyarrow.ipc").open_stream(file) as reader:
            yield from reader

    def close(self) -> None:
        """Remove everything."""
        self._open = False
        self._batches = []
        self._writer = None
        if self._sink is not None:
            with suppress(OSError):  # what could not be written is not wanted any more
                self._sink.close()
        if self._place is not None:
            self._place.cleanup()
            self._place = None

    def _spill(self) -> None:
        self._place = TemporaryDirectory(prefix="mathlearn-", dir=self._folder)  # only for this user, and gone at exit
        self._path = Path(self._place.name, "rows.arrows")
        handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._sink = os.fdopen(handle, "wb")
        self._room = shutil.disk_usage(self._place.name).free
        self._writer = _engines.load("pyarrow.ipc").new_stream(self._sink, self._schema)
        for early in self._batches:
            self._writer.write_batch(early)
        self._batches = []

    def _require_room(self) -> None:
        """Leave half of the room to others, unless the caller has named the folder.

        Raises
        ------
        OSError
        """
        if self._folder is not None or self._bytes - self._seen < _LOOK:
            return
        self._seen = self._bytes
        if self._bytes > self._room / 2:
            raise OSError(None, f"it would take more than half of the {self._room / 1e9:.3g} GB that are free")
