"""What all renderings share: the numbers of steps, and the words of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn.explain.derivation import Whole
from mathlearn.statistics.cells import number
from mathlearn.statistics.equation import NAME_WIDTH
from mathlearn.statistics.text_table import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.explain.derivation import Derivation, Step, StepCheck

__all__ = ["check_words", "headline", "in_formula", "numbered"]


def numbered(steps: Sequence[Step], prefix: str = "") -> Iterator[tuple[str, Step]]:
    """Yield every step with its number, those within a step after it: 1, 2, 2.1, 2.2, 3."""
    for i, step in enumerate(steps, start=1):
        label = f"{prefix}{i}"
        yield label, step
        yield from numbered(step.children, f"{label}.")


def headline(derivation: Derivation) -> str:
    """Say at the top whether every step holds, and which does not."""
    checks = sum(len(step.checks) for step in derivation)
    if derivation.passed:
        steps = f"{len(derivation)} steps" if len(derivation) != 1 else "one step"
        return (
            f"All {checks} checks of its {steps} pass on this fit."
            if checks != 1
            else f"The one check of its {steps} passes on this fit."
        )
    failing = [f"{label} ({step.heading})" for label, step in numbered(derivation.steps) if step in derivation.failing]
    many = len(failing) > 1
    return f"CHECKS FAIL in step{'s' if many else ''} {', '.join(failing)}: do not rely on what {'they say' if many else 'it says'}."


def check_words(check: StepCheck) -> str:
    """Say what was compared, what was found and what is allowed."""
    if check.passed and check.tolerance == 0:
        return f"{check.says[0].upper()}{check.says[1:]}: exactly"
    value, tolerance = (number(x, 2) if x != 0 else "0" for x in (check.value, check.tolerance))
    says = f"{check.says[0].upper()}{check.says[1:]}"
    return f"{says}: {value}, {'at most' if check.passed else 'NOT at most'} {tolerance}"


def in_formula(name: str) -> str:
    """Return a name as a formula shows it: shortened in the middle where it is long, unless it must stand whole."""
    return name if isinstance(name, Whole) else shorten(name, NAME_WIDTH)
