"""Draw the pictures of the documentation: ``python -m docs.pictures``."""  # noqa: INP001 -- a script

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from PIL import Image

from mathlearn.datasets import load_penguins, load_titanic
from mathlearn.linear_model import LinearRegression, LogisticRegression

if TYPE_CHECKING:
    from mathlearn.plot.display import Display

FOLDER = Path(__file__).parent / "images"
PIXELS_PER_INCH = 150
COLOURS = 128  # of a picture: all that anti-aliasing needs, at a third of the size
LENGTH = "body_mass_g ~ flipper_length_mm"
PICTURES = {
    "band": (LENGTH, "fit"),
    "penguins": (f"{LENGTH} + species", "fit"),
    "overview": (f"{LENGTH} + bill_depth_mm + sex", "auto"),
    "diagnostics": (f"{LENGTH} + bill_depth_mm + sex", "diagnostics"),
}
CLASSES = {"classes": "body_mass_g", "classes-map": "bill_length_mm + body_mass_g"}
SURVIVAL = {"survival": "auto", "survival-diagnostics": "diagnostics"}


def save(display: Display, name: str) -> None:
    """Write a figure as a PNG with a palette."""
    buffer = BytesIO()
    display.figure_.savefig(buffer, format="png", dpi=PIXELS_PER_INCH)
    picture = Image.open(buffer).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(FOLDER / f"{name}.png", optimize=True)


def main() -> None:
    """Draw all of them."""
    mpl.use("agg")
    penguins = load_penguins()
    for name, (formula, kind) in PICTURES.items():
        model = LinearRegression(formula=formula, missing="drop").fit(penguins)
        save(model.plot(penguins, kind=kind, theme="light"), name)
    people = load_titanic()
    survival = LogisticRegression(C=np.inf, formula="survived ~ C(class) + sex + age").fit(people)
    for name, kind in SURVIVAL.items():
        save(survival.plot(people, kind=kind, theme="light"), name)
    known = penguins.dropna()
    sex = LogisticRegression(C=np.inf, formula="sex ~ body_mass_g + species").fit(known)
    save(sex.plot(known, theme="light"), "probability")
    for name, columns in CLASSES.items():
        model = LogisticRegression(C=np.inf, formula=f"species ~ {columns}").fit(known)
        save(model.plot(known, theme="light"), name)


if __name__ == "__main__":
    main()
