"""Least squares in rational arithmetic: the exact answer for the very doubles that are passed to `fit`.

Every double is a rational number, so the least-squares solution of a design of doubles is rational too, and the only
irrational step is the square root of a standard error. Columns are brought to integers by their common power of two, the
normal equations are solved by fraction-free elimination (Bareiss 1968, Math. Comp. 22, 565-578), and roots are taken with 60 digits.

``python -m tests.reference.exact_least_squares`` writes the reference values kept in tests/data.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

import mpmath
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.reference.designs import Problem

VERSION = 1
DIGITS = 30
CAP = 15.0


@dataclass(frozen=True)
class ExactFit:
    """The exact solution; the intercept, where there is one, comes first."""

    coefficients: tuple[Fraction, ...]
    inverse_diagonal: tuple[Fraction, ...]
    rss: Fraction
    df_resid: int

    @property
    def sigma(self) -> Any:
        """Residual standard deviation, to 60 digits."""
        return _root(self.rss / self.df_resid)

    @property
    def standard_errors(self) -> tuple[Any, ...]:
        """Classical standard errors, to 60 digits."""
        return tuple(_root(d * self.rss / self.df_resid) for d in self.inverse_diagonal)


def exact_fit(
    X: NDArray[Any], y: NDArray[Any], weight: NDArray[Any] | None = None, *, intercept: bool = True
) -> ExactFit:
    """Solve min sum of w (y - X b)^2 exactly, for doubles X (n, p), y (n,) and precision weights w > 0."""
    columns = [[1.0] * len(y)] if intercept else []
    columns += X.T.tolist()
    scaled = [_integers(column) for column in columns]
    target, y_unit = _integers(y.tolist())
    w, w_unit = _integers([1.0] * len(y) if weight is None else weight.tolist())
    units = [unit for _, unit in scaled]
    weighted = [[a * b for a, b in zip(column, w, strict=True)] for column, _ in scaled]
    gram = [[_dot(a, b) for b, _ in scaled] for a in weighted]
    cross = [_dot(a, target) for a in weighted]
    determinant, solved = _solve(gram, cross)
    gamma = [Fraction(row[0], determinant) for row in solved]
    explained = sum((g * c for g, c in zip(gamma, cross, strict=True)), Fraction(0))
    total = _dot([a * b for a, b in zip(target, w, strict=True)], target)
    return ExactFit(
        coefficients=tuple(g * unit / y_unit for g, unit in zip(gamma, units, strict=True)),
        inverse_diagonal=tuple(
            Fraction(solved[j][1 + j], determinant) * units[j] ** 2 * w_unit for j in range(len(units))
        ),
        rss=(total - explained) / (y_unit**2 * w_unit),
        df_resid=len(y) - len(units),
    )


def log_relative_error(value: float, exact: str | Fraction, floor: float = 0.0) -> float:
    """Correct significant digits of `value`, at most 15, counted from `floor` where the truth is below it; from 1 where it is zero."""
    truth = Fraction(exact)
    if not np.isfinite(value):
        return 0.0
    error = abs(Fraction(float(value)) - truth) / (max(abs(truth), Fraction(floor)) or 1)
    return CAP if error == 0 else max(0.0, min(CAP, float(-mpmath.log10(_real(error)))))


def least_digits(values: Iterable[float], exact: Sequence[str], floor: float = 0.0) -> float:
    """Correct digits of the worst of several values."""
    return min(log_relative_error(value, truth, floor) for value, truth in zip(values, exact, strict=True))


def fingerprint(problem: Problem) -> str:
    """SHA-256 of the doubles of a problem: the reference holds for these bits and no others."""
    digest = hashlib.sha256()
    for part in (problem.X, problem.y, problem.weight):
        if part is not None:
            digest.update(np.ascontiguousarray(part, dtype="<f8").tobytes())
    return digest.hexdigest()


def reference(problem: Problem) -> dict[str, Any]:
    """Return the entry of one problem in a reference file: every number as a string of 30 digits."""
    fit = exact_fit(problem.X, problem.y, problem.weight, intercept=problem.intercept)
    return {
        "sha256": fingerprint(problem),
        "coefficients": [_text(c) for c in fit.coefficients],
        "standard_errors": [_text(s) for s in fit.standard_errors],
        "rss": _text(fit.rss),
        "sigma": _text(fit.sigma),
        "df_resid": fit.df_resid,
    }


def write(path: Path, problems: Mapping[str, Problem]) -> None:
    """Write the reference file of several problems."""
    made_by = f"tests/reference/exact_least_squares.py version {VERSION}, rational arithmetic, {DIGITS} digits"
    content = {"made_by": made_by, "problems": {name: reference(problem) for name, problem in problems.items()}}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _integers(values: list[float]) -> tuple[list[int], int]:
    """Bring doubles to integers: values = integers / unit, unit a power of two."""
    ratios = [value.as_integer_ratio() for value in values]
    unit = lcm(*(denominator for _, denominator in ratios))
    return [numerator * (unit // denominator) for numerator, denominator in ratios], unit


def _dot(a: list[int], b: list[int]) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _solve(gram: list[list[int]], cross: list[int]) -> tuple[int, list[list[int]]]:
    """Return the determinant d of the Gram matrix and ``d * gram**-1 @ [cross, identity]`` by fraction-free elimination."""
    k = len(gram)
    rows = [[*gram[i], cross[i], *(int(i == j) for j in range(k))] for i in range(k)]
    previous = 1
    for step in range(k):
        pivot = rows[step][step]
        if pivot == 0:
            raise ValueError(f"column {step} of the design is a linear combination of the columns before it")
        for i in range(k):
            if i != step:
                factor = rows[i][step]
                rows[i] = [(pivot * a - factor * b) // previous for a, b in zip(rows[i], rows[step], strict=True)]
        previous = pivot
    return previous, [row[k:] for row in rows]


def _real(value: Fraction) -> Any:
    with mpmath.workdps(60):
        return mpmath.mpf(value.numerator) / value.denominator


def _root(value: Fraction) -> Any:
    with mpmath.workdps(60):
        return mpmath.sqrt(_real(value))


def _text(value: Any) -> str:
    with mpmath.workdps(60):
        return str(mpmath.nstr(_real(value) if isinstance(value, Fraction) else value, DIGITS, strip_zeros=False))


def main() -> None:
    """Write every reference file."""
    from tests.reference.designs import DATA, nist_problems, raw_unit_problems

    write(DATA / "nist" / "attainable.json", nist_problems())
    write(DATA / "raw_units.json", raw_unit_problems())


if __name__ == "__main__":
    main()
