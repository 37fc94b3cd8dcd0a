"""What tests of figures share: which displays there are, a table to fit, and drawing to pixels."""

import numpy as np
import pandas as pd

from mathlearn.plot import (
    CoefficientDisplay,
    DiagnosticsDisplay,
    LeverageDisplay,
    OverviewDisplay,
    PartialRegressionDisplay,
    QuantilesDisplay,
    ResidualsDisplay,
    ScaleLocationDisplay,
)

ROWS = [ResidualsDisplay, QuantilesDisplay, ScaleLocationDisplay, LeverageDisplay, DiagnosticsDisplay]
EVERY = [*ROWS, PartialRegressionDisplay, OverviewDisplay, CoefficientDisplay]


def mixed_table():
    """Two numeric columns and one of categories, with a y that depends on all."""
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.uniform(1, 5, size=n), "g": rng.choice(["u", "v", "w"], n)})
    frame["y"] = 1 + 2 * frame["a"] - frame["b"] + (frame["g"] == "v") + rng.normal(size=n)
    return frame


def rendered(display):
    """Draw to pixels, where a wrong artist would fail or warn."""
    display.figure_.canvas.draw()
    return display
