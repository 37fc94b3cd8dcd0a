"""From where the solver of several classes ended to the numbers shown, in the user's units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mathlearn.calculus.multinomial import class_penalty
from mathlearn.calculus.quadratic import Quadratic
from mathlearn.certify.likelihood import Factor
from mathlearn.certify.multinomial_rows import MultinomialShown
from mathlearn.fitting.origin import intercept_at_zero
from mathlearn.linalg.errorfree import minus_dot
from mathlearn.linalg.moments import power_of_two
from mathlearn.results.fit_result import Curvature
from mathlearn.results.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.chunk import Chunk
    from mathlearn.fitting.multinomial_solver import ClassesSolved
    from mathlearn.linalg.dependence import Dependence
    from mathlearn.results.fit_result import FitResult

__all__ = ["ClassNumbers", "class_curvature", "class_factor", "class_numbers", "class_penalties", "complement", "joined", "numbers_of_record", "sharpened", "shown_classes", "stack_of", "stacked", "stacked_null"]  # fmt: skip


_INDEPENDENT = 1e-9  # share of unit directions below which they hold nothing new


@dataclass(frozen=True, slots=True)
class ClassNumbers:
    """What the solver found, in the coordinates of the rows; user units. Log odds are those against the first class.

    Attributes
    ----------
    coef : (K - 1, p)
    level : (K - 1,)
        Log odds at the mean.
    intercept : bool
    mean : (p,)
        A point near the rows; zeros without intercept.
    scale : (p,)
        Powers of two of the sizes of the columns about it.
    root : (m, r) or None
        T with ``T T' = H^-1`` for level and slopes, class by class; None where the curvature was not formed.
    condition : float
    dependence : Dependence
    flat : (m, f) or None
        Directions of intercepts at zero and slopes that a separated fit does not determine; None where `dependence` says it all.
    """

    coef: FloatArray
    level: FloatArray
    intercept: bool
    mean: FloatArray
    scale: FloatArray
    root: FloatArray | None
    condition: float
    dependence: Dependence
    flat: FloatArray | None = None

    @property
    def units(self) -> FloatArray:
        """What one unit of each stacked parameter is in the columns' scales (m,)."""
        each = np.concatenate([np.ones(int(self.intercept)), self.scale])
        return np.tile(each, len(self.coef))

    @property
    def parameters(self) -> FloatArray:
        """Intercepts at zero and slopes, stacked (m,)."""
        return joined(self, self.at_zero, self.coef)

    @property
    def null(self) -> FloatArray:
        """Directions (m, f) of intercepts at zero and slopes that the rows do not determine."""
        if self.flat is not None:
            return self.flat
        return stacked_null(self.dependence, len(self.coef), intercept=self.intercept)

    @property
    def estimable(self) -> BoolArray:
        """Which of the stacked parameters (m,) the rows determine."""
        if self.flat is not None:
            return np.logical_not(self.flat.any(axis=1))
        return np.tile(self.dependence.estimable(intercept=self.intercept), len(self.coef))

    @property
    def at_zero(self) -> FloatArray:
        """Intercepts (K - 1,) where the columns, as the rows count them, are zero."""
        slopes = self.coef.T
        return minus_dot((self.level, np.zeros_like(self.level)), self.mean, (slopes, np.zeros_like(slopes)))


def stacked_null(dependence: Dependence, predictors: int, *, intercept: bool) -> FloatArray:
    """Directions (m, f) of stacked parameters that dependent columns leave open: those of each predictor by itself."""
    each = dependence.null
    if intercept:
        each = np.concatenate([-dependence.constant[None], each])
    return np.asarray(np.kron(np.eye(predictors), each), dtype=np.float64)


def class_numbers(solved: ClassesSolved) -> ClassNumbers:
    """Read the user's numbers off a solution."""
    c, last, dependence = solved.objective.coordinates, solved.optimum.last, solved.dependence
    theta = solved.optimum.theta.reshape(solved.objective.classes - 1, -1)
    first = int(c.intercept)
    mean = c.shift.copy()
    if dependence.dropped.size:
        mean[dependence.dropped] = mean[dependence.kept] @ dependence.weights + dependence.constant
    numbers = ClassNumbers(
        coef=dependence.minimum_norm(np.array([c.slopes(each) for each in theta])),
        level=theta[:, 0] if first else np.zeros(len(theta)),
        intercept=c.intercept,
        mean=mean,
        scale=c.scale,
        root=None,
        condition=float("nan") if last is None else last.model.condition,
        dependence=dependence,
    )
    if last is None:
        return numbers
    factor = last.model.factor.reshape(len(theta), c.size, last.model.factor.shape[1])
    root = np.zeros((len(theta), first + c.shift.size, factor.shape[2]))
    root[:, :first] = factor[:, :first]
    slopes = factor[:, first:] if c.basis is None else c.basis @ factor[:, first:]
    root[:, first + c.columns] = slopes / c.scale[c.columns][:, None]
    whole = root.reshape(len(theta) * root.shape[1], factor.shape[2])
    return replace(numbers, root=whole, scale=power_of_two(_sizes(root[:, first:], c.scale)))


def _sizes(root: FloatArray, scale: FloatArray) -> FloatArray:
    """Size (p,) of each column about the mean: the inverse of the least standard error (of a class) of its slope.

    A slope that separation leaves open has one of rounding, which is no size; a column of such slopes alone keeps the scale of its rows.
    """
    length = np.sqrt(np.einsum("kjr,kjr->kj", root, root))
    known = length * scale > _INDEPENDENT * (length * scale).max(initial=0.0)
    least = np.where(known, length, np.inf).min(axis=0, initial=np.inf)
    return np.where(np.isfinite(least), 1.0 / least, scale)


def class_penalties(numbers: ClassNumbers, penalty: float) -> FloatArray:
    """Penalty on each class's level and slopes (k,), in units of the scales."""
    return np.concatenate([np.zeros(int(numbers.intercept)), penalty / numbers.scale**2])


def sharpened(numbers: ClassNumbers, expected: FloatArray, penalty: float) -> ClassNumbers:
    """Take the curvature that the evidence found at the solution itself: the solver's is that of the point before its last step.

    Parameters
    ----------
    expected : (m, m)
        About the mean, in units of the scales.
    """
    curvature = expected
    if penalty:
        curvature = expected + class_penalty(class_penalties(numbers, penalty), len(numbers.coef) + 1)
    if numbers.dependence.dropped.size:
        return numbers
    basis = (
        None
        if numbers.flat is None
        else complement(_moved(numbers, numbers.flat, -numbers.mean) * numbers.units[:, None])
    )
    if basis is not None:
        curvature = basis.T @ curvature @ basis
    model = Quadratic.of(np.zeros(len(curvature)), curvature, intercept=False)
    if model is None or model.stiff:
        return numbers
    factor = model.factor if basis is None else basis @ model.factor
    return replace(numbers, root=factor / numbers.units[:, None], condition=model.condition)


def complement(directions: FloatArray) -> FloatArray:
    """Return an orthonormal basis (m, r) of what is orthogonal to some directions (m, f), which may depend on each other."""
    length = np.linalg.norm(directions, axis=0)
    left, size, _ = np.linalg.svd(directions / np.where(length > 0.0, length, 1.0), full_matrices=True)
    return np.asarray(left[:, np.count_nonzero(size > _INDEPENDENT) :])


def shown_classes(
    numbers: ClassNumbers, null: FloatArray, closed: Callable[[Chunk], BoolArray] | None = None
) -> MultinomialShown:
    """Return the numbers that are put to the test; dependent columns carry nothing there."""
    return MultinomialShown(
        coef=_basic(numbers),
        level=numbers.level,
        mean=numbers.mean,
        scale=numbers.scale,
        intercept=numbers.intercept,
        null=null,
        curved=numbers.root is not None,
        closed=closed,
    )


def _basic(numbers: ClassNumbers) -> FloatArray:
    """Slopes (K - 1, p) that say the same with nothing on dependent columns."""
    return numbers.dependence.basic(numbers.coef, np.zeros(len(numbers.coef)))[0]


def class_factor(numbers: ClassNumbers, penalty: float) -> Factor:
    """Return the factor that is put to the test, for level and slopes in units of the scales, class by class.

    Raises
    ------
    ValueError
        The curvature was not formed.
    """
    if numbers.root is None:
        raise ValueError("the curvature was not formed")
    unit, coef = numbers.units, _basic(numbers)
    root, at_zero = numbers.root * unit[:, None], _moved(numbers, numbers.root, numbers.mean) * unit[:, None]
    each = class_penalties(numbers, penalty)
    return Factor(
        root=root,
        shown=at_zero,
        penalty=class_penalty(each, len(numbers.coef) + 1) if penalty else np.zeros(len(unit)),
        beta=joined(numbers, numbers.level, coef) * unit,
        sizes=np.abs(joined(numbers, numbers.at_zero, coef) * unit),
    )


def joined(numbers: ClassNumbers, level: FloatArray, coef: FloatArray) -> FloatArray:
    """Stack levels or intercepts (K - 1,) and slopes (K - 1, p) class by class (m,)."""
    return (np.column_stack([level, coef]) if numbers.intercept else coef).reshape(-1)


def _moved(numbers: ClassNumbers, of: FloatArray, point: FloatArray) -> FloatArray:
    """Move the intercepts among stacked parameters (m, r) by minus `point` (p,) times their slopes."""
    if not numbers.intercept:
        return of
    count, p = numbers.coef.shape
    rows = of.reshape(count, 1 + p, of.shape[1]).copy()
    rows[:, 0] -= np.einsum("j,kjr->kr", point, rows[:, 1:])
    return rows.reshape(of.shape)


def class_curvature(numbers: ClassNumbers, origin: FloatArray) -> Curvature | None:
    """Return the curvature of a record, for stacked intercepts at the user's zero and slopes; `origin` (p,) as in its `Stack`."""
    if numbers.root is None:
        return None
    m = len(numbers.root)
    whitener = _moved(numbers, numbers.root, numbers.mean + origin)
    return Curvature(
        mean=np.zeros(m),
        origin=np.zeros(m),
        whitener=whitener,
        mean_white=np.zeros(whitener.shape[1]),
        null=_moved(numbers, numbers.null, origin),
        scale=numbers.units,
    )


def stacked(numbers: ClassNumbers, origin: tuple[int, ...]) -> FloatArray:
    """Return the parameters (m,) as a record stacks them: intercepts at the user's zero."""
    return joined(numbers, intercept_at_zero(numbers.at_zero, numbers.coef, origin), numbers.coef)


def stack_of(
    numbers: ClassNumbers, classes: tuple[object, ...], columns: tuple[str, ...], origin: tuple[int, ...]
) -> Stack:
    """Say how the parameters stand in a record."""
    return Stack(
        classes=tuple(map(str, classes)),
        columns=columns,
        intercept=numbers.intercept,
        mean=numbers.mean,
        origin=np.array(origin, np.float64) if origin else np.zeros(len(columns)),
        level=numbers.level,
    )


def numbers_of_record(result: FitResult, stack: Stack, dependence: Dependence, *, limit: bool) -> ClassNumbers:
    """Put the numbers of a record into the form that is checked, in the coordinates of the rows.

    Parameters
    ----------
    limit : bool
        Whether they are those of a limit, which knows fewer directions than the columns do.
    """
    coef, _ = stack.apart(result.coef[0])
    p = len(stack.columns)
    numbers = ClassNumbers(
        coef=coef,
        level=stack.level,
        intercept=stack.intercept,
        mean=stack.mean,
        scale=np.ones(p),
        root=None,
        condition=result.condition_scaled,
        dependence=dependence,
    )
    if result.curvature is None:
        return numbers
    curvature = result.curvature
    return replace(
        numbers,
        root=_moved(numbers, curvature.whitener, -(stack.mean + stack.origin)),
        scale=curvature.scale.reshape(len(coef), -1)[0, int(stack.intercept) :],
        flat=_moved(numbers, curvature.null, -stack.origin) if limit else None,
    )
