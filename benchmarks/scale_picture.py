"""The picture of how the cost grows with the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def draw(points: Sequence[tuple[int, float, float]], path: Path) -> None:
    """Draw the times of some numbers of rows, and the line through them, on logarithmic axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    n, seconds, line = zip(*points, strict=True)
    figure, axes = plt.subplots(figsize=(6.4, 4.0), dpi=130, layout="constrained")
    axes.loglog(n, line, color="#888888", linewidth=1.5, label="a + b n")
    axes.loglog(n, seconds, "o", color="#1f77b4", markersize=6, label="measured")
    axes.set_xlabel("rows of 21 columns")
    axes.set_ylabel("seconds")
    axes.set_title("Least squares with inference over Parquet", loc="left")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
