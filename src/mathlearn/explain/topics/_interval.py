"""What intervals of one row have in common: their quantile, and why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, prose
from mathlearn.explain.evidence import counted
from mathlearn.statistics.tails import t_quantile

if TYPE_CHECKING:
    from mathlearn.explain.setting import RowSetting

__all__ = ["no_interval", "quantile"]


def quantile(setting: RowSetting) -> float:
    """Return what a standardised estimate exceeds with a probability of one minus the level, on both sides."""
    covariance = setting.result.covariance
    assert covariance is not None
    return float(t_quantile(setting.level, covariance.df))


def no_interval(setting: RowSetting, kept: str, df: int) -> Step:
    """Say why a fit by likelihood has no interval, and what is not affected; `df` are the degrees of freedom, counted again."""
    given = int(np.isfinite(setting.table.std_error).sum())
    says = "standard errors that are given after all; degrees of freedom, counted again"
    return Step(
        heading="Why it has no interval",
        claim=prose(f"No interval can be given: @. {kept} not affected.", setting.undefined or ""),
        body=(),
        because=prose("An interval needs the covariance of the estimates."),
        checks=(counted(says, (given, 0), (setting.result.df_resid, df)),),
        reference="McCullagh and Nelder (1989), Generalized Linear Models, section 4.4.3",
    )
