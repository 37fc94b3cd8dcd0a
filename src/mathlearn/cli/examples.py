"""Examples of each command for its help: one line each, that fits a terminal of 80 columns."""

from __future__ import annotations

__all__ = ["EXAMPLES", "epilog"]

EXAMPLES: dict[str, tuple[str, ...]] = {
    "fit": (
        "mathlearn fit penguins.csv --formula 'body_mass_g ~ sex' --missing drop",
        "mathlearn fit penguins.csv --formula 'body_mass_g~year' --where 'sex==\"male\"'",
        "mathlearn fit titanic.csv --model logistic --formula 'survived ~ sex + age'",
        "mathlearn fit titanic.csv --model logistic --formula 'class == \"crew\" ~ sex'",
        "mathlearn fit titanic.csv --model logistic --target sex --save m.safetensors",
        "mathlearn fit titanic.csv --model logistic --target sex --report page.html",
    ),
    "predict": (
        "mathlearn predict m.safetensors new.csv -o predictions.csv",
        "mathlearn predict m.safetensors new.csv --interval 0.95",
        "mathlearn predict m.safetensors new.csv --proba",
        "mathlearn predict m.safetensors new.csv --where 'class == \"crew\"'",
    ),
    "check": (
        "mathlearn check m.safetensors",
        "mathlearn check m.safetensors titanic.csv",
    ),
    "summary": (
        "mathlearn summary m.safetensors",
        "mathlearn summary m.safetensors --format latex -o table.tex",
    ),
    "explain": (
        "mathlearn explain m.safetensors",
        "mathlearn explain m.safetensors --row titanic.csv:17",
        "mathlearn explain m.safetensors --format html -o derivation.html",
    ),
    "diagnose": ("mathlearn diagnose m.safetensors titanic.csv",),
    "report": ("mathlearn report m.safetensors titanic.csv -o page.html",),
    "compare": ("mathlearn compare one.safetensors two.safetensors --format markdown",),
    "merge": ("mathlearn merge north.safetensors south.safetensors -o all.safetensors",),
    "demo": ("mathlearn demo --folder tour",),
}
"""By command."""

_MORE = {
    "fit": "Figures are on the page that --report writes.",
    "report": "The page holds the figures. A picture by itself is made in Python: mathlearn.load('m.safetensors').plot(rows).figure_.savefig('fit.png').",
}


def epilog(command: str) -> str:
    """Return what stands below a command's help: paragraphs, which Typer shows as lines."""
    more = (_MORE[command],) if command in _MORE else ()
    return "\n\n".join(("Examples", *EXAMPLES[command], *more))
