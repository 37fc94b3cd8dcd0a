"""The models that ``mathlearn fit`` offers: one line each, with the options that go with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _engines

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BiasReduction", "FamilyName", "ModelName", "chosen", "model_of"]

ModelName = Literal["linear", "logistic", "poisson", "gamma", "tweedie", "negative-binomial", "glm"]
FamilyName = Literal[
    "gaussian",
    "binomial",
    "poisson",
    "negative-binomial",
    "gamma",
    "inverse-gaussian",
    "tweedie",
    "quasitweedie",
    "quasibinomial",
    "quasipoisson",
]
BiasReduction = Literal["none", "firth"]


@dataclass(frozen=True, slots=True)
class Model:
    """An estimator as the command line offers it.

    Attributes
    ----------
    estimator : str
        Its class in `mathlearn.linear_model`.
    options : dict of str to str
        Which options go with it, and the parameters that they are.
    fixed : dict
        Parameters that are always given; without a penalty, so that standard errors exist, unless an option asks for one.
    needs : tuple of str
        Options without which it is not defined.
    """

    estimator: str
    options: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


_EVERY = {"max-iter": "max_iter", "offset": ""}
_PENALISED = {**_EVERY, "alpha": "alpha"}

MODELS: dict[str, Model] = {
    "linear": Model("LinearRegression"),
    "logistic": Model("LogisticRegression", {**_EVERY, "C": "C", "bias-reduction": "bias_reduction"}, {"C": math.inf}),
    "poisson": Model("PoissonRegressor", _PENALISED, {"alpha": 0.0}),
    "gamma": Model("GammaRegressor", _PENALISED, {"alpha": 0.0}),
    "tweedie": Model("TweedieRegressor", {**_PENALISED, "power": "power", "link": "link"}, {"alpha": 0.0}, ("power",)),
    "negative-binomial": Model(
        "GeneralizedLinearRegressor",
        {**_PENALISED, "theta": "theta", "link": "link"},
        {"family": "negative_binomial"},
    ),
    "glm": Model(
        "GeneralizedLinearRegressor",
        {
            **_PENALISED,
            "family": "family",
            "link": "link",
            "theta": "theta",
            "power": "power",
            "bias-reduction": "bias_reduction",
            "trials": "",
        },
        needs=("family",),
    ),
}
"""By the name that is typed."""

_ONLY_OF = {
    "theta": ("negative-binomial",),
    "power": ("tweedie", "quasitweedie"),
    "trials": ("binomial", "quasibinomial"),
}
"""Options of the glm that few families have."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be fitted.

    Attributes
    ----------
    name : str
        As it was typed.
    estimator : str
    parameters : dict
        That the options beside the model's name ask for.
    """

    name: str
    estimator: str
    parameters: Mapping[str, Any]


LINEAR = Chosen("linear", MODELS["linear"].estimator, {})


def chosen(name: str, **given: Any) -> Chosen:
    """Return the estimator that is asked for.

    Parameters
    ----------
    name : str
        Of `MODELS`.
    **given
        Options by their names with underscores; None for those not given.

    Raises
    ------
    typer.BadParameter
        An option does not go with the model, or one that it needs is missing; the message says what goes together.
    """
    model = MODELS[name]
    options = {option.replace("_", "-"): value for option, value in given.items() if value is not None}
    for option in options:
        if option not in model.options:
            others = [other for other, each in MODELS.items() if option in each.options]
            raise _usage(f"--{option} goes with --model {_either(others)}, not with {name}: {_instead(model, option)}")
    for option in model.needs:
        if option not in options:
            raise _usage(f"--model {name} needs --{option}")
    if options.get("family") in _ONLY_OF["power"] and "power" not in options:
        raise _usage(f"--family {options['family']} needs --power, as in --power 1.5")
    for option, families in _ONLY_OF.items():
        if option in options and name == "glm" and options["family"] not in families:
            raise _usage(
                f"--{option} goes with --family {_either(list(families))}, not with {options['family']}: leave it out, or change the family"
            )
    parameters = {
        model.options[option]: _as_parameter(value) for option, value in options.items() if model.options[option]
    }
    return Chosen(name, model.estimator, {**model.fixed, **parameters})


def model_of(choice: Chosen, parameters: Mapping[str, Any]) -> Any:
    """Make the estimator, with the parameters that every model has."""
    from mathlearn import linear_model

    return getattr(linear_model, choice.estimator)(**choice.parameters, **parameters)


def _as_parameter(value: Any) -> Any:
    return value.replace("-", "_") if isinstance(value, str) else value


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _instead(model: Model, option: str) -> str:
    """Say what to do about an option that does not go with a model."""
    penalty = next((other for other in ("alpha", "C") if other in model.options), None)
    if option in {"alpha", "C"} and penalty is not None:
        return f"its penalty is --{penalty}"
    if option == "offset":
        return "write offset(column) in the formula"
    return "leave it out, or choose another model"


def _usage(message: str) -> Exception:
    error: Exception = _engines.load("typer").BadParameter(message)
    return error
