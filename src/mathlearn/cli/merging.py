"""The command that joins saved fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _engines
from mathlearn.cli.commands import load_model, status
from mathlearn.cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["merge_files"]

_FEWEST = 2


def merge_files(paths: list[Path], output: Path) -> int:
    """Write the fit of the rows of all; 3 if its certificate is not ok.

    Raises
    ------
    typer.BadParameter
        There is one model only.
    """
    from mathlearn._atomic import require_folder
    from mathlearn.linear_model._merge import merge

    if len(paths) < _FEWEST:
        raise _engines.load("typer").BadParameter("merge needs two models or more")
    require_folder(output)  # before the work, not after it
    merged = merge(*map(load_model, paths))
    merged.save(output)
    say(f"model saved: {output}; {merged.result_.n} rows, {merged.certificate_.verdict}")
    return status(merged.certificate_)
