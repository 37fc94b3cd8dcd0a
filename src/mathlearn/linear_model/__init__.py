"""Linear models, under scikit-learn's names."""

from __future__ import annotations

from typing import Any

from mathlearn.linear_model._linear_regression import LinearRegression

__all__ = ["LinearRegression"]


def __getattr__(name: str) -> Any:
    msg = (
        f"mathlearn.linear_model has no {name!r}; it has {', '.join(__all__)}. "
        f"scikit-learn's own may serve: from sklearn.linear_model import {name}"
    )
    # `from mathlearn.linear_model import Ridge` turns AttributeError into ImportError with a poorer text, so both are said at once.
    raise (AttributeError if name.startswith("__") else ImportError)(msg)
