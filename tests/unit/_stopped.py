"""Fits with a checkpoint that are stopped at a given place, for tests."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

from mathlearn.calculus import objective
from mathlearn.fitting import survey
from mathlearn.linalg import ladder
from mathlearn.persistence import checkpoint


class Stopped(BaseException):
    """Stands for whatever ends a process."""


@contextmanager
def written_always():
    """Write the checkpoint after every block, and take small blocks, so that a small table has many."""
    with (
        patch.object(checkpoint, "SECONDS", 0.0),
        patch.object(checkpoint, "SHARE", float("inf")),
        patch.object(objective, "_MOST_ROWS", 256),
        patch.object(ladder, "_MOST_ROWS", 256),
        patch.object(survey, "_WORTH", 1000),  # so that a start is sought on a sample, as it is of many rows
        patch("os.fsync"),  # a hundred times a fit, it would be most of the time
    ):
        yield


class Counted(checkpoint.Checkpoint):
    """A checkpoint that counts the events of a fit, and ends it after one of them."""

    events = 0
    last = None
    kept = ()

    @classmethod
    def up_to(cls, last):
        return type("Counted", (cls,), {"last": last, "kept": []})

    def begin(self, task):
        found = super().begin(task)
        self.kept.append(None if found is None else found.row if found.row is not None else "all")
        return found

    def note(self, value, row):
        super().note(value, row)
        self._count()

    def end(self, value):
        super().end(value)
        self._count()

    def _count(self):
        type(self).events += 1
        if type(self).events == self.last:
            raise Stopped


@contextmanager
def counting(last=None):
    """Count what a fit does, in the class that is given, and stop it after an event."""
    kind = Counted.up_to(last)
    with patch.object(checkpoint, "Checkpoint", kind):
        yield kind


def stop(fit, last):
    """Run a fit up to an event."""
    with counting(last):
        try:
            fit()
        except Stopped:
            return
    raise AssertionError(f"the fit ended before event {last}")
