"""Fits that can be stopped and gone on with: the rows of a fit with a checkpoint, and what the fit is."""

from __future__ import annotations

import platform
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sklearn.utils.metadata_routing import UNUSED

from mathlearn._errors import SchemaError
from mathlearn._version import __version__
from mathlearn.data.schema import listing

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from mathlearn.data.bound import BoundRows
    from mathlearn.data.rows import Rows

__all__ = ["NO_METADATA", "resumable"]

NO_METADATA = {"checkpoint": UNUSED}
"""Tells scikit-learn's routing that a checkpoint says nothing of the rows, and is not to be routed."""

_FREE = frozenset({"copy_X", "n_jobs", "random_state", "solver", "verbose"})
"""Parameters on which no result depends."""

_LIBRARIES = ("numpy", "scipy", "pyarrow")
"""Whose arithmetic, or reading of numbers, may change with their version."""

_ARGUMENTS = {"weight": "sample_weight", "group": "groups"}
"""Names in `fit` of the roles that are called otherwise here."""


@contextmanager
def resumable(rows: BoundRows, model: Any, path: str | os.PathLike[str] | None) -> Iterator[Rows]:
    """Give the rows of a fit, whose passes are kept in a checkpoint at `path` until the fit is done.

    Raises
    ------
    SchemaError
        The rows are not in files, or the checkpoint is of another fit.
    CorruptFileError
        What is at `path` is no checkpoint, or is damaged.
    OSError
        It cannot be written.
    """
    if path is None:
        yield rows
        return
    fit = _circumstances(model, rows)
    from mathlearn.data.integers import warn_inexact
    from mathlearn.data.journal import Journalled
    from mathlearn.persistence.checkpoint import Checkpoint

    checkpoint = Checkpoint(path, fit, lambda: rows.told)
    done = False
    try:
        yield Journalled(rows, checkpoint)
        done = True
    finally:
        checkpoint.close(done=done)
    warn_inexact(sorted(checkpoint.told_before - rows.told), shifted=bool(rows.design.int_shift))


def _circumstances(model: Any, rows: BoundRows) -> dict[str, str]:
    """Return what has to be the same for a fit to have the same result, by its name.

    Raises
    ------
    SchemaError
    """
    from mathlearn.data.digest import digest

    source = rows.source
    identity = source.identity()
    if identity is None:
        why = (
            "these are in memory, where a fit is soon repeated"
            if source.in_memory
            else f"{source.label} may give other rows the next time"
        )
        raise SchemaError(
            f"checkpoint= is for rows in files, as mathlearn.scan('sales/*.parquet') has them, and {why}. Leave checkpoint out, or write "
            "the rows to a file and scan that."
        )
    versions = {f"the version of {name}": version(name) for name in _LIBRARIES}
    parameters = {
        f"the parameter {name}": repr(value)
        for name, value in model.get_params(deep=False).items()
        if name not in _FREE
    }
    roles = {
        _ARGUMENTS.get(name, name): listing(role.columns) if role.columns else f"values with the digest {digest(role)}"
        for name, role in rows.roles.items()
    }
    return {
        "the version of mathlearn": __version__,
        "the version of Python": platform.python_version(),
        **versions,
        "the estimator": type(model).__name__,
        **parameters,
        **roles,
        **identity,
        "the digest of what was learned of the columns": digest(rows.design),
    }
