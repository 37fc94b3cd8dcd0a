"""The problems that are solved in high precision, and what is stored of each.

Usage, at the root of the repository: python -m tests.reference.glm.exact_problems
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import mpmath
import numpy as np

from tests.reference.glm import exact
from tests.reference.glm.exact import FAMILIES, PRINTED, At, Problem, mp, mpf

FOLDER = Path(__file__).parent / "exact"
SOURCE = f"mpmath {mpmath.__version__}, {mp.dps} digits, exact_problems.py"


def text(value):
    """Print numbers, lists and matrices of numbers with the stored number of digits."""
    if isinstance(value, mp.matrix):
        value = value.tolist() if value.cols > 1 else list(value)
    if isinstance(value, list | tuple):
        return [text(v) for v in value]
    return value if isinstance(value, str) else mp.nstr(mpf(value), PRINTED, min_fixed=-5, max_fixed=15)


def design(seed, n=30, p=3):
    rng = np.random.default_rng(seed)
    return rng, np.round(rng.normal(size=(n, p)), 3)


def exactly(values):
    return [mpf(float(v)) for v in values]


def problem(family, link, X, y, weights=None, offset=None, penalty=(), parameter=None):
    n = len(y)
    return Problem(
        FAMILIES[family](parameter),
        link,
        [[mpf(1), *exactly(row)] for row in X],
        exactly(y),
        exactly(np.ones(n) if weights is None else weights),
        exactly(np.zeros(n) if offset is None else offset),
        [mpf(v) for v in penalty],
    )


def summary(model: Problem) -> tuple[dict, object, At]:
    """Return what every generalised linear model has."""
    beta, at = exact.solve(model)
    n, p = len(model.y), len(model.X[0])
    chi2 = exact.pearson(model, at.mu)
    phi = chi2 / (n - p) if model.family.dispersion else mpf(1)
    null, null_at = exact.solve(replace(model, X=[row[:1] for row in model.X], penalty=()))
    unpenalised = replace(model, penalty=())
    there = exact.evaluate(unpenalised, beta)
    out = {
        "params": beta,
        "bse_expected": exact.standard_errors(at.expected, phi),
        "bse_observed": exact.standard_errors(at.observed, phi),
        "deviance": there.deviance,
        "null_deviance": null_at.deviance,
        "null_params": null,
        "pearson_chi2": chi2,
        "phi": phi,
        "fitted": at.mu,
        "log_likelihood": exact.log_likelihood(model, at.mu, phi),
    }
    if model.family.dispersion and not isinstance(model.family, exact.Tweedie):
        out["phi_ml"] = exact.phi_ml(model, there)
        out["log_likelihood_phi_ml"] = exact.log_likelihood(model, at.mu, out["phi_ml"])
    return out, beta, at


def tests(model: Problem, column: int, out: dict) -> dict:
    """Return score and likelihood-ratio statistics for dropping one column (counted with the intercept)."""
    beta, at = exact.solve(model.without(column))
    padded = mp.matrix([*beta[:column], mpf(0), *beta[column:]])
    here = exact.evaluate(model, padded)
    rao = (here.score.T * here.expected**-1 * here.score)[0]
    ratio = 2 * (out["log_likelihood"] - exact.log_likelihood(model, at.mu, mpf(1)))
    wald = (out["params"][column] / out["bse_expected"][column]) ** 2
    return {
        "score_test": rao,
        "likelihood_ratio_test": ratio,
        "wald_test": wald,
        "score_test_p": mp.erfc(mp.sqrt(rao / 2)),
        "likelihood_ratio_test_p": mp.erfc(mp.sqrt(ratio / 2)),
    }


def profile(model: Problem, beta, at: At, column: int) -> list:
    """Return the profile-likelihood interval of one coefficient, at dispersion 1."""

    def score(b):
        return list(exact.evaluate(model, b).score)

    def value(b):
        return exact.log_likelihood(model, exact.evaluate(model, b).mu, mpf(1))

    return exact.profile_interval(score, value, beta, column, exact.standard_errors(at.expected, 1)[column])


def firth(model: Problem, columns) -> dict:
    """Return logistic regression penalised by half the log-determinant of the information (Firth 1993, Biometrika 80)."""

    def score(b):
        here = exact.evaluate(model, b)
        inverse, out = here.expected**-1, []
        for j in range(len(b)):
            total = mpf(0)
            for row, y, mu in zip(model.X, model.y, here.mu, strict=True):
                x = mp.matrix(row)
                hat = mu * (1 - mu) * (x.T * inverse * x)[0]
                total += (y - mu + hat * (mpf(1) / 2 - mu)) * row[j]
            out.append(total)
        return out

    def value(b):
        here = exact.evaluate(model, b)
        return exact.log_likelihood(model, here.mu, mpf(1)) + mp.log(mp.det(here.expected)) / 2

    start = mp.matrix([mpf(0)] * len(model.X[0]))
    for _ in range(40):  # scoring steps bring the start near enough for Newton's method
        here = exact.evaluate(model, start)
        move = mp.lu_solve(here.expected, mp.matrix(score(start)))
        start += move * min(1, 1 / max(abs(m) for m in move))
    beta = exact.newton(score, start)
    here = exact.evaluate(model, beta)
    se = exact.standard_errors(here.expected, 1)
    return {
        "params": beta,
        "bse_expected": se,
        "bse_penalised": exact.standard_errors(exact.numeric_information(score, beta), 1),
        "log_likelihood": exact.log_likelihood(model, here.mu, mpf(1)),
        "penalised_log_likelihood": value(beta),
        "fitted": here.mu,
        "profile_columns": [str(c) for c in columns],
        "profile_interval": [exact.profile_interval(score, value, beta, c, se[c]) for c in columns],
    }


def negative_binomial_ml(model: Problem) -> dict:
    """Return coefficients and theta of joint maximum likelihood (log link)."""

    def at(b):
        family = exact.NegativeBinomial(b[len(b) - 1])
        return replace(model, family=family), exact.evaluate(replace(model, family=family), b[: len(b) - 1])

    def score(b):
        fixed, here = at(b)
        t = b[len(b) - 1]
        by_theta = sum(
            mp.digamma(y + t) - mp.digamma(t) + mp.log(t / (t + m)) + 1 - (y + t) / (t + m)
            for y, m in zip(fixed.y, here.mu, strict=True)
        )
        return [*here.score, by_theta]

    start, _ = exact.solve(model)
    both = exact.newton(score, [*start, model.family.parameter])
    fixed, here = at(both)
    theta, n = both[len(both) - 1], len(both)
    joint = exact.standard_errors(exact.numeric_information(score, both), 1)
    by_theta = exact.numeric_information(score, both)[n - 1, n - 1]
    return {
        "params": list(both[: n - 1]),
        "theta": theta,
        "alpha": 1 / theta,
        "bse_expected": exact.standard_errors(here.expected, 1),
        "bse_observed": joint[: n - 1],
        "theta_se_observed": joint[n - 1],
        "theta_se_given_params": 1 / mp.sqrt(by_theta),
        "log_alpha_se_observed": joint[n - 1] / theta,
        "alpha_se_observed": joint[n - 1] / theta**2,
        "deviance": here.deviance,
        "pearson_chi2": exact.pearson(fixed, here.mu),
        "log_likelihood": exact.log_likelihood(fixed, here.mu, mpf(1)),
        "fitted": here.mu,
    }


def multinomial(X, y, classes, *, ridge=0, symmetric=False) -> dict:
    """Return multinomial logistic regression: against class 0, or symmetric with ridge penalty on the slopes.

    The symmetric one minimises minus the log-likelihood plus ridge / 2 times the squared slopes of all classes; its
    intercepts are determined up to a shift and stored with sum 0.
    """
    rows = [[mpf(1), *exactly(row)] for row in X]
    p = len(rows[0])
    free = classes if symmetric else classes - 1

    def full(b):
        out = [[mpf(0)] * p] * (classes - free) + [list(b[k * p : (k + 1) * p]) for k in range(free)]
        if symmetric:
            out[-1] = [-sum(c[0] for c in out[:-1]), *out[-1][1:]]
        return out

    def probabilities(b):
        tops = [[mp.exp(sum(x * c for x, c in zip(row, k, strict=True))) for k in full(b)] for row in rows]
        return [[t / sum(top) for t in top] for top in tops]

    def score(b):
        chances, coefficients, out = probabilities(b), full(b), []
        for k in range(classes - free, classes):
            for j in range(p):
                total = sum(((c == k) - q[k]) * row[j] for c, q, row in zip(y, chances, rows, strict=True))
                out.append(total - (ridge * coefficients[k][j] if j else 0))
        if symmetric:  # the scores of the intercepts sum to zero: the last one is replaced by b - itself
            out[(classes - 1) * p] = b[(classes - 1) * p] - coefficients[-1][0]
        return out

    beta = exact.newton(score, [mpf(0)] * (free * p))
    chances = probabilities(beta)
    value = mp.fsum(mp.log(q[c]) for c, q in zip(y, chances, strict=True))
    coefficients = full(beta)
    penalty = ridge * sum(c**2 for k in coefficients for c in k[1:]) / 2
    out = {"params": coefficients, "log_likelihood": value, "objective": penalty - value, "fitted": chances}
    if not symmetric:
        se = exact.standard_errors(exact.numeric_information(score, beta), 1)
        out["bse_expected"] = [se[k * p : (k + 1) * p] for k in range(free)]
    return out


def labels(rng, X):
    tops = np.column_stack([np.zeros(len(X)), 0.3 + X[:, 0], -0.2 - X[:, 1] + 0.5 * X[:, 0]])
    return [int(k) for k in np.argmax(tops + rng.gumbel(size=tops.shape), axis=1)]


def responses(family, link, rng, eta):
    """Draw a response; values with many digits are rounded, which makes them ordinary data."""
    mean = {"log": np.exp, "inverse": lambda e: 1 / e, "inverse_squared": lambda e: e**-0.5}.get(link)
    if family == "binomial":
        return (rng.uniform(size=len(eta)) < 1 / (1 + np.exp(-eta))).astype(float)
    mu = mean(eta)
    return {
        "poisson": lambda: rng.poisson(mu).astype(float),
        "negative_binomial": lambda: rng.poisson(mu * rng.gamma(2.0, 0.5, len(mu))).astype(float),
        "gamma": lambda: np.maximum(np.round(rng.gamma(3.0, mu / 3.0), 4), 0.001),
        "inverse_gaussian": lambda: np.maximum(np.round(rng.wald(mu, 4.0), 4), 0.001),
        "tweedie": lambda: np.round(
            [rng.gamma(1.0, 0.6 * np.sqrt(m), rng.poisson(1.5 * np.sqrt(m))).sum() for m in mu], 4
        ),
    }[family]()


# name: family, link, seed, options
PLAIN = {
    "logit": ("binomial", "logit", 1, {"profile": 1, "drop": 3}),
    "probit": ("binomial", "probit", 2, {}),
    "cloglog": ("binomial", "cloglog", 3, {"drop": 2}),
    "cauchit": ("binomial", "cauchit", 4, {}),
    "poisson_log_offset": ("poisson", "log", 5, {"offset": True, "profile": 2, "drop": 1}),
    "gamma_log": ("gamma", "log", 6, {}),
    "gamma_inverse": ("gamma", "inverse", 7, {}),
    "inverse_gaussian_inverse_squared": ("inverse_gaussian", "inverse_squared", 8, {}),
    "inverse_gaussian_log": ("inverse_gaussian", "log", 9, {}),
    "negative_binomial_theta_2": ("negative_binomial", "log", 10, {"parameter": 2, "profile": 3}),
    "tweedie_1.5_log": ("tweedie", "log", 11, {"parameter": 1.5}),
    "logit_ridge": ("binomial", "logit", 12, {"penalty": [0, 1, 1, 1]}),
    "gamma_log_weights": ("gamma", "log", 13, {"weights": True}),
    "logit_grouped": ("binomial", "logit", 14, {"trials": True}),
    "logit_timestamps": ("binomial", "logit", 15, {"timestamps": True}),
}
NOTES = {
    "logit_ridge": "Minimises minus the log-likelihood plus half the sum of squared slopes (lambda = 1; scikit-learn's C = 1); the "
    "intercept is not penalised. bse_expected and bse_observed are of the penalised information; deviance and "
    "log_likelihood are without the penalty.",
    "gamma_log_weights": "Precision weights: Var y = phi mu^2 / w, and log_likelihood has row i at dispersion phi / w.",
    "logit_grouped": "The response is (successes, failures); log_likelihood has the binomial coefficients; fitted is a probability.",
    "logit_timestamps": "Column 1 has mean 1e9 and standard deviation 1, column 3 is column 2 plus whole multiples of 2^-20: the condition "
    "number is 2e9 with columns of unit length, and 1.6e6 after centring.",
}


def plain(name: str) -> dict:
    family, link, seed, options = PLAIN[name]
    rng, X = design(seed)
    linear = X @ [0.8, -0.6, 0.3]
    data: dict = {}
    if options.get("timestamps"):
        X[:, 0] += 1e9
        X[:, 2] = X[:, 1] + np.round(X[:, 2]) * 2.0**-20
    eta = 1.5 + 0.15 * linear if link in {"inverse", "inverse_squared"} else 0.3 + linear
    offset = np.round(rng.uniform(-1, 2, 30), 2) if options.get("offset") else None
    y = responses(family, link, rng, eta if offset is None else eta + offset)
    weights = np.round(rng.uniform(0.2, 5.0, 30), 2) if options.get("weights") else None
    data |= {"y": y.tolist(), "X": X.tolist()}
    proportion = y
    if options.get("trials"):
        weights = rng.integers(1, 9, 30).astype(float)
        hits = rng.binomial(weights.astype(int), 1 / (1 + np.exp(-eta))).astype(float)
        data["y"] = np.column_stack([hits, weights - hits]).tolist()
    model = problem(family, link, X, proportion, weights, offset, options.get("penalty", ()), options.get("parameter"))
    if options.get("trials"):
        model = replace(model, y=[h / w for h, w in zip(exactly(hits), model.weights, strict=True)])
        weights = None
    out, beta, at = summary(model)
    parameters = {}
    if "parameter" in options:
        parameters = {"power" if family == "tweedie" else "theta": options["parameter"]}
    if "penalty" in options:
        parameters = {"l2": 1.0}
    if "profile" in options:
        out |= {"profile_columns": [str(options["profile"])]}
        out["profile_interval"] = [profile(model, beta, at, options["profile"])]
    if "drop" in options:
        out |= {"tested_column": str(options["drop"])} | tests(model, options["drop"], out)
    return entry(family, link, data, out, parameters, weights, offset, NOTES.get(name, ""))


def entry(family, link, data, out, parameters=None, weights=None, offset=None, notes="") -> dict:
    names = [f"x{j + 1}" for j in range(len(data["X"][0]))]
    return {
        "source": SOURCE,
        "family": family,
        "link": link,
        "parameters": parameters or {},
        "weights_type": None if weights is None else "precision",
        "names": names,
        "terms": ["(Intercept)", *names],
        "intercept": True,
        "data": data | ({} if weights is None else {"weights": weights.tolist()}),
        "offset": None if offset is None else offset.tolist(),
        "groups": None,
        "expected": {key: text(value) for key, value in out.items()},
        "digits": {"printed": PRINTED, "correct": 30},
        "notes": notes,
    }


def special(name: str) -> dict:
    if name.startswith("firth"):
        rng, X = design(21, n=30, p=2)
        y = responses("binomial", "logit", rng, X @ [1.5, -0.5])
        if name == "firth_separated":
            X, y = X[:16], (X[:16, 0] > 0.1).astype(float)
        out = firth(problem("binomial", "logit", X, y), [1, 2])
        notes = "Separated: maximum likelihood does not exist." if name == "firth_separated" else ""
        notes += " Jeffreys' prior; profile of the penalised likelihood, the determinant being that of the full information; "
        notes += "bse_expected is of the unpenalised information at the penalised estimate, as logistf prints it."
        return entry(
            "binomial", "logit", {"y": y.tolist(), "X": X.tolist()}, out, {"penalty": "jeffreys"}, notes=notes.strip()
        )
    if name == "negative_binomial_ml":
        rng, X = design(22, n=40, p=2)
        y = responses("negative_binomial", "log", rng, 1.0 + X @ [0.5, -0.4])
        out = negative_binomial_ml(problem("negative_binomial", "log", X, y, parameter=2))
        notes = "theta by joint maximum likelihood. bse_expected takes theta as known (as glm.nb does), bse_observed is of the joint "
        notes += "observed information (as nbreg prints it); theta_se_given_params is glm.nb's SE.theta."
        return entry("negative_binomial", "log", {"y": y.tolist(), "X": X.tolist()}, out, {"theta": "ml"}, notes=notes)
    rng, X = design(23, n=40, p=2)
    y = labels(rng, X)
    symmetric = name == "multinomial_symmetric"
    out = multinomial(X, y, 3, ridge=1 if symmetric else 0, symmetric=symmetric)
    notes = "params has a row per class, the intercept first. "
    notes += (
        "Scikit-learn's objective with C = 1, intercepts not penalised and shifted to sum 0."
        if symmetric
        else "Class 0 is the base."
    )
    return entry(
        "multinomial", "softmax", {"y": y, "X": X.tolist()}, out, {"l2": 1.0} if symmetric else {}, notes=notes
    )


SPECIAL = ("firth", "firth_separated", "negative_binomial_ml", "multinomial_baseline", "multinomial_symmetric")


def main(names=()):
    for name in names or (*PLAIN, *SPECIAL):
        case = plain(name) if name in PLAIN else special(name)
        (FOLDER / f"{name}.json").write_text(json.dumps(case, indent=1) + "\n", encoding="utf-8")
        print(name, *case["expected"]["params"][:2])  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
