"""A pytest plugin that puts other classes in the place of those of the same names in `sklearn.linear_model`.

It runs in a process of its own (see `test_public_suite`), on the test modules that scikit-learn installs. The classes are rebound,
everywhere in scikit-learn, before those modules are imported, only tests that use them are kept, and their outcomes are written to a JSON file.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

# Private methods by which tests compute what they compare with: these stay scikit-learn's own.
REFERENCES = frozenset({"_get_loss"})
# Of the several phases and sub-reports of a test the worst counts.
RANK = {"passed": 0, "skipped": 1, "failed": 2}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("substitute")
    group.addoption("--substitute", action="append", help="package.module:Class to test in the place of scikit-learn's")
    group.addoption("--outcomes", help="file that receives the outcomes as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Rebind the names wherever scikit-learn holds them, before any test module is imported."""
    import sklearn.linear_model

    substitutes = [_named(text) for text in config.getoption("--substitute")]
    of = {getattr(sklearn.linear_model, each.__name__): each for each in substitutes}
    for original, substitute in of.items():
        for name in REFERENCES.intersection(dir(original)):
            setattr(substitute, name, getattr(original, name))
    for holder in [module for key, module in sys.modules.items() if key.partition(".")[0] == "sklearn"]:
        for original, substitute in of.items():
            if getattr(holder, original.__name__, None) is original:
                setattr(holder, original.__name__, substitute)
    config.pluginmanager.register(Recorder(of, Path(config.getoption("--outcomes"))))


def _named(text: str) -> type:
    module, _, name = text.partition(":")
    found: type = getattr(importlib.import_module(module), name)
    return found


class Recorder:
    """Keeps the tests that use the classes and records how they end."""

    def __init__(self, of: dict[type, type], path: Path) -> None:
        self.of = of
        self.substitutes = tuple(of.values())
        self.path = path
        self.outcomes: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        self.details: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the tests that use none of the classes."""
        kept = [item for item in items if isinstance(item, pytest.Function) and self._concerns(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept

    def pytest_collection_finish(self) -> None:
        """Give each class back to the module that defines it, now that the tests have taken theirs.

        Other classes of that module, such as LogisticRegressionCV, build on it and its private side.
        """
        for original in self.of:
            setattr(sys.modules[original.__module__], original.__name__, original)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that cannot be imported."""
        if report.failed:
            self.broken[_short(report.nodeid)] = str(report.longrepr)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome; an expected failure counts as skipped, whoever expected it."""
        test = _short(report.nodeid)
        self.outcomes[test] = max(self.outcomes.get(test, "passed"), report.outcome, key=RANK.__getitem__)
        if report.outcome == "failed":
            self.details[test] = report.longreprtext

    def pytest_sessionfinish(self) -> None:
        """Write the outcomes."""
        content = {"outcomes": self.outcomes, "details": self.details, "broken": self.broken}
        self.path.write_text(json.dumps(content), encoding="utf-8")

    def _concerns(self, item: pytest.Function) -> bool:
        callspec = getattr(item, "callspec", None)
        in_parameters = callspec is not None and _holds(callspec.params, self.substitutes)
        names = {each.__name__ for each in self.substitutes}
        return in_parameters or not names.isdisjoint(_names(inspect.unwrap(item.function).__code__))


def _holds(value: Any, classes: tuple[type, ...]) -> bool:
    """Whether one of the classes, or an estimator of it, is somewhere in a test's parameters."""
    if value in classes if isinstance(value, type) else isinstance(value, classes):
        return True
    if isinstance(value, partial):
        return _holds(value.func, classes)
    if isinstance(value, dict):
        return any(_holds(each, classes) for each in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(each, classes) for each in value)
    return hasattr(value, "get_params") and not isinstance(value, type) and _holds(_parameters(value), classes)


def _parameters(estimator: Any) -> dict[str, Any]:
    """Return the direct parameters of an estimator, or nothing where a test makes them unreadable on purpose."""
    try:
        return dict(estimator.get_params(deep=False))
    except (AttributeError, TypeError):
        return {}


def _names(code: CodeType) -> Iterator[str]:
    """Yield the global names that a function and the functions inside it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _names(constant)


def _short(nodeid: str) -> str:
    """Return the node id relative to the package of scikit-learn, with forward slashes."""
    return nodeid.replace("\\", "/").removeprefix("sklearn/")
