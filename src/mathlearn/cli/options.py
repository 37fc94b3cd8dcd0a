"""Options and arguments that commands share, and those of fits by likelihood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from mathlearn import _engines
from mathlearn.cli.models import BiasReduction, FamilyName
from mathlearn.cli.output import DerivationFormat, Format

if TYPE_CHECKING:
    import typer
else:
    typer = _engines.load("typer")

__all__ = [
    "Alpha",
    "Bias",
    "Checkpoint",
    "Decimal",
    "Delimiter",
    "Family",
    "Inverse",
    "Json",
    "Link",
    "MissingValue",
    "Model",
    "Offset",
    "Output",
    "Power",
    "Shown",
    "Source",
    "Sql",
    "Steps",
    "Theta",
    "Trials",
    "Types",
    "Where",
    "Written",
]

Source = Annotated[
    str, typer.Argument(help="File, folder or pattern: CSV, Parquet or Arrow; with --sql also a DuckDB file.")
]
Model = Annotated[Path, typer.Argument(help="Model file written by --save.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write there, whole or not at all, not to the screen.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
Sql = Annotated[
    str | None, typer.Option(help="One SELECT on the tables of a database, or on the file under its short name.")
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="<condition>",
        help='Which rows of the files to read, as in \'year >= 2008 and species in ["Adelie", "Gentoo"]\'; not those where a value that is '
        "compared is missing.",
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(help="Keep what is read of files there, so that the same command goes on after it was stopped."),
]
Types = Annotated[list[str] | None, typer.Option("--type", help="Type of a column, as in x=float64; may be repeated.")]
Delimiter = Annotated[
    str | None, typer.Option(help=r"What separates CSV cells, as in ';' or '\t'; by default a comma, a tab for .tsv.")
]
Decimal = Annotated[Literal[".", ","], typer.Option("--decimal", help="Decimal mark of CSV numbers.")]
MissingValue = Annotated[
    list[str] | None,
    typer.Option("--missing-value", help="CSV cell that means missing, in place of NA, n/a, ...; may be repeated."),
]
Shown = Annotated[Format, typer.Option("--format", metavar="<format>", help="How to write it: text, html or latex.")]

Likelihood = "Fits by likelihood"
"""Head of the options in the help that not every model has."""

Offset = Annotated[
    str | None,
    typer.Option(
        help="Column added to the linear predictor, as the logarithm of an exposure; all but linear.",
        rich_help_panel=Likelihood,
    ),
]
Trials = Annotated[
    str | None,
    typer.Option(
        help="Column of trials, where the response is their share of successes; glm with a binomial.",
        rich_help_panel=Likelihood,
    ),
]
Family = Annotated[
    FamilyName | None,
    typer.Option(
        metavar="<name>",
        help=f"Law of the response: {', '.join(get_args(FamilyName))}; glm needs it.",
        rich_help_panel=Likelihood,
    ),
]
Link = Annotated[
    str | None,
    typer.Option(help="Link of the mean, as in probit; glm, tweedie, negative-binomial.", rich_help_panel=Likelihood),
]
Theta = Annotated[
    float | None,
    typer.Option(
        help="Shape of a negative binomial, estimated if left out; negative-binomial, glm.", rich_help_panel=Likelihood
    ),
]
Power = Annotated[
    float | None,
    typer.Option(help="Power of the variance of a Tweedie; tweedie needs it, glm.", rich_help_panel=Likelihood),
]
Alpha = Annotated[
    float | None,
    typer.Option(
        help="Penalty on squared coefficients, with which there are no standard errors; none if left out. All but linear, logistic.",
        rich_help_panel=Likelihood,
    ),
]
Inverse = Annotated[
    float | None,
    typer.Option(
        "--C", help="Inverse strength of the penalty of logistic, infinite if left out.", rich_help_panel=Likelihood
    ),
]
Bias = Annotated[
    BiasReduction | None,
    typer.Option(
        help="firth: finite estimates where the classes are separated; logistic, glm.", rich_help_panel=Likelihood
    ),
]
Steps = Annotated[
    int | None, typer.Option("--max-iter", help="Most iterations; all but linear.", rich_help_panel=Likelihood)
]

Written = Annotated[
    DerivationFormat,
    typer.Option("--format", metavar="<format>", help="How to write it: text, latex, html or markdown."),
]
