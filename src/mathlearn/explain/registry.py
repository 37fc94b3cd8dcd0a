"""`TOPICS`: what can be explained, one file a topic in ``topics/``; a file's `TOPIC` is registered by being there.

To add one: a module there with ``TOPIC = Topic(order, method, about, applies, step)``. `method` says how the fits are made that it
speaks of, and `applies` for which of these it has something to say, so that a topic for another kind of model changes none of those
that are there.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from mathlearn.explain import topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn.explain.derivation import Step
    from mathlearn.explain.setting import Method

__all__ = ["Topic", "registered", "steps_about"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A step that can be taken where it applies.

    Attributes
    ----------
    order : place in the derivation
    method : "least squares", "likelihood", "classes", "any likelihood" or "any"
        How the fits that it speaks of are made; "any likelihood" is of one linear predictor or of classes.
    about : "fit" or "row"
        What it is handed: a `Setting` or a `RowSetting`.
    applies : whether it has something to say about this one
    step : the step itself
    """

    order: float
    method: Method | Literal["any likelihood", "any"]
    about: Literal["fit", "row"]
    applies: Callable[[Any], bool]
    step: Callable[[Any], Step]

    def speaks_of(self, method: Method) -> bool:
        """Whether it is about fits made by a method."""
        return self.method in {"any", method} or (self.method == "any likelihood" and method != "least squares")


@cache
def registered() -> tuple[Topic, ...]:
    """Every topic of the folder, in order."""
    names = sorted(info.name for info in pkgutil.iter_modules(topics.__path__))
    modules = (import_module(f"{topics.__name__}.{name}") for name in names if not name.startswith("_"))
    return tuple(sorted((module.TOPIC for module in modules), key=lambda topic: topic.order))


def steps_about(about: Literal["fit", "row"], setting: Any) -> tuple[Step, ...]:
    """Take every step that applies."""
    found = (topic for topic in registered() if topic.about == about and topic.speaks_of(setting.method))
    return tuple(topic.step(setting) for topic in found if topic.applies(setting))
