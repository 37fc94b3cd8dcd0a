"""`compare`: fitted models side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mathlearn._errors import DomainError
from mathlearn.comparison.nested import neighbours
from mathlearn.comparison.record import SHOWABLE, Comparison, Model
from mathlearn.data.schema import did_you_mean
from mathlearn.results.of_model import result_of
from mathlearn.statistics.coefficients import coefficient_table
from mathlearn.statistics.functional import parameter_labels
from mathlearn.statistics.overall import overall

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mathlearn.comparison.record import Showable
    from mathlearn.results.fit_result import FitResult
    from mathlearn.statistics.coefficients import CoefficientTable

__all__ = ["compare"]


def compare(
    *models: Any,
    names: Sequence[str] | None = None,
    level: float = 0.95,
    show: Showable | Iterable[Showable] = "std_error",
    stars: bool = False,
) -> Comparison:
    """Put fitted models side by side, as journals do: terms as rows, one column for each response of each model.

    Each model is also tested against the one before it, where one is nested in the other and both are of the same rows.

    Parameters
    ----------
    *models : fitted models or FitResult
        At least one; of any responses.
    names : sequence of str, optional
        One for each model, all different. Default: ``(1)``, ``(2)``, ...
    level : float in (0, 1)
        Confidence of the intervals.
    show : {"std_error", "interval", "statistic", "p_value"} or several of these
        What stands below each estimate; ``()`` for nothing.
    stars : bool
        Whether to mark p-values below 0.05, 0.01 and 0.001.

    Returns
    -------
    Comparison
        Shown as text, HTML, LaTeX or Markdown; ``to_frame()`` has the numbers.

    Raises
    ------
    TypeError
        No model, or something that is none of mathlearn's.
    NotFittedError
        A model is not fitted yet.
    DomainError
        `names`, `level` or `show` is not what is allowed.

    Notes
    -----
    A column called ``(Intercept)`` is labelled ```(Intercept)```, which tells it from the intercept.

    The F test is that of ``anova(smaller, larger)`` in R: it takes independent normal errors of equal variance for granted. Fits by the
    likelihood of one family are compared by their deviances, as `mathlearn.statistics.analysis_of_deviance` does. AIC and BIC rank fits
    by different families too, as long as all have probabilities of the same counts, or all densities of the same numbers; a note says
    where they do not.

    Examples
    --------
    >>> import mathlearn
    >>> from mathlearn.linear_model import LinearRegression
    >>> penguins = mathlearn.datasets.load_penguins().dropna()
    >>> small = LinearRegression(formula="body_mass_g ~ flipper_length_mm").fit(penguins)
    >>> large = LinearRegression(formula="body_mass_g ~ flipper_length_mm + sex").fit(penguins)
    >>> print(mathlearn.compare(small, large))
    Comparison of 2 models: all certified
    <BLANKLINE>
                               (1)          (2)
    response           body_mass_g  body_mass_g
    ───────────────────────────────────────────
    certificate          certified    certified
    ───────────────────────────────────────────
    (Intercept)           -5872.1      -5410.3
                           (310.3)      (285.8)
    flipper_length_mm      50.153       46.982
                           (1.540)      (1.441)
    sex[T.male]                         347.85
                                        (40.34)
    ───────────────────────────────────────────
    n                         333          333
    R²                     0.7621       0.8058
    adjusted R²            0.7614       0.8047
    sigma                   393.3        355.9
    AIC                   4928.15      4862.48
    BIC                   4939.57      4877.72
    covariance           classical    classical
    <BLANKLINE>
    Below       standard error in round brackets
    F test      (2) against (1): F(1, 330) = 74.350, p = 2.8e-16
    Note        F test: assumes independent normal errors of equal variance
    """
    if not models:
        raise TypeError("compare() needs at least one fitted model")
    several = len(models) > 1
    results = [result_of(model, f"model {i}" if several else "the model") for i, model in enumerate(models, 1)]
    labels = _names(names, len(models))
    return Comparison(
        models=tuple(
            Model(name, result, _labelled(result, level), overall(result))
            for name, result in zip(labels, results, strict=True)
        ),
        tests=neighbours(labels, results),
        level=level,
        show=_show(show),
        stars=bool(stars),
    )


def _labelled(result: FitResult, level: float) -> CoefficientTable:
    """Tell a column called "(Intercept)" from the intercept: rows are found by their labels."""
    return replace(coefficient_table(result, level), names=parameter_labels(result))


def _names(names: Sequence[str] | None, count: int) -> list[str]:
    if names is None:
        return [f"({i})" for i in range(1, count + 1)]
    given = [names] if isinstance(names, str) else [str(name) for name in names]
    if len(given) != count or len(set(given)) != count:
        raise DomainError(f"names is {names!r}: it must hold {count} different names, one for each model")
    return given


def _show(show: Showable | Iterable[Showable]) -> tuple[Showable, ...]:
    given: tuple[Any, ...] = (show,) if isinstance(show, str) else tuple(show)
    for what in given:
        if what not in SHOWABLE:
            hint = did_you_mean(str(what), SHOWABLE)
            raise DomainError(f"show has {what!r}: it may hold {', '.join(map(repr, SHOWABLE))}.{hint}")
    return tuple(dict.fromkeys(given))
