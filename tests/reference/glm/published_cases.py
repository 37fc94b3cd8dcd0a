"""Which published numbers are taken from where: one entry per case.

An entry names its data, its model, and for every published field the texts of its numbers. Coefficients are brought to the
order intercept, then the columns; "last" and "first" say where the published ones have the intercept.
"""

from __future__ import annotations

import numpy as np

from tests.reference.glm import designs
from tests.reference.glm.published_counts import DISCRETE, R_AND_STATA, WEIGHTS_NOTE, negative_binomial, poisson
from tests.reference.glm.published_fields import (
    LEADING,
    case,
    load,
    margins,
    of_discrete,
    of_r_weights,
    of_results_glm,
    of_table,
    ordered,
    reordered,
)

ML = "standard errors of the observed information"
R_STATMOD = "R glm with statmod::tweedie, as recorded in statsmodels genmod/tests/results/results_glm.py"
R_351 = "R 3.5.1 glm, as recorded in statsmodels genmod/tests/results/res_R_var_weight.py"


def gaussian(texts):
    glm = texts["results_glm"]
    columns = ["GNPDEFL", "GNP", "UNEMP", "ARMED", "POP", "YEAR"]
    yield case(
        "gaussian_longley",
        R_AND_STATA,
        "gaussian",
        "identity",
        "longley",
        ["TOTEMP"],
        columns,
        of_results_glm(glm["Longley"](), "last", 6, "log_likelihood"),
    )
    for link, name in (("log", "GaussianLog"), ("inverse", "GaussianInverse")):
        yield case(
            f"gaussian_{link}",
            R_AND_STATA,
            "gaussian",
            link,
            f"gaussian_{link}",
            ["y"],
            ["x", "x2"],
            of_results_glm(glm[name](), "first", 2, "log_likelihood", skip=("null_deviance",) if link == "log" else ()),
            notes="The residuals were printed with few decimals."
            + (
                " The recorded null deviance, 56.6916, is not that of a constant mean, 56.6757: left out."
                if link == "log"
                else ""
            ),
        )
    weighted = texts["res_R_var_weight"]["results_gaussian_aweights_nonrobust"]
    yield case(
        "gaussian_log_weights",
        R_351,
        "gaussian",
        "log",
        "cpunish",
        ["EXECUTIONS"],
        ["INCOME_thousands", "SOUTH"],
        of_r_weights(weighted, "none", 2),
        weights="weight_gaussian",
        weights_type="precision",
        intercept=False,
    )


def binomial(texts):
    glm, logit = texts["results_glm"], texts["logit"]
    result = glm["Star98"]()
    columns = list(designs.star98()[0].columns[2:])
    yield case(
        "binomial_star98",
        R_AND_STATA,
        "binomial",
        "logit",
        "star98",
        ["NABOVE", "NBELOW"],
        columns,
        of_results_glm(result, "last", 20, "log_likelihood"),
        notes="The response is (successes, failures); fitted is a probability.",
    )
    columns = ["age", "lwt", "race_black", "race_other", "smoke", "ptl", "ht", "ui"]
    yield case(
        "logit_lbw",
        R_AND_STATA,
        "binomial",
        "logit",
        "lbw",
        ["low"],
        columns,
        of_results_glm(glm["Lbw"](), "last", 8, "log_likelihood")
        | {
            "score_test_ui": "2.7864148487452",
            "score_test_ui_p": "0.0950667",
            "score_test_age_squared": "0.6713492821514992",
            "score_test_lwt_squared": "0.2837680293459376",
        },
        notes="score_test_ui is R's anova(test = 'Rao') for the last column added to the others; score_test_age_squared and "
        "score_test_lwt_squared are statmod's glm.scoretest of a squared column added to all (squared; statsmodels test_glm.py).",
    )
    spector = ["GPA", "TUCE", "PSI"]
    plain, robust = logit["results_noconstraint"], logit["results_noconstraint_robust"]
    expected = of_table(plain, "last", 3) | {"deviance": plain["deviance"], "pearson_chi2": plain["deviance_p"]}
    expected |= {
        "bse_robust": of_table(robust, "last", 3)["bse"],
        "conf_int_robust": of_table(robust, "last", 3)["conf_int"],
    }
    expected["cov"] = reordered(plain["cov"])
    yield case(
        "logit_spector_glm",
        "Stata glm, as recorded in statsmodels discrete/tests/results/results_glm_logit_constrained.py",
        "binomial",
        "logit",
        "spector",
        ["GRADE"],
        spector,
        expected,
        notes=WEIGHTS_NOTE,
    )
    yield case(
        "logit_spector",
        DISCRETE.format("logit and margins"),
        "binomial",
        "logit",
        "spector",
        ["GRADE"],
        spector,
        of_discrete(texts["results_discrete"]["Spector"].logit) | margins(texts["results_discrete"]["Spector"].logit),
        notes="margins_dydx and its relatives: average marginal effects of the three columns, at_mean those at the mean; "
        "_discrete takes PSI as a step from 0 to 1. Standard errors by the delta method.",
    )
    yield case(
        "probit_spector",
        DISCRETE.format("probit"),
        "binomial",
        "probit",
        "spector",
        ["GRADE"],
        spector,
        of_discrete(texts["results_discrete"]["Spector"].probit),
        notes=ML,
    )


def positive(texts):
    glm, weighted = texts["results_glm"], texts["res_R_var_weight"]
    columns = ["COUTAX", "UNEMPF", "MOR", "ACT", "GDP", "AGE", "COUTAX_FEMALEUNEMP"]
    phi = "log_likelihood_phi_1 is Stata's, at dispersion 1; aic_r is R's, at dispersion deviance / n, counting the dispersion."
    yield case(
        "gamma_scotland",
        R_AND_STATA,
        "gamma",
        "inverse",
        "scotland",
        ["YES"],
        columns,
        of_results_glm(glm["Scotvote"](), "last", 7, "log_likelihood_phi_1"),
        notes=phi,
    )
    drugs = ["age", "drug_2", "drug_3"]
    residuals = tuple(f"resid_{n}" for n in ("pearson", "deviance", "anscombe", "response"))
    for link, name, skip, note in (
        ("log", "CancerLog", (), ""),
        (
            "identity",
            "CancerIdentity",
            residuals,
            " The recorded residuals are not those of the recorded fit: left out.",
        ),
    ):
        yield case(
            f"gamma_cancer_{link}",
            R_AND_STATA,
            "gamma",
            link,
            "cancer",
            ["studytime"],
            drugs,
            of_results_glm(glm[name](), "last", 3, "log_likelihood_phi_1", skip=("wald_chi2", *skip)),
            notes=phi + note,
        )
    yield case(
        "gamma_cancer_weights",
        R_351,
        "gamma",
        "log",
        "cancer",
        ["studytime"],
        drugs,
        of_r_weights(weighted["results_gamma_aweights_nonrobust"], "first", 3),
        weights="weight",
        weights_type="precision",
        notes="log_likelihood_r is R's logLik: weighted log-densities, all at dispersion deviance / sum of weights.",
    )
    yield case(
        "inverse_gaussian_hardin",
        R_AND_STATA,
        "inverse_gaussian",
        "inverse_squared",
        "inverse_gaussian",
        ["xig"],
        ["x1", "x2"],
        of_results_glm(glm["InvGauss"](), "last", 2, "log_likelihood_phi_1"),
        notes=phi,
    )
    for link, name in (("log", "InvGaussLog"), ("identity", "InvGaussIdentity")):
        result = glm[name]()
        result.resids = np.asarray([[repr(float(v)) for v in row] for row in np.asarray(result.resids)[:LEADING]])
        yield case(
            f"inverse_gaussian_medpar_{link}",
            R_AND_STATA,
            "inverse_gaussian",
            link,
            "medpar",
            ["los"],
            ["codes", "admitype_2"],
            of_results_glm(result, "last", 2, "log_likelihood_phi_1", skip=("wald_chi2",)),
            notes=phi,
        )


def tweedie(texts):
    glm, weighted = texts["results_glm"], texts["res_R_var_weight"]
    for name, power, link, result in (
        ("tweedie_1.5_identity", 1.5, "identity", "CpunishTweediePower15"),
        ("tweedie_2_identity", 2.0, "identity", "CpunishTweediePower2"),
        ("tweedie_1_log", 1.0, "log", "CpunishTweedieLog1"),
    ):
        yield case(
            name,
            R_STATMOD,
            "tweedie",
            link,
            "cpunish",
            ["EXECUTIONS"],
            ["INCOME", "SOUTH"],
            of_results_glm(glm[result](), "none", 2, ""),
            parameters={"power": power},
            intercept=False,
        )
    yield case(
        "tweedie_1.5_fair",
        R_STATMOD,
        "tweedie",
        "log",
        "fair",
        ["affairs"],
        ["rate_marriage", "age", "yrs_married"],
        of_results_glm(glm["FairTweedieLog15"](), "none", 3, ""),
        parameters={"power": 1.5},
        intercept=False,
    )
    result = dict(weighted["results_tweedie_aweights_nonrobust"])
    lines = (
        (designs.GENMOD / "results_tweedie_aweights_nonrobust.csv")
        .read_text(encoding="utf-8")
        .splitlines()[1 : LEADING + 1]
    )
    result["resids"] = [line.split(",") for line in lines]
    expected = of_r_weights(result, "first", 2)
    expected.pop("log_likelihood_r")  # computed by statsmodels, not by R
    yield case(
        "tweedie_1.55_weights",
        R_351.replace("glm", "glm with statmod::tweedie", 1),
        "tweedie",
        "log",
        "fair",
        ["affairs"],
        ["age", "yrs_married"],
        expected,
        parameters={"power": 1.55},
        weights="weight",
        weights_type="precision",
    )


def multinomial(texts):
    result = texts["results_discrete"]["Anes"].mnlogit_basezero
    columns = list(designs.anes96()[0].columns[1:6])

    def by_class(values):
        return np.asarray([ordered(row, "last", 5) for row in np.asarray(values).T])

    expected = {"params": by_class(result.params), "bse": by_class(result.bse), "z": by_class(result.z)}
    expected |= {
        "p_values": by_class(result.pvalues),
        "log_likelihood": result.llf,
        "null_log_likelihood": result.llnull,
    }
    expected |= {
        "lr_chi2": result.llr,
        "lr_p": result.llr_pvalue,
        "mcfadden_r2": result.prsquared,
        "aic": result.aic,
        "bic": result.bic,
    }
    expected |= {"conf_int": np.asarray([ordered(rows, "last", 5) for rows in np.asarray(result.conf_int)])}
    expected |= {
        "margins_dydx": np.asarray(result.margeff_dydx_overall).T,
        "margins_dydx_se": np.asarray(result.margeff_dydx_overall_se).T,
    }
    expected |= {"margins_dydx_at_mean": np.asarray(result.margeff_dydx_mean).T}
    expected |= {"margins_dydx_at_mean_se": np.asarray(result.margeff_dydx_mean_se).T}
    yield case(
        "multinomial_anes96",
        DISCRETE.format("mlogit and margins"),
        "multinomial",
        "softmax",
        "anes96",
        ["PID"],
        columns,
        expected,
        notes="Class 0 is the base: params and its relatives have a row for each of the classes 1 to 6, margins for 0 to 6.",
    )


GROUPS = (gaussian, binomial, poisson, negative_binomial, positive, tweedie, multinomial)


def published():
    texts = load()
    for group in GROUPS:
        yield from group(texts)
