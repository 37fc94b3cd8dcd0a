"""Telling how far a stream has been read: which pass over its rows this is, how fast it goes, how long it may take."""

from __future__ import annotations

import math
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Self

from mathlearn._config import get_config
from mathlearn.data.progress_line import LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextvars import Token
    from types import TracebackType

    from mathlearn.data.batch import Batch
    from mathlearn.data.source import Source

__all__ = ["Passes", "Progress", "expect", "read", "reporting"]

_SECONDS = 0.25
"""Least time between two calls."""

_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stream has been read; as text, one line.

    Attributes
    ----------
    pass_number : int
        Which pass over the rows this is, from 1.
    passes_expected : int or None
        About how many there will be; None when that is unknown, or has turned out to be too few.
    rows : int
        Read in this pass, or passed over.
    total_rows : int or None
        That this pass will read; None while that is unknown.
    seconds : float
        Since this pass began.
    first_row : int
        Where it began: 0, but in a pass that goes on from a checkpoint.

    Examples
    --------
    >>> progress = Progress(2, 6, rows=12_400_000, total_rows=50_000_000, seconds=4.0)
    >>> print(progress)
    pass 2 of about 6: 12,400,000 of 50,000,000 rows, 3.1 million rows/s, about 77 s left
    >>> progress.rows_per_second
    3100000.0
    """

    pass_number: int
    passes_expected: int | None
    rows: int
    total_rows: int | None
    seconds: float
    first_row: int = 0

    @property
    def rows_per_second(self) -> float:
        """Rows of this pass for each second of it."""
        return (self.rows - self.first_row) / self.seconds if self.seconds else math.inf

    @property
    def remaining(self) -> float | None:
        """Seconds until the last of the passes expected ends, at the pace of this one; until this one ends where more are unknown.

        None while the number of rows is unknown.
        """
        if self.total_rows is None or self.rows == self.first_row:
            return None
        further = 0 if self.passes_expected is None else self.passes_expected - self.pass_number
        return (self.total_rows - self.rows + further * self.total_rows) / self.rows_per_second

    @property
    def ended(self) -> bool:
        """Whether this pass has read all rows."""
        return self.rows == self.total_rows

    def line(self, columns: int) -> str:
        """Return one line, without the pace of reading where that would make it longer than `columns`."""
        whole = str(self)
        return whole if len(whole) <= columns else self._joined(with_pace=False)[:columns]

    def __str__(self) -> str:
        return self._joined(with_pace=True)

    def _joined(self, *, with_pace: bool) -> str:
        of = f" of about {self.passes_expected}" if self.passes_expected not in {None, 1} else ""
        rows = f"{self.rows:,}" if self.total_rows is None else f"{self.rows:,} of {self.total_rows:,}"
        parts = [f"{rows} rows"]
        if with_pace and math.isfinite(self.rows_per_second):
            parts.append(f"{_pace(self.rows_per_second)} rows/s")
        if self.remaining:
            end = "left" if self.passes_expected is not None else "to the end of this pass"
            parts.append(f"about {_duration(self.remaining)} {end}")
        return f"pass {self.pass_number}{of}: {', '.join(parts)}"


class Passes:
    """The passes over the rows of one fit, counted as they end; as a context, those of all that is read inside.

    Parameters
    ----------
    follow : callable, optional
        Is told of them as ``follow(progress)``, besides what the settings say.
    """

    __slots__ = ("_expected", "_follow", "_token", "ended", "rows")

    def __init__(self, follow: Callable[[Progress], None] | None = None) -> None:
        self.ended = 0
        self.rows: int | None = None
        self._expected: int | None = None
        self._follow = follow
        self._token: Token[Passes | None] | None = None

    def __enter__(self) -> Self:
        self._token = _under_way.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._token is not None
        _under_way.reset(self._token)
        LINE.clear()

    @classmethod
    def of_now(cls) -> Passes:
        """Return those of the fit under way; without one, a count of its own for whoever reads."""
        return _under_way.get() or cls()

    def expect(self, more: int) -> None:
        """Say about how many passes are still to come."""
        self._expected = self.ended + more

    def listeners(self) -> list[Callable[[Progress], None]]:
        """Return who is to be told."""
        setting = get_config().progress
        shown = LINE.show if setting == "stderr" else setting
        return [each for each in (shown, self._follow) if each is not None]

    def at(self, rows: int, total: int | None, seconds: float, first_row: int) -> Progress:
        """Record how far the present pass is; as many rows as one pass has read, the next ones will."""
        number, expected = self.ended + 1, self._expected
        total = self.rows if total is None else total
        if expected is not None and expected < number:
            expected = None
        if total is not None and total < rows:
            total = None
        return Progress(number, expected, rows, total, seconds, first_row)

    def end(self, rows: int) -> None:
        """Count a pass that has read all rows."""
        self.ended += 1
        self.rows = rows


_under_way: ContextVar[Passes | None] = ContextVar("mathlearn_passes", default=None)


def expect(more: int) -> None:
    """Say about how many passes over the rows the fit under way has still to make; nothing outside of one."""
    passes = _under_way.get()
    if passes is not None:
        passes.expect(more)


def read(source: Source, columns: Sequence[str], *, max_rows: int) -> Iterator[Batch]:
    """Yield the batches of a source, telling of progress if it is a stream: a pass that comes before a fit has its rows."""
    batches = source.batches(columns, max_rows=max_rows)
    return batches if source.in_memory else reporting(batches, source.n_rows, Passes.of_now())


def reporting(batches: Iterable[Batch], total: int | None, passes: Passes, first_row: int = 0) -> Iterator[Batch]:
    """Pass the batches on, those from `first_row`, telling of progress a few times a second, and at the end.

    A pass that is given up before its end does not count.
    """
    listeners = passes.listeners()
    if not listeners:
        yield from batches
        return
    done, began = first_row, monotonic()
    last = began
    for batch in batches:
        yield batch
        done += batch.n
        if monotonic() - last >= _SECONDS:
            progress = passes.at(done, total, monotonic() - began, first_row)
            if not progress.ended:  # that is told once, when nothing more has come
                _tell(listeners, progress)
            last = monotonic()
    _tell(listeners, passes.at(done, done, monotonic() - began, first_row))
    passes.end(done)


def _tell(listeners: Iterable[Callable[[Progress], None]], progress: Progress) -> None:
    for tell in listeners:
        tell(progress)


def _pace(rows_per_second: float) -> str:
    if rows_per_second >= _MILLION:
        return f"{rows_per_second / _MILLION:,.1f} million"
    return f"{float(f'{rows_per_second:.2g}'):,.0f}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
