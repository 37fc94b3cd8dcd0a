"""Models on disk: one safetensors file, no pickle, and only what this module knows."""

from __future__ import annotations

from mathlearn.persistence.model_file import load, save

__all__ = ["load", "save"]
