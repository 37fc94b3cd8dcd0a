"""A fit that somebody follows: its passes counted, and told to scikit-learn's callbacks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mathlearn._sklearn import fit_task, has_callbacks
from mathlearn.data.progress import Passes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from mathlearn._sklearn import BaseEstimator
    from mathlearn.data.progress import Progress

__all__ = ["followed"]

_SHARES = 100
"""Parts of a pass that are told one by one, where its number of rows is known."""


def followed(
    estimator: BaseEstimator, X: Any, y: Any = None, sample_weight: Any = None
) -> AbstractContextManager[object]:
    """Return the context in which an estimator is fitted.

    Parameters
    ----------
    estimator : BaseEstimator
    X, y, sample_weight
        What callbacks are told that it is fitted to.
    """
    if not has_callbacks(estimator):
        return Passes()
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    return _with_callbacks(estimator, X=X, y=y, metadata=metadata)


@contextmanager
def _with_callbacks(estimator: BaseEstimator, **data: Any) -> Iterator[None]:
    with fit_task(estimator, **data) as task:
        tasks = _PassTasks(estimator, task)
        with Passes(tasks.follow):
            yield


class _PassTasks:
    """Makes a task of each pass over a stream, and of each hundredth of its rows a task in it.

    A pass is begun when it is first told of, so that a look at the first rows is none. What callbacks say of stopping is not followed:
    half a fit has no evidence.
    """

    __slots__ = ("_done", "_estimator", "_fit", "_number", "_pass")

    def __init__(self, estimator: BaseEstimator, fit: Any) -> None:
        self._estimator = estimator
        self._fit = fit
        self._number = self._done = 0
        self._pass: Any = None

    def follow(self, progress: Progress) -> None:
        """Tell callbacks what a record of progress says."""
        if progress.pass_number != self._number:
            known = progress.total_rows is not None and not progress.ended
            self._pass = self._begun(self._fit, "pass", max_subtasks=_SHARES if known else 0)
            self._number, self._done = progress.pass_number, 0
        if self._pass.max_subtasks:
            for _ in range(self._done, _share(progress)):
                self._end(self._begun(self._pass, "rows"))
                self._done += 1
        if progress.ended:
            self._end(self._pass)

    def _begun(self, within: Any, name: str, **form: Any) -> Any:
        task = within.subcontext(task_name=name, **form)
        return task.call_on_fit_task_begin(estimator=self._estimator)

    def _end(self, task: Any) -> None:
        task.call_on_fit_task_end(estimator=self._estimator)


def _share(progress: Progress) -> int:
    """Return how many hundredths of its rows a pass has read."""
    total = progress.total_rows or progress.rows
    return _SHARES * progress.rows // total if total else _SHARES
