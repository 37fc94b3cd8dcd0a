"""A data frame with one line a row and response: the layout of `augment` and `influence`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.statistics.frame import FrameKind, Reasons, to_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mathlearn._typing import FloatArray, IntArray
    from mathlearn.results.fit_result import FitResult

__all__ = ["row_table"]


def row_table(
    result: FitResult, index: IntArray, columns: Mapping[str, FloatArray], why: Reasons, as_: FrameKind
) -> Any:
    """Lay columns (n, q) out below one another, response by response, named where there are several.

    Parameters
    ----------
    result : FitResult
    index : (n,)
        Numbers of the rows in the source.
    columns : mapping of name to (n, q)
    why : dict
        Why cells are NaN, by (index of the response, row or "all rows", column).
    as_ : {"pandas", "polars", "arrow"}
    """
    q = len(result.responses)
    several = q > 1
    out: dict[str, Any] = {}
    if several:
        out["response"] = np.repeat(np.asarray(result.responses, dtype=object), len(index))
    out["row"] = np.tile(index, q)
    out |= {name: values.ravel(order="F") for name, values in columns.items()}
    reasons: Reasons = {(result.responses[i], *key) if several else tuple(key): text for (i, *key), text in why.items()}
    return to_frame(out, as_, reasons)
