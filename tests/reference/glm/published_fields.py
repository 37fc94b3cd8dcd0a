"""Fields of the published cases, taken from the forms in which statsmodels keeps them."""

from __future__ import annotations

import numpy as np

from tests.reference.glm import designs
from tests.reference.glm.literals import module_of_texts

LEADING = 20


def load():
    """Run the result modules as texts."""
    genmod, discrete = "statsmodels.genmod.tests.results", "statsmodels.discrete.tests.results"
    out = {
        name: module_of_texts(designs.GENMOD / f"{name}.py", f"{genmod}.{name}")
        for name in ("glm_test_resids", "results_glm", "results_glm_poisson_weights", "res_R_var_weight")
    }
    out["results_glm"]["glm_test_resids"] = type("Residuals", (), out["glm_test_resids"])
    for name in ("results_discrete", "results_count_robust_cluster", "results_count_margins", "results_predict"):
        out[name] = module_of_texts(designs.DISCRETE / f"{name}.py", f"{discrete}.{name}")
    out["logit"] = module_of_texts(
        designs.DISCRETE / "results_glm_logit_constrained.py", f"{discrete}.results_glm_logit_constrained"
    )
    return out


def ordered(values, where, p):
    """Put the intercept first."""
    values = np.asarray(values)[: p + (where != "none")]
    return np.concatenate([values[-1:], values[:-1]]) if where == "last" else values


def reordered(matrix):
    matrix = np.asarray(matrix)
    order = [len(matrix) - 1, *range(len(matrix) - 1)]
    return matrix[np.ix_(order, order)]


def leading(values):
    values = np.asarray(values)
    return values if len(values) <= 400 else values[:LEADING]


def of_results_glm(result, where, p, likelihood, skip=()):
    """Take the fields of a class of results_glm.py."""
    out = {"params": ordered(result.params, where, p), "bse": ordered(result.bse, where, p)}
    fields = {
        "deviance": "deviance",
        "null_deviance": "null_deviance",
        "pearson_chi2": "pearson_chi2",
        "scale": "scale",
        "llf": likelihood,
        "llf_Stata": "log_likelihood_stata",
        "aic_R": "aic_r",
        "aic_Stata": "aic_stata",
        "bic_Stata": "bic_stata",
        "chi2": "wald_chi2",
        "df_resid": "df_resid",
    }
    out |= {new: getattr(result, old) for old, new in fields.items() if hasattr(result, old)}
    if hasattr(result, "fittedvalues"):
        out["fitted"] = leading(result.fittedvalues)
    if hasattr(result, "resids"):
        columns = leading(np.asarray(result.resids)).T
        names = ("pearson", "deviance", None, "anscombe", "response")
        out |= {f"resid_{n}": c for n, c in zip(names, columns, strict=True) if n}
    for name in ("response", "deviance", "pearson", "working"):
        if hasattr(result, f"resid_{name}"):
            out[f"resid_{name}"] = np.asarray(getattr(result, f"resid_{name}"))[:17]
            out["fitted"] = np.asarray(result.fittedvalues)[:17]
    return {key: value for key, value in out.items() if key not in skip}


def of_table(result, where, p, *, robust=False):
    """Take the fields of a Stata table: b, se, z, p-value and interval."""
    table = np.asarray(result["params_table"])
    rows = [ordered(table[:, j], where, p) for j in range(6)]
    out = {"params": rows[0], "bse": rows[1], "z": rows[2], "p_values": rows[3], "conf_int": np.column_stack(rows[4:6])}
    out["log_likelihood"] = result["ll"]
    if "chi2" in result and not robust:
        out["lr_chi2" if result["chi2type"] == "LR" else "wald_chi2"] = result["chi2"]
    if "ll_0" in result:
        out["null_log_likelihood"] = result["ll_0"]
    return out


def of_r_weights(result, where, p):
    out = {"params": ordered(result["params"], where, p), "bse": ordered(result["bse"], where, p)}
    out |= {"deviance": result["deviance"], "log_likelihood_r": result["ll"]}
    for name, column in zip(result["resids_colnames"], np.asarray(result["resids"]).T, strict=True):
        out[name] = leading(column)
    return out


def of_discrete(result):
    out = {"params": ordered(result.params, "last", 3), "bse": ordered(result.bse, "last", 3)}
    out |= {"z": ordered(result.z, "last", 3), "p_values": ordered(result.pvalues, "last", 3)}
    out |= {"conf_int": ordered(result.conf_int, "last", 3), "cov": reordered(result.cov_params)}
    out |= {"log_likelihood": result.llf, "null_log_likelihood": result.llnull, "lr_chi2": result.llr}
    out |= {"lr_p": result.llr_pvalue, "mcfadden_r2": result.prsquared, "aic": result.aic, "bic": result.bic}
    out |= {"linear_predictor": np.asarray(result.yhat), "fitted": np.asarray(result.phat)}
    out |= {"resid_deviance": np.asarray(result.resid_dev), "resid_generalized": np.asarray(result.resid_generalized)}
    if result.resid_pearson is not None:  # of covariate patterns; every row of Spector's data is one
        out["resid_pearson"] = np.asarray(result.resid_pearson)
    return out


def margins(result):
    names = {
        "margins_dydx": "margeff_nodummy_dydx",
        "margins_dydx_at_mean": "margeff_nodummy_dydxmean",
        "margins_dyex": "margeff_nodummy_dyex",
        "margins_eydx": "margeff_nodummy_eydx",
        "margins_eyex": "margeff_nodummy_eyex",
        "margins_dydx_discrete": "margeff_dummy_dydx",
        "margins_dydx_discrete_at_mean": "margeff_dummy_dydxmean",
    }
    out = {new: np.asarray(getattr(result, old)) for new, old in names.items()}
    return out | {f"{new}_se": np.asarray(getattr(result, f"{old}_se")) for new, old in names.items()}


def of_randhie(result):
    out = {"params": ordered(result.params, "last", 9), "bse": ordered(result.bse, "last", 9)}
    out |= {
        "z": ordered(result.z, "last", 9),
        "conf_int": ordered(result.conf_int, "last", 9),
        "aic": result.aic,
        "bic": result.bic,
    }
    return out | {"log_likelihood": result.llf, "null_log_likelihood": result.llnull, "lr_chi2": result.llr}


def of_margins(result):
    table = np.asarray(result["margins_table"])
    out = {"margins_dydx": table[:, 0], "margins_dydx_se": table[:, 1], "margins_dydx_p": table[:, 3]}
    return out | {
        "margins_dydx_conf_int": table[:, 4:6],
        "log_likelihood": result["ll"],
        "null_log_likelihood": result["ll_0"],
    }


def of_alpha(result):
    table = np.asarray(result["params_table"])
    out = {"log_alpha": table[3, 0], "log_alpha_se": table[3, 1], "alpha": table[4, 0], "alpha_se": table[4, 1]}
    return out | {"alpha_conf_int": table[4, 4:6]}


def case(name, source, family, link, data, response, columns, expected, **more):
    return {
        "name": name,
        "source": source,
        "family": family,
        "link": link,
        "design": data,
        "response": response,
        "columns": columns,
        "expected": expected,
        "parameters": {},
        "weights": None,
        "weights_type": None,
        "offset": None,
        "groups": None,
        "intercept": True,
        "notes": "",
    } | more
