"""`save` and `load`: an estimator as a file, from a closed table of classes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn._errors import UntrustedModelError
from mathlearn._version import __version__
from mathlearn.persistence import codec, consistency, container, law

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from mathlearn._typing import AnyArray

__all__ = ["load", "save"]

FORMAT = "mathlearn model 1"

_HEADING = "mathlearn"
_KEYS = dict.fromkeys(("format", "class", "version", "parameters", "records"))

# Records whose text is this long move from the header, which is limited, to an array of bytes.
_LONG_TEXT = 200_000
_RECORDS = "records"

_Plain = bool | int | float | str | None
_Key = bool | int | float | str
Parameter = _Plain | dict[_Key, _Plain]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is kept of a fitted estimator: its parameters, and these attributes with their types."""

    module: str
    name: str
    records: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    by_likelihood: bool = False

    def estimator(self) -> Any:
        return getattr(import_module(self.module), self.name)

    def types(self) -> dict[str, type]:
        return {attribute: getattr(import_module(module), name) for attribute, (module, name) in self.records.items()}


_LINEAR = {"result_": ("mathlearn.results.fit_result", "FitResult"), "design_": ("mathlearn.data.design", "Design")}

# The closed table: nothing else is ever built from a file.
_CLASSES = {
    f"mathlearn.linear_model.{name}": _Entry("mathlearn.linear_model", name, _LINEAR, name != "LinearRegression")
    for name in (
        "GammaRegressor",
        "GeneralizedLinearRegressor",
        "LinearRegression",
        "LogisticRegression",
        "PoissonRegressor",
        "TweedieRegressor",
    )
}


def save(model: Any, path: str | os.PathLike[str], *, statistic: bool = True) -> None:
    """Write a fitted model as one safetensors file, whole or not at all.

    The file holds the class, its parameters, the columns learned at fit and the fit's record; no training row and no code.

    Parameters
    ----------
    model : estimator
        Fitted; of one of the classes that `load` knows.
    path : str or path-like
        Where to write; an existing file is replaced in one step.
    statistic : bool
        Whether to keep the sums over the rows (``result_.statistic``), without which rows cannot be added to the fit. They are no secret
        kept: coefficients, curvature and sums of squares, which stay, determine them to rounding.

    Raises
    ------
    TypeError
        If the class, or the value of a parameter, cannot be stored.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    OSError
        If the file cannot be written; what was there before is then unchanged.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import mathlearn
    >>> from mathlearn.linear_model import LinearRegression
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> model = LinearRegression().fit(X, [1.0, 3.1, 4.9, 7.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     model.save(path)
    ...     again = mathlearn.load(path)
    >>> bool(again.predict(X)[3] == model.predict(X)[3])
    True
    """
    key = _key(type(model))
    _check_fitted(model)
    arrays: dict[str, AnyArray] = {}
    parts = {name: getattr(model, name) for name in _CLASSES[key].records}
    if not statistic:
        parts["result_"] = replace(parts["result_"], statistic=None)
    records = {name: codec.encode(part, name.rstrip("_"), arrays) for name, part in parts.items()}
    document = {
        "format": FORMAT,
        "class": key,
        "version": __version__,
        "parameters": {
            name: codec.encode(value, f"parameter {name}", {}) for name, value in _parameters(model).items()
        },
        "records": _spilled(records, arrays),
    }
    container.write(Path(path), {_HEADING: json.dumps(document, allow_nan=False)}, arrays)


def load(path: str | os.PathLike[str]) -> Any:
    """Read a model written by ``model.save(path)``.

    Nothing in the file is trusted: only classes of a closed table are built, every size is checked before memory is taken for
    it, every field must have its declared type, the parts must agree with each other, and formulas pass the same check as
    when they are typed in.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    estimator
        Fitted, of the class that was saved; predictions are bit for bit those of the saved model.

    Raises
    ------
    UntrustedModelError
        If the file is not a model of ours (a pickle, for example), is damaged, or contradicts itself.
    ResourceError
        If the file is larger than ``max_memory``.
    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> import mathlearn
    >>> model = mathlearn.linear_model.LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 4.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/line.safetensors")
    ...     mathlearn.load(f"{folder}/line.safetensors").certificate_.verdict
    'certified'
    """
    where = Path(path)
    text, arrays = container.read(where)
    document = _document(text, where)
    entry = _entry(document, where)
    try:
        records = _records(entry, _unspilled(document["records"], arrays, where), arrays)
        return _build(entry, document["parameters"], records)
    except UntrustedModelError:
        raise
    except (TypeError, ValueError) as error:
        raise UntrustedModelError(f"{path} holds a model that does not pass its own checks: {error}") from error


def _key(kind: type) -> str:
    for key, entry in _CLASSES.items():
        if entry.name == kind.__name__ and entry.estimator() is kind:
            return key
    raise TypeError(f"{kind.__name__} cannot be saved; the classes that can are {', '.join(_CLASSES)}")


def _check_fitted(model: Any) -> None:
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(model)


def _parameters(model: Any) -> dict[str, Any]:
    parameters: dict[str, Any] = model.get_params(deep=False)
    return parameters


def _spilled(records: dict[str, Any], arrays: dict[str, AnyArray]) -> dict[str, Any]:
    text = json.dumps(records, allow_nan=False)
    if len(text) <= _LONG_TEXT:
        return records
    arrays[_RECORDS] = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return {"array": _RECORDS}


def _unspilled(stored: Any, arrays: dict[str, AnyArray], path: Path) -> Any:
    if stored != {"array": _RECORDS}:
        return stored
    text = arrays.pop(_RECORDS, None)
    if text is None or text.dtype != np.uint8 or text.ndim != 1:
        raise UntrustedModelError(f"{path} is not a mathlearn model: the text of its records is not there")
    return container.parse_json(text.tobytes(), path)


def _document(text: Mapping[str, str], path: Path) -> dict[str, Any]:
    document = container.parse_json(text[_HEADING], path) if text.keys() == {_HEADING} else None
    stored_format = document.get("format") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(stored_format, str):
        raise UntrustedModelError(f"{path} is not a mathlearn model: it is a safetensors file of something else")
    if stored_format != FORMAT:
        raise UntrustedModelError(
            f"{path} was written by mathlearn {str(document.get('version'))[:40]} in the format {stored_format[:40]!r}, "
            f"and this version, {__version__}, reads {FORMAT!r}: use the newer of the two"
        )
    _same_names(document, _KEYS, "the parts of its header")
    return document


def _entry(document: Mapping[str, Any], path: Path) -> _Entry:
    name = document["class"]
    if not isinstance(name, str) or name not in _CLASSES:
        raise UntrustedModelError(
            f"{path} holds a model of the class {str(name)[:80]!r}; known are {', '.join(_CLASSES)}"
        )
    return _CLASSES[name]


def _same_names(got: Any, allowed: Mapping[str, Any], what: str) -> None:
    if not isinstance(got, dict) or got.keys() != allowed.keys():
        names = sorted(map(str, got)) if isinstance(got, dict) else [type(got).__name__]
        raise UntrustedModelError(
            f"the model file is not valid: {what} are {', '.join(names)[:200]}; "
            f"they must be {', '.join(sorted(allowed))[:200]}"
        )


def _records(entry: _Entry, stored: Any, arrays: Mapping[str, AnyArray]) -> dict[str, Any]:
    types = entry.types()
    _same_names(stored, types, "the records of the model")
    used: set[str] = set()
    records = {name: codec.decode(stored[name], kind, name, arrays, used) for name, kind in types.items()}
    _same_names(dict.fromkeys(arrays), dict.fromkeys(used), "the arrays of the model")
    return records


def _build(entry: _Entry, stored: Any, records: Mapping[str, Any]) -> Any:
    from mathlearn._sklearn import check_parameters

    model = entry.estimator()()
    _same_names(stored, _parameters(model), "the parameters of the model")
    values = {name: codec.decode(value, Parameter, f"parameter {name}", {}, set()) for name, value in stored.items()}
    check_parameters(model.set_params(**values))
    for name, record in records.items():
        setattr(model, name, record)
    consistency.check_model(model.result_, model.design_, values["formula"])
    law.check_law(model.result_, model.design_, model._law() if entry.by_likelihood else None)  # noqa: SLF001 - as below
    model._validate_loaded()  # noqa: SLF001 - the hook that estimators of the table offer to this module alone
    return model
