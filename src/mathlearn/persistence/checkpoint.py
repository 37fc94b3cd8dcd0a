"""`Checkpoint`: the journal of a fit in one file, from which the fit goes on after it was stopped."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mathlearn._atomic import require_folder
from mathlearn._config import get_config
from mathlearn._errors import CheckpointWarning, CorruptFileError, ResourceError, SchemaError, UntrustedModelError
from mathlearn.data.digest import digest
from mathlearn.data.journal import Kept
from mathlearn.persistence import container, statistic

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from mathlearn._typing import AnyArray

__all__ = ["FORMAT", "SECONDS", "SHARE", "Checkpoint"]

FORMAT = "mathlearn checkpoint 1"
SECONDS = 10.0
"""Least time between two writings."""

SHARE = 0.01
"""Share of the time that writing may take: where it takes long, it is done more seldom."""

_MEMORY = 0.25  # of ``max_memory`` that passes may take
_HEADING, _DOCUMENT = "mathlearn", "document"


class _Page(NamedTuple):
    """What is kept of a pass.

    Attributes
    ----------
    task : str
        What tells it from other passes.
    row : int or None
        The row up to which blocks are merged; None for all.
    value : JSON value
        The statistic, or None where it is not kept.
    arrays : dict
        Of the statistic.
    """

    task: str
    row: int | None = 0
    value: Any = None
    arrays: Mapping[str, AnyArray] = {}


class Checkpoint:
    """The passes of a fit in one file, written from time to time, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        A file that is there must be a checkpoint of the same fit, which is then gone on with.
    fit : mapping of str to str
        What the fit is, by what each of its circumstances is: the same for the same result.
    told : callable
        Returns the names of columns that the fit has warned of.

    Attributes
    ----------
    told_before : frozenset of str
        Columns that the run that was stopped has warned of.

    Raises
    ------
    CorruptFileError
        What is at `path` is no checkpoint, or is damaged.
    SchemaError
        It is the checkpoint of another fit.
    OSError
        The file cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fit: Mapping[str, str],
        told: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        require_folder(path)
        self._path = Path(path).resolve()  # the working folder, or a link, may change meanwhile
        self._fit = dict(fit)
        self._told = told
        self._at = -1
        self._pages: list[_Page] = []
        self.told_before: frozenset[str] = frozenset()
        if self._path.exists():
            self._go_on()
        self._live = True
        self._write()

    # ------------------------------------------------------------------------------------------------------ the journal
    def begin(self, task: str) -> Kept | None:
        """Begin the next pass, and return what an earlier run has of it."""
        self._at += 1
        if self._at < len(self._pages) and self._pages[self._at].task != task:
            del self._pages[self._at :]  # the fit has taken another way than it did before
        if self._at == len(self._pages):
            self._pages.append(_Page(task))
        page, path = self._pages[self._at], f"{self._at}"
        if page.value is None or not task:
            return None
        try:
            return Kept(statistic.from_parts(page.value, path, page.arrays, set()), page.row)
        except UntrustedModelError as error:
            raise _damaged(self._path, str(error)) from error

    def note(self, value: Any, row: int) -> None:
        """Keep what is merged up to a row, if it is time to."""
        if self._live and monotonic() >= self._due:
            self._keep(value, row)

    def end(self, value: Any) -> None:
        """Keep the statistic of the pass."""
        if self._live:
            self._keep(value, None)

    def _keep(self, value: Any, row: int | None) -> None:
        began = monotonic()
        arrays: dict[str, AnyArray] = {}
        try:
            parts = statistic.in_parts(value, f"{self._at}", arrays)
        except TypeError:  # rows that were picked, say: the pass is read again
            return
        self._pages[self._at] = _Page(self._pages[self._at].task, row, parts, arrays)
        if monotonic() >= self._due:
            self._try_to_write(began)

    # --------------------------------------------------------------------------------------------------------- the file
    def close(self, *, done: bool) -> None:
        """Remove the file of a fit that is done, or from which nothing could be taken up."""
        if done or not any(page.value is not None for page in self._pages):
            self._path.unlink(missing_ok=True)

    def _try_to_write(self, began: float) -> None:
        """Write, or warn once and go on without."""
        try:
            self._require_room()
            self._write(began)
        except (OSError, ResourceError) as error:
            self._live = False
            warnings.warn(
                f"the checkpoint {self._path} is not written any more: {error}. The fit goes on; if it is stopped, it can be taken up "
                "where the file was last written.",
                CheckpointWarning,
                stacklevel=2,
            )

    def _require_room(self) -> None:
        """Refuse to hold more of the passes than the memory has room for.

        Raises
        ------
        ResourceError
        """
        size = sum(array.nbytes for page in self._pages for array in page.arrays.values())
        most = int(_MEMORY * get_config().max_memory)
        if size > most:
            raise ResourceError(f"its passes take {size} bytes, and {most} are allowed, a quarter of max_memory")

    def _write(self, began: float | None = None) -> None:
        began = monotonic() if began is None else began
        document = {
            "fit": self._fit,
            "told": sorted({*self.told_before, *self._told()}),
            "passes": [{"task": page.task, "row": page.row, "value": page.value} for page in self._pages],
        }
        text = json.dumps(document, allow_nan=False).encode("ascii")
        arrays: dict[str, AnyArray] = {_DOCUMENT: np.frombuffer(text, dtype=np.uint8)}
        for page in self._pages:
            arrays |= page.arrays
        heading = {"format": FORMAT, "digest": _digest(arrays)}
        container.write(self._path, {_HEADING: json.dumps(heading)}, arrays, private=True)
        now = monotonic()
        self._due = now + max(SECONDS, (now - began) / SHARE)

    def _go_on(self) -> None:
        """Read what an earlier run has left."""
        document, arrays = _read(self._path)
        pages = [
            _Page(page["task"], page["row"], page["value"], _own(arrays, i))
            for i, page in enumerate(document["passes"])
        ]
        if not any(page.value is not None for page in pages):
            return
        _require_same(self._path, document["fit"], self._fit)
        self._pages = pages
        self.told_before = frozenset(document["told"])


def _digest(arrays: Mapping[str, AnyArray]) -> str:
    return digest(tuple(sorted(arrays.items())))


def _own(arrays: Mapping[str, AnyArray], index: int) -> dict[str, AnyArray]:
    """Return the arrays of one pass, whose names begin with its number."""
    return {name: array for name, array in arrays.items() if name.partition(".")[0] == f"{index}"}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, AnyArray]]:
    """Read a checkpoint, to the last bit as it was written.

    Raises
    ------
    CorruptFileError
    """
    try:
        text, arrays = container.read(path)
        heading = container.parse_json(text.get(_HEADING, "null"), path)
    except container.UnreadableError as error:
        raise _damaged(path, error.why) from error
    if not isinstance(heading, dict) or "digest" not in heading or _DOCUMENT not in arrays:
        raise _damaged(path, "it is a file of another kind")
    if heading.get("format") != FORMAT:
        raise _damaged(path, f"its format is {str(heading.get('format'))[:40]!r}, and this version reads {FORMAT!r}")
    if heading["digest"] != _digest(arrays):
        raise _damaged(path, "it was changed after it was written")
    document: dict[str, Any] = json.loads(arrays.pop(_DOCUMENT).tobytes())
    if not _is_complete(document):
        raise _damaged(path, "parts of it are missing")
    return document, arrays


def _is_complete(document: Any) -> bool:
    """Whether a document has the parts that are written."""
    if not isinstance(document, dict) or not {"fit", "told", "passes"} <= document.keys():
        return False
    passes = document["passes"]
    return isinstance(passes, list) and all(
        isinstance(p, dict) and {"task", "row", "value"} <= p.keys() for p in passes
    )


def _damaged(path: Path, why: str) -> CorruptFileError:
    return CorruptFileError(
        f"{path} is not a checkpoint that a fit can go on from: {why}. Delete it to fit from the beginning, or give another path."
    )


def _require_same(path: Path, was: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Refuse the checkpoint of another fit, naming what differs.

    Raises
    ------
    SchemaError
    """
    differ = [name for name in dict.fromkeys((*now, *was)) if was.get(name) != now.get(name)]
    differ.sort(key=lambda name: name.startswith("the digest of"))  # which follow from the others, and say least
    if not differ:
        return
    first, more = differ[0], len(differ) - 1
    beside = f" (and {more} more)" if more else ""
    raise SchemaError(
        f"{path} is the checkpoint of another fit: {first} was {_shown(was.get(first))} and is {_shown(now.get(first))}{beside}. Fit the same "
        "rows by the same model to go on from there, give another path, or delete the file to fit from the beginning."
    )


def _shown(value: str | None) -> str:
    return "not there" if value is None else value if len(value) <= 200 else f"{value[:197]}..."
