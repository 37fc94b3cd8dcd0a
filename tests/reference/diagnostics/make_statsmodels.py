"""Reference values of diagnostics from statsmodels.

Usage: python make_statsmodels.py PENGUINS.csv LONGLEY.csv > statsmodels.json
"""

import json
import sys

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm
from statsmodels.stats import diagnostic as tests
from statsmodels.stats.outliers_influence import OLSInfluence, variance_inflation_factor
from statsmodels.stats.stattools import durbin_watson, jarque_bera


def describe(y, X, lags):
    fit = sm.OLS(y, X).fit(method="qr")
    reset = tests.linear_reset(fit, power=3, use_f=True)
    influence = OLSInfluence(fit)
    fitted = np.column_stack([np.ones(len(y)), fit.fittedvalues, fit.fittedvalues**2])
    auxiliary = sm.OLS(fit.resid**2, fitted).fit()
    return {
        "reset": [float(reset.fvalue), float(reset.df_num), float(reset.df_denom), float(reset.pvalue)],
        "white": [float(v) for v in tests.het_white(fit.resid, X)[:2]],
        "white_fitted": [float(auxiliary.rsquared * len(y))],
        "koenker": [float(v) for v in tests.het_breuschpagan(fit.resid, X)[:2]],
        "breusch_pagan": [float(v) for v in tests.het_breuschpagan(fit.resid, X, robust=False)[:2]],
        "jarque_bera": [float(v) for v in jarque_bera(fit.resid)],
        "durbin_watson": float(durbin_watson(fit.resid)),
        "breusch_godfrey": [float(v) for v in tests.acorr_breusch_godfrey(fit, nlags=lags)[:2]],
        "vif": [float(variance_inflation_factor(X, j)) for j in range(1, X.shape[1])],
        "hc3_ratio": (fit.HC3_se / fit.bse).tolist(),
        "hac": fit.get_robustcov_results("HAC", maxlags=lags).bse.tolist(),
        "cooks_d": influence.cooks_distance[0][:20].tolist(),
        "dffits": influence.dffits[0][:20].tolist(),
        "dfbetas": influence.dfbetas[:20].tolist(),
    }


def main(penguins, longley):
    table = pd.read_csv(penguins).dropna(subset=["body_mass_g", "flipper_length_mm", "species"])
    species = pd.get_dummies(table["species"], dtype=float)[["Chinstrap", "Gentoo"]]
    X = np.column_stack([np.ones(len(table)), table["flipper_length_mm"], species])
    bills = np.column_stack([np.ones(len(table)), table[["flipper_length_mm", "bill_length_mm", "bill_depth_mm"]]])
    macro = pd.read_csv(longley).to_numpy(float)
    mass = table["body_mass_g"].to_numpy(float)
    found = {
        "made_by": f"statsmodels {statsmodels.__version__}, numpy {np.__version__}, make_statsmodels.py",
        "penguins": describe(mass, X, 5),
        "penguins_bills": describe(mass, bills, 5),
    }
    # White's full form has more regressors than the 16 rows of this table.
    found["longley_vif"] = [
        float(variance_inflation_factor(np.column_stack([np.ones(16), macro[:, :-1]]), j)) for j in range(1, 7)
    ]
    print(json.dumps(found, indent=1))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
