"""Small real tables shipped with the package."""

from __future__ import annotations

from mathlearn.datasets._penguins import load_penguins, penguins_path

__all__ = ["load_penguins", "penguins_path"]
