"""A second fit of the published cases, in double precision, to count the digits that the published numbers share with it.

Generalised linear models, the negative binomial's theta too, by reweighted least squares (QR) written out here;
multinomial models, probit and marginal effects by statsmodels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats
from scipy import special as sp

if TYPE_CHECKING:
    from collections.abc import Mapping

LINKS = {  # inverse link, its derivative, start from the mean
    "identity": (lambda e: e, np.ones_like, lambda m: m),
    "log": (np.exp, np.exp, np.log),
    "inverse": (lambda e: 1 / e, lambda e: -1 / e**2, lambda m: 1 / m),
    "inverse_squared": (lambda e: e**-0.5, lambda e: -0.5 * e**-1.5, lambda m: m**-2.0),
    "logit": (sp.expit, lambda e: sp.expit(e) * sp.expit(-e), sp.logit),
    "probit": (sp.ndtr, stats.norm.pdf, sp.ndtri),
}


def _power_deviance(y, mu, p):
    if p == 1:
        return 2 * (sp.xlogy(y, y / mu) - y + mu)
    if p == 2:
        return 2 * (y / mu - 1 - np.log(y / mu))
    return 2 * (y ** (2 - p) / ((1 - p) * (2 - p)) - y * mu ** (1 - p) / (1 - p) + mu ** (2 - p) / (2 - p))


def variance(case, mu):
    power = {"gaussian": 0, "poisson": 1, "gamma": 2, "inverse_gaussian": 3, "tweedie": case["parameters"].get("power")}
    if case["family"] == "binomial":
        return mu * (1 - mu)
    if case["family"] == "negative_binomial":
        return mu + mu**2 / case["parameters"]["theta"]
    return mu ** power[case["family"]]


def deviance(case, y, mu):
    family, theta = case["family"], case["parameters"].get("theta")
    if family == "gaussian":
        return (y - mu) ** 2
    if family == "binomial":
        return 2 * (sp.xlogy(y, y / mu) + sp.xlogy(1 - y, (1 - y) / (1 - mu)))
    if family == "negative_binomial":
        return 2 * (sp.xlogy(y, y / mu) - (y + theta) * np.log((y + theta) / (mu + theta)))
    return _power_deviance(
        y, mu, {"poisson": 1, "gamma": 2, "inverse_gaussian": 3}.get(family, case["parameters"].get("power"))
    )


def log_density(case, y, mu, phi, trials=1):
    theta = case["parameters"].get("theta")
    return {
        "gaussian": lambda: stats.norm.logpdf(y, mu, np.sqrt(phi)),
        "binomial": lambda: stats.binom.logpmf(np.round(y * trials), trials, mu),
        "poisson": lambda: stats.poisson.logpmf(y, mu),
        "negative_binomial": lambda: stats.nbinom.logpmf(y, theta, theta / (theta + mu)),
        "gamma": lambda: stats.gamma.logpdf(y, 1 / phi, scale=mu * phi),
        "inverse_gaussian": lambda: -((y - mu) ** 2) / (2 * phi * y * mu**2) - np.log(2 * np.pi * phi * y**3) / 2,
        "tweedie": lambda: np.full_like(mu, np.nan),
    }[case["family"]]()


def anscombe(case, y, mu):
    family, third = case["family"], 2 / 3
    if family == "binomial":
        integral = sp.beta(third, third) * (sp.betainc(third, third, y) - sp.betainc(third, third, mu))
        return integral / variance(case, mu) ** (1 / 6)
    return {
        "gaussian": lambda: y - mu,
        "poisson": lambda: 1.5 * (y**third - mu**third) / mu ** (1 / 6),
        "gamma": lambda: 3 * ((y / mu) ** (1 / 3) - 1),
        "inverse_gaussian": lambda: np.log(y / mu) / np.sqrt(mu),
    }.get(family, lambda: np.full_like(mu, np.nan))()


def irls(case, X, y, w, offset):
    inverse, slope, link = LINKS[case["link"]]
    start = (y + 0.5) / 2 if case["family"] == "binomial" else (y + np.average(y, weights=w)) / 2
    eta = link(np.maximum(start, 1e-3) if case["family"] != "gaussian" else start)
    beta = np.zeros(X.shape[1])
    for _ in range(200):
        mu, d = inverse(eta), slope(eta)
        root = np.sqrt(w * d**2 / variance(case, mu))
        q, r = np.linalg.qr(X * root[:, None])
        step = np.linalg.solve(r, q.T @ (root * (eta - offset + (y - mu) / d)))
        settled = np.max(np.abs(step - beta) / (1e-300 + np.abs(step))) < 1e-14
        beta, eta = step, X @ step + offset
        if settled:
            break
    mu, d = inverse(eta), slope(eta)
    root = np.sqrt(w * d**2 / variance(case, mu))
    r = np.linalg.qr(X * root[:, None])[1]
    half = np.linalg.inv(r)
    leverage = np.sum((X * root[:, None] @ half) ** 2, axis=1)
    return beta, eta, mu, d, half @ half.T, leverage


def sandwich(case, X, d, residual, w, bread, n, groups):
    """Stata's vce(robust) and vce(cluster)."""
    score = X * (residual * d)[:, None]
    rows = score * np.sqrt(w)[:, None] if case["weights_type"] == "frequency" else score * w[:, None]
    out = {"bse_robust": np.sqrt(np.diag(bread @ rows.T @ rows @ bread) * n / (n - 1))}
    if groups is not None:
        sums = np.array([(score * w[:, None])[groups == g].sum(0) for g in np.unique(groups)])
        out["bse_cluster"] = np.sqrt(np.diag(bread @ sums.T @ sums @ bread) * len(sums) / (len(sums) - 1))
    return out


def likelihoods(case, y, mu, w, n, dev, p, trials):
    family = case["family"]
    phi = dev / np.sum(w) if family in {"gaussian", "gamma", "inverse_gaussian"} else 1.0
    copies = np.ones_like(w) if family == "binomial" else w
    out = {"log_likelihood": np.sum(copies * log_density(case, y, mu, phi, trials))}
    out["log_likelihood_phi_1"] = np.sum(copies * log_density(case, y, mu, 1.0, trials))
    out["log_likelihood_stata"] = out["log_likelihood"]
    out["log_likelihood_r"] = out["log_likelihood"]
    if family == "gaussian":  # R's logLik of weighted rows: sum of log w added, the number of rows in the rest
        rows = len(y)
        out["log_likelihood_r"] = -(rows * (np.log(2 * np.pi * dev / rows) + 1) - np.sum(np.log(w))) / 2
    estimated = family in {"gaussian", "gamma", "inverse_gaussian"}
    out["aic_r"] = -2 * out["log_likelihood"] + 2 * (p + estimated)
    stata = out["log_likelihood"] if family == "gaussian" else out["log_likelihood_phi_1"]
    out["aic_stata"] = (-2 * stata + 2 * p) / n
    return out


def generalised(case: Mapping[str, Any], X, y, w, offset, groups) -> dict[str, Any]:
    """Fit a generalised linear model and return every field that may have been published."""
    trials = np.ones(len(X))
    if y.shape[1] == 2:
        trials = y.sum(1)
        y, w = y[:, :1] / trials[:, None], trials * w
    y = y[:, 0]
    if case["parameters"].get("normalised"):
        w = w * len(w) / w.sum()
    n = w.sum() if case["weights_type"] == "frequency" else len(y)
    p = X.shape[1]
    beta, eta, mu, d, bread, leverage = irls(case, X, y, w, offset)
    v = variance(case, mu)
    chi2, dev = np.sum(w * (y - mu) ** 2 / v), np.sum(w * deviance(case, y, mu))
    estimated = (
        case["family"] in {"gaussian", "gamma", "inverse_gaussian", "tweedie"} or "dispersion" in case["parameters"]
    )
    scale = chi2 / (n - p) if estimated else 1.0
    cov = bread * scale
    bse = np.sqrt(np.diag(cov))
    z = beta / bse
    out = {"params": beta, "bse": bse, "cov": cov, "z": z, "p_values": 2 * stats.norm.sf(np.abs(z)), "scale": scale}
    out |= {"pearson_chi2": chi2, "deviance": dev, "bic_stata": dev - (n - p) * np.log(n), "df_resid": n - p}
    out |= likelihoods(case, y, mu, w, n, dev, p, trials) | sandwich(case, X, d, (y - mu) / v, w, bread, n, groups)
    for suffix in ("", "_robust", "_cluster"):
        if f"bse{suffix}" in out:
            width = stats.norm.isf(0.025) * out[f"bse{suffix}"]
            out[f"conf_int{suffix}"] = np.column_stack([beta - width, beta + width])
    if case["intercept"]:
        out["wald_chi2"] = beta[1:] @ np.linalg.solve(cov[1:, 1:], beta[1:])
        _, _, null, *_ = irls(case, X[:, :1], y, w, offset)
        out["null_deviance"] = np.sum(w * deviance(case, y, null))
        out["null_log_likelihood"] = likelihoods(case, y, null, w, n, out["null_deviance"], 1, trials)["log_likelihood"]
        out |= tests(out["log_likelihood"], out["null_log_likelihood"], p, n)
    # Stata's residuals have no frequency or analytic weight in them; R's have the square root of the precision weight.
    inside = np.sqrt(trials if case["source"].startswith("Stata") else w)
    out |= {"fitted": mu, "linear_predictor": eta, "linear_predictor_se": np.sqrt(leverage * scale * v / (w * d**2))}
    out |= {"leverage": leverage if case["weights_type"] is None else leverage / w, "resid_response": (y - mu) * trials}
    out |= {
        "resid_pearson": inside * (y - mu) / np.sqrt(v),
        "resid_working": (y - mu) / d,
        "resid_generalized": (y - mu) * d / v,
    }
    out |= {"resid_deviance": inside * np.sign(y - mu) * np.sqrt(np.maximum(deviance(case, y, mu), 0))}
    return out | {"resid_anscombe": inside * anscombe(case, y, mu)}


def tests(value, null, p, n):
    ratio = 2 * (value - null)
    out = {"lr_chi2": ratio, "lr_p": stats.chi2.sf(ratio, p - 1), "mcfadden_r2": 1 - value / null}
    return out | {"aic": -2 * value + 2 * p, "bic": -2 * value + p * np.log(n)}


def binary_extras(X, y):
    """Return marginal effects and score tests of logit models."""
    fit = sm.Logit(y, X).fit(disp=0, tol=1e-14)
    out = {}
    for name, options in {
        "dydx": {},
        "dydx_at_mean": {"at": "mean"},
        "dyex": {"method": "dyex"},
        "eydx": {"method": "eydx"},
        "eyex": {"method": "eyex"},
        "dydx_discrete": {"dummy": True},
        "dydx_discrete_at_mean": {"dummy": True, "at": "mean"},
    }.items():
        effect = fit.get_margeff(**options)
        out |= {f"margins_{name}": effect.margeff, f"margins_{name}_se": effect.margeff_se}
    glm = sm.GLM(y, X, family=sm.families.Binomial())
    small = sm.GLM(y, X[:, :-1], family=sm.families.Binomial())
    tested = small.score_test(small.fit(tol=1e-14).params, exog_extra=X[:, -1])
    out |= {"score_test_ui": float(np.squeeze(tested[0])), "score_test_ui_p": float(np.squeeze(tested[1]))}
    at = glm.fit(tol=1e-14).params
    for name, column in (("age", 1), ("lwt", 2)):
        out[f"score_test_{name}_squared"] = float(np.squeeze(glm.score_test(at, exog_extra=X[:, column] ** 2)[0]))
    return out


def count_extras(X, y):
    """Return marginal effects of Poisson models."""
    fit = sm.Poisson(y, X).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
    step = fit.get_margeff(dummy=True)
    return of_margins(fit.get_margeff()) | {
        "margins_dydx_discrete": step.margeff,
        "margins_dydx_discrete_se": step.margeff_se,
    }


def of_margins(effect):
    out = {"margins_dydx": effect.margeff, "margins_dydx_se": effect.margeff_se, "margins_dydx_p": effect.pvalues}
    return out | {"margins_dydx_conf_int": effect.conf_int()}


def joint_negative_binomial(case, X, y, offset, groups):
    """Fit coefficients and theta = 1 / alpha together: reweighted least squares inside, the root of theta's score outside."""
    p, n = X.shape[1], len(y)

    def at(log_theta, columns=X):
        fixed = case | {"parameters": {"theta": np.exp(log_theta)}}
        beta, _, mu, *_ = irls(fixed, columns, y, np.ones(n), offset)
        return fixed, beta, mu

    def by_theta(mu, t):
        return sp.digamma(y + t) - sp.digamma(t) + np.log(t / (t + mu)) + 1 - (y + t) / (t + mu)

    def best(columns):
        def equation(s):
            return np.sum(by_theta(at(s, columns)[2], np.exp(s)))

        grid = np.arange(-3.0, 8.0, 0.5)
        right = next(s for s in grid[1:] if equation(s) < 0)
        return optimize.brentq(equation, right - 0.5, right, xtol=1e-14, rtol=1e-14)

    fixed, beta, mu = at(best(X))
    t = fixed["parameters"]["theta"]
    scores = np.column_stack([X * ((y - mu) * t / (t + mu))[:, None], by_theta(mu, t)])
    information = np.zeros((p + 1, p + 1))
    information[:p, :p] = (X.T * (mu * t * (t + y) / (t + mu) ** 2)) @ X
    information[p, :p] = information[:p, p] = -X.T @ ((y - mu) * mu / (t + mu) ** 2)
    trigamma = sp.polygamma(1, y + t) - sp.polygamma(1, t)
    information[p, p] = -np.sum(trigamma + 1 / t - 1 / (t + mu) - (mu - y) / (t + mu) ** 2)
    cov = np.linalg.inv(information)
    se = np.sqrt(np.diag(cov))
    out = {"params": beta, "bse": se[:p], "alpha": 1 / t, "alpha_se": se[p] / t**2, "log_alpha": -np.log(t)}
    out |= {"log_alpha_se": se[p] / t, "log_likelihood": np.sum(log_density(fixed, y, mu, 1.0))}
    none, _, null = at(best(X[:, :1]), X[:, :1])
    out["null_log_likelihood"] = np.sum(log_density(none, y, null, 1.0))
    out |= {k: v for k, v in tests(out["log_likelihood"], out["null_log_likelihood"], p, n).items() if k == "lr_chi2"}
    out |= {"aic": -2 * out["log_likelihood"] + 2 * (p + 1), "bic": -2 * out["log_likelihood"] + (p + 1) * np.log(n)}
    wide = stats.norm.isf(0.025)
    out["alpha_conf_int"] = np.exp(np.array([-wide, wide]) * se[p] / t) / t
    out["conf_int"] = np.column_stack([beta - wide * se[:p], beta + wide * se[:p]])
    sums = None if groups is None else np.array([scores[groups == g].sum(0) for g in np.unique(groups)])
    for name, rows in (("robust", scores), ("cluster", sums)):
        if rows is not None:
            spread = np.sqrt(np.diag(cov @ rows.T @ rows @ cov) * len(rows) / (len(rows) - 1))
            out |= {f"bse_{name}": spread[:p], f"alpha_se_{name}": spread[p] / t**2}
    if "glm.nb" in case["source"]:
        out["bse"] = np.sqrt(np.diag(np.linalg.inv((X.T * (mu * t / (t + mu))) @ X)))
    out |= {"z": beta / out["bse"], "p_values": 2 * stats.norm.sf(np.abs(beta / out["bse"]))}
    slope = np.mean(mu) * np.eye(p) + np.outer(beta, mu @ X / n)
    effect, spread = np.mean(mu) * beta, np.sqrt(np.diag(slope @ cov[:p, :p] @ slope.T))
    out |= {"margins_dydx": effect[1:], "margins_dydx_se": spread[1:]}
    out["margins_dydx_p"] = 2 * stats.norm.sf(np.abs(effect / spread))[1:]
    return out | {"margins_dydx_conf_int": np.column_stack([effect - wide * spread, effect + wide * spread])[1:]}


def multinomial(X, y):
    fit = sm.MNLogit(y, X).fit(method="newton", tol=1e-14, disp=0)
    effect, mean = fit.get_margeff(), fit.get_margeff(at="mean")
    out = {
        "params": fit.params.T,
        "bse": fit.bse.T,
        "z": fit.tvalues.T,
        "p_values": fit.pvalues.T,
        "conf_int": fit.conf_int(),
    }
    out |= {"log_likelihood": fit.llf, "null_log_likelihood": fit.llnull, "lr_chi2": fit.llr, "lr_p": fit.llr_pvalue}
    out |= {"mcfadden_r2": fit.prsquared, "aic": fit.aic, "bic": fit.bic}
    out |= {"margins_dydx": effect.margeff.T, "margins_dydx_se": effect.margeff_se.T}
    return out | {"margins_dydx_at_mean": mean.margeff.T, "margins_dydx_at_mean_se": mean.margeff_se.T}


def refit(case, table) -> dict[str, Any]:
    """Fit a case again from its data."""
    X, y = table[case["columns"]].to_numpy(float), table[case["response"]].to_numpy(float)
    if case["intercept"]:
        X = np.column_stack([np.ones(len(X)), X])
    w = np.ones(len(X)) if case["weights"] is None else table[case["weights"]].to_numpy(float)
    offset = np.zeros(len(X)) if case["offset"] is None else table[case["offset"]].to_numpy(float)
    groups = None if case["groups"] is None else table[case["groups"]].to_numpy(float)
    if case["family"] == "multinomial":
        return multinomial(X, y[:, 0])
    if case["parameters"].get("theta") == "ml":
        return joint_negative_binomial(case, X, y[:, 0], offset, groups)
    out = generalised(case, X, y, w, offset, groups)
    if case["link"] == "probit":  # Stata's probit has the observed information
        cov = np.asarray(sm.Probit(y[:, 0], X).fit(disp=0, tol=1e-14).cov_params())
        bse = np.sqrt(np.diag(cov))
        z, width = out["params"] / bse, stats.norm.isf(0.025) * bse
        out |= {"bse": bse, "cov": cov, "z": z, "p_values": 2 * stats.norm.sf(np.abs(z))}
        out["conf_int"] = np.column_stack([out["params"] - width, out["params"] + width])
    if any(name.startswith(("margins", "score_test")) for name in case["expected"]):
        out |= (binary_extras if case["family"] == "binomial" else count_extras)(X, y[:, 0])
    return out
