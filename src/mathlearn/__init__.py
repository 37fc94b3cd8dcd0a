"""Machine learning you can check.

scikit-learn's estimators with three things beside every prediction: its uncertainty, the evidence that the fit can be
trusted, and the mathematics with the fit's own numbers.

Examples
--------
>>> import mathlearn
>>> penguins = mathlearn.datasets.load_penguins()
>>> penguins.shape
(344, 8)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mathlearn._version import __version__

if TYPE_CHECKING:
    from mathlearn import datasets, errors, linear_model
    from mathlearn._config import config_context, get_config, set_config
    from mathlearn.comparison import compare, compare_with_sklearn
    from mathlearn.data.scan import scan
    from mathlearn.linear_model._merge import merge
    from mathlearn.persistence import load

__all__ = [
    "__version__",
    "compare",
    "compare_with_sklearn",
    "config_context",
    "datasets",
    "errors",
    "get_config",
    "linear_model",
    "load",
    "merge",
    "scan",
    "set_config",
]

# Loaded on first use, so that `import mathlearn` costs next to nothing: name -> (module, attribute or None for the module).
_LAZY: dict[str, tuple[str, str | None]] = {
    "compare": ("mathlearn.comparison", "compare"),
    "compare_with_sklearn": ("mathlearn.comparison", "compare_with_sklearn"),
    "config_context": ("mathlearn._config", "config_context"),
    "datasets": ("mathlearn.datasets", None),
    "errors": ("mathlearn.errors", None),
    "get_config": ("mathlearn._config", "get_config"),
    "linear_model": ("mathlearn.linear_model", None),
    "load": ("mathlearn.persistence", "load"),
    "merge": ("mathlearn.linear_model._merge", "merge"),
    "scan": ("mathlearn.data.scan", "scan"),
    "set_config": ("mathlearn._config", "set_config"),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"mathlearn has no {name!r}; it has {', '.join(_LAZY)}")
    module_name, attribute = _LAZY[name]
    module = import_module(module_name)
    value = module if attribute is None else getattr(module, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
