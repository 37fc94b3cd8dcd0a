"""The commands and their options; what they do is in the modules beside this one, imported when a command runs."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

from mathlearn import _engines
from mathlearn._choices import IntervalKind, Missing, Weighting
from mathlearn._version import __version__
from mathlearn.cli.examples import epilog
from mathlearn.cli.models import ModelName
from mathlearn.cli.options import (
    Alpha,
    Bias,
    Checkpoint,
    Decimal,
    Delimiter,
    Family,
    Inverse,
    Json,
    Link,
    MissingValue,
    Model,
    Offset,
    Output,
    Power,
    Shown,
    Source,
    Sql,
    Steps,
    Theta,
    Trials,
    Types,
    Where,
    Written,
)
from mathlearn.results.fit_result import CovarianceKind

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer
else:
    typer = _engines.load("typer")

__all__ = ["app"]

P = ParamSpec("P")

app = typer.Typer(
    help="Machine learning you can check: fit, predict, and see the evidence.",
    epilog="Each command has examples: mathlearn fit --help. Figures are on the page of mathlearn report.\n\n"
    "Exit status: 0 done and certified, 1 error, 2 wrong usage, 3 done but not certified, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _guarded(command: Callable[P, int]) -> Callable[P, None]:
    """Turn what a command returns or raises into an exit status and one clear message."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        from mathlearn.cli.warned import as_lines

        try:
            with as_lines():
                status = command(*args, **kwargs)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            raise  # whoever read our output has stopped: nothing to report
        except (ValueError, OSError, ImportError) as error:
            from mathlearn._text import terminal

            message = "\n".join(terminal(line) for line in _said(error).splitlines())
            typer.secho(f"mathlearn: {message}", err=True, fg=typer.colors.RED)
            raise typer.Exit(1) from None
        raise typer.Exit(status)

    return run


def _said(error: Exception) -> str:
    """Return an error's message; what the system says of a file begins with its name."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"mathlearn {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    pass


@app.command(epilog=epilog("fit"))
@_guarded
def fit(
    source: Source,
    name: Annotated[
        ModelName,
        typer.Option(
            "--model",
            metavar="<name>",
            help="linear (least squares); or by likelihood, without a penalty unless one is asked for: logistic (any number of "
            "classes), poisson, gamma, tweedie, negative-binomial, or, with --family, glm.",
        ),
    ] = "linear",
    formula: Annotated[
        str | None,
        typer.Option(
            help="For example 'y ~ x + species'; of counts of two kinds 'cbind(died, survived) ~ dose'. On the left of a logistic one "
            'are labels, C(y, ref="a") to compare with a, or an event, y == "a".'
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="Column to explain, in place of a formula.")] = None,
    features: Annotated[str | None, typer.Option(help="Columns, with commas; all others if left out.")] = None,
    missing: Annotated[
        Missing, typer.Option(help="What to do about rows with a missing value: refuse, or leave them out.")
    ] = "raise",
    weights: Annotated[str | None, typer.Option(help="Column of weights.")] = None,
    weights_type: Annotated[
        Weighting,
        typer.Option(
            metavar="<type>",
            help="What weights are: precision (inverse variances), or frequency (counts of equal rows).",
        ),
    ] = "precision",
    groups: Annotated[str | None, typer.Option(help="Column of clusters, for --covariance cluster.")] = None,
    covariance: Annotated[
        CovarianceKind,
        typer.Option(
            metavar="<kind>",
            help="Covariance of the estimates: classical, HC0, HC1, HC2, HC3 (unequal variances), cluster, or HAC (neighbouring rows).",
        ),
    ] = "classical",
    offset: Offset = None,
    trials: Trials = None,
    family: Family = None,
    link: Link = None,
    theta: Theta = None,
    power: Power = None,
    alpha: Alpha = None,
    inverse: Inverse = None,
    bias_reduction: Bias = None,
    max_iter: Steps = None,
    lags: Annotated[int | None, typer.Option(help="Lags of HAC; chosen from the number of rows if left out.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the model there.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page about the fit there (HTML), with figures.")] = None,
    checkpoint: Checkpoint = None,
    sql: Sql = None,
    where: Where = None,
    types: Types = None,
    delimiter: Delimiter = None,
    decimal: Decimal = ".",
    missing_value: MissingValue = None,
    seed: Annotated[int | None, typer.Option(help="Recorded; nothing in these fits is random.")] = None,
    format: Shown = "text",  # noqa: A002 - the option's name
    json: Json = False,
    output: Output = None,
) -> int:
    """Fit a linear, logistic or other generalised linear model; print its summary, with the evidence first."""
    from mathlearn.cli import commands, models

    of_likelihood = {
        "family": family,
        "link": link,
        "theta": theta,
        "power": power,
        "alpha": alpha,
        "C": inverse,
        "bias_reduction": bias_reduction,
        "max_iter": max_iter,
        "offset": offset,
        "trials": trials,
    }
    parameters = {
        "formula": commands.formula_of(formula, target, features),
        "missing": missing,
        "weights_type": weights_type,
        "covariance": covariance,
        "covariance_options": None if lags is None else {"lags": lags},
    }
    request = commands.FitRequest(
        model=models.chosen(name, **of_likelihood),
        parameters=parameters,
        weights=weights,
        groups=groups,
        offset=offset,
        trials=trials,
        save=save,
        report=report,
        checkpoint=checkpoint,
        seed=seed,
        command=commands.typed(),
    )
    commands.check_covariance(covariance, groups, lags)
    origin = commands.Origin.of(source, sql, types, delimiter, decimal, missing_value, where)
    return commands.fit(origin, request, commands.Sink(output, json, format))


@app.command(epilog=epilog("predict"))
@_guarded
def predict(
    model: Model,
    data: Source,
    interval: Annotated[float | None, typer.Option(help="Level of an interval, as in 0.95.")] = None,
    kind: Annotated[
        IntervalKind | None,
        typer.Option(
            metavar="<kind>",
            help="observation, for a new row (if left out, of linear), or confidence, for the mean (of the others).",
        ),
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", help="Write the probability of each class beside the label.")
    ] = False,
    offset: Annotated[
        str | None, typer.Option(help="Column added to the linear predictor; that of the fit if left out.")
    ] = None,
    sql: Sql = None,
    where: Where = None,
    types: Types = None,
    delimiter: Delimiter = None,
    decimal: Decimal = ".",
    missing_value: MissingValue = None,
    json: Json = False,
    output: Output = None,
) -> int:
    """Predict for new rows; write a table with one row for each, in order."""
    from mathlearn.cli import commands

    origin = commands.Origin.of(data, sql, types, delimiter, decimal, missing_value, where)
    wanted = commands.Wanted(level=interval, kind=kind, proba=proba, offset=offset)
    commands.check_wanted(wanted)
    return commands.predict(model, origin, wanted, commands.table_sink(output, json=json))


@app.command(epilog=epilog("check"))
@_guarded
def check(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(help="The rows of the fit: gives the evidence of a second pass.")
    ] = None,
    sql: Sql = None,
    where: Where = None,
    types: Types = None,
    delimiter: Delimiter = None,
    decimal: Decimal = ".",
    missing_value: MissingValue = None,
    json: Json = False,
    output: Output = None,
) -> int:
    """Print a model's certificate; with its data, check it anew against every row."""
    from mathlearn.cli import commands

    origin = commands.named(commands.Origin.of(data, sql, types, delimiter, decimal, missing_value, where))
    return commands.check(model, origin, commands.Sink(output, json))


@app.command(epilog=epilog("summary"))
@_guarded
def summary(model: Model, format: Shown = "text", json: Json = False, output: Output = None) -> int:  # noqa: A002
    """Print a saved model's summary."""
    from mathlearn.cli import commands

    return commands.summary(model, commands.Sink(output, json, format))


@app.command(epilog=epilog("explain"))
@_guarded
def explain(
    model: Model,
    row: Annotated[
        str | None, typer.Option(help="Explain one prediction: file and row, counted from 0, as in data.csv:17.")
    ] = None,
    term: Annotated[str | None, typer.Option(help="Coefficient to work in full; the largest t if left out.")] = None,
    response: Annotated[str | None, typer.Option(help="Of several responses, which; the first if left out.")] = None,
    level: Annotated[float, typer.Option(help="Confidence of the intervals.")] = 0.95,
    sql: Sql = None,
    where: Where = None,
    types: Types = None,
    delimiter: Delimiter = None,
    decimal: Decimal = ".",
    missing_value: MissingValue = None,
    format: Written = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Derive a saved fit, or one prediction, step by step with its own numbers; `mathlearn report` draws its figures."""
    from mathlearn.cli import commands, showing

    path, number = showing.row_of(row)
    origin = commands.named(
        commands.Origin.of(path, sql, types, delimiter, decimal, missing_value, where),
        "options about the file go with --row, which names it",
    )
    asked = {"term": term, "response": response, "level": level}
    return showing.explain(model, origin, number, asked, format, commands.Sink(output))


@app.command(epilog=epilog("diagnose"))
@_guarded
def diagnose(
    model: Model,
    data: Annotated[str | None, typer.Argument(help="The rows of the fit; without them only its columns.")] = None,
    sql: Sql = None,
    where: Where = None,
    types: Types = None,
    delimiter: Delimiter = None,
    decimal: Decimal = ".",
    missing_value: MissingValue = None,
    format: Shown = "text",  # noqa: A002
    json: Json = False,
    output: Output = None,
) -> int:
    """Check the assumptions of a saved fit, worst first, against its rows."""
    from mathlearn.cli import commands, showing

    origin = commands.named(commands.Origin.of(data, sql, types, delimiter, decimal, missing_value, where))
    return showing.diagnose(model, origin, commands.Sink(output, json, format))


@app.command(epilog=epilog("report"))
@_guarded
def report(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(help="The rows of the fit: figures and checks of rows need them.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page, written whole or not at all.")] = Path(
        "report.html"
    ),
    sql: Sql = None,
    where: Where = None,
    types: Types = None,
    delimiter: Delimiter = None,
    decimal: Decimal = ".",
    missing_value: MissingValue = None,
) -> int:
    """Write one self-contained HTML page about a saved fit; given the rows, with its figures."""
    from mathlearn.cli import commands, showing

    origin = commands.named(commands.Origin.of(data, sql, types, delimiter, decimal, missing_value, where))
    return showing.report(model, origin, output)


@app.command(epilog=epilog("compare"))
@_guarded
def compare(
    models: Annotated[list[Path], typer.Argument(help="Model files, a column each.")],
    format: Written = "text",  # noqa: A002
    output: Output = None,
) -> int:
    """Put saved fits side by side."""
    from mathlearn.cli import commands, showing

    return showing.compare(models, format, commands.Sink(output))


@app.command(epilog=epilog("merge"))
@_guarded
def merge(
    models: Annotated[list[Path], typer.Argument(help="Model files of least squares, two or more.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Write the model of all rows there.")],
) -> int:
    """Join fits made apart into the fit of all their rows, without the rows."""
    from mathlearn.cli.merging import merge_files

    return merge_files(models, output)


@app.command(epilog=epilog("demo"))
@_guarded
def demo(
    folder: Annotated[Path, typer.Option(help="Where to write; made if missing.")] = Path("demo"),
) -> int:
    """Do the main job on the shipped penguins: fit, certify, save, load, predict, draw, report."""
    from mathlearn.cli.demo import run

    return run(folder)
