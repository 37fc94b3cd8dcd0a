"""Labels that a formula makes: True where an event holds, ``species == "Adelie" ~ mass``, and False where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mathlearn.data.arrays import as_columns
from mathlearn.data.batch import Column
from mathlearn.data.coded import LEARN_ROWS, codes_of, label_at
from mathlearn.data.progress import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn._typing import AnyArray, BoolArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.coded import Label
    from mathlearn.data.formula import Encoding, EventFactor
    from mathlearn.data.source import Source


@dataclass(frozen=True, slots=True)
class EventLabels:
    """Whether an event holds, found as its columns are read."""

    event: EventFactor
    dtype: str = "bool"

    @property
    def name(self) -> str:
        """The event as it is written."""
        return self.event.source

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that are compared."""
        return self.event.columns

    def columns(self, source: Source) -> Iterator[tuple[int, Column]]:
        """Yield the labels, batch by batch."""
        for batch in read(source, self.event.columns, max_rows=LEARN_ROWS):
            yield batch.start, _holding(self.event, as_columns(batch, self.event.columns))

    def coded(self, classes: tuple[Label, ...]) -> CodedEvent:
        """Code the event as it is read."""
        return CodedEvent(self.event, classes)


@dataclass(frozen=True, slots=True)
class CodedEvent:
    """A role: whether an event holds, as codes."""

    event: EventFactor
    classes: tuple[Label, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the event compares."""
        return self.event.columns

    @property
    def length(self) -> int | None:
        """As many as there are rows."""
        return None

    def take(self, batch: Batch) -> tuple[AnyArray, BoolArray | None]:
        """Return the codes (n, 1)."""
        column = _holding(self.event, batch)
        return codes_of(column, self.classes).reshape(-1, 1), column.missing

    def label(self, batch: Batch, row: int) -> Label:
        """Return whether it holds in a row of this batch."""
        return label_at(_holding(self.event, batch), row)


def event_labels(encoding: Encoding | None) -> EventLabels | None:
    """Return the labels that a formula's left side makes; None where it names them."""
    if encoding is None:
        return None
    from mathlearn.data.formula import EventFactor

    event = next((factor for factor in encoding.response_factors if isinstance(factor, EventFactor)), None)
    return None if event is None else EventLabels(event)


def _holding(event: EventFactor, batch: Batch) -> Column:
    from mathlearn.data.formula.view import View

    view = View(batch, event.columns)
    return Column("boolean", event.holds(view), None if view.good is None else ~view.good)
