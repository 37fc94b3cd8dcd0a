"""``mathlearn demo``: the main job on real data, with every file it makes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mathlearn.cli import commands, showing
from mathlearn.cli.commands import FitRequest, Origin, Sink, Wanted
from mathlearn.cli.output import say
from mathlearn.datasets import penguins_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["run"]

_FORMULA = "body_mass_g ~ flipper_length_mm + species"
_NEW_PENGUINS = """\
species,flipper_length_mm
Adelie,181
Adelie,200
Chinstrap,195
Gentoo,217
"""


def run(folder: Path) -> int:
    """Fit the penguins' body mass, certify, save, load, predict, explain, draw and report; return the worst exit status met.

    Parameters
    ----------
    folder : Path
        Where the files go; made if missing.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, model, new = folder / "penguins.csv", folder / "model.safetensors", folder / "new.csv"
    shutil.copyfile(penguins_path(), rows)
    new.write_text(_NEW_PENGUINS, encoding="utf-8")
    request = FitRequest(parameters={"formula": _FORMULA, "missing": "drop"}, save=model)

    _announce(f"mathlearn fit {rows} --formula '{_FORMULA}' --missing drop --save {model}")
    statuses = [commands.fit(Origin(str(rows)), request, Sink())]
    _announce(f"mathlearn check {model} {rows}")
    statuses.append(commands.check(model, Origin(str(rows)), Sink()))
    _announce(f"mathlearn predict {model} {new} --interval 0.95")
    wanted = Wanted(level=0.95)
    statuses.append(commands.predict(model, Origin(str(new)), wanted, Sink()))

    commands.predict(model, Origin(str(new)), wanted, Sink(folder / "predictions.csv"))
    commands.summary(model, Sink(folder / "summary.html", format="html"))
    commands.summary(model, Sink(folder / "summary.tex", format="latex"))
    statuses.append(showing.explain(model, None, None, {}, "markdown", Sink(folder / "derivation.md")))
    _announce(f"mathlearn report {model} {rows} -o {folder / 'report.html'}")
    statuses.append(showing.report(model, Origin(str(rows)), folder / "report.html"))
    for picture in ("fit", "diagnostics"):
        showing.picture(model, Origin(str(rows)), picture, folder / f"{picture}.png")
    say(f"all files are in {folder.resolve()}")
    return max(statuses)


def _announce(command: str) -> None:
    Sink().write([f"\n$ {command}\n\n"])
