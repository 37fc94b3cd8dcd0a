"""The published cases of counts: Poisson and negative binomial."""

from __future__ import annotations

import numpy as np

from tests.reference.glm import designs
from tests.reference.glm.published_fields import (
    case,
    of_alpha,
    of_margins,
    of_randhie,
    of_results_glm,
    of_table,
    reordered,
)

CPUNISH = ["INCOME", "PERPOVERTY", "PERBLACK", "LN_VC100k96", "SOUTH", "DEGREE"]
R_AND_STATA = "R glm and Stata glm, as recorded in statsmodels genmod/tests/results/results_glm.py"
STATA_GLM = "Stata glm, as recorded in statsmodels genmod/tests/results/results_glm_poisson_weights.py"
STATA_COUNT = "Stata {}, as recorded in statsmodels discrete/tests/results/results_count_robust_cluster.py"
DISCRETE = "Stata 11 {}, as recorded in statsmodels discrete/tests/results/results_discrete.py"
WEIGHTS_NOTE = (
    "bse_robust is Stata's vce(robust): the sandwich times n / (n - 1), n counting frequency weights; bse_cluster is "
    "vce(cluster id): the sandwich of group sums times G / (G - 1)."
)


def poisson(texts):
    glm, table = texts["results_glm"], texts["results_glm_poisson_weights"]
    yield case(
        "poisson_cpunish",
        R_AND_STATA,
        "poisson",
        "log",
        "cpunish",
        ["EXECUTIONS"],
        CPUNISH,
        of_results_glm(glm["Cpunish"](), "last", 6, "log_likelihood"),
    )
    offset = glm["Cpunish_offset"]()
    yield case(
        "poisson_cpunish_offset",
        R_AND_STATA,
        "poisson",
        "log",
        "cpunish",
        ["EXECUTIONS"],
        CPUNISH,
        of_results_glm(offset, "first", 6, "log_likelihood", skip=("wald_chi2",)),
        offset="offset",
        notes="The exposure is 100 in every row: only the intercept differs from poisson_cpunish.",
    )
    for kind, stata in (("none", None), ("fweight", "frequency"), ("aweight", "precision"), ("pweight", "probability")):
        plain, robust, cluster = (table[f"results_poisson_{kind}_{vce}"] for vce in ("nonrobust", "hc1", "clu1"))
        expected = of_table(plain, "last", 6, robust=kind == "pweight")
        expected |= {
            "deviance": plain["deviance"],
            "pearson_chi2": plain["deviance_p"],
            "aic_stata": plain["aic"],
            "bic_stata": plain["bic"],
        }
        expected |= {"cov": reordered(plain["cov"]), "bse_robust": of_table(robust, "last", 6)["bse"]}
        expected |= {
            "bse_cluster": of_table(cluster, "last", 6)["bse"],
            "conf_int_cluster": of_table(cluster, "last", 6)["conf_int"],
        }
        names = {"predict_mu": "fitted", "predict_linpred_std": "linear_predictor_se", "predict_hat": "leverage"}
        expected |= {
            names[n]: c for n, c in zip(plain["predicted_colnames"], np.asarray(plain["predicted"]).T, strict=True)
        }
        expected |= {
            n: c
            for n, c in zip(plain["resids_colnames"], np.asarray(plain["resids"]).T, strict=True)
            if n != "score_factor"
        }
        if kind == "pweight":
            for field in ("bse", "z", "p_values", "conf_int", "cov", "linear_predictor_se", "leverage"):
                expected.pop(field, None)
        note = {
            "aweight": " Stata scales the weights to sum 17 (n): so does `normalised`. Its residuals have no weight in them.",
            "pweight": " Stata prints robust standard errors only.",
        }.get(kind, "")
        yield case(
            f"poisson_cpunish_{kind}",
            STATA_GLM,
            "poisson",
            "log",
            "cpunish",
            ["EXECUTIONS"],
            CPUNISH,
            expected,
            groups="id",
            weights="weight" if stata else None,
            weights_type=stata,
            notes=WEIGHTS_NOTE + note,
            parameters={"normalised": True} if kind == "aweight" else {},
        )
    yield from counts(texts)


def counts(texts):
    ships = texts["results_count_robust_cluster"]
    for name, kind, offset in (("poisson_ships", "", None), ("poisson_ships_exposure", "exposure_", "ln_service")):
        plain = ships["results_poisson_exposure_nonrobust"] if offset else None
        robust, cluster = ships[f"results_poisson_{kind}hc1"], ships[f"results_poisson_{kind}clu"]
        expected = of_table(plain or robust, "last", 2, robust=plain is None)
        for field in () if plain else ("bse", "z", "p_values", "conf_int"):
            expected.pop(field)
        expected |= {
            "bse_robust": of_table(robust, "last", 2)["bse"],
            "bse_cluster": of_table(cluster, "last", 2)["bse"],
        }
        yield case(
            name,
            STATA_COUNT.format("poisson"),
            "poisson",
            "log",
            "ships",
            ["accident"],
            ["yr_con", "op_75_79"],
            expected,
            offset=offset,
            groups="ship",
            notes=WEIGHTS_NOTE,
        )
    table = texts["results_count_margins"]
    scaled = [f"s_{c}" for c in CPUNISH]
    smooth, step = table["results_poisson_margins_cont"], table["results_poisson_margins_dummy"]
    yield case(
        "poisson_margins",
        "Stata poisson and margins, as recorded in statsmodels discrete/tests/results/results_count_margins.py",
        "poisson",
        "log",
        "cpunish",
        ["executions_less_1"],
        scaled,
        of_margins(smooth)
        | {
            "margins_dydx_discrete": np.asarray(step["margins_table"])[[0, 1, 2, 3, 5, 6], 0],
            "margins_dydx_discrete_se": np.asarray(step["margins_table"])[[0, 1, 2, 3, 5, 6], 1],
        },
        notes="Average marginal effects on the mean; _discrete takes SOUTH as a step from 0 to 1.",
    )
    result = texts["results_discrete"]["RandHIE"].poisson
    columns = list(designs.randhie()[0].columns[1:])
    yield case(
        "poisson_randhie",
        DISCRETE.format("poisson and margins"),
        "poisson",
        "log",
        "randhie",
        ["mdvis"],
        columns,
        of_randhie(result)
        | {
            "margins_dydx": np.asarray(result.margeff_nodummy_overall),
            "margins_dydx_se": np.asarray(result.margeff_nodummy_overall_se),
        },
        notes="Average marginal effects on the mean, all columns taken as continuous.",
    )


def negative_binomial(texts):
    glm, ships = texts["results_glm"], texts["results_count_robust_cluster"]
    columns = ["SIZE", "SUBS", "LN_STAFF", "PRESTIGE", "BILLS103", "LN_STAFF_SUBS"]
    committee = of_results_glm(glm["Committee"](), "last", 6, "log_likelihood", skip=("resid_anscombe",))
    committee["pearson_chi2"] = committee.pop("wald_chi2")  # recorded as chi2, and equal to Pearson's
    yield case(
        "negative_binomial_committee",
        R_AND_STATA,
        "negative_binomial",
        "log",
        "committee",
        ["BILLS104"],
        columns,
        committee,
        parameters={"theta": 1.0, "dispersion": "pearson"},
        notes="MASS::negative.binomial(theta = 1); its summary estimates the dispersion by Pearson's chi-squared (field scale), which is "
        "in bse. The residuals have no dispersion in them.",
    )
    both = {"theta": "ml"}
    note = "theta = 1 / alpha by joint maximum likelihood; alpha_se and log_alpha_se are of the joint observed information."
    for name, plain, cluster, robust, offset in (
        ("negative_binomial_ships", None, "clu", "hc1", None),
        ("negative_binomial_ships_exposure", "exposure_nonrobust", "exposure_clu", None, "ln_service"),
    ):
        first = ships[f"results_negbin_{plain or cluster}"]
        expected = of_table(first, "last", 2, robust=plain is None) | of_alpha(first)
        if plain is None:
            for field in ("bse", "z", "p_values", "conf_int", "alpha_se", "log_alpha_se", "alpha_conf_int"):
                expected.pop(field)
            expected |= {"bse_robust": of_table(ships[f"results_negbin_{robust}"], "last", 2)["bse"]}
            expected |= {"alpha_se_robust": of_alpha(ships[f"results_negbin_{robust}"])["alpha_se"]}
        expected |= {"bse_cluster": of_table(ships[f"results_negbin_{cluster}"], "last", 2)["bse"]}
        expected |= {"alpha_se_cluster": of_alpha(ships[f"results_negbin_{cluster}"])["alpha_se"]}
        yield case(
            name,
            STATA_COUNT.format("nbreg"),
            "negative_binomial",
            "log",
            "ships",
            ["accident"],
            ["yr_con", "op_75_79"],
            expected,
            offset=offset,
            groups="ship",
            parameters=both,
            notes=f"{note} {WEIGHTS_NOTE}",
        )
    margin = texts["results_count_margins"]["results_negbin_margins_cont"]
    yield case(
        "negative_binomial_margins",
        "Stata nbreg and margins, as recorded in statsmodels discrete/tests/results/results_count_margins.py",
        "negative_binomial",
        "log",
        "cpunish",
        ["executions_less_1"],
        [f"s_{c}" for c in CPUNISH],
        of_margins(margin) | {"alpha": margin["alpha"]},
        parameters=both,
        notes=f"{note} Average marginal effects on the mean.",
    )
    visits = texts["results_predict"]["results_nb_docvis"]
    columns = ["private", "medicaid", "aget", "aget2", "educyr", "actlim", "totchr"]
    expected = of_table(visits, "last", 7)
    table = np.asarray(visits["params_table"])
    expected |= {"alpha": visits["alpha"], "log_alpha": table[8, 0], "log_alpha_se": table[8, 1]}
    yield case(
        "negative_binomial_docvis",
        "Stata nbreg, as recorded in statsmodels discrete/tests/results/results_predict.py",
        "negative_binomial",
        "log",
        "docvis",
        ["docvis"],
        columns,
        expected,
        parameters=both,
        notes=note,
    )
    result = texts["results_discrete"]["RandHIE"].negativebinomial_nb2_bfgs
    columns = list(designs.randhie()[0].columns[1:])
    expected = of_randhie(result) | {
        "alpha": result.params[10],
        "alpha_se": result.bse[10],
        "log_alpha": result.lnalpha,
    }
    expected |= {"log_alpha_se": result.lnalpha_std_err}
    yield case(
        "negative_binomial_randhie",
        "R 2.15.1 MASS 7.3-22 glm.nb; alpha, intervals and likelihood from Stata; statsmodels "
        "discrete/tests/results/results_discrete.py",
        "negative_binomial",
        "log",
        "randhie",
        ["mdvis"],
        columns,
        expected,
        parameters=both,
        notes=f"{note} bse is glm.nb's: expected information, theta taken as known.",
    )
