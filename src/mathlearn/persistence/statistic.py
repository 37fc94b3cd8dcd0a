"""The statistic of a pass as JSON and arrays, from a closed table of records.

None of these records holds a row: what a pass has sampled or picked is not stored, and read again.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import UntrustedModelError
from mathlearn._typing import AnyArray
from mathlearn.persistence import codec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["from_parts", "in_parts"]

_RECORDS = frozenset({
    "mathlearn.calculus.first_order._Sums",
    "mathlearn.calculus.jeffreys._Part",
    "mathlearn.calculus.objective.Sums",
    "mathlearn.certify.bias_rows.Bias",
    "mathlearn.certify.likelihood_rows.Deviances",
    "mathlearn.certify.likelihood_rows.LikelihoodRows",
    "mathlearn.certify.recession.RecessionEvidence",
    "mathlearn.certify.row_sums.RowSums",
    "mathlearn.linalg.moments.Moments",
    "mathlearn.linalg.refinement.Correction",
    "mathlearn.linalg.tsqr.RFactor",
    "mathlearn.linalg.whitened.Whitened",
    "mathlearn.statistics.covariance.hc.Meat",
    "mathlearn.statistics.covariance.white.Tally",
})  # fmt: skip
_PLAIN: dict[str, type] = {kind.__name__: kind for kind in (bool, int, float)}
_TUPLE, _ARRAY, _BY_COLUMNS = "tuple", "array", "columns"


def in_parts(value: Any, path: str, arrays: dict[str, AnyArray]) -> Any:
    """Take a statistic apart.

    Parameters
    ----------
    value
        A record of the table, a number, an array, or a tuple of these.
    path : str
        Names of its arrays start with it.
    arrays : dict
        Receives copies of its arrays.

    Returns
    -------
    JSON value

    Raises
    ------
    TypeError
        It is, or holds, something else.
    """
    kind = type(value)
    if kind is tuple:
        return {_TUPLE: [in_parts(item, f"{path}.{i}", arrays) for i, item in enumerate(value)]}
    name = _ARRAY if kind is np.ndarray else kind.__name__ if kind in _PLAIN.values() else _name(kind)
    if name not in _RECORDS and name not in _PLAIN and name != _ARRAY:
        raise TypeError(f"{path} is a {name}, which is not kept")
    own: dict[str, AnyArray] = {}
    stored = codec.encode(value, path, own)
    # Sums go on in the order of memory that they had, on which the last bit of a product can depend.
    by_columns = [each for each, array in own.items() if array.flags.f_contiguous and not array.flags.c_contiguous]
    arrays |= {each: array.T.copy() if each in by_columns else array.copy() for each, array in own.items()}
    return {name: stored, _BY_COLUMNS: by_columns}


def from_parts(stored: Any, path: str, arrays: Mapping[str, AnyArray], used: set[str]) -> Any:
    """Put a statistic together, or refuse; parameters as of `codec.decode`.

    Raises
    ------
    UntrustedModelError
        It is not what `in_parts` gives.
    """
    match stored:
        case {"tuple": [*items]} if len(stored) == 1:
            return tuple(from_parts(item, f"{path}.{i}", arrays, used) for i, item in enumerate(items))
        case {"columns": [*by_columns]} if len(stored) == 2:
            ((name, inside),) = ((key, value) for key, value in stored.items() if key != _BY_COLUMNS)
            own = {
                each: _laid_out(array, by_columns=each in by_columns)
                for each, array in arrays.items()
                if each == path or each.startswith(f"{path}.")
            }
            return codec.decode(inside, _declared(name, path), path, own, used)
    raise UntrustedModelError(f"{path} is no statistic")


def _laid_out(array: AnyArray, *, by_columns: bool) -> AnyArray:
    """Return an array of its own, in the order of memory that it had."""
    return array.copy().T if by_columns else array.copy()


def _declared(name: str, path: str) -> Any:
    if name in _RECORDS:
        module, _, record = name.rpartition(".")
        return getattr(import_module(module), record)
    if name in _PLAIN:
        return _PLAIN[name]
    if name == _ARRAY:
        return AnyArray
    raise UntrustedModelError(f"{path} is a {name[:80]!r}, which no statistic is")


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
