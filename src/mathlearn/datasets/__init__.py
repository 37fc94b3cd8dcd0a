"""Small real tables shipped with the package."""

from __future__ import annotations

from mathlearn.datasets._penguins import load_penguins, penguins_path
from mathlearn.datasets._titanic import load_titanic, titanic_path

__all__ = ["load_penguins", "load_titanic", "penguins_path", "titanic_path"]
