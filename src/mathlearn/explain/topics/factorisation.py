"""How the equations were really solved, and why that way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mathlearn.explain.derivation import Step, StepCheck, prose
from mathlearn.explain.evidence import RESOLVED, certified
from mathlearn.explain.numbers import num
from mathlearn.explain.registry import Topic
from mathlearn.explain.spectrum import largest
from mathlearn.explain.topics._words import display, said
from mathlearn.linalg.errorfree import ROUNDOFF, TINY, gamma
from mathlearn.linalg.start import from_gram
from mathlearn.statistics.summary.phrases import conditioning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.books import Books
    from mathlearn.explain.derivation import Block
    from mathlearn.explain.setting import Setting
    from mathlearn.results.fit_result import Curvature

_RUNGS = {
    "cholesky": "a Cholesky factor of the scaled $H$, from one pass over the rows. Its error bound was found small enough, so nothing "
    "dearer was needed",
    "refinement": "a Cholesky factor of the scaled $H$, then a correction of the solution from residuals formed in twice the precision, "
    "because the factor alone left too few digits",
    "tsqr": "Householder reflections of the rows, which never square the condition number",
    "double-double": "sums and factors in twice the precision of a double (some 32 digits), so that every digit shown is right",
    "minimum-norm": "the columns that depend on others set aside, the rest solved in twice the precision, and of all solutions the "
    "shortest taken",
}
_EXACT_ORDER = 64  # up to here condition numbers are from singular values, above from 30 steps of power iteration
_STEPS = 30
_CLOSE = "up to rounding, relative"


def applies(setting: Setting) -> bool:
    """Where a curvature factor was left behind."""
    return setting.books is not None and setting.result.curvature is not None and setting.result.rank > 0


def step(setting: Setting) -> Step:
    """Say which algorithm, and how sensitive the problem is."""
    H = rf"{setting.X}^{{\top}}{setting.W} {setting.X}"
    generalised = r"a generalised inverse of $H$" if setting.deficient else r"the inverse of $H$"
    return Step(
        heading="The factorisation",
        claim=prose(
            rf"A matrix $V$ is found that makes the columns orthonormal; then $V V^{{\top}}$ is {generalised}."
        ),
        body=tuple(_body(setting, H)),
        because=prose(
            "Sums of products lose digits when columns are nearly dependent, and when they lie far from zero or in "
            "unlike units. "
            "The second kind costs nothing once columns are centred and divided by powers of two, which rounds "
            "nothing; the "
            r"condition number $\kappa$ tells the two apart."
        ),
        checks=tuple(_checks(setting)),
        reference="Higham (2002), Accuracy and Stability of Numerical Algorithms, sections 10.1, 19.1 and 20.4",
    )


def _body(setting: Setting, H: str) -> Iterator[Block]:
    result = setting.result
    yield display(
        rf"V^{{\top}} H\, V = I, \qquad H = {H}, \qquad V \text{{ of size }} {setting.p} \times {result.rank}"
    )
    yield said(f"Used here: {_RUNGS[result.rung]}.")
    raw, scaled = num(result.condition_raw, 3), num(result.condition_scaled, 3)
    if setting.deficient:
        yield display(rf"\kappa_{{\text{{scaled}}}} = {scaled} \text{{ without the dependent columns}}")
        return
    yield display(rf"\kappa_{{\text{{raw}}}} = {raw}, \qquad \kappa_{{\text{{scaled}}}} = {scaled}")
    words = conditioning(result.condition_raw, result.condition_scaled).partition(": ")[2]
    yield said(f"{words[0].upper()}{words[1:]}.")


def _checks(setting: Setting) -> Iterator[StepCheck]:
    books, curvature = setting.books, setting.result.curvature
    assert books is not None
    assert curvature is not None
    yield _white(setting, books, curvature)
    far = np.abs(curvature.mean - books.mean) / np.maximum(
        np.abs(books.mean) + books.size / np.sqrt(books.weight), TINY
    )
    if setting.centred:
        yield StepCheck(
            float(far.max(initial=0.0)),
            books.relative + 4 * ROUNDOFF,
            "the means that columns are centred about, relative to their size and spread",
        )
    yield from _conditions(setting, books, curvature)


def _white(setting: Setting, books: Books, curvature: Curvature) -> StepCheck:
    """How far the columns are from orthonormal after V."""
    V = curvature.whitener
    far = np.abs(V.T @ books.H @ V - np.eye(V.shape[1]))
    sizes = books.size @ np.abs(V)
    bound = books.relative * float(sizes.max(initial=0.0)) ** 2
    if bound > RESOLVED:
        found = certified(setting.result, "curvature")
        if found is not None:
            return found
    return StepCheck(float(far.max(initial=0.0)), bound, "the largest entry of V'HV - I, with H from the statistic")


def _conditions(setting: Setting, books: Books, curvature: Curvature) -> Iterator[StepCheck]:
    """Condition numbers again: sizes from H, sizes of the inverse from V V'."""
    kept, scale = books.kept, curvature.scale
    V = (curvature.whitener * scale[:, None])[kept]
    H = books.H[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept])
    scaled = float(np.sqrt(largest(H) * largest(V @ V.T)))
    size = books.size[kept] / scale[kept]
    shown = setting.result.condition_scaled
    own = _own_error(setting, books, shown)
    bound = books.relative * float(size @ size) / max(largest(H), TINY) + _slack(kept.size) + own
    yield StepCheck(
        abs(shown - scaled) / scaled,
        bound,
        f"the scaled condition number from the eigenvalues of H and of V V', {_CLOSE}",
    )
    if setting.deficient:
        return
    found = _raw(setting, books, curvature)
    if found is not None:
        value, slack = found
        raw = setting.result.condition_raw
        yield StepCheck(abs(raw - value) / value, slack + own, f"the raw condition number likewise, {_CLOSE}")


def _raw(setting: Setting, books: Books, curvature: Curvature) -> tuple[float, float] | None:
    """Condition number of [1 X] as given, and a bound on its relative error; None outside the range of doubles."""
    V, mean = curvature.whitener, books.mean
    if not setting.centred:
        value = float(np.sqrt(largest(books.H) * largest(V @ V.T)))
        return value, books.relative * setting.p + _slack(setting.p)
    root = np.sqrt(books.weight)
    top = np.concatenate([[root], root * mean])
    with np.errstate(over="ignore"):
        gram = np.outer(top, top)
        gram[1:, 1:] += books.H
        inverse = np.zeros((setting.p + 1, V.shape[1] + 1))
        inverse[0, 0], inverse[0, 1:], inverse[1:, 1:] = 1 / root, -(V.T @ mean), V
        product = inverse @ inverse.T
    if not (np.isfinite(gram).all() and np.isfinite(product).all()):
        return None
    away = np.abs(mean) @ np.abs(V)
    lost = (setting.p + 2) * ROUNDOFF * float(np.linalg.norm(away)) / max(float(np.linalg.norm(inverse)), TINY)
    return float(np.sqrt(largest(gram) * largest(product))), books.relative * (setting.p + 1) + _slack(
        setting.p + 1
    ) + lost


def _own_error(setting: Setting, books: Books, condition: float) -> float:
    """Relative error of a condition number, which is read off the factor in double precision that the solution started from.

    Householder reflections factor columns each of which is off by ``gamma(n p)`` of its length (Higham 2002, theorem 19.4), and a
    condition number reacts to that as much as it is large. A Cholesky factor, where the start was one, has the eigenvalues of an
    H in double precision.

    References
    ----------
    Demmel (1987), "On condition numbers and the distance to the nearest ill-posed problem", Numer. Math. 51: the condition
    number of inversion is its own condition number.
    """
    p, moments = books.kept.size, setting.result.statistic
    reflected = gamma(books.n * p) * float(np.sqrt(p)) * condition
    started = setting.centred and moments is not None and from_gram(moments, setting.p) is not None
    return reflected + (books.doubt / (1 - books.doubt) if started and books.doubt < 1 else 0.0)


def _slack(order: int) -> float:
    """Bound the rounding of norms of matrices of this order; above 64, what 30 steps of power iteration may miss.

    References
    ----------
    Kuczynski and Wozniakowski (1992), "Estimating the largest eigenvalue by the power and Lanczos algorithms with a random
    start", SIAM J. Matrix Anal. Appl. 13(4), theorem 3.1: 0.871 log(n) / (k - 1).
    """
    rounding = 16 * order * ROUNDOFF
    return rounding if order < _EXACT_ORDER else float(0.871 * np.log(order) / (_STEPS - 1))


TOPIC = Topic(50, "least squares", "fit", applies, step)
