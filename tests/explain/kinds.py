"""The kinds of fits on which every law of derivations is tried: how they are made, which rows are explained, and what is put wrong."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from mathlearn.explain import explain, explain_row
from tests.explain import classes_fits, classes_perturbed, fits, likelihood_fits, likelihood_perturbed, perturbed

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from mathlearn.explain.derivation import Derivation
    from mathlearn.results.fit_result import FitResult
    from tests.explain.perturbed import Change


class Kind(NamedTuple):
    """Fits of one kind.

    Attributes
    ----------
    fits : dict
        How each is made, by name.
    fit : callable
        ``fit(name)``: makes it once.
    row_of : callable
        ``row_of(result, keeps=True)``: a row to explain, which keeps to the dependences of the columns, or does not.
    wrong, wrong_rows : dict
        Of each step of a fit, and of a prediction, the fits and what is put wrong in their records.
    said : set of str
        Steps that only say in other words what another checks.
    unfinished : tuple of str
        Fits that are not at their optimum.
    """

    fits: dict[str, Callable[[], FitResult]]
    fit: Callable[[str], FitResult]
    row_of: Callable[..., np.ndarray]
    wrong: dict[str, list[tuple[str, Change]]]
    wrong_rows: dict[str, list[tuple[str, Change]]]
    said: frozenset[str]
    unfinished: tuple[str, ...]


KINDS = {
    "least squares": Kind(fits.FITS, fits.fit, fits.row_of, perturbed.FIT, perturbed.ROW, frozenset(), ()),
    "likelihood": Kind(
        likelihood_fits.FITS,
        likelihood_fits.fit,
        likelihood_fits.row_of,
        likelihood_perturbed.FIT,
        likelihood_perturbed.ROW,
        likelihood_perturbed.SAID,
        ("not converged",),
    ),
    "classes": Kind(
        classes_fits.FITS,
        classes_fits.fit,
        classes_fits.row_of,
        classes_perturbed.FIT,
        classes_perturbed.ROW,
        likelihood_perturbed.SAID,
        ("classes, not converged",),
    ),
}
EVERY = [(kind, name) for kind, known in KINDS.items() for name in known.fits]

# Steps that speak of a row that does not keep to the dependences, or lies where the probabilities are at their ends.
AWAY = {
    "The data do not determine this prediction",
    "The predictor has no finite value",
    "Classes that are ruled out",
}


@cache
def derivations(kind: str, name: str) -> tuple[Derivation, Derivation]:
    """Derive a fit, and one prediction of it."""
    known = KINDS[kind]
    result = known.fit(name)
    return explain(result), explain_row(result, known.row_of(result))
