"""The libraries, each at its best settings for the task, behind one call: (X, y) -> coefficients and standard errors."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Arrays = tuple[Any, Any]


@dataclass(frozen=True)
class Estimates:
    """Coefficients of the columns (p,), and their standard errors where the library gives them."""

    coefficients: NDArray[np.float64]
    standard_errors: NDArray[np.float64] | None


@dataclass(frozen=True)
class Peer:
    """A library and how it is asked for the fit.

    Attributes
    ----------
    prepare : callable
        Puts (X, y) in the form this library likes best; not timed.
    fit : callable
        The timed call, on what `prepare` gave.
    """

    name: str
    package: str
    fit: Callable[[Any, Any], Estimates]
    prepare: Callable[[Any, Any], Arrays] = lambda X, y: (X, y)

    @property
    def installed(self) -> bool:
        """Whether the library can be imported here."""
        return importlib.util.find_spec(self.package) is not None


def version(package: str) -> str:
    """Return the version of an installed distribution."""
    return importlib.metadata.version({"sklearn": "scikit-learn"}.get(package, package))


def _mathlearn(X: Any, y: Any) -> Estimates:
    from mathlearn.linear_model import LinearRegression

    model = LinearRegression().fit(X, y)
    certificate = model.certificate_
    assert certificate.ok
    assert certificate.grade == "rows", "the claim is a fit with evidence from the rows"
    return Estimates(np.ravel(model.coef_), model.tidy()["std_error"].to_numpy()[1:])


def _sklearn(X: Any, y: Any) -> Estimates:
    from sklearn.linear_model import LinearRegression

    return Estimates(np.ravel(LinearRegression().fit(X, y).coef_), None)


def _with_constant(X: Any, y: Any) -> Arrays:
    return np.column_stack([np.ones(len(y)), X]), y


def _statsmodels(method: str) -> Callable[[Any, Any], Estimates]:
    def fit(X: Any, y: Any) -> Estimates:
        from statsmodels.regression.linear_model import OLS

        result = OLS(y, X).fit(method=method)
        return Estimates(result.params[1:], result.bse[1:])

    return fit


def _column_major(X: Any, y: Any) -> Arrays:
    return np.asfortranarray(X), y


def _glum(X: Any, y: Any) -> Estimates:
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(alpha=0, family="normal", robust=False, check_input=False).fit(X, y)
    return Estimates(model.coef_, np.asarray(model.std_errors(X, y, robust=False))[1:])


MATHLEARN = Peer("mathlearn", "mathlearn", _mathlearn)
SKLEARN = Peer("scikit-learn", "sklearn", _sklearn)
STATSMODELS = (
    Peer("statsmodels (pinv)", "statsmodels", _statsmodels("pinv"), _with_constant),
    Peer("statsmodels (qr)", "statsmodels", _statsmodels("qr"), _with_constant),
)
GLUM = (
    Peer("glum (row-major)", "glum", _glum),
    Peer("glum (column-major)", "glum", _glum, _column_major),
)
# Settings of one library compete: its fastest is the peer.
FAMILIES: dict[str, tuple[Peer, ...]] = {
    "mathlearn": (MATHLEARN,),
    "scikit-learn": (SKLEARN,),
    "statsmodels": STATSMODELS,
    "glum": GLUM,
}
