"""Which response and which term is meant."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn.data.schema import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mathlearn.results.fit_result import FitResult

__all__ = ["chosen_response", "chosen_term"]


def chosen_response(result: FitResult, response: str | int | None) -> int:
    """Return the index of a response by name or position, counted from the end where negative; the first by default.

    Raises
    ------
    SchemaError
        There is none of that name or position.
    """
    names, given = result.responses, 0 if response is None else response
    if isinstance(given, str) and given in names:
        return names.index(given)
    position = _position(given)
    if position is not None and -len(names) <= position < len(names):
        return position % len(names)
    hint = did_you_mean(given, names) if isinstance(given, str) else ""
    raise SchemaError(f"there is no response {response!r}: the fit has {listing(names)}.{hint}")


def _position(given: Any) -> int | None:
    """Return what is a whole number, of NumPy's too; True is none."""
    if isinstance(given, bool):
        return None
    return int(given) if isinstance(given, Integral) else None


def chosen_term(names: Sequence[str], term: str) -> int:
    """Return the index of a term among `names`.

    Raises
    ------
    SchemaError
        There is none of that name.
    """
    if term in names:
        return names.index(term)
    columns = [name for name in names if name.startswith((f"{term}[", f"C({term})["))]
    hint = f" Of {term!r} it has {listing(columns)}: name one." if columns else did_you_mean(str(term), names)
    raise SchemaError(f"there is no term {term!r}: the fit has {listing(names)}.{hint}")
