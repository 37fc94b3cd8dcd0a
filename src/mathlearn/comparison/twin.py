"""`compare_with_sklearn`: a fit beside that of scikit-learn's estimator of the same name, on the same rows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mathlearn.comparison.twin_least_squares import LEAST_SQUARES
from mathlearn.comparison.twin_likelihood import LIKELIHOOD
from mathlearn.comparison.twin_rows import all_rows
from mathlearn.results.of_model import result_of
from mathlearn.results.stack import require_one_predictor

if TYPE_CHECKING:
    from mathlearn.comparison.twin_measures import Pairing
    from mathlearn.comparison.twin_record import TwinComparison
    from mathlearn.results.fit_result import FitResult

__all__ = ["compare_with_sklearn"]


def compare_with_sklearn(
    model: Any, X: Any, y: Any = None, sample_weight: Any = None, *, groups: Any = None
) -> TwinComparison:
    """Fit scikit-learn's estimator of the same name to the same rows, and say how far apart the two are, and why.

    Parameters
    ----------
    model : fitted model
    X, y, sample_weight, groups
        The data of the fit, as it took them; groups only where rows without a label were dropped. scikit-learn's estimator gets
        the columns that the fit used (with a formula the encoded ones), without rows that were dropped.

    Its parameters are those of the model, where both have them. Of least squares that is ``fit_intercept`` and ``positive``; others keep
    scikit-learn's defaults, which its users have.

    Returns
    -------
    TwinComparison
        Shown as text, HTML, LaTeX or Markdown; ``to_frame()`` has the numbers.

    Raises
    ------
    TypeError
        This is no model of mathlearn's, or scikit-learn has none of its name.
    NotFittedError
    DomainError
        The fit has an offset in a linear predictor, which scikit-learn's models do not take; or it is of more than two classes.
    SchemaError
        These are not the rows of the fit.
    ResourceError
        All rows at once, as scikit-learn needs them, take more than ``max_memory``.

    Examples
    --------
    >>> import mathlearn
    >>> from mathlearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> twins = mathlearn.compare_with_sklearn(LinearRegression().fit(X, y), X, y)
    >>> twins.alike
    True
    >>> twins.to_frame()[["term", "mathlearn", "sklearn"]].round(6)
              term  mathlearn  sklearn
    0  (Intercept)        0.7      0.7
    1           x0        2.2      2.2
    """
    result = result_of(model, "the model")
    if model is result:
        raise TypeError("compare_with_sklearn() needs the fitted model: its result_ alone does not say how X is read")
    require_one_predictor(result, "a comparison with scikit-learn's fit")
    pairing = LEAST_SQUARES if result.likelihood is None else LIKELIHOOD
    twin = _unfitted(model, result, pairing)
    bound = model._fit_rows(X, y, sample_weight=sample_weight, groups=groups, require_y=y is None)  # noqa: SLF001 - the project's own
    rows = all_rows(bound, result, X)
    pairing.require_same(rows, result)
    return pairing.compare(result, model.design_, rows, twin)


def _unfitted(model: Any, result: FitResult, pairing: Pairing) -> Any:
    """Make scikit-learn's estimator of the same public name, with the parameters that both have."""
    for kind in type(model).__mro__:
        package, _, module = kind.__module__.partition(".")
        if package == "mathlearn":
            theirs = getattr(import_module(f"sklearn.{module.partition('.')[0]}"), kind.__name__, None)
            if theirs is None:
                break
            known = theirs().get_params()
            wanted = {**model.get_params(), "fit_intercept": result.fit_intercept}
            shared = pairing.shared(name for name in wanted if name in known)
            return theirs(**{name: wanted[name] for name in shared})
    raise TypeError(f"scikit-learn has no {type(model).__name__} to compare with")
