"""Tick labels with thousands separated. Importing this module imports matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np

from mathlearn import _engines
from mathlearn.plot.words import grouped

__all__ = ["Thousands"]

_ScalarFormatter: Any = _engines.load("matplotlib.ticker").ScalarFormatter

_SPELT = (1e-4, 1e7)
"""Sizes between which numbers are written without an exponent."""

_DIGITS = 12
"""With more digits than these a label says only how far it is from a common offset, written at the end of the axis."""


class Thousands(_ScalarFormatter):  # type: ignore[misc]
    """Plain numbers, digits in groups of three from five digits on; very large and small ones each with its exponent."""

    def __init__(self) -> None:
        super().__init__(useOffset=False, useMathText=False)
        self.set_scientific(False)
        self._digits: int | None = None

    def set_locs(self, locs: Any) -> None:
        """Learn where the ticks are, on which it depends how they are written."""
        at = np.unique(np.asarray(locs, dtype=np.float64))
        largest = float(np.abs(at).max(initial=0.0))
        step = float(np.diff(at).min()) if len(at) > 1 else largest
        digits = int(np.ceil(np.log10(largest / step))) if step > 0 else 0
        self.set_useOffset(digits > _DIGITS)
        self._digits = digits if 0 < largest < _SPELT[0] or (_SPELT[1] <= largest and digits <= _DIGITS) else None
        super().set_locs(locs)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of the tick at `x`."""
        if self._digits is not None:
            return _with_exponent(x, self._digits)
        label: Any = super().__call__(x, pos)
        return grouped(label)


def _with_exponent(x: float, digits: int) -> str:
    """Write a number as ``1.5e−5``."""
    if x == 0:
        return "0"
    size, _, exponent = f"{x:.{digits}e}".partition("e")
    return f"{size.rstrip('0').rstrip('.') if digits else size}e{int(exponent)}".replace("-", "−")
