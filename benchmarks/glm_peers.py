"""The libraries that fit generalised linear models, each at its best settings, tightened until the gradient norm asked for is reached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.peers import Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12)
"""Of a library's own stopping rule; the loosest that reaches the gradient norm counts."""


class Passes(NamedTuple):
    """Passes over all rows, and how many of them formed the products of the columns; the others formed a gradient."""

    made: int
    with_products: int


class GlmEstimates(NamedTuple):
    """Intercept and coefficients (p + 1,), standard errors where the library gives them, and passes where it tells."""

    parameters: NDArray[np.float64]
    standard_errors: NDArray[np.float64] | None
    passes: Passes | None = None


@dataclass(frozen=True)
class Law:
    """What is fitted.

    Attributes
    ----------
    name : {"logistic", "poisson", "gamma"}
    penalty : float
        On half the squared coefficients, beside the sum of the log-likelihoods: 1 is scikit-learn's C=1; 0 is none.
    """

    name: str
    penalty: float

    def gradient_norm(self, X: Any, y: Any, parameters: NDArray[np.float64]) -> float:
        """Largest component of the gradient of the mean loss, recomputed by NumPy alone."""
        eta = parameters[0] + X @ parameters[1:]
        residual = _RESIDUALS[self.name](y, eta)
        slope = (X.T @ residual + self.penalty * parameters[1:]) / len(y)
        return float(max(np.abs(slope).max(), abs(residual.sum()) / len(y)))


def _logistic(y: Any, eta: Any) -> Any:
    from scipy.special import expit

    return expit(eta) - y


_RESIDUALS: dict[str, Callable[[Any, Any], Any]] = {
    "logistic": _logistic,
    "poisson": lambda y, eta: np.exp(eta) - y,
    "gamma": lambda y, eta: 1.0 - y * np.exp(-eta),
}


def peers(law: Law, tolerance: float, n: int) -> dict[str, tuple[Peer, ...]]:
    """Return the settings of each library at one tolerance; the fastest of a library is the peer."""
    families = {
        "mathlearn": (Peer("mathlearn", "mathlearn", partial(_mathlearn, law)),),
        "scikit-learn": tuple(
            Peer(f"scikit-learn ({solver})", "sklearn", partial(_sklearn, law, solver, tolerance))
            for solver in ("lbfgs", "newton-cholesky")
        ),
        "glum": (
            Peer("glum (row-major)", "glum", partial(_glum, law, tolerance, n)),
            Peer("glum (column-major)", "glum", partial(_glum, law, tolerance, n), _column_major),
        ),
    }
    if law.penalty == 0.0:
        families["statsmodels"] = (
            Peer("statsmodels", "statsmodels", partial(_statsmodels, law, tolerance), _with_constant),
        )
    return families


def _column_major(X: Any, y: Any) -> tuple[Any, Any]:
    return np.asfortranarray(X), y


def _with_constant(X: Any, y: Any) -> tuple[Any, Any]:
    return np.column_stack([np.ones(len(y)), X]), y


def _mathlearn(law: Law, X: Any, y: Any) -> GlmEstimates:
    from mathlearn import linear_model

    if law.name == "logistic":
        model = linear_model.LogisticRegression(C=1.0 / law.penalty if law.penalty else np.inf).fit(X, y)
    else:
        kind = {"poisson": linear_model.PoissonRegressor, "gamma": linear_model.GammaRegressor}[law.name]
        model = kind(alpha=law.penalty / len(y)).fit(X, y)
    assert model.certificate_.ok
    assert model.certificate_.grade == "rows", "the claim is a fit with evidence from the rows"
    errors = None if law.penalty else model.tidy()["std_error"].to_numpy()
    seen = model.result_.likelihood
    curved = (
        sum(each.renewed for each in seen.iterations if each.rows == len(y)) + 1
    )  # that of the evidence forms them, too
    return GlmEstimates(np.append(model.intercept_, model.coef_), errors, Passes(seen.passes, curved))


def _sklearn(law: Law, solver: str, tolerance: float, X: Any, y: Any) -> GlmEstimates:
    from sklearn import linear_model

    if law.name == "logistic":
        strength = 1.0 / law.penalty if law.penalty else np.inf
        model = linear_model.LogisticRegression(C=strength, solver=solver, tol=tolerance, max_iter=10_000).fit(X, y)
    else:
        kind = {"poisson": linear_model.PoissonRegressor, "gamma": linear_model.GammaRegressor}[law.name]
        model = kind(alpha=law.penalty / len(y), solver=solver, tol=tolerance, max_iter=10_000).fit(X, y)
    return GlmEstimates(np.append(model.intercept_, model.coef_), None)


def _glum(law: Law, tolerance: float, n: int, X: Any, y: Any) -> GlmEstimates:
    from glum import GeneralizedLinearRegressor

    family = {"logistic": "binomial", "poisson": "poisson", "gamma": "gamma"}[law.name]
    link = "logit" if law.name == "logistic" else "log"
    model = GeneralizedLinearRegressor(
        alpha=law.penalty / n,
        family=family,
        link=link,
        gradient_tol=tolerance,
        max_iter=1000,
        robust=False,
        check_input=False,
    ).fit(X, y)
    errors = None if law.penalty else np.asarray(model.std_errors(X, y, robust=False))
    return GlmEstimates(np.append(model.intercept_, model.coef_), errors)


def _statsmodels(law: Law, tolerance: float, X: Any, y: Any) -> GlmEstimates:
    import statsmodels.api as sm

    families = sm.families
    family = {
        "logistic": families.Binomial,
        "poisson": families.Poisson,
        "gamma": partial(families.Gamma, families.links.Log()),
    }[law.name]()
    result = sm.GLM(y, X, family).fit(tol=tolerance, maxiter=1000)
    return GlmEstimates(result.params, result.bse)
