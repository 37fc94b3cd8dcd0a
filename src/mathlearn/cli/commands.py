"""What the commands do. Each returns its exit status."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn.cli.models import LINEAR, Chosen, model_of
from mathlearn.cli.output import Sink, certificate_record, say
from mathlearn.cli.progress import shown
from mathlearn.cli.warned import said_elsewhere
from mathlearn.data.file_names import shown_path, table_names
from mathlearn.data.parquet_writer import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mathlearn._typing import AnyArray
    from mathlearn.data.source import Source
    from mathlearn.results.certificate import Certificate

__all__ = [
    "FitRequest",
    "Origin",
    "Sink",
    "Wanted",
    "check",
    "check_covariance",
    "check_wanted",
    "fit",
    "formula_of",
    "load_model",
    "named",
    "predict",
    "status",
    "summary",
    "table_sink",
    "typed",
]

OK, NOT_CERTIFIED = 0, 3

_NOT_WRITTEN = frozenset({
    ".feather", ".arrow", ".ipc", ".xlsx", ".xls", ".ods", ".tsv", ".gz", ".bz2", ".zst", ".lz4", ".zip",
})  # fmt: skip
"""Endings that promise a format in which no table is written."""

_FILE_AFTER = "options about the rows need their file, after the model: mathlearn check m.safetensors rows.csv"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from, as typed on the command line.

    Attributes
    ----------
    path : str
        File, folder or pattern; with `sql`, a DuckDB database, or files that are a table under their own and their short name.
    sql : str or None
    types : list of str
        As in ``"x=float64"``.
    delimiter : str or None
        Of CSV files; None: by the name of the file.
    decimal : {".", ","}
    missing_values : list of str
        Cells that mean "missing"; empty: the usual ones.
    where : str or None
        A condition: which rows.
    """

    path: str
    sql: str | None = None
    types: list[str] = field(default_factory=list)
    delimiter: str | None = None
    decimal: str = "."
    missing_values: list[str] = field(default_factory=list)
    where: str | None = None

    @classmethod
    def of(
        cls,
        path: str | None,
        sql: str | None,
        types: list[str] | None,
        delimiter: str | None,
        decimal: str,
        missing_values: list[str] | None,
        where: str | None,
    ) -> Origin:
        """Return what the options say, of which those that were left out are None."""
        return cls(path or "", sql, types or [], delimiter, decimal, missing_values or [], where)

    def open(self) -> Source:
        """Return the source of these rows."""
        from mathlearn.data.scan import scan

        options = self._options()
        if self.sql is None:
            return scan(self.path, where=self.where, **options)
        if self.where is not None:
            raise _usage("--where is for files, not for --sql: a query has a WHERE of its own")
        if _is_database(Path(self.path)):
            if options:
                given = ", ".join(f"--{name.replace('_', '-').rstrip('s')}" for name in options)
                raise _usage(f"{given}: these are for files, and {self.path} is a database. Use CAST in --sql.")
            return scan(sql=self.sql, database=self.path)
        table: Any = scan(self.path, **options)
        return scan(sql=self.sql, files=dict.fromkeys(table_names(self.path), table))

    def _options(self) -> dict[str, Any]:
        """Return what was said about the files, under the names that `scan` gives it."""
        said = {
            "types": dict(map(_type_of, self.types)),
            "delimiter": "\t" if self.delimiter == r"\t" else self.delimiter,
            "decimal": None if self.decimal == "." else self.decimal,
            "missing_values": self.missing_values,
        }
        return {name: value for name, value in said.items() if value}


def named(origin: Origin, remedy: str = _FILE_AFTER) -> Origin | None:
    """Return where rows come from, None where no file is named; `remedy` says where it is to be named.

    Raises
    ------
    typer.BadParameter
        It is said how rows are read, but not from which file.
    """
    if origin.path:
        return origin
    if origin != Origin(origin.path):
        raise _usage(remedy)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRequest:
    """The options of ``mathlearn fit``: the model, `parameters` that every model has, columns with a role, and the rest."""

    parameters: Mapping[str, Any]
    model: Chosen = LINEAR
    weights: str | None = None
    groups: str | None = None
    offset: str | None = None
    trials: str | None = None
    save: Path | None = None
    report: Path | None = None
    checkpoint: Path | None = None
    command: str | None = None
    seed: int | None = None


def formula_of(formula: str | None, target: str | None, features: str | None) -> str:
    """Return the formula that the options stand for.

    Raises
    ------
    typer.BadParameter
        If there is none, or two.
    """
    if (formula is None) == (target is None) or (formula is not None and features is not None):
        raise _usage("say what to fit: either --formula 'y ~ a + b', or --target y, with --features a,b if not all")
    if formula is not None:
        return formula
    names = ["."] if features is None else [_quoted(name.strip()) for name in features.split(",")]
    return f"{_quoted(str(target))} ~ {' + '.join(names)}"


def typed() -> str:
    """Return the command as it can be typed again."""
    return shlex.join(["mathlearn", *sys.argv[1:]])


def check_covariance(kind: str, groups: str | None, lags: int | None) -> None:
    """Refuse options that the covariance would leave unused, and clusters without their column.

    Raises
    ------
    typer.BadParameter
    """
    if groups is not None and kind != "cluster":
        raise _usage(f"--groups is for --covariance cluster, not {kind}: add that, or leave --groups out")
    if groups is None and kind == "cluster":
        raise _usage("--covariance cluster needs --groups COLUMN, the column that names each row's cluster")
    if lags is not None and kind != "HAC":
        raise _usage(f"--lags is for --covariance HAC, not {kind}: add that, or leave --lags out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What ``mathlearn predict`` is asked for.

    Attributes
    ----------
    level : float or None
        Of an interval.
    kind : str or None
        Of the interval; None: what the model takes by itself.
    proba : bool
        Whether the probability of each class goes beside the label.
    offset : str or None
        Column to add to the linear predictor.
    """

    level: float | None = None
    kind: str | None = None
    proba: bool = False
    offset: str | None = None


def check_wanted(wanted: Wanted) -> None:
    """Refuse options of a prediction that do not go together.

    Raises
    ------
    typer.BadParameter
    """
    if wanted.kind is not None and wanted.level is None:
        raise _usage("--kind needs --interval, the level, as in --interval 0.95")
    if wanted.proba and wanted.level is not None:
        raise _usage(
            "--proba and --interval: choose one; the interval of a classifier is that of the probability of its second class, or, of more "
            "than two, of each"
        )


def table_sink(path: Path | None, *, json: bool) -> Sink:
    """Return where a table goes; a name that ends in .json makes it JSON, one that ends in .parquet or .pq Parquet.

    Raises
    ------
    typer.BadParameter
        If the name promises a format that is not written.
    """
    ending = "" if path is None else path.suffix.lower()
    if ending in _NOT_WRITTEN or (json and ending in {".csv", *ENDINGS}):
        form = "JSON" if json else "CSV, JSON or Parquet"
        raise _usage(f"--output {path}: predictions are written as {form}, so the name cannot end in {ending}")
    return Sink(path, json or ending == ".json")


def fit(origin: Origin, request: FitRequest, sink: Sink) -> int:
    """Fit, save if asked, and show the summary; 3 if the certificate is not ok."""
    from mathlearn._atomic import require_folder
    from mathlearn._errors import CountWarning, RankDeficiencyWarning
    from mathlearn._sklearn import ConvergenceWarning

    for path in filter(None, (request.save, request.report, sink.path)):
        require_folder(path)  # before the work, not after it
    model = model_of(request.model, request.parameters)
    on_screen = sink.path is None and not sink.json
    told = (CountWarning, RankDeficiencyWarning, ConvergenceWarning)
    with said_elsewhere(*told, when=on_screen), shown():
        source = origin.open()
        roles = {
            "sample_weight": request.weights,
            "groups": request.groups,
            "offset": request.offset,
            "trials": request.trials,
            "checkpoint": request.checkpoint,
        }
        model.fit(source, **{role: given for role, given in roles.items() if given is not None})
    if request.save is not None:
        model.save(request.save)
        say(f"model saved: {request.save}")
    if request.report is not None:
        from mathlearn.cli.showing import write_report

        with shown():
            write_report(model, request.report, source, command=request.command)
    heading = {
        "source": shown_path(origin.path),
        "where": origin.where,
        "model": request.model.name,
        "formula": model.formula,
        "seed": request.seed,
    }
    _show(model, sink, heading)
    return status(model.certificate_)


def predict(path: Path, origin: Origin, wanted: Wanted, sink: Sink) -> int:
    """Predict for every row, with an interval if a level is given; block by block, so that input of any length will do."""
    from mathlearn.cli.predicting import predicted

    model, source = load_model(path), origin.open()
    source.refuse_as_target(sink.path)
    notes: dict[str, None] = {}
    with shown(beside=sink):
        names, blocks = predicted(model, source, wanted, notes)
        sink.write_table(names, blocks, _labels(model))
    for note in (*_what_is_predicted(model), *notes):
        say(note)
    return status(model.certificate_)


def check(path: Path, origin: Origin | None, sink: Sink) -> int:
    """Show the certificate; against the rows if they are given."""
    model = load_model(path)
    certificate = model.certificate_
    if origin is not None:
        with shown():
            certificate = model.verify(origin.open())
    if sink.json:
        sink.write_json(certificate_record(certificate))
    else:
        sink.write([str(certificate), "\n"])
    return status(certificate)


def summary(path: Path, sink: Sink) -> int:
    """Show the summary of a saved model."""
    model = load_model(path)
    _show(model, sink, {"model": str(path)})
    return status(model.certificate_)


def load_model(path: Path) -> Any:
    """Read a model file."""
    from mathlearn.persistence import load

    return load(path)


def status(certificate: Certificate) -> int:
    """Return the exit status that a certificate means."""
    return OK if certificate.ok else NOT_CERTIFIED


def _show(model: Any, sink: Sink, heading: dict[str, Any]) -> None:
    if sink.json:
        sink.write_json(heading | _record(model))
        return
    rendered = model.summary()
    write = {"text": rendered.to_text, "html": rendered.to_html, "latex": rendered.to_latex}[sink.format]
    sink.write([write().rstrip("\n"), "\n"])


def _record(model: Any) -> dict[str, Any]:
    tidy, glance = model.tidy(), model.glance()
    reasons = {" ".join(map(str, cell)): reason for cell, reason in tidy.attrs.get("reasons", {}).items()}
    return {
        "certificate": certificate_record(model.certificate_),
        "fit": glance.to_dict("records")[0],
        "coefficients": tidy.to_dict("records"),
        "reasons": reasons,
    }


def _labels(model: Any) -> dict[str, AnyArray]:
    """Return the classes of a classifier, whose type is that of its predictions."""
    return {"prediction": model.classes_} if hasattr(model, "classes_") else {}


def _what_is_predicted(model: Any) -> Iterator[str]:
    """Say what the numbers are when the formula transforms the response."""
    design = model.design_
    if design.encoding is not None and design.responses != design.response_columns:
        yield f"predicted: {', '.join(design.responses)}"


def _type_of(text: str) -> tuple[str, str]:
    name, _, kind = text.rpartition("=")
    if not name or not kind:
        raise _usage(f"--type needs a column and a type, as in x=float64; got {text!r}")
    return name, kind


def _is_database(path: Path) -> bool:
    """Whether a file says of itself that it is a DuckDB database."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


def _quoted(name: str) -> str:
    if not name or "`" in name:
        raise _usage(f"the column name {name!r} cannot be written in a formula: rename the column")
    return f"`{name}`"


def _usage(message: str) -> Exception:
    error: Exception = _engines.load("typer").BadParameter(message)
    return error
