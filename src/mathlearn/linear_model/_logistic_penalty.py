"""The penalty that three parameters of scikit-learn's logistic regression ask for, and what it says of them."""

from __future__ import annotations

import math
import warnings

from mathlearn._errors import DomainError

__all__ = ["squares_penalty", "tell_of_penalty"]

_DEPRECATED = "deprecated"
_GOES = "'penalty' was deprecated in scikit-learn 1.8. Leave it out, and use C=numpy.inf for penalty=None; C alone is penalty='l2'."
_LATER = "the penalty l1 and its mixtures are not offered yet: use penalty l2 (C=...), none (C=numpy.inf), or scikit-learn's own"


def tell_of_penalty(penalty: str | None, C: float, l1_ratio: float | None) -> None:
    """Warn of parameters that are on their way out or say nothing, as scikit-learn does and in its words."""
    mixed = l1_ratio is not None and 0.0 < l1_ratio < 1.0
    told: list[tuple[str, type[Warning]]] = []
    if penalty == _DEPRECATED:
        if l1_ratio is None:
            told.append(
                ("'l1_ratio=None' was deprecated in scikit-learn 1.8: use 0, for no l1 penalty.", FutureWarning)
            )
    else:
        told.append((_GOES, FutureWarning))
        if penalty != "elasticnet" and mixed:
            text = f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})"
            told.append((text, UserWarning))
        if (penalty == "l2" and l1_ratio != 0) or (penalty == "l1" and l1_ratio != 1):
            text = f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}. penalty decides."
            told.append((text, UserWarning))
        if penalty is None and C != 1.0:
            told.append(("Setting penalty=None will ignore the C and l1_ratio parameters", UserWarning))
    for text, kind in told:
        warnings.warn(text, kind, stacklevel=3)


def squares_penalty(penalty: str | None, C: float, l1_ratio: float | None) -> float:
    """Return what multiplies half the sum of squared coefficients: 1 / C, and 0 without a penalty.

    Raises
    ------
    DomainError
        What is asked for is not, or not only, a penalty on squares.
    """
    if penalty is None or (penalty == _DEPRECATED and math.isinf(C)):
        return 0.0
    if penalty == "elasticnet" and l1_ratio is None:
        raise DomainError("l1_ratio must be specified when penalty is elasticnet: a number from 0 to 1.")
    mixture = penalty in {_DEPRECATED, "elasticnet"} and (l1_ratio or 0.0) > 0.0
    if penalty == "l1" or mixture:
        raise DomainError(_LATER)
    return 1.0 / float(C)
