"""Reference values of robust covariances from statsmodels.

Usage: python make_statsmodels.py PENGUINS.csv > statsmodels.json
"""

import json
import sys

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm


def describe(y, X, weights, groups, pair):
    model = sm.OLS(y, X) if weights is None else sm.WLS(y, X, weights=weights)

    def se(kind, **options):
        return model.fit(method="qr", cov_type=kind, cov_kwds=options or None, use_t=True).bse.tolist()

    values = {kind: se(kind) for kind in ("HC0", "HC1", "HC2", "HC3")}
    values["HAC3"] = se("HAC", maxlags=3)
    values["HAC3_small_sample"] = se("HAC", maxlags=3, use_correction=True)
    values["cluster"] = se("cluster", groups=groups)
    values["two_way"] = se("cluster", groups=pair)
    fit = model.fit(method="qr")
    values |= {"log_likelihood": fit.llf, "r_squared": fit.rsquared, "f_statistic": fit.fvalue, "bse": fit.bse.tolist()}
    robust = model.fit(method="qr", cov_type="HC1", use_t=True)
    values["HC1_f"] = float(robust.fvalue)
    values["HC1_f_p"] = float(robust.f_pvalue)
    values["HC1_p"] = robust.pvalues.tolist()
    values["HC1_conf_low"] = robust.conf_int()[:, 0].tolist()
    return values


def main(path):
    table = pd.read_csv(path).dropna(subset=["body_mass_g", "flipper_length_mm", "species"])
    species = pd.get_dummies(table["species"], dtype=float)[["Chinstrap", "Gentoo"]]
    X = np.column_stack([np.ones(len(table)), table["flipper_length_mm"], species])
    y = table["body_mass_g"].to_numpy(float)
    one = pd.factorize(table["bill_length_mm"] // 2)[0]
    two = pd.factorize(table["bill_depth_mm"] // 1)[0]
    weights = 0.5 + np.arange(len(y)) % 5
    print(  # noqa: T201
        json.dumps(
            {
                "made_by": f"statsmodels {statsmodels.__version__}, numpy {np.__version__}, make_statsmodels.py",
                "penguins": describe(y, X, None, one, np.column_stack([one, two])),
                "penguins_weighted": describe(y, X, weights, one, np.column_stack([one, two])),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
