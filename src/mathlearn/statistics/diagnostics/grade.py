"""From the size of an effect to a severity."""

from __future__ import annotations

from dataclasses import dataclass

from mathlearn.statistics.diagnostics.record import Severity

__all__ = ["CHANCE", "Scale", "milder", "worst"]

# An effect that chance alone exceeds as often as this is taken one step milder, and from `LIKELY` on as fine.
CHANCE = 0.05
LIKELY = 0.1

_MILDER = {Severity.SERIOUS: Severity.LOOK, Severity.LOOK: Severity.FINE}


@dataclass(frozen=True, slots=True)
class Scale:
    """From which size on an effect is worth a look, and from which it is serious."""

    look: float
    serious: float

    def grade(self, value: float, p: float = 0.0) -> Severity:
        """Grade an effect. The p-value can make it milder, never worse.

        Parameters
        ----------
        value : float
            Not negative.
        p : float
            Probability that chance alone gives an effect as large; NaN counts as chance.

        Examples
        --------
        >>> Scale(0.1, 0.3).grade(0.2).value, Scale(0.1, 0.3).grade(0.2, p=0.4).value, Scale(0.1, 0.3).grade(0.001, p=1e-9).value
        ('worth a look', 'fine', 'fine')
        """
        severity = Severity.FINE
        if value >= self.look:
            severity = Severity.SERIOUS if value >= self.serious else Severity.LOOK
        if p < CHANCE:
            return severity
        return milder(severity) if p < LIKELY else Severity.FINE

    def chance(self, value: float, severity: Severity) -> str:
        """Say that an effect of some size was taken for chance, where it was."""
        by_chance = severity is Severity.FINE and value >= self.look
        return " With this number of rows chance alone would give as much." if by_chance else ""

    def strength(self, value: float) -> float:
        """Return the effect in units of what is serious."""
        return value / self.serious


def milder(severity: Severity) -> Severity:
    """Return the next milder severity."""
    return _MILDER.get(severity, severity)


def worst(*severities: Severity) -> Severity:
    """Return the worst of them."""
    return min(severities, key=lambda severity: severity.order)
