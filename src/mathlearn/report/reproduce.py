"""How to have the fit again: versions, parameters, fingerprint of the rows, script; nothing secret in it."""

from __future__ import annotations

import math
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mathlearn._version import __version__
from mathlearn.data.credentials import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mathlearn.report.record import Line

__all__ = ["lines", "script"]


def lines(*, source: str | None, rows: int | None, mark: str | None, command: str | None) -> Iterator[Line]:
    """Yield what it takes to have the fit again.

    Parameters
    ----------
    source : str or None
        What the rows come from.
    rows : int or None
    mark : str or None
        Fingerprint of the rows.
    command : str or None
        As it was typed.
    """
    yield "mathlearn", __version__
    yield (
        "with",
        ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn"))
        + f"; Python {platform.python_version()}",
    )
    if source is not None:
        yield "Rows from", redacted(source)
    if mark is not None:
        yield "Fingerprint", f"{mark} (BLAKE2b of the {rows} rows that were fitted, as float64, in order)"
    if command is not None:
        yield "Command", redacted(command)


def script(model: Any, y: Any, roles: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return lines of Python that make the model: its class, the parameters that are not the defaults, the columns with a role."""
    kind = type(model)
    usual = kind().get_params(deep=False)
    given = {name: value for name, value in model.get_params(deep=False).items() if value != usual[name]}
    arguments = ", ".join(f"{name}={redacted(_written(value))}" for name, value in given.items())
    module = kind.__module__.partition("._")[0]
    fit = f"X{_observed(model, y)}" + "".join(
        f", {role}={value!r}" if isinstance(value, str) else f", {role}={role}" for role, value in (roles or {}).items()
    )
    return f"from {module} import {kind.__name__}", "", f"model = {kind.__name__}({arguments})", f"model.fit({fit})"


def _observed(model: Any, y: Any) -> str:
    """Write y as an argument of ``fit``, the trials of proportions as one of their own."""
    result, columns = model.result_, model.design_.response_columns
    if result.likelihood is None or result.likelihood.response != "proportions and trials":
        return "" if y is None else f", {y!r}" if isinstance(y, str) else ", y"
    formula = model.design_.encoding is not None and bool(model.design_.encoding.responses)
    proportions = "" if formula else f", {columns[0]!r}" if columns else ", y"
    return f"{proportions}, trials={columns[-1]!r}" if columns else f"{proportions}, trials=trials"


def _written(value: Any) -> str:
    """Write a parameter as Python reads it again."""
    return "float('inf')" if isinstance(value, float) and value == math.inf else repr(value)
